package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"costate/la/vec"
	"costate/nn"
	"costate/nn/npz"
)

// TestResume: a run that is saved, and resumed by new values, makes the steps of
// one without interruption, bit for bit.
func TestResume(t *testing.T) {
	samplers := map[string]func() *Sampler{
		"whole": func() *Sampler { return &Sampler{All: digits(16)} },
		"fixed": func() *Sampler { return &Sampler{All: digits(60), Size: 16, Fixed: true, Seed: 5} },
		"mini":  func() *Sampler { return &Sampler{All: digits(60), Size: 12, Seed: 5} },
	}
	perceptron := func() *nn.Network { return digitsNet(t, 3, 5, nn.Tanh, 6) }
	for i := range optimizers() {
		for kind, sampler := range samplers {
			resumes(t, kind, optimizers()[i].Name(), func() *Run {
				return &Run{Net: perceptron(), Optimizer: optimizers()[i], Data: sampler()}
			})
		}
		if name := optimizers()[i].Name(); name != "lm" && name != "tr" && name != "adam" {
			continue // one of each kind is enough for them
		}
		for kind, layers := range rowLayers() {
			resumes(t, kind, optimizers()[i].Name(), func() *Run {
				net, err := nn.New(64, nn.CrossEntropy, layers()...)
				if err != nil {
					t.Fatal(err)
				}
				net.Init(6, nil)
				return &Run{Net: net, Optimizer: optimizers()[i], Data: samplers["mini"]()}
			})
		}
	}
}

// rowLayers are small networks with several rows a sample.
func rowLayers() map[string]func() []nn.Layer {
	return map[string]func() []nn.Layer{
		"conv": func() []nn.Layer {
			return []nn.Layer{&nn.Conv2D{Height: 8, Width: 8, Out: 2, Kernel: 3, Bias: true, Act: nn.Tanh}, nn.AvgPool{Size: 3}, &nn.Dense{Out: 10, Bias: true}}
		},
		"transformer": func() []nn.Layer {
			layers := append([]nn.Layer{&nn.Tokens{Tokens: 4, Out: 4, Positions: true}}, nn.TransformerBlock(4, 4, 2, 4, nn.Tanh)...)
			return append(layers, nn.GlobalAvgPool{}, &nn.Dense{Out: 10, Bias: true})
		},
	}
}

// resumes checks the runs that start makes.
func resumes(t *testing.T, kind, name string, start func() *Run) {
	t.Helper()
	const total = 12
	whole := start()
	whole.Steps = total
	want, _, err := history(t, whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{1, 9} {
		file := filepath.Join(t.TempDir(), "c.npz")
		first := start()
		first.Steps = at
		have, _, err := history(t, first)
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Save(file, map[string][]float64{"more": {1, 2}}); err != nil {
			t.Fatal(err)
		}
		second := start()
		second.Net.Init(99, nil)
		extra, err := second.Resume(file)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(extra["more"], []float64{1, 2}) {
			t.Errorf("extra arrays %v", extra)
		}
		second.Steps = total
		rest, _, err := history(t, second)
		if err != nil {
			t.Fatal(err)
		}
		have = append(have, rest...)
		if len(have) != len(want) {
			t.Fatalf("%s, %s, at %d: %d records, not %d", name, kind, at, len(have), len(want))
		}
		for k := range have {
			if have[k].Step != want[k].Step || math.Float64bits(have[k].Loss) != math.Float64bits(want[k].Loss) || math.Float64bits(have[k].Damping) != math.Float64bits(want[k].Damping) {
				t.Fatalf("%s, %s, at %d, step %d: loss %v, damping %v; uninterrupted %v, %v", name, kind, at, k,
					have[k].Loss, have[k].Damping, want[k].Loss, want[k].Damping)
			}
		}
		a, b := second.Net.Params(), whole.Net.Params()
		for k := range a {
			if math.Float64bits(a[k]) != math.Float64bits(b[k]) {
				t.Fatalf("%s, %s, at %d: parameter %d is %v, not %v", name, kind, at, k, a[k], b[k])
			}
		}
	}
}

func TestCheckpointRefused(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "c.npz")
	r := &Run{Net: digitsNet(t, 3, 8, nn.Tanh, 1), Optimizer: &Adam{}, Data: &Sampler{All: digits(16)}, Steps: 2}
	if _, err := r.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := r.Save(file, nil); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) string {
		name := filepath.Join(dir, "broken.npz")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, c := range []struct {
		name, file, want string
		net              *nn.Network
		o                Optimizer
	}{
		{"width", file, "another network", digitsNet(t, 3, 9, nn.Tanh, 1), &Adam{}},
		{"depth", file, "another network", digitsNet(t, 4, 8, nn.Tanh, 1), &Adam{}},
		{"activation", file, "another network", digitsNet(t, 3, 8, nn.ReLU, 1), &Adam{}},
		{"optimizer", file, "optimizer", digitsNet(t, 3, 8, nn.Tanh, 1), &SGD{}},
		{"missing", filepath.Join(dir, "none.npz"), "no such file", digitsNet(t, 3, 8, nn.Tanh, 1), &Adam{}},
		{"empty", write(nil), "not a checkpoint", digitsNet(t, 3, 8, nn.Tanh, 1), &Adam{}},
	} {
		before := c.net.Params()
		_, err := (&Run{Net: c.net, Optimizer: c.o, Data: r.Data}).Resume(c.file)
		var refused *CheckpointError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if !slices.Equal(before, c.net.Params()) {
			t.Errorf("%s: the network was changed", c.name)
		}
	}
	for cut := 0; cut < len(raw); cut += len(raw)/50 + 1 {
		s := &Run{Net: digitsNet(t, 3, 8, nn.Tanh, 1), Optimizer: &Adam{}, Data: r.Data}
		if _, err := s.Resume(write(raw[:cut])); err == nil {
			t.Errorf("%d of %d bytes were taken for a checkpoint", cut, len(raw))
		}
	}
	if rest, _ := filepath.Glob(filepath.Join(dir, ".*")); len(rest) > 0 {
		t.Errorf("left behind: %v", rest)
	}
}

// FuzzResume: whatever a file holds, it is resumed from or refused.
func FuzzResume(f *testing.F) {
	dir := f.TempDir()
	start := func(tb testing.TB) *Run {
		return &Run{Net: digitsNet(tb, 1, 1, nn.Tanh, 1), Optimizer: &Adam{}, Data: &Sampler{All: digits(2)}, Steps: 1}
	}
	r := start(f)
	if _, err := r.Do(context.Background()); err != nil {
		f.Fatal(err)
	}
	file := filepath.Join(dir, "c.npz")
	if err := r.Save(file, nil); err != nil {
		f.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(bytes.Replace(raw, []byte("<f8"), []byte("<f4"), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		arrays, err := npz.ReadArraysFrom(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		r := start(t)
		if _, err := r.take(arrays); err == nil {
			r.Steps = r.taken + 1
			r.Do(context.Background())
		}
	})
}

// TestCheckpointBetween: every place between two steps can be saved and resumed
// from, by every optimizer, with all records and parameters bit for bit.
func TestCheckpointBetween(t *testing.T) {
	const total = 7
	for i := range optimizers() {
		start := func() *Run {
			return &Run{Net: digitsNet(t, 3, 5, nn.Tanh, 6), Optimizer: optimizers()[i], Data: &Sampler{All: digits(60), Size: 12, Seed: 5}, Steps: total}
		}
		whole := start()
		name := whole.Optimizer.Name()
		var kept []*Checkpoint
		records := 0
		var seen []int // records before each
		whole.Between = func() { kept, seen = append(kept, whole.Checkpoint()), append(seen, records) }
		var want []Record
		whole.Observe = func(r *Record) { want, records = append(want, *r), records+1 }
		if _, err := whole.Do(context.Background()); err != nil {
			t.Fatal(err)
		}
		for at, c := range kept {
			if c.Step() != at {
				t.Errorf("%s: checkpoint %d is of step %d", name, at, c.Step())
			}
			file := filepath.Join(t.TempDir(), "c.npz")
			if err := c.Write(file, nil); err != nil {
				t.Fatal(err)
			}
			second := start()
			second.Net.Init(99, nil)
			if _, err := second.Resume(file); err != nil {
				t.Fatal(err)
			}
			rest, _, err := history(t, second)
			if err != nil {
				t.Fatal(err)
			}
			have := append(slices.Clone(want[:seen[at]]), rest...)
			if len(have) != len(want) {
				t.Fatalf("%s, at %d: %d records, not %d", name, at, len(have), len(want))
			}
			for k := range have {
				if have[k].Step != want[k].Step || math.Float64bits(have[k].Loss) != math.Float64bits(want[k].Loss) || math.Float64bits(have[k].Gradient) != math.Float64bits(want[k].Gradient) {
					t.Errorf("%s, at %d, step %d: %+v, uninterrupted %+v", name, at, k, have[k], want[k])
				}
			}
			if !slices.Equal(second.Net.Params(), whole.Net.Params()) {
				t.Errorf("%s, at %d: other parameters", name, at)
			}
		}
	}
}

// TestResumeDifference: a run that would go on otherwise is refused, and the message
// names what is different.
func TestResumeDifference(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.npz")
	net := func() *nn.Network { return digitsNet(t, 3, 5, nn.Tanh, 6) }
	sampler := func() *Sampler { return &Sampler{All: digits(60), Size: 12, Seed: 5, Curvature: 6} }
	lm := func() *LevenbergMarquardt { return &LevenbergMarquardt{Memory: 0.5, CG: &ConjugateGradients{}} }
	first := &Run{Net: net(), Optimizer: lm(), Data: sampler(), Steps: 2}
	if _, err := first.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := first.Save(file, nil); err != nil {
		t.Fatal(err)
	}
	other := digits(60)
	other.X = slices.Clone(other.X)
	other.X[77] += 1
	for want, change := range map[string]func(r *Run){
		"":                            func(*Run) {},
		"Samples 60, not 59":          func(r *Run) { r.Data.All = digits(59) },
		"Size 12, not 13":             func(r *Run) { r.Data.Size = 13 },
		"Seed 5, not 6":               func(r *Run) { r.Data.Seed = 6 },
		"Fixed false, not true":       func(r *Run) { r.Data.Fixed = true },
		"Curvature 6, not 0":          func(r *Run) { r.Data.Curvature = 0 },
		"batches: Data ":              func(r *Run) { r.Data.All = other },
		"Memory 0.5, not 0.25":        func(r *Run) { r.Optimizer.(*LevenbergMarquardt).Memory = 0.25 },
		"Nielsen false, not true":     func(r *Run) { r.Optimizer.(*LevenbergMarquardt).Nielsen = true },
		"CG.Tolerance 0, not 0.1":     func(r *Run) { r.Optimizer.(*LevenbergMarquardt).CG.Tolerance = 0.1 },
		"its CG, here none":           func(r *Run) { r.Optimizer.(*LevenbergMarquardt).CG = nil },
		"MinDamping 0, not 0.5":       func(r *Run) { r.Optimizer.(*LevenbergMarquardt).MinDamping = 0.5 },
		"of the optimizer lm, not tr": func(r *Run) { r.Optimizer = &TrustRegion{} },
	} {
		r := &Run{Net: net(), Optimizer: lm(), Data: sampler(), Steps: 4}
		change(r)
		before := r.Net.Params()
		_, err := r.Resume(file)
		var refused *CheckpointError
		if (want != "") != errors.As(err, &refused) || want != "" && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if want != "" && !slices.Equal(before, r.Net.Params()) {
			t.Errorf("%s: the network was changed", want)
		}
	}
}

// A checkpoint of a network whose layers differ in anything is refused.
func TestResumeOtherLayers(t *testing.T) {
	b := &nn.Batch{N: 2, X: []float64{1, 2, 3, 4}, T: []float64{1, 0, 0, 1}}
	run := func(layers ...nn.Layer) *Run {
		net, err := nn.New(2, nn.SquaredError, append(layers, &nn.Dense{Out: 2})...)
		if err != nil {
			t.Fatal(err)
		}
		net.Init(1, nil)
		return &Run{Net: net, Optimizer: &Adam{}, Data: &Sampler{All: b}, Steps: 1}
	}
	all := map[string]nn.Layer{
		"tanh":                  nn.Elementwise{Act: nn.Tanh},
		"relu":                  nn.Elementwise{Act: nn.ReLU},
		"leaky relu":            nn.Elementwise{Act: nn.LeakyReLU},
		"leaky relu, slope":     nn.Elementwise{Act: nn.LeakyReLUSlope(0.2)},
		"elu":                   nn.Elementwise{Act: nn.ELU},
		"elu, alpha":            nn.Elementwise{Act: nn.ELUAlpha(0.5)},
		"softplus":              nn.Elementwise{Act: nn.Softplus},
		"softplus, beta":        nn.Elementwise{Act: nn.SoftplusBeta(2)},
		"layer norm":            nn.LayerNorm{},
		"layer norm, eps":       nn.LayerNorm{Eps: 0.1},
		"layer norm, close eps": nn.LayerNorm{Eps: 0.10000000000000002},
		"norm of tokens":        nn.LayerNorm{Tokens: 2},
		"conv":                  &nn.Conv1D{Length: 2, Out: 1, Kernel: 1, Act: nn.Tanh},
		"conv, act":             &nn.Conv1D{Length: 2, Out: 1, Kernel: 1, Act: nn.ReLU},
		"conv, bias":            &nn.Conv1D{Length: 2, Out: 1, Kernel: 1, Act: nn.Tanh, Bias: true},
		"conv, pad":             &nn.Conv1D{Length: 2, Out: 1, Kernel: 3, Pad: 1, Act: nn.Tanh},
		"tokens":                &nn.Tokens{Tokens: 2, Out: 1},
		"tokens, positions":     &nn.Tokens{Tokens: 2, Out: 1, Positions: true},
		"residual":              &nn.Residual{Layers: []nn.Layer{nn.LayerNorm{}, &nn.Dense{Out: 2}}},
		"residual, act":         &nn.Residual{Layers: []nn.Layer{nn.LayerNorm{}, &nn.Dense{Out: 2, Act: nn.Tanh}}},
		"residual, order":       &nn.Residual{Layers: []nn.Layer{&nn.Dense{Out: 2}, nn.LayerNorm{}}},
		"two residuals":         &nn.Residual{Layers: []nn.Layer{&nn.Residual{Layers: []nn.Layer{nn.LayerNorm{}, &nn.Dense{Out: 2}}}}},
		"a layer with a String": numbered{1},
		"another one":           numbered{2},
	}
	for name, layer := range all {
		file := filepath.Join(t.TempDir(), "c.npz")
		if err := run(layer).Save(file, nil); err != nil {
			t.Fatal(err)
		}
		for other, layer := range all {
			_, err := run(layer).Resume(file)
			var refused *CheckpointError
			if other == name && err != nil || other != name && (!errors.As(err, &refused) || !strings.Contains(err.Error(), "another network")) {
				t.Errorf("%s as %s: %v", name, other, err)
			}
		}
	}
}

// numbered is a layer whose number only its String tells.
type numbered struct{ n int }

func (l numbered) String() string             { return fmt.Sprintf("numbered %d", l.n) }
func (numbered) OutWidth(in int) (int, error) { return in, nil }
func (numbered) Forward(out, in []float64)    { copy(out, in) }
func (numbered) Second(q, _, _ []float64)     { clear(q) }
func (numbered) Jacobian(j, in []float64) {
	clear(j)
	for i := range in {
		j[i*len(in)+i] = 1
	}
}

// TestDivergence: a learning rate that is too large stops the run, names the step,
// and leaves the last good parameters.
func TestDivergence(t *testing.T) {
	for _, c := range []struct {
		loss nn.Loss
		o    Optimizer
	}{
		{nn.SquaredError, &SGD{Rate: 1e3}},
		{nn.SquaredError, &SGD{Rate: 1e200}},
		{nn.CrossEntropy, &SGD{Rate: 1e5, Momentum: 0.9}},
		{nn.CrossEntropy, &Adam{Rate: 1e160}},
	} {
		net, err := nn.New(64, c.loss, nn.MLP([]int{64, 8, 8, 10}, nn.ReLU, true)...)
		if err != nil {
			t.Fatal(err)
		}
		net.Init(1, nil)
		r := &Run{Net: net, Optimizer: c.o, Data: &Sampler{All: digits(50)}, Steps: 500}
		h, reason, err := history(t, r)
		var diverged *DivergedError
		if !errors.As(err, &diverged) || reason != Failed {
			t.Fatalf("%+v: %v, %v", c.o, reason, err)
		}
		last := h[len(h)-1]
		if diverged.Step != last.Step+1 || !strings.Contains(err.Error(), "learning rate") {
			t.Errorf("%+v: step %d diverged, the last record is of step %d: %v", c.o, diverged.Step, last.Step, err)
		}
		loss, err := net.Loss(r.Data.All, nil)
		if err != nil || relative(loss, last.Loss) > 1e-9 {
			t.Errorf("%+v: the parameters kept have loss %g, the last record %g: %v", c.o, loss, last.Loss, err)
		}
	}
}

// TestBadData: what is wrong with data is named, and is no divergence.
func TestBadData(t *testing.T) {
	for _, o := range optimizers() {
		for _, from := range []int{0, 70} {
			b := digits(100)
			x := slices.Clone(b.X)
			x[64*from+3] = math.NaN()
			b.X = x
			r := &Run{Net: digitsNet(t, 3, 8, nn.Tanh, 1), Optimizer: o, Data: &Sampler{All: b, Size: 10, Seed: 2}, Steps: 30}
			_, err := r.Do(context.Background())
			var diverged *DivergedError
			if err == nil || errors.As(err, &diverged) || !strings.Contains(err.Error(), "X[") {
				t.Errorf("%s: %v", o.Name(), err)
			}
			if p := vec.Norm2(r.Net.Params()); p-p != 0 {
				t.Errorf("%s: parameters are not finite", o.Name())
			}
		}
	}
}

// TestClassThatNeverOccurs: an output that no sample asks for is no trouble.
func TestClassThatNeverOccurs(t *testing.T) {
	b := digits(40)
	b.Labels = slices.Clone(b.Labels)
	for i, l := range b.Labels {
		b.Labels[i] = l % 4
	}
	for _, o := range []Optimizer{&LevenbergMarquardt{}, &TrustRegion{}, &CubicNewton{}, &SaddleFree{}, &Adam{Rate: 0.01}} {
		r := &Run{Net: digitsNet(t, 3, 8, nn.Tanh, 1), Optimizer: o, Data: &Sampler{All: b}, Steps: 400, Target: 1e-2}
		if reason, err := r.Do(context.Background()); err != nil || reason != ReachedTarget {
			t.Errorf("%s: %v, %v", o.Name(), reason, err)
		}
	}
}

func TestLimits(t *testing.T) {
	start := func() *Run {
		return &Run{Net: digitsNet(t, 3, 8, nn.Tanh, 1), Optimizer: &SGD{}, Data: &Sampler{All: digits(20)}}
	}
	r := start()
	if _, err := r.Do(context.Background()); err == nil {
		t.Error("a run without limits was begun")
	}
	r = start()
	r.Seconds = -1
	if _, err := r.Do(context.Background()); err == nil {
		t.Error("negative seconds were taken")
	}
	r = start()
	r.Seconds = math.NaN()
	if _, err := r.Do(context.Background()); err == nil {
		t.Error("NaN seconds were taken")
	}
	r = start()
	r.Seconds = 1e-9
	if h, reason, err := history(t, r); err != nil || reason != ReachedSeconds || len(h) != 2 {
		t.Errorf("%d records, %v, %v", len(h), reason, err)
	}
	r = start()
	r.Steps, r.Data.Size = 5, 21
	if _, err := r.Do(context.Background()); err == nil {
		t.Error("batches larger than the data were taken")
	}
	r = start()
	r.Steps = 5
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if reason, err := r.Do(ctx); reason != Interrupted || err != nil {
		t.Errorf("%v, %v", reason, err)
	}
	r = start()
	r.Steps, r.Target = 5, 100
	if h, reason, err := history(t, r); err != nil || reason != ReachedTarget || len(h) != 1 {
		t.Errorf("%d records, %v, %v", len(h), reason, err)
	}
}

// TestSampler: a round deals out every sample once, and the order depends on the
// seed and the number of the batch alone.
func TestSampler(t *testing.T) {
	all := digits(30)
	var task Task
	s := &Sampler{All: all, Size: 10, Seed: 3, Curvature: 5}
	seen := map[float64]int{}
	var third []float64
	for n := 1; n <= 3; n++ {
		s.deal(&task, n, 64, 10)
		for i := range 10 {
			key := 0.0
			for j, v := range task.Batch.X[i*64 : (i+1)*64] {
				key += v * float64(j*j+1)
			}
			seen[key]++
		}
		if task.Curvature.N != 5 || task.Version != n {
			t.Errorf("batch %d: %d samples for the curvature, version %d", n, task.Curvature.N, task.Version)
		}
		third = slices.Clone(task.Batch.X)
	}
	if len(seen) != 30 {
		t.Errorf("%d different samples of 30", len(seen))
	}
	o := &Sampler{All: all, Size: 10, Seed: 3}
	o.deal(&task, 3, 64, 10)
	if !slices.Equal(third, task.Batch.X) {
		t.Error("batch 3 depends on those before")
	}
	o.deal(&task, 4, 64, 10)
	if slices.Equal(third, task.Batch.X) {
		t.Error("the second round begins as the first one ends")
	}
}
