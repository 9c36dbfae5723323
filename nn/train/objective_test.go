package train

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"costate/nn"
)

// bowl is the loss ½‖θ − c‖² with a center that moves with the batch.
type bowl struct {
	step   float64 // how far the center moves from one batch to the next
	center float64
	fail   int // the batch that cannot be dealt
}

var errDeal = errors.New("no such batch")

func (b *bowl) Deal(n int) (int, error) {
	if n == b.fail {
		return 0, errDeal
	}
	b.center = 1 + b.step*float64(n)
	if b.step == 0 {
		return 1, nil
	}
	return n, nil
}

func (b *bowl) Describe() string { return "Shape bowl\n" }

func (b *bowl) Loss(net *nn.Network) (float64, error) {
	return b.Gradient(make([]float64, net.NumParams()), net)
}

func (b *bowl) Gradient(dst []float64, net *nn.Network) (float64, error) {
	net.ParamsTo(dst)
	loss := 0.0
	for i := range dst {
		dst[i] -= b.center
		loss += 0.5 * dst[i] * dst[i]
	}
	return loss, nil
}

func bowlRun(t *testing.T, opt Optimizer, b *bowl) *Run {
	t.Helper()
	net, err := nn.New(2, nn.SquaredError, nn.MLP([]int{2, 3, 1}, nn.Tanh, true)...)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(3, nil)
	return &Run{Net: net, Optimizer: opt, Objective: b, Steps: 30}
}

// TestObjective: a loss of no batch is trained on by what needs gradients, and resumed to
// the last bit.
func TestObjective(t *testing.T) {
	for _, make := range []func() Optimizer{func() Optimizer { return &SGD{Rate: 0.3} }, func() Optimizer { return &Adam{Rate: 0.2} }, func() Optimizer { return NewLBFGS() }} {
		for _, move := range []float64{0, 0.001} {
			r := bowlRun(t, make(), &bowl{step: move})
			last := math.Inf(1)
			r.Observe = func(rec *Record) { last = rec.Loss }
			if _, err := r.Do(context.Background()); err != nil {
				t.Fatal(r.Optimizer.Name(), err)
			}
			if !(last < 0.1) {
				t.Errorf("%s, center moving by %g: loss %g", r.Optimizer.Name(), move, last)
			}
			first, second := bowlRun(t, make(), &bowl{step: move}), bowlRun(t, make(), &bowl{step: move})
			first.Steps = 11
			if _, err := first.Do(context.Background()); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "c.npz")
			if err := first.Save(file, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := second.Resume(file); err != nil {
				t.Fatal(err)
			}
			if _, err := second.Do(context.Background()); err != nil {
				t.Fatal(err)
			}
			for i, v := range r.Net.Params() {
				if w := second.Net.Params()[i]; math.Float64bits(v) != math.Float64bits(w) {
					t.Errorf("%s, center moving by %g: parameter %d is %v, uninterrupted %v", r.Optimizer.Name(), move, i, w, v)
					break
				}
			}
		}
	}
}

// TestObjectiveEnds: Done ends a run with the parameters of the record that it was true of, and
// what cannot be dealt is an error.
func TestObjectiveEnds(t *testing.T) {
	for _, opt := range []Optimizer{&SGD{Rate: 0.3}, NewLBFGS()} {
		r := bowlRun(t, opt, &bowl{})
		var rec *Record
		r.Observe = func(x *Record) { rec = x }
		r.Done = func(x *Record) bool { return x.Step == 2 }
		if reason, err := r.Do(context.Background()); err != nil || reason != ReachedTarget || rec.Step != 2 {
			t.Fatalf("%s: %v, %v, after %+v", opt.Name(), reason, err, rec)
		}
		if loss, err := r.Objective.Loss(r.Net); err != nil || math.Abs(loss-rec.Loss) > 1e-12*loss {
			t.Errorf("%s: the loss is %g, the record says %g", opt.Name(), loss, rec.Loss)
		}
	}
	r := bowlRun(t, &SGD{}, &bowl{fail: 4})
	if reason, err := r.Do(context.Background()); !errors.Is(err, errDeal) || reason != Failed {
		t.Errorf("%v, %v", reason, err)
	}
	for _, opt := range []Optimizer{&LevenbergMarquardt{}, &TrustRegion{}, &CubicNewton{}, &SaddleFree{}} {
		if _, err := bowlRun(t, opt, &bowl{}).Do(context.Background()); err == nil || !strings.Contains(err.Error(), opt.Name()) {
			t.Errorf("%s: %v", opt.Name(), err)
		}
	}
}
