package pde

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la/blas"
	"costate/nn"
	"costate/nn/train"
)

// leastSquares is the solution of min ‖Jx − v‖² + λ xᵀDx by Householder QR; a nil d is the
// identity.
func leastSquares(t *testing.T, q, p int, j, v []float64, lambda float64, d []float64) []float64 {
	t.Helper()
	a, b := mat.NewDense(q+p, p, nil), mat.NewDense(q+p, 1, nil)
	for i := range q {
		a.SetRow(i, j[i*p:(i+1)*p])
		b.Set(i, 0, v[i])
	}
	for i := range p {
		weight := lambda
		if d != nil {
			weight *= d[i]
		}
		a.Set(q+i, i, math.Sqrt(weight))
	}
	var qr mat.QR
	qr.Factorize(a)
	var x mat.Dense
	if err := qr.SolveTo(&x, false, b); err != nil {
		if _, ok := err.(mat.Condition); !ok {
			t.Fatal(err)
		}
	}
	return mat.Col(nil, 0, &x)
}

// distance is ‖x − y‖/‖y‖.
func distance(x, y []float64) float64 {
	e, s := 0.0, 0.0
	for i, v := range y {
		e += (x[i] - v) * (x[i] - v)
		s += v * v
	}
	return math.Sqrt(e / s)
}

// TestNormal compares both systems with QR, for well and for badly conditioned
// Jacobians, whose solutions have the digits that QR gives them.
func TestNormal(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, shape := range [][2]int{{1, 1}, {30, 7}, {7, 30}, {40, 40}, {65, 12}, {12, 65}} {
		q, p := shape[0], shape[1]
		for _, decay := range []float64{1, 0.01, 1e-6} { // about the ratio of the least singular value to the greatest
			// The small singular values belong to no row or column alone: those that do
			// cost no digits in the product.
			r := min(q, p)
			left, right := mat.NewDense(q, r, nil), mat.NewDense(r, p, nil)
			left.Apply(func(_, k int, _ float64) float64 { return rng.NormFloat64() * math.Pow(decay, float64(k)/float64(r)) }, left)
			right.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, right)
			var jac mat.Dense
			jac.Mul(left, right)
			j, v := jac.RawMatrix().Data, make([]float64, q)
			for a := range v {
				v[a] = rng.NormFloat64()
			}
			var n normal
			n.reset(blas.Native(), q, p, j)
			if n.outputs() != (q < p) && q != p {
				t.Errorf("%d×%d: the system of the outputs: %t", q, p, n.outputs())
			}
			for _, rel := range []float64{1, 1e-5, 1e-11} {
				lambda := rel * n.scale()
				if !n.factor(lambda) {
					t.Errorf("%d×%d: λ = %g: no factor", q, p, lambda)
					continue
				}
				x := make([]float64, p)
				n.solve(x, v, lambda)
				want := leastSquares(t, q, p, j, v, lambda, nil)
				// The condition number of the augmented matrix is at most 1/√rel times
				// a factor of the order.
				if d := distance(x, want); !(d <= 1e-14*float64(q+p)/math.Sqrt(rel)) {
					t.Errorf("%d×%d, decay %g, λ %g of the scale: the solution is off by %g", q, p, decay, rel, d)
				}
			}
		}
	}
}

// small is a problem of one dimension with a manufactured solution: u″ − u³ = f, with
// u = sin 3x from 0 to 1.
func small() *Problem {
	u := func(x []float64) float64 { return math.Sin(3 * x[0]) }
	lo, hi := []float64{0}, []float64{1}
	return &Problem{
		Name: "small", Inputs: []string{"x"}, Lo: lo, Hi: hi, Solution: []func([]float64) float64{u},
		Groups: []Group{
			{Name: "interior", Order: 2, Operators: [][]float64{{1}}, Regions: []Region{Inside(lo, hi)},
				Residual: func(x, y, g, h []float64) float64 {
					g[0], g[2], h[0] = -3*y[0]*y[0], 1, -6*y[0]
					v := u(x)
					return y[2] - y[0]*y[0]*y[0] + 9*v + v*v*v
				}},
			{Name: "boundary", Weight: 10, Residual: Value(u), Regions: Faces(lo, hi, 0)},
		},
	}
}

// TestStep compares steps with those of the dense reference, for both systems, with and
// without momentum and acceleration.
func TestStep(t *testing.T) {
	for _, c := range []struct {
		width    int
		momentum float64
		straight bool
	}{{3, 0, true}, {30, 0, true}, {30, 0.7, true}, {3, 0.7, true}, {3, 0, false}, {30, 0.5, false}} {
		net := newNet(t, nn.Tanh, 2, 1, c.width, 1)
		o, err := NewObjective(small(), net, &Options{Interior: 20})
		if err != nil {
			t.Fatal(err)
		}
		lm := &LevenbergMarquardt{Damping: 0.5, Momentum: c.momentum, Straight: c.straight}
		task := &train.Task{Net: net, Objective: o, Version: 1}
		q, p := o.Rows(), net.NumParams()
		last := make([]float64, p)
		for step := range 4 {
			theta, lambda := net.Params(), lm.lm.lambda
			if step == 0 {
				lambda = 0.5
			}
			info, err := lm.Step(task)
			if err != nil {
				t.Fatal(err)
			}
			r, j := make([]float64, q), make([]float64, q*p)
			if _, err := o.linearize(r, j, theta); err != nil {
				t.Fatal(err)
			}
			d, sum := make([]float64, p), 0.0
			for k, x := range j {
				d[k%p] += x * x
				sum += x * x
			}
			for i := range d {
				d[i] = d[i]/(sum/float64(p)) + 0.1
			}
			v := make([]float64, q)
			for a := range q {
				for i, l := range last {
					v[a] -= c.momentum * j[a*p+i] * l
				}
				v[a] -= r[a]
			}
			s := leastSquares(t, q, p, j, v, lambda, d)
			for i, l := range last {
				s[i] += c.momentum * l
			}
			want := append([]float64{}, theta...)
			a := make([]float64, p)
			if !c.straight {
				o.bend(v, theta, s)
				for i := range v {
					v[i] = -v[i]
				}
				a = leastSquares(t, q, p, j, v, lambda, d)
			}
			for i := range want {
				want[i] += info.Stretch*s[i] + 0.5*info.Stretch*info.Stretch*a[i]
			}
			if !info.Accepted {
				copy(want, theta)
				clear(last)
			} else if c.momentum > 0 {
				for i := range last {
					last[i] = want[i] - theta[i]
				}
			}
			if d := distance(net.Params(), want); !(d <= 1e-9) {
				t.Errorf("%+v: step %d (accepted: %v, damping %g) is off by %g", c, step+1, info.Accepted, lambda, d)
			}
		}
	}
}

// newRun is a run on the small problem.
func newRun(t *testing.T, opt train.Optimizer, opts *Options) *train.Run {
	t.Helper()
	p := small()
	net, err := nn.New(1, nn.SquaredError, nn.MLP([]int{1, 12, 1}, nn.Tanh, true)...)
	if err != nil {
		t.Fatal(err)
	}
	Init(net, p, 1, 1)
	o, err := NewObjective(p, net, opts)
	if err != nil {
		t.Fatal(err)
	}
	return &train.Run{Net: net, Optimizer: opt, Objective: o, Steps: 60}
}

// TestConvergence: the manufactured solution is found to many digits, by steps that
// never raise the loss, and the better the longer.
func TestConvergence(t *testing.T) {
	r := newRun(t, &LevenbergMarquardt{}, nil)
	r.Steps = 150
	x := make([]float64, 500)
	for i := range x {
		x[i] = (float64(i) + 0.5) / 500
	}
	var errs []float64
	loss := math.Inf(1)
	r.Observe = func(rec *train.Record) {
		if !(rec.Loss <= loss) {
			t.Errorf("step %d raises the loss from %g to %g", rec.Step, loss, rec.Loss)
		}
		loss = rec.Loss
		errs = append(errs, ErrorL2(r.Net, x, Exact(small(), x), nil))
	}
	if reason, err := r.Do(context.Background()); err != nil || reason != train.ReachedSteps {
		t.Fatal(reason, err)
	}
	if !(errs[20] < 1e-2 && errs[150] < 5e-6 && errs[150] < errs[20]/50) {
		t.Errorf("errors %.1e after 20 steps, %.1e after 150", errs[20], errs[150])
	}
}

// TestResampledConvergence: with points drawn anew every five steps the solution is found as
// well, though the loss is of other points then.
func TestResampledConvergence(t *testing.T) {
	x := make([]float64, 500)
	for i := range x {
		x[i] = (float64(i) + 0.5) / 500
	}
	exact := Exact(small(), x)
	for _, points := range []string{"halton", "sobol", "uniform"} {
		r := newRun(t, &LevenbergMarquardt{}, &Options{Interior: 60, Points: points, Resample: 5, Seed: 4})
		r.Steps = 150
		before := ErrorL2(r.Net, x, exact, nil)
		if reason, err := r.Do(context.Background()); err != nil || reason != train.ReachedSteps {
			t.Fatal(points, reason, err)
		}
		if after := ErrorL2(r.Net, x, exact, nil); !(after < 5e-5 && after < before/1000) {
			t.Errorf("%s: error %.1e at the beginning, %.1e after 150 steps", points, before, after)
		}
	}
}

// TestResume: a run in two parts is a run in a whole, to the last bit, also where points
// are drawn anew, with momentum, and for methods of nn/train.
func TestResume(t *testing.T) {
	for name, make := range map[string]func() train.Optimizer{
		"lm":       func() train.Optimizer { return &LevenbergMarquardt{} },
		"momentum": func() train.Optimizer { return &LevenbergMarquardt{Momentum: 0.8} },
		"adam":     func() train.Optimizer { return &train.Adam{Rate: 0.01} },
		"lbfgs":    func() train.Optimizer { return train.NewLBFGS() },
	} {
		for _, opts := range []*Options{{Interior: 40}, {Interior: 40, Resample: 4, Seed: 9}, {Interior: 40, Resample: 3, Points: "sobol"}} {
			do := func(r *train.Run, steps int) {
				t.Helper()
				r.Steps = steps
				if reason, err := r.Do(context.Background()); err != nil || reason != train.ReachedSteps {
					t.Fatal(name, reason, err)
				}
			}
			whole := newRun(t, make(), opts)
			do(whole, 23)
			file := filepath.Join(t.TempDir(), "c.npz")
			for _, cut := range []int{1, 10, 11, 12, 13} { // after steps taken and not taken
				first := newRun(t, make(), opts)
				do(first, cut)
				if err := first.Save(file, nil); err != nil {
					t.Fatal(err)
				}
				second := newRun(t, make(), opts)
				if _, err := second.Resume(file); err != nil {
					t.Fatal(name, err)
				}
				do(second, 23)
				a, b := whole.Net.Params(), second.Net.Params()
				for i := range a {
					if math.Float64bits(a[i]) != math.Float64bits(b[i]) {
						t.Errorf("%s, resampling every %d, cut after %d: parameter %d is %v, uninterrupted %v", name, opts.Resample, cut, i, b[i], a[i])
						break
					}
				}
			}
			other := newRun(t, make(), &Options{Interior: 41})
			if _, err := other.Resume(file); err == nil || !strings.Contains(err.Error(), "Rows") {
				t.Errorf("%s: a checkpoint of other points: %v", name, err)
			}
		}
	}
}

// TestOtherOptimizers: what needs only gradients or the Hessian gets on, what needs batches
// says so.
func TestOtherOptimizers(t *testing.T) {
	for _, opt := range []train.Optimizer{&train.Adam{Rate: 0.01}, train.NewLBFGS(), train.NewNonlinearCG(), &train.SGD{Rate: 0.001}, &train.TrustRegion{}, &train.CubicNewton{}} {
		r := newRun(t, opt, nil)
		first, last := 0.0, 0.0
		r.Observe = func(rec *train.Record) {
			if last = rec.Loss; rec.Step == 0 {
				first = last
			}
		}
		if _, err := r.Do(context.Background()); err != nil || !(last < 0.9*first) {
			t.Errorf("%s: %v: loss %g after %g", opt.Name(), err, last, first)
		}
	}
	for _, opt := range []train.Optimizer{&train.LevenbergMarquardt{}, &train.SaddleFree{}} {
		if _, err := newRun(t, opt, nil).Do(context.Background()); err == nil || !strings.Contains(err.Error(), "Objective") {
			t.Errorf("%s: %v", opt.Name(), err)
		}
	}
	if _, err := (&LevenbergMarquardt{}).Step(&train.Task{}); err == nil {
		t.Error("a step without a problem")
	}
	wrong := newRun(t, &LevenbergMarquardt{}, nil)
	wrong.Net = newNet(t, nn.Tanh, 1, 1, 5, 1)
	if _, err := wrong.Do(context.Background()); err == nil || !strings.Contains(err.Error(), "16 parameters") {
		t.Error(err)
	}
	lm := &LevenbergMarquardt{}
	if err := lm.SetState(train.State{}); err == nil {
		t.Error("no state is taken for one")
	}
	if err := lm.SetState(train.State{"damping": {1, 1, 0, 0}, "last": {1, 2}}); err != nil {
		t.Error(err)
	}
	if _, err := newRun(t, lm, nil).Do(context.Background()); err == nil || !strings.Contains(err.Error(), "2 parameters") {
		t.Error(err)
	}
}
