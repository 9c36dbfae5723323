package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"costate/nn"
)

// TestResume: a run that is saved, and resumed by new values, makes the steps of
// one without interruption, bit for bit.
func TestResume(t *testing.T) {
	samplers := map[string]func() *Sampler{
		"whole": func() *Sampler { return &Sampler{All: digits(16)} },
		"fixed": func() *Sampler { return &Sampler{All: digits(60), Size: 16, Fixed: true, Seed: 5} },
		"mini":  func() *Sampler { return &Sampler{All: digits(60), Size: 12, Seed: 5} },
	}
	for i := range optimizers() {
		for kind, sampler := range samplers {
			name := optimizers()[i].Name()
			start := func() *Run {
				return &Run{Net: digitsNet(t, 3, 5, nn.Tanh, 6), Optimizer: optimizers()[i], Data: sampler()}
			}
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

func FuzzReadArrays(f *testing.F) {
	dir := f.TempDir()
	r := &Run{Net: digitsNet(f, 1, 1, nn.Tanh, 1), Optimizer: &Adam{}, Data: &Sampler{All: digits(2)}, Steps: 1}
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
	f.Fuzz(func(t *testing.T, b []byte) { readArrays(b) })
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
			if p := norm(r.Net.Params()); p-p != 0 {
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
	for _, o := range []Optimizer{&LevenbergMarquardt{}, &TrustRegion{}, &CubicNewton{}, &Adam{Rate: 0.01}} {
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
