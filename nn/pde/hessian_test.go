package pde

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"costate/factor"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
	"costate/nn/train"
)

// TestHessian compares the Hessian of the loss with differences of the gradient, and its
// part of first derivatives with the Jacobian's product, for groups of different sizes and
// orders, systems and points with partners.
func TestHessian(t *testing.T) {
	for _, p := range []*Problem{curvedProblem(), curvedSystem()} {
		testHessian(t, p)
	}
}

func testHessian(t *testing.T, problem *Problem) {
	for _, name := range ActivationNames() {
		act, _ := ActivationByName(name)
		for seed, hidden := range [][]int{{}, {6}, {5, 4, 3}} {
			net := newNet(t, act, uint64(seed), widths(problem, hidden)...)
			o, err := NewObjective(problem, net, &Options{Interior: 6, Boundary: 11, Points: "halton"})
			if err != nil {
				t.Fatal(err)
			}
			p, theta := net.NumParams(), net.Params()
			g, want := make([]float64, p), make([]float64, p)
			loss, err := o.Gradient(want, net)
			if err != nil {
				t.Fatal(err)
			}
			again, h, err := o.Hessian(g, net)
			if err != nil || h.Order() != p || math.Abs(again-loss) > 1e-13*loss || distance(g, want) > 1e-13 {
				t.Fatalf("%s %v: %v: loss %g, want %g", name, hidden, err, again, loss)
			}
			rng := rand.New(rand.NewPCG(uint64(seed), 19))
			s, hs := make([]float64, p), make([]float64, p)
			for range 3 {
				for i := range s {
					s[i] = rng.NormFloat64()
				}
				vec.Scale(s, 1/vec.Norm2(s), s)
				at := func(step float64) []float64 {
					moved := append([]float64{}, theta...)
					for i, v := range s {
						moved[i] += step * v
					}
					net.SetParams(moved)
					g := make([]float64, p)
					if _, err := o.Gradient(g, net); err != nil {
						t.Fatal(err)
					}
					return g
				}
				const step = 5e-3
				a1, a2, a3, b1, b2, b3 := at(step), at(2*step), at(3*step), at(-step), at(-2*step), at(-3*step)
				net.SetParams(theta)
				for i := range want {
					want[i] = (45*(a1[i]-b1[i]) - 9*(a2[i]-b2[i]) + (a3[i] - b3[i])) / (60 * step)
				}
				h.Mul(hs, s)
				if d := distance(hs, want); !(d <= 1e-8) {
					t.Errorf("%s %v: the product is off by %g", name, hidden, d)
				}
			}
		}
	}
}

// TestHessianThreads: the Hessian does not depend on the number of threads, and serves
// systems that are solved with it.
func TestHessianThreads(t *testing.T) {
	problem := curvedSystem()
	var first []float64
	for _, threads := range []int{1, 2, 5} {
		net := newNet(t, nn.Tanh, 4, widths(problem, []int{5, 6})...)
		o, err := NewObjective(problem, net, &Options{Interior: 2*chunkPoints + 3, Points: "halton", Backend: blas.NativeThreads(threads)})
		if err != nil {
			t.Fatal(err)
		}
		p := net.NumParams()
		g, x, hx := make([]float64, p), make([]float64, p), make([]float64, p)
		_, h, err := o.Hessian(g, net)
		if err != nil {
			t.Fatal(err)
		}
		val := o.hessian.RawLower().Val
		if threads == 1 {
			first = append(first, val...)
		} else if d := distance(val, first); d != 0 {
			t.Errorf("%d threads: the Hessian is off by %g", threads, d)
		}
		const lambda = 0.1
		if in, err := h.Factorize(lambda); err != nil || !in.Certain {
			t.Fatalf("%+v: %v", in, err)
		}
		if err := h.Solve(x, g); err != nil {
			t.Fatal(err)
		}
		h.Mul(hx, x)
		for i, v := range x {
			hx[i] += lambda * v
		}
		if d := distance(hx, g); !(d <= 1e-9) {
			t.Errorf("%d threads: the solution is off by %g", threads, d)
		}
	}
}

// TestHessianMemory: a Hessian that is larger than the limit is refused.
func TestHessianMemory(t *testing.T) {
	net := newNet(t, nn.Tanh, 1, 2, 30, 30, 1) // 1051 parameters, for few points
	o, err := NewObjective(Poisson2D(), net, &Options{Interior: 4, Boundary: 4, MemoryLimit: 1 << 24})
	if err != nil {
		t.Fatal(err)
	}
	var memory *factor.MemoryError
	if _, _, err := o.Hessian(make([]float64, net.NumParams()), net); !errors.As(err, &memory) || memory.Needed != hessianBytes(1051) {
		t.Error(err)
	}
}

// disputed is the problem small with data that contradict its equation, so that residuals
// are left.
func disputed() *Problem {
	p := small()
	rng := rand.New(rand.NewPCG(5, 5))
	data, values := Group{Name: "data", Weight: 10, Points: make([]float64, 12)}, map[float64]float64{}
	for i := range data.Points {
		data.Points[i] = float64(i) / 11
		values[data.Points[i]] = rng.NormFloat64()
	}
	data.Residual = Value(func(x []float64) float64 { return values[x[0]] })
	p.Groups = append(p.Groups, data)
	return p
}

// TestFinish: with residuals that are left, steps with the exact Hessian converge as
// Newton's do to where the loss no longer tells points apart, and a solver may take over
// from another one that shares its objective.
func TestFinish(t *testing.T) {
	p := disputed()
	net, err := nn.New(1, nn.SquaredError, nn.MLP([]int{1, 2, 1}, nn.Tanh, true)...)
	if err != nil {
		t.Fatal(err)
	}
	Init(net, p, 1, 1)
	o, err := NewObjective(p, net, nil)
	if err != nil {
		t.Fatal(err)
	}
	do := func(opt train.Optimizer, steps int) {
		r := &train.Run{Net: net, Optimizer: opt, Objective: o, Steps: steps}
		if _, err := r.Do(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	size := func() float64 {
		g := make([]float64, net.NumParams())
		if _, err := o.Gradient(g, net); err != nil {
			t.Fatal(err)
		}
		return vec.Norm2(g)
	}
	lm := &LevenbergMarquardt{}
	do(lm, 14)
	theta, state, first := net.Params(), lm.State(), size()
	for _, opt := range []train.Optimizer{&train.TrustRegion{}, &train.CubicNewton{Sigma: 1e-3}} {
		net.SetParams(theta)
		do(opt, 2)
		if g := size(); !(first > 1e-3 && g <= first*first) {
			t.Errorf("%s: the gradient is %g after %g", opt.Name(), g, first)
		}
	}
	// Back at the first point the next step is that of a solver that was never away.
	net.SetParams(theta)
	do(lm, 1)
	there := net.Params()
	net.SetParams(theta)
	again := &LevenbergMarquardt{}
	if err := again.SetState(state); err != nil {
		t.Fatal(err)
	}
	do(again, 1)
	if d := distance(there, net.Params()); d != 0 || distance(there, theta) == 0 {
		t.Errorf("the step is off by %g", d)
	}
}
