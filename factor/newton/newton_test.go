package newton

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"costate/factor"
	"costate/la"
)

// rosenbrock is the chained function of Rosenbrock: Σ 100(x_{i+1} − x_i²)² + (1 − x_i)².
func rosenbrock() optimize.Problem {
	return optimize.Problem{
		Func: func(x []float64) (f float64) {
			for i := range len(x) - 1 {
				a, b := x[i+1]-x[i]*x[i], 1-x[i]
				f += 100*a*a + b*b
			}
			return f
		},
		Grad: func(g, x []float64) {
			clear(g)
			for i := range len(x) - 1 {
				a, b := x[i+1]-x[i]*x[i], 1-x[i]
				g[i] -= 400*a*x[i] + 2*b
				g[i+1] += 200 * a
			}
		},
	}
}

// rosenbrockHess returns its tridiagonal Hessian, into the same matrix.
func rosenbrockHess(n int) func(x []float64) *la.Sym {
	b := la.NewSymBuilder(n, 2*n)
	for i := range n {
		b.Add(i, i, 0)
		if i > 0 {
			b.Add(i, i-1, 0)
		}
	}
	h, _ := b.Build()
	val := h.RawLower().Val // a_00, a_10, a_11, a_21, …
	return func(x []float64) *la.Sym {
		clear(val)
		for i := range n - 1 {
			val[2*i] += 1200*x[i]*x[i] - 400*x[i+1] + 2
			val[2*i+1] = -400 * x[i]
			val[2*i+2] += 200
		}
		return h
	}
}

func start(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = -1.2 + 2.2*float64(i%2)
	}
	return x
}

// Dense and sparse Hessians lead the same way.
func TestAgainstGonum(t *testing.T) {
	for _, n := range []int{2, 3, 10, 60} {
		p := rosenbrock()
		h := rosenbrockHess(n)
		got, err := optimize.Minimize(p, start(n), nil, &Method{Hess: h})
		if err != nil {
			t.Fatal(err)
		}
		p.Hess = func(dst *mat.SymDense, x []float64) { dst.CopySym(h(x)) }
		if got.Status != optimize.GradientThreshold && got.Status != optimize.MethodConverge {
			t.Errorf("n = %d: %v", n, got.Status)
		}
		g := make([]float64, n)
		p.Grad(g, got.X)
		if r := floats.Norm(g, math.Inf(1)); r > 1e-6 {
			t.Errorf("n = %d: gradient %v", n, r)
		}
		// Gonum's line search gives up where rounding hides the decrease.
		want, _ := optimize.Minimize(p, start(n), nil, &optimize.Newton{})
		if math.Abs(got.F-want.F) > 1e-13*want.F+1e-20 {
			t.Errorf("n = %d: minimum %v, gonum's is %v", n, got.F, want.F)
		}
		if got.MajorIterations > 2*want.MajorIterations+10 {
			t.Errorf("n = %d: %d iterations, gonum's takes %d", n, got.MajorIterations, want.MajorIterations)
		}
	}
}

// At a maximum in some directions the damping makes the direction one of
// descent, and later steps are without.
func TestIndefinite(t *testing.T) {
	// Σ (x² − 1)² from near 0, where the Hessian is −4 I.
	p := optimize.Problem{
		Func: func(x []float64) (f float64) {
			for _, v := range x {
				f += (v*v - 1) * (v*v - 1)
			}
			return f
		},
		Grad: func(g, x []float64) {
			for i, v := range x {
				g[i] = 4 * v * (v*v - 1)
			}
		},
	}
	h := func(x []float64) *la.Sym {
		b := la.NewSymBuilder(len(x), 0)
		for i, v := range x {
			b.Add(i, i, 12*v*v-4)
		}
		a, _ := b.Build()
		return a
	}
	m := &Method{Hess: h}
	at := &optimize.Location{X: []float64{0.1, -0.1}, Gradient: make([]float64, 2)}
	p.Grad(at.Gradient, at.X)
	dir := make([]float64, 2)
	m.Init(2, 1)
	m.InitDirection(at, dir)
	if m.Damping() <= 3.88 || floats.Dot(dir, at.Gradient) >= 0 {
		t.Errorf("damping %v, direction %v", m.Damping(), dir)
	}
	r, err := optimize.Minimize(p, []float64{0.1, -0.1, 1, 2}, nil, m)
	if err != nil || r.F > 1e-20 {
		t.Errorf("minimum %v, error %v", r.F, err)
	}
	if m.Damping() != 0 {
		t.Errorf("damping %v at the minimum", m.Damping())
	}
}

// A Hessian without a diagonal, zero or singular is damped.
func TestHazards(t *testing.T) {
	p := rosenbrock()
	empty := la.NewSym(3, make([]int, 4), nil, nil)
	r, err := optimize.Minimize(p, start(3), &optimize.Settings{MajorIterations: 5}, &Method{Hess: func([]float64) *la.Sym { return empty }})
	if err != nil || r.F >= p.Func(start(3)) {
		t.Errorf("zero Hessian: %v, error %v", r, err)
	}
	h := rosenbrockHess(3)
	m := &Method{Hess: func(x []float64) *la.Sym {
		a := h(x)
		a.RawLower().Val[2] = math.NaN()
		return a
	}}
	var notFinite *la.NotFiniteError
	if r, err := optimize.Minimize(p, start(3), nil, m); !errors.As(err, &notFinite) || r.Status != optimize.Failure {
		t.Errorf("error %v for a NaN", err)
	}
	p.Func = func([]float64) float64 { return math.NaN() }
	if _, err := optimize.Minimize(p, start(3), nil, &Method{Hess: h}); err == nil {
		t.Error("no error for a function that is no number")
	}
	if _, err := m.Uses(optimize.Available{Hess: true}); !errors.Is(err, optimize.ErrMissingGrad) {
		t.Errorf("error %v without a gradient", err)
	}
	// At a minimum there is nothing to do.
	r, err = optimize.Minimize(rosenbrock(), []float64{1, 1, 1}, nil, &Method{Hess: h})
	if err != nil || r.Status != optimize.GradientThreshold || r.F != 0 {
		t.Errorf("%v, error %v at the minimum", r, err)
	}
	// A limit from outside ends the run.
	r, err = optimize.Minimize(rosenbrock(), start(3), &optimize.Settings{MajorIterations: 2}, &Method{Hess: h})
	if err != nil || r.Status != optimize.IterationLimit {
		t.Errorf("%v, error %v with a limit", r.Status, err)
	}
	func() {
		defer func() {
			if recover() != ErrNoHess {
				t.Error("no panic without Hess")
			}
		}()
		new(Method).Init(1, 1)
	}()
	func() {
		defer func() {
			if recover() != factor.ErrShape {
				t.Error("no panic for a Hessian of another order")
			}
		}()
		m := &Method{Hess: func([]float64) *la.Sym { return empty }}
		m.Init(2, 1)
		m.NextDirection(&optimize.Location{X: make([]float64, 2), Gradient: make([]float64, 2)}, make([]float64, 2))
	}()
}

func BenchmarkMinimize(b *testing.B) {
	for _, n := range []int{100, 400, 10000} {
		h := rosenbrockHess(n)
		for _, way := range []string{"sparse", "gonum"} {
			if way == "gonum" && n > 400 {
				continue // hours
			}
			b.Run(fmt.Sprintf("n=%d/method=%s", n, way), func(b *testing.B) {
				p := rosenbrock()
				var m optimize.Method = &Method{Hess: h}
				if way == "gonum" {
					m = &optimize.Newton{}
					p.Hess = func(dst *mat.SymDense, x []float64) {
						dst.Zero()
						for i, v := range h(x).RawLower().Val {
							dst.SetSym((i+1)/2, i/2, v)
						}
					}
				}
				for b.Loop() {
					r, err := optimize.Minimize(p, start(n), &optimize.Settings{MajorIterations: 20}, m)
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(float64(r.MajorIterations), "iterations")
				}
			})
		}
	}
}
