package factor_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
	"costate/la/matrixtest"
	"costate/system"
	"costate/system/chaintest"
)

// A subject is a Solver with a matrix that it can analyse and factor.
type subject struct {
	factor.Solver
	analyse   func(*factor.Options) error
	factorize func() error
}

// prepare analyses and factors.
func (s subject) prepare(o *factor.Options) error {
	if err := s.analyse(o); err != nil {
		return err
	}
	return s.factorize()
}

// subjects are all types of the package, each with a matrix of its own.
func subjects() map[string]subject {
	c := chaintest.Random(rand.New(rand.NewPCG(1, 1)), 3, 3, chaintest.Stage{Out: 4, Bias: true}, chaintest.Stage{Out: 2}).GaussNewton()
	a := matrixtest.Tridiag(rand.New(rand.NewPCG(2, 1)), []int{3, 4, 2}, 0.8)
	s := shuffled(rand.New(rand.NewPCG(3, 1)), 9)
	block, sparse := new(factor.Block), new(factor.Sparse)
	all := map[string]subject{
		"block":  {block, func(o *factor.Options) error { return block.Analyse(a, o) }, func() error { return block.Factorize(a) }},
		"sparse": {sparse, func(o *factor.Options) error { return sparse.Analyse(s, o) }, func() error { return sparse.Factorize(s) }},
	}
	for name, f := range methods() {
		all[name] = subject{f, func(o *factor.Options) error { return f.Analyse(c, o) }, func() error { return f.Factorize(0.3) }}
	}
	return all
}

// shuffled is a random sparse matrix with a strong diagonal of both signs.
func shuffled(rng *rand.Rand, n int) *la.Sym {
	b := la.NewSymBuilder(n, 0)
	for i := range n {
		b.Add(i, i, float64(4-8*(i%2)))
		if i > 0 {
			b.Add(i, rng.IntN(i), rng.NormFloat64())
		}
	}
	a, _ := b.Build()
	return a
}

// queries are the methods of a Solver that need factors.
func queries(f factor.Solver) map[string]func() {
	v := mat.NewVecDense(1, nil)
	return map[string]func(){
		"Inertia":    func() { f.Inertia() },
		"LogDet":     func() { f.LogDet() },
		"Cond":       func() { f.Cond() },
		"SolveVecTo": func() { f.SolveVecTo(v, v) },
		"SolveTo":    func() { f.SolveTo(mat.NewDense(1, 1, nil), v) },
	}
}

// The zero value of every type panics by name where there is nothing to answer, and
// so does one that has been analysed only, or has been emptied.
func TestBeforeFactorize(t *testing.T) {
	for name, s := range subjects() {
		nothing := func(when string) {
			t.Helper()
			if !s.IsEmpty() || s.Report() != (factor.Report{}) {
				t.Errorf("%s, %s: empty %v, report %+v", name, when, s.IsEmpty(), s.Report())
			}
			for what, f := range map[string]func(){"SymmetricDim": func() { s.SymmetricDim() }, "Cost": func() { s.Cost() }} {
				if e := panicOf(f); e != factor.ErrNotAnalysed {
					t.Errorf("%s, %s: %s gave %q", name, when, what, e)
				}
			}
			for what, f := range queries(s) {
				if e := panicOf(f); e != factor.ErrNotFactorized && e != factor.ErrNotAnalysed {
					t.Errorf("%s, %s: %s gave %q", name, when, what, e)
				}
			}
			if f, ok := s.Solver.(factor.Factorization); ok {
				for what, f := range map[string]func(){
					"Factorize": func() { f.Factorize(1) }, "FactorizeStages": func() { f.FactorizeStages(nil) }, "Update": func() { f.Update(new(system.Chain)) },
				} {
					if e := panicOf(f); e != factor.ErrNotAnalysed {
						t.Errorf("%s, %s: %s gave %q", name, when, what, e)
					}
				}
			}
		}
		nothing("zero value")
		if err := s.analyse(nil); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s.IsEmpty() || s.SymmetricDim() == 0 || s.Cost().Bytes == 0 {
			t.Errorf("%s: empty %v, order %d, cost %+v after Analyse", name, s.IsEmpty(), s.SymmetricDim(), s.Cost())
		}
		for what, f := range queries(s) {
			if e := panicOf(f); e != factor.ErrNotFactorized {
				t.Errorf("%s, analysed: %s gave %q", name, what, e)
			}
		}
		if err := s.factorize(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s.Reset()
		nothing("emptied")
	}
}

// No options are the defaults, whatever the options of an analysis before were.
func TestNoOptionsAreDefaults(t *testing.T) {
	for name, s := range subjects() {
		var memory *factor.MemoryError
		if err := s.analyse(&factor.Options{MemoryLimit: 100}); !errors.As(err, &memory) {
			t.Errorf("%s, 100 bytes: %v", name, err)
		}
		if err := s.prepare(nil); err != nil {
			t.Errorf("%s, after a limit of 100 bytes: %v", name, err)
		}
	}
}

// Systems without unknowns have solutions without elements.
func TestOrderZero(t *testing.T) {
	empty := &system.Chain{Loss: system.SampleMap{Batch: 1, Rows: 2, Cols: 2, Diag: []float64{1, 1}}}
	empty.Stages = []system.Stage{&system.BlockStage{P: 0, NOut: 2, G: &system.Matrix{Rows: 2, Cols: 0, Ptr: []int{0, 0, 0}}}}
	var block factor.Block
	var sparse factor.Sparse
	all := map[string]subject{
		"block":  {&block, func(o *factor.Options) error { return block.Analyse(new(la.BlockTridiag), o) }, func() error { return block.Factorize(new(la.BlockTridiag)) }},
		"sparse": {&sparse, func(o *factor.Options) error { return sparse.Analyse(new(la.Sym), o) }, func() error { return sparse.Factorize(new(la.Sym)) }},
	}
	for name, f := range methods() {
		if name == "gram" { // which is for dense stages
			continue
		}
		all[name] = subject{f, func(o *factor.Options) error { return f.Analyse(empty, o) }, func() error { return f.Factorize(1) }}
	}
	for name, s := range all {
		if err := s.prepare(nil); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var x mat.VecDense
		var many mat.Dense
		if err := errors.Join(s.SolveVecTo(&x, new(mat.VecDense)), s.SolveTo(&many, new(mat.Dense))); err != nil || x.Len() != 0 {
			t.Errorf("%s: %v, %d elements", name, err, x.Len())
		}
		if s.SymmetricDim() != 0 || s.Inertia().Negative != 0 || s.Inertia().Positive != 0 {
			t.Errorf("%s: order %d, inertia %v", name, s.SymmetricDim(), s.Inertia())
		}
		if log, sign := s.LogDet(); (name != "cg" && name != "minres") && (log != 0 || sign != 1) {
			t.Errorf("%s: log-determinant %v, sign %v", name, log, sign)
		}
	}
}

// A matrix that is singular because stage 2 has no inputs and no damping is refused
// with that stage and its damping, where the method knows the stage, and never with a
// place that is not known.
func TestSingularStage(t *testing.T) {
	for name, f := range directMethods() {
		c := chaintest.Random(rand.New(rand.NewPCG(4, 1)), 3, 3, chaintest.Stage{Out: 4}, chaintest.Stage{Out: 3}, chaintest.Stage{Out: 2}).GaussNewton()
		clear(c.Stages[1].(*system.DenseStage).Z)
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		var singular *factor.SingularError
		if err := f.FactorizeStages([]float64{2, 0, 1}); !errors.As(err, &singular) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if singular.Block != 1 || singular.Pivot < -1 || singular.Pivot >= c.Stages[1].Params() || singular.Row != -1 || singular.Eps != 0 {
			t.Errorf("%s: %+v", name, singular)
		}
		if err := f.FactorizeStages([]float64{2, singular.Suggest, 1}); err != nil {
			t.Errorf("%s, with the damping %g that it suggests for the stage: %v", name, singular.Suggest, err)
		}
	}
}

// Report.Shift is in the units of the matrix that was given, however that is scaled:
// the factors of a singular matrix are those of A + Shift·I, which take a null vector
// of A to Shift times it.
func TestShiftUnits(t *testing.T) {
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 12))
		const n = 20
		e, null := make([]int, n), mat.NewVecDense(n, nil)
		for i := range e {
			e[i] = rng.IntN(11) - 5
			null.SetVec(i, math.Ldexp(1, -e[i]))
		}
		b := la.NewSymBuilder(n, 0)
		for i := range n - 1 { // a Laplacian, scaled from both sides
			w := float64(1 + rng.IntN(4))
			b.Add(i, i, math.Ldexp(w, 2*e[i]))
			b.Add(i+1, i+1, math.Ldexp(w, 2*e[i+1]))
			b.Add(i+1, i, math.Ldexp(-w, e[i]+e[i+1]))
		}
		a, _ := b.Build()
		var f factor.Sparse
		var singular *factor.SingularError
		if err := f.Factorize(a); !errors.As(err, &singular) || singular.Block != -1 || singular.Row < 0 {
			t.Errorf("seed %d: %v, %+v", seed, err, singular)
			continue
		}
		shift := f.Report().Shift
		var x mat.VecDense
		x.CloneFromVec(null)
		f.SolveRaw(x.RawVector().Data, 1)
		x.ScaleVec(shift, &x)
		x.SubVec(&x, null)
		// Rounding errors of A beside a shift of some units of it.
		if d := mat.Norm(&x, 2) / mat.Norm(null, 2); !(d < 0.1) {
			t.Errorf("seed %d, shift %g: A + Shift·I takes a null vector to another, off by %g", seed, shift, d)
		}
	}
}
