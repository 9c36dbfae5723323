package factor_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/internal/alloctest"
	"costate/la"
	"costate/la/blas"
	"costate/system/chaintest"
)

func TestKrylov(t *testing.T) {
	for i, tc := range chainCases {
		t.Run(tc.name, func(t *testing.T) {
			c := tc.make(uint64(i))
			h := chaintest.Matrix(c, blas.Native())
			ev := eigenvalues(h)
			norm := math.Max(math.Abs(ev[0]), math.Abs(ev[len(ev)-1]))
			n := h.SymmetricDim()
			b := gaussian(rand.New(rand.NewPCG(4, 2)), n)
			definite := math.Max(0, -ev[0]) + 0.1*norm
			for name, f := range map[string]factor.Factorization{"cg": new(factor.CG), "minres": new(factor.MINRES)} {
				if err := f.Analyse(c, nil); err != nil {
					t.Fatal(err)
				}
				shifts := []float64{definite}
				if name == "minres" {
					// In the middle of the widest gap near zero.
					shifts = append(shifts, indefinite(ev))
				}
				for _, eps := range shifts {
					if err := f.Factorize(eps); err != nil {
						t.Fatal(err)
					}
					var x mat.VecDense
					if err := f.SolveVecTo(&x, b); err != nil {
						t.Errorf("%s, eps=%g: %v after %d iterations", name, eps, err, f.Report().Refinements)
						continue
					}
					if e := backwardError(h, norm, eps, &x, b); !(e <= 2e-14) {
						t.Errorf("%s, eps=%g: backward error %.2g, reported %.2g", name, eps, e, f.Report().BackwardError)
					}
					if f.Report().Refinements == 0 {
						t.Errorf("%s: no iterations", name)
					}
				}
				if f.Inertia().Certain {
					t.Errorf("%s: the inertia is certain", name)
				}
				if l, s := f.LogDet(); !math.IsNaN(l) || !math.IsNaN(s) {
					t.Errorf("%s: log|det| %v, sign %v", name, l, s)
				}
			}
		})
	}
}

// indefinite returns a damping with eigenvalues of H + εI on both sides of
// zero, as far from it as the spectrum allows near its middle.
func indefinite(ev []float64) float64 {
	best, eps := 0.0, -ev[len(ev)-1]-1
	for i := 1; i < len(ev); i++ {
		if gap := ev[i] - ev[i-1]; gap > best {
			best, eps = gap, -(ev[i]+ev[i-1])/2
		}
	}
	return eps
}

func TestCGNegativeCurvature(t *testing.T) {
	c := chainCases[10].make(3)
	h := chaintest.Matrix(c, blas.Native())
	ev := eigenvalues(h)
	if ev[0] >= 0 {
		t.Fatal("the matrix is not indefinite")
	}
	var f factor.CG
	if err := f.Analyse(c, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Factorize(0); err != nil {
		t.Fatal(err)
	}
	var x mat.VecDense
	err := f.SolveVecTo(&x, gaussian(rand.New(rand.NewPCG(1, 2)), f.SymmetricDim()))
	var e *factor.NegativeCurvatureError
	if !errors.As(err, &e) {
		t.Fatalf("error %v", err)
	}
	if e.Curvature > 0 || e.Curvature < ev[0]*(1+1e-12) || e.Iteration < 1 || e.Column != 0 {
		t.Errorf("%+v, least eigenvalue %g", e, ev[0])
	}
}

func TestKrylovLimits(t *testing.T) {
	c := chainCases[10].make(3).GaussNewton()
	n := c.Params()
	b := gaussian(rand.New(rand.NewPCG(1, 2)), n)
	for name, f := range map[string]factor.Factorization{"cg": new(factor.CG), "minres": new(factor.MINRES)} {
		if err := f.Analyse(c, &factor.Options{MaxIterations: 3}); err != nil {
			t.Fatal(err)
		}
		if err := f.Factorize(1e-6); err != nil {
			t.Fatal(err)
		}
		var x mat.VecDense
		var e *factor.AccuracyError
		if err := f.SolveVecTo(&x, b); !errors.As(err, &e) || f.Report().Refinements != 3 {
			t.Errorf("%s: error %v after %d iterations", name, err, f.Report().Refinements)
		} else if e.Reached != f.Report().BackwardError || !(e.Reached > e.Wanted) {
			t.Errorf("%s: %+v, reported %g", name, e, f.Report().BackwardError)
		}
		bad := mat.NewVecDense(n, nil)
		bad.SetVec(2, math.Inf(1))
		var nf *la.NotFiniteError
		if err := f.SolveVecTo(&x, bad); !errors.As(err, &nf) || nf.Index != 2 {
			t.Errorf("%s: error %v", name, err)
		}
		if err := f.SolveVecTo(&x, mat.NewVecDense(n, nil)); err != nil || mat.Norm(&x, 2) != 0 {
			t.Errorf("%s: a zero right-hand side: %v", name, err)
		}
		var m *factor.MemoryError
		if err := f.Analyse(c, &factor.Options{MemoryLimit: 1}); !errors.As(err, &m) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestKrylovShared(t *testing.T) {
	c := chainCases[3].make(5).GaussNewton()
	for name, f := range map[string]factor.Factorization{"cg": new(factor.CG), "minres": new(factor.MINRES), "augmented": new(factor.Augmented), "dense": new(factor.Dense)} {
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		n := f.SymmetricDim()
		rng := rand.New(rand.NewPCG(6, 6))
		b := mat.NewDense(n, 3, nil)
		for i := range n {
			for j := range 3 {
				b.Set(i, j, rng.NormFloat64())
			}
		}
		v := mat.NewVecDense(n, nil)
		step := func() {
			if err := f.Factorize(0.2); err != nil {
				t.Fatal(name, err)
			}
			if err := f.SolveVecTo(v, b.ColView(1)); err != nil {
				t.Fatal(name, err)
			}
		}
		step()
		if got := alloctest.PerRun(3, step); got > 1 { // ColView makes one
			t.Errorf("%s: %v allocations", name, got)
		}
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				for range 3 {
					var x mat.Dense
					if err := f.SolveTo(&x, b); err != nil {
						t.Error(name, err)
						return
					}
					var d mat.VecDense
					d.SubVec(x.ColView(1), v)
					if mat.Norm(&d, 2) > 1e-12*mat.Norm(v, 2)*(1+1/0.2) {
						t.Errorf("%s: solutions differ by %g", name, mat.Norm(&d, 2))
					}
					f.Report()
				}
			})
		}
		wg.Wait()
	}
}
