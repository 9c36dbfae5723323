package factor_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/factor/eigen"
	"costate/internal/alloctest"
	"costate/la"
	"costate/la/blas"
	"costate/nn"
	"costate/nn/data"
	"costate/system"
	"costate/system/chaintest"
)

// methods are all that take a Gauss–Newton chain of dense stages.
func methods() map[string]factor.Factorization {
	return map[string]factor.Factorization{
		"chain": new(factor.Chain), "gram": new(factor.Gram), "dense": new(factor.Dense), "auto": new(factor.Auto),
		"augmented": new(factor.Augmented), "cg": new(factor.CG), "minres": new(factor.MINRES),
	}
}

// panicOf returns the factor.Error that f panics with.
func panicOf(f func()) (e factor.Error) {
	defer func() {
		if r := recover(); r != nil {
			var ok bool
			if e, ok = r.(factor.Error); !ok {
				e = factor.Error(fmt.Sprint("another panic: ", r))
			}
		}
	}()
	f()
	return ""
}

func TestAnalyseNotFinite(t *testing.T) {
	c := chainCases[3].make(1).GaussNewton()
	c.Stages[1].(*system.DenseStage).W[4] = math.NaN()
	for name, f := range methods() {
		err := f.Analyse(c, nil)
		var e *factor.NotFiniteError
		if !errors.As(err, &e) || e.Where != "W of stage 2" || e.Index != 4 {
			t.Errorf("%s: NaN weight: %v", name, err)
		}
		if e := panicOf(func() { f.Factorize(1) }); e != factor.ErrNotAnalysed {
			t.Errorf("%s: after a failed analysis Factorize gave %q", name, e)
		}
	}
}

// A chain of as many parameters may still have another shape, also where it is
// the one of the analysis changed in place.
func TestUpdateShapes(t *testing.T) {
	stages := []chaintest.Stage{{Out: 4, Bias: true}, {Out: 3}, {Out: 2, Bias: true}}
	with := func(batch int) *system.Chain {
		return chaintest.Random(rand.New(rand.NewPCG(1, 1)), batch, 3, stages...).GaussNewton()
	}
	for name, f := range methods() {
		c := with(3)
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		if e := panicOf(func() { f.Update(with(4)) }); e != factor.ErrShape {
			t.Errorf("%s: another batch size: %q", name, e)
		}
		*c = *with(5)
		if e := panicOf(func() { f.Update(c) }); e != factor.ErrShape {
			t.Errorf("%s: another batch size in place: %q", name, e)
		}
		if err := errors.Join(f.Update(with(3)), f.Factorize(0.1)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// After an Update that failed there is nothing to factorize.
func TestUpdateFails(t *testing.T) {
	good, bad := chainCases[4].make(1).GaussNewton(), chainCases[4].make(1).GaussNewton()
	bad.Stages[0].(*system.DenseStage).Z[2] = math.Inf(1)
	for name, f := range methods() {
		if err := f.Analyse(good, nil); err != nil {
			t.Fatal(err)
		}
		var e *factor.NotFiniteError
		if err := f.Update(bad); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
		if err := f.Factorize(1); !errors.As(err, &e) {
			t.Errorf("%s: Factorize after a failed Update: %v", name, err)
		}
		if err := errors.Join(f.Update(good), f.Factorize(1)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	var f factor.Gram
	if err := f.Analyse(good, nil); err != nil {
		t.Fatal(err)
	}
	exact := chainCases[4].make(1)
	if err := f.Update(exact); !errors.Is(err, factor.ErrNotGaussNewton) {
		t.Errorf("an exact Hessian for Gram: %v", err)
	}
	if err := f.Factorize(1); !errors.Is(err, factor.ErrNotGaussNewton) {
		t.Errorf("factorized: %v", err)
	}
}

// The same object takes the Hessian and the Gauss–Newton matrix in turn, maps
// by diagonals, in full and none.
func TestUpdateKinds(t *testing.T) {
	exact := chainCases[3].make(5)
	full, plain := chainCases[3].make(5), chainCases[3].make(5)
	for k := range full.Stages {
		d := full.Stages[k].(*system.DenseStage)
		for _, m := range []*system.SampleMap{&d.J, &d.Q} {
			a := m.Diag
			m.Diag, m.Full = nil, make([]float64, d.Batch*d.Out*d.Out)
			for i, v := range a {
				m.Full[i*d.Out+i%d.Out] = v
			}
		}
		p := plain.Stages[k].(*system.DenseStage)
		p.J, p.Q = system.SampleMap{}, system.SampleMap{}
	}
	for name, f := range map[string]factor.Factorization{"chain": new(factor.Chain), "auto": new(factor.Auto), "dense": new(factor.Dense)} {
		if err := f.Analyse(exact.GaussNewton(), nil); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*system.Chain{exact, exact.GaussNewton(), full, plain, full.GaussNewton(), exact, plain.GaussNewton()} {
			if err := f.Update(c); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			check(t, f, chaintest.Matrix(c, blas.Native()), 0.1)
		}
	}
}

// A loss that is not convex, with a diagonal that does not show it.
func TestIndefiniteLoss(t *testing.T) {
	c := chaintest.Random(rand.New(rand.NewPCG(3, 3)), 2, 6, repeat(chaintest.Stage{Out: 6}, 6, chaintest.Stage{Out: 2})...).GaussNewton()
	for n := range 2 {
		copy(c.Loss.Full[4*n:], []float64{0, 1, 1, 0})
	}
	var g factor.Gram
	if err := g.Analyse(c, nil); !errors.Is(err, factor.ErrNotGaussNewton) {
		t.Errorf("Gram took an indefinite loss: %v", err)
	}
	var a factor.Auto
	if err := a.Analyse(c, nil); err != nil {
		t.Fatal(err)
	}
	check(t, &a, chaintest.Matrix(c, blas.Native()), 0.01)
}

// Numbers far from 1 change nothing as long as they can be squared relative to
// one another.
func TestChainScales(t *testing.T) {
	for i, tc := range chainCases {
		h := chaintest.Matrix(tc.make(uint64(i)), blas.Native())
		ev := eigenvalues(h)
		for _, a := range []float64{1e-200, 1e-150, 1e150, 1e200} {
			c := tc.make(uint64(i))
			scaleCurvature(c, a)
			var f factor.Chain
			if err := f.Analyse(c, nil); err != nil {
				t.Fatal(err)
			}
			for _, eps := range []float64{0.1, 1e-6, -0.05} {
				neg := 0
				for _, e := range ev {
					if e+eps < 0 {
						neg++
					}
				}
				if err := f.Factorize(eps * a); err != nil {
					t.Errorf("%s, scale %g, eps %g: %v", tc.name, a, eps, err)
					continue
				}
				if in := f.Inertia(); in.Certain && in.Negative != neg {
					t.Errorf("%s, scale %g, eps %g: inertia %v, want %d negative", tc.name, a, eps, in, neg)
				}
				for _, size := range []float64{1, a} {
					b := gaussian(rand.New(rand.NewPCG(1, 99)), len(ev))
					b.ScaleVec(size, b)
					var x mat.VecDense
					if err := f.SolveVecTo(&x, b); err != nil {
						t.Errorf("%s, scale %g, eps %g, right-hand side of size %g: %v", tc.name, a, eps, size, err)
					}
				}
			}
		}
	}
}

// scaleCurvature multiplies H by a.
func scaleCurvature(c *system.Chain, a float64) {
	scale := func(x []float64) {
		for i := range x {
			x[i] *= a
		}
	}
	scale(c.Loss.Full)
	for _, s := range c.Stages {
		switch s := s.(type) {
		case *system.DenseStage:
			scale(s.Delta)
			scale(s.Q.Diag)
			scale(s.Q.Full)
			if p := s.Pass; p != nil {
				for _, m := range []*system.SampleMap{&p.Cross, &p.Q} {
					scale(m.Diag)
					scale(m.Full)
					scale(m.Sparse)
				}
			}
		case *system.BlockStage:
			for _, m := range []*system.Matrix{s.A, s.C, s.Q} {
				if m != nil {
					scale(m.Val)
				}
			}
		}
	}
}

// Numbers beyond the range end in an error, not in a panic, a loop without end
// or an answer that nobody measured.
func TestOverflow(t *testing.T) {
	c := chainCases[3].make(1)
	for _, s := range c.Stages {
		d := s.(*system.DenseStage)
		for i := range d.W {
			d.W[i] *= 1e160
		}
	}
	for name, f := range map[string]factor.Factorization{"chain": new(factor.Chain), "dense": new(factor.Dense)} {
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		if err := f.Factorize(1); err == nil {
			t.Errorf("%s: H overflows, and was factorized", name)
		}
	}
	s, err := eigen.NewSpectrum(eigen.OfChain(c, nil), 2)
	if err != nil {
		t.Fatal(err)
	}
	if counts, err := s.Counts([]float64{0, 1}); err == nil {
		t.Errorf("H overflows, and was counted: %v", counts)
	}

	// ‖b‖ overflows, its elements do not.
	c = chainCases[3].make(1)
	b := mat.NewVecDense(c.Params(), nil)
	for i := range c.Params() {
		b.SetVec(i, 1.7e308)
	}
	var f factor.Chain
	if err := errors.Join(f.Analyse(c, nil), f.Factorize(10)); err != nil {
		t.Fatal(err)
	}
	var x mat.VecDense
	var accuracy *factor.AccuracyError
	if err := f.SolveVecTo(&x, b); !errors.As(err, &accuracy) {
		t.Errorf("a right-hand side whose norm overflows: %v", err)
	}
}

// A tolerance that is not a number is the default; none is wide enough for a
// solution that is not finite.
func TestTolerance(t *testing.T) {
	c := chainCases[3].make(1)
	for _, tolerance := range []float64{math.NaN(), -1, math.Inf(1)} {
		var f factor.Chain
		if err := errors.Join(f.Analyse(c, &factor.Options{Tolerance: tolerance}), f.Factorize(1e-3)); err != nil {
			t.Fatal(err)
		}
		b := gaussian(rand.New(rand.NewPCG(1, 1)), c.Params())
		var x mat.VecDense
		if err := f.SolveVecTo(&x, b); err != nil {
			t.Errorf("tolerance %v: %v", tolerance, err)
		}
		b.ScaleVec(1e307, b)
		if err := f.SolveVecTo(&x, b); err == nil {
			t.Errorf("tolerance %v: accepted a solution beyond the range of numbers", tolerance)
		}
	}
}

// What a failed Factorize says of the inertia is not that of the one before.
func TestInertiaAfterFailure(t *testing.T) {
	c := chainCases[3].make(1)
	var f factor.Chain
	if err := errors.Join(f.Analyse(c, nil), f.Factorize(1)); err != nil {
		t.Fatal(err)
	}
	if err := f.Factorize(math.Inf(1)); err == nil {
		t.Fatal("infinite damping accepted")
	}
	var in la.Inertia
	if e := panicOf(func() { in = f.Inertia() }); e != factor.ErrNotFactorized {
		t.Errorf("inertia %v of a matrix that was not factorized: %q", in, e)
	}
}

// Solves allocate nothing after the first, also side by side.
func TestSolveAllocations(t *testing.T) {
	c := chainCases[4].make(1).GaussNewton()
	n := c.Params()
	rng := rand.New(rand.NewPCG(2, 2))
	b, x := mat.NewDense(n, 5, nil), mat.NewDense(n, 5, nil)
	for j := range 5 {
		b.SetCol(j, gaussian(rng, n).RawVector().Data)
	}
	for name, f := range methods() {
		for _, threads := range []int{1, 2, 3} {
			if err := errors.Join(f.Analyse(c, &factor.Options{Backend: blas.NativeThreads(threads)}), f.Factorize(0.3)); err != nil {
				t.Fatal(err)
			}
			solve := func() {
				if err := f.SolveTo(x, b); err != nil {
					t.Fatal(err)
				}
			}
			solve()
			if got := alloctest.PerRun(20, solve); got > 0 {
				t.Errorf("%s, %d threads: %v allocations", name, threads, got)
			}
		}
	}
}

// In a deep network whose samples become the same on the way, the later stages
// leave large matrices in directions that the parameters of the earlier ones
// hardly reach: their pivot blocks are small, and what is left of a cancellation.
// Such factors are found out, and the solutions come from others.
func TestChainHiddenGrowth(t *testing.T) {
	widths := []int{8}
	for range 299 {
		widths = append(widths, 6)
	}
	net, err := nn.New(8, nn.CrossEntropy, nn.MLP(append(widths, 3), nn.Tanh, true)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, seed := range []uint64{2, 3} {
		net.Init(seed, nil)
		set, err := data.Gaussian(3, 8, 3, 1)
		if err != nil {
			t.Fatal(err)
		}
		var lin nn.Linearization
		if err := net.Linearize(&lin, set.Batch(0, 3)); err != nil {
			t.Fatal(err)
		}
		g := mat.NewVecDense(len(lin.Gradient), lin.Gradient)
		var f factor.Chain
		if err := f.Analyse(&lin.Chain, nil); err != nil {
			t.Fatal(err)
		}
		for _, eps := range []float64{1e-4, 1e-6, 1e-7, 1e-8} {
			var x mat.VecDense
			if err := errors.Join(f.Factorize(eps), f.SolveVecTo(&x, g)); err != nil {
				t.Errorf("seed %d, eps %g: %v", seed, eps, err)
			}
			// Factors that know the signs of all eigenvalues refine quickly.
			if r := f.Report(); f.Inertia().Certain && r.Shift == 0 && r.Refinements > 5 {
				t.Errorf("seed %d, eps %g: inertia %v of factors that took %d refinements", seed, eps, f.Inertia(), r.Refinements)
			}
		}
	}
}
