//go:build cgo && mumps

package mumps_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/factor/mumps"
	"costate/la/blas"
	"costate/la/partition"
	"costate/system"
	"costate/system/chaintest"
)

// TestAugmented: K of chains, at several dampings and points, as the native engine, with
// stages of all kinds at the ends of the ranges that ranks have.
func TestAugmented(t *testing.T) {
	for i, stages := range [][]chaintest.Stage{
		{{Out: 3}},
		{{Out: 4}, {Out: 4}, {Out: 2}},
		{{Out: 6}, {Out: 6}, {Out: 6}, {Out: 6}, {Out: 6}, {Out: 3}},
		{{Out: 4, Full: true}, {Out: 4, Full: true, Bias: true}, {Out: 3, Full: true}},
		{{Skip: true, Bias: true}, {Skip: true}, {Skip: true, Full: true}, {Out: 2}},
		{{Out: 3, Pass: true}, {Rows: 3, In: 2, Out: 2, Pass: true, Full: true}, {Rows: 2, Out: 2, Pass: true, Full: true}, {Out: 2, Pass: true}},
		{{Blocks: true, P: 5, Out: 3, Filled: true}, {Blocks: true, P: 4, Out: 3, Filled: true}, {Out: 3}, {Blocks: true, P: 3, Out: 2, Filled: true}},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			point := func(k uint64) *system.Chain {
				return chaintest.Random(rand.New(rand.NewPCG(uint64(i), k)), 3, 4, stages...)
			}
			c := point(0)
			var native, f factor.Augmented
			defer f.Reset()
			if err := errors.Join(native.Analyse(c, nil), f.Analyse(c, &factor.Options{Engine: factor.EngineMUMPS})); err != nil {
				t.Fatal(err)
			}
			for k := range uint64(2) {
				if k == 1 && i == 5 { // gathers are drawn, too
					break
				}
				c := point(k)
				if err := errors.Join(native.Update(c), f.Update(c)); err != nil {
					t.Fatal(err)
				}
				for _, eps := range []float64{1, 1e-2, -0.07} {
					if err := errors.Join(native.Factorize(eps), f.Factorize(eps)); err != nil {
						t.Fatal(err)
					}
					agree(t, &native, &f)
				}
			}
			dampings := make([]float64, len(c.Stages))
			for k := range dampings {
				dampings[k] = 0.1 * float64(k+1)
			}
			if err := errors.Join(native.FactorizeStages(dampings), f.FactorizeStages(dampings)); err != nil {
				t.Fatal(err)
			}
			agree(t, &native, &f)
		})
	}
}

// TestAugmentedOrders: K of a chain is factored in any order, in ours unless another one is asked
// for or, of few wide stages, takes less time.
func TestAugmentedOrders(t *testing.T) {
	c := chaintest.Random(rand.New(rand.NewPCG(3, 3)), 6, 20, slices.Repeat([]chaintest.Stage{{Out: 10}}, 4)...)
	var native factor.Augmented
	if err := errors.Join(native.Analyse(c, nil), native.Factorize(0.1)); err != nil {
		t.Fatal(err)
	}
	for _, o := range []struct {
		want    string
		options factor.Options
	}{
		{"given", factor.Options{}},
		{"given", factor.Options{Ordering: partition.OrderND}},
		{"given", factor.Options{Ordering: partition.OrderNatural}},
		{"amd", factor.Options{Ordering: partition.OrderAMD}},
		{"amf", factor.Options{MUMPS: factor.MUMPSOptions{Ordering: "amf"}}},
	} {
		var f factor.Augmented
		o.options.Engine = factor.EngineMUMPS
		if err := errors.Join(f.Analyse(c, &o.options), f.Factorize(0.1)); err != nil {
			t.Fatal(err)
		}
		if got := f.Plan().Ordering; got != o.want {
			t.Errorf("%+v: order %s, want %s", o.options, got, o.want)
		}
		agree(t, &native, &f)
		f.Reset()
	}
	wide := chaintest.Random(rand.New(rand.NewPCG(1, 1)), 32, 32, slices.Repeat([]chaintest.Stage{{Out: 32}}, 4)...)
	var f factor.Augmented
	defer f.Reset()
	if err := f.Analyse(wide, &factor.Options{Engine: factor.EngineMUMPS}); err != nil {
		t.Fatal(err)
	}
	if got := f.Plan().Ordering; got != "amd" {
		t.Errorf("wide: order %s", got)
	}
}

// TestAugmentedLimits: too little memory and an order of another length are errors.
func TestAugmentedLimits(t *testing.T) {
	c := chaintest.Random(rand.New(rand.NewPCG(1, 1)), 6, 20, slices.Repeat([]chaintest.Stage{{Out: 20}}, 4)...)
	for _, limit := range []int64{1000, 32*system.EntriesOf(c) + 1000} { // too little for K, and for MUMPS
		var memory *factor.MemoryError
		if err := new(factor.Augmented).Analyse(c, &factor.Options{Engine: factor.EngineMUMPS, MemoryLimit: limit}); !errors.As(err, &memory) {
			t.Errorf("memory: error %v", err)
		}
	}
	if err := new(factor.Augmented).Analyse(c, &factor.Options{Engine: factor.EngineMUMPS, Perm: partition.Perm{1, 0}}); err == nil {
		t.Error("an order of two unknowns was accepted")
	}
}

// TestAugmentedShared: the ranks hold K together, no one much more than its share: elements
// of it are counted.
func TestAugmentedShared(t *testing.T) {
	stages := slices.Repeat([]chaintest.Stage{{Out: 8}}, 12)
	c := chaintest.Random(rand.New(rand.NewPCG(2, 2)), 6, 8, stages...)
	var f factor.Augmented
	defer f.Reset()
	if err := f.Analyse(c, &factor.Options{Engine: factor.EngineMUMPS}); err != nil {
		t.Fatal(err)
	}
	entries, all := f.RankEntries(), int64(f.System().K.Stored())
	sum := int64(0)
	for _, n := range entries {
		sum += n
	}
	if len(entries) != mumps.Ranks() || sum != all {
		t.Errorf("ranks store %d elements, K has %d", entries, all)
	}
	largest := all / int64(len(stages)) * 2 // no stage has more
	if most := slices.Max(entries); most > all/int64(len(entries))+largest {
		t.Errorf("ranks store %d of %d elements", entries, all)
	}
	t.Logf("ranks store %d of %d elements", entries, all)
	var native factor.Augmented
	if err := native.Analyse(c, nil); err != nil || native.RankEntries() != nil {
		t.Errorf("native: %v, %v", native.RankEntries(), err)
	}
}

// TestAugmentedSingular: parameters that reach nothing make H singular without damping. Who
// asks for that learns it, with as many zeros as the native engine finds, and consistent systems
// are solved.
func TestAugmentedSingular(t *testing.T) {
	c := chaintest.Random(rand.New(rand.NewPCG(4, 4)), 3, 4, slices.Repeat([]chaintest.Stage{{Out: 4}}, 4)...)
	clear(c.Stages[0].(*system.DenseStage).Z) // of 16 parameters
	var native, f factor.Augmented
	defer f.Reset()
	if err := errors.Join(native.Analyse(c, nil), f.Analyse(c, &factor.Options{Engine: factor.EngineMUMPS})); err != nil {
		t.Fatal(err)
	}
	n, h := f.SymmetricDim(), chaintest.Matrix(c, blas.Native())
	for range 2 {
		var singular *factor.SingularError
		if err := native.Factorize(0); !errors.As(err, &singular) {
			t.Fatalf("native: error %v", err)
		}
		if err := f.Factorize(0); !errors.As(err, &singular) || singular.Blind {
			t.Fatalf("error %v", err)
		}
		want, got := native.Inertia(), f.Inertia()
		if got.Negative != want.Negative || got.Zero != want.Zero || got.Zero < 16 {
			t.Errorf("inertia %+v, native %+v", got, want)
		}
		var b, x, y mat.VecDense
		b.MulVec(h, columns(rand.New(rand.NewPCG(7, 7)), n, 1).ColView(0))
		if err := errors.Join(native.SolveVecTo(&y, &b), f.SolveVecTo(&x, &b)); err != nil || f.Report().BackwardError > 1e-14 {
			t.Errorf("backward error %g, %v", f.Report().BackwardError, err)
		}
		if err := errors.Join(native.Factorize(0.1), f.Factorize(0.1)); err != nil { // which does not stay
			t.Fatal(err)
		}
		agree(t, &native, &f)
	}
}

// TestAugmentedBits: one rank gives equal bits from equal numbers, whatever was factored
// between.
func TestAugmentedBits(t *testing.T) {
	c := chaintest.Random(rand.New(rand.NewPCG(5, 5)), 3, 4, slices.Repeat([]chaintest.Stage{{Out: 6}}, 8)...)
	var f factor.Augmented
	defer f.Reset()
	if err := f.Analyse(c, &factor.Options{Engine: factor.EngineMUMPS}); err != nil {
		t.Fatal(err)
	}
	b := columns(rand.New(rand.NewPCG(6, 6)), f.SymmetricDim(), 2)
	var x [2]mat.Dense
	for i := range x {
		if err := errors.Join(f.Factorize(1e-5), f.Factorize(0.2), f.SolveTo(&x[i], b)); err != nil {
			t.Fatal(err)
		}
	}
	if mumps.Ranks() == 1 && !mat.Equal(&x[0], &x[1]) {
		t.Error("other bits")
	}
	if !mat.EqualApprox(&x[0], &x[1], 1e-10) {
		t.Error("another solution")
	}
}
