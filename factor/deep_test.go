package factor_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/internal/alloctest"
	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

// deepChain is a chain of so many small stages that a solve is shared between two goroutines.
func deepChain(rng *rand.Rand, n int, bias bool) *system.Chain {
	stages := make([]chaintest.Stage, n)
	for i := range stages {
		stages[i] = chaintest.Stage{Out: 10, Bias: bias}
	}
	return chaintest.Random(rng, 2, 10, stages...)
}

// Solutions have the same bits on one thread and on two, and what is shared allocates nothing.
func TestDeepSolvesShared(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	for _, bias := range []bool{false, true} {
		c := deepChain(rng, 120, bias)
		b := mat.NewVecDense(c.Params(), nil)
		for i := range c.Params() {
			b.SetVec(i, rng.NormFloat64())
		}
		var want *mat.VecDense
		for _, threads := range []int{1, 2} {
			var f factor.Chain
			if err := f.Analyse(c, &factor.Options{Backend: blas.NativeThreads(threads)}); err != nil {
				t.Fatal(err)
			}
			if err := f.Factorize(300); err != nil { // of random stages, beyond the eigenvalues that grow with depth
				t.Fatal(err)
			}
			x := mat.NewVecDense(c.Params(), nil)
			for range 10 {
				if err := f.SolveVecTo(x, b); err != nil {
					t.Fatal(err)
				}
				if want == nil {
					want = mat.VecDenseCopyOf(x)
				}
				if !mat.Equal(x, want) {
					t.Fatalf("%d threads, bias %v: other bits", threads, bias)
				}
			}
			if r := f.Report(); !(r.BackwardError <= 1e-14) {
				t.Errorf("the backward error is %g", r.BackwardError)
			}
			if n := alloctest.PerRun(5, func() { _ = f.SolveVecTo(x, b) }); n != 0 {
				t.Errorf("%d threads: a solve allocates %v times", threads, n)
			}
			if n := alloctest.PerRun(5, func() { _ = f.Update(c) }); n != 0 {
				t.Errorf("%d threads: Update allocates %v times", threads, n)
			}
		}
	}
}

// Update names the first stage that is wrong, whichever thread comes upon it, and takes the
// next point as if nothing had been.
func TestDeepUpdateNamesTheFirst(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 2))
	for threads := 1; threads <= 2; threads++ {
		c := deepChain(rng, 120, false)
		var f factor.Chain
		if err := f.Analyse(c, &factor.Options{Backend: blas.NativeThreads(threads)}); err != nil {
			t.Fatal(err)
		}
		w := func(k int) []float64 { return c.Stages[k].(*system.DenseStage).W }
		for range 20 {
			one, other := rng.IntN(120), rng.IntN(120)
			old, former := w(one)[7], w(other)[8]
			w(one)[7], w(other)[8] = math.NaN(), math.Inf(1)
			want := c.Check()
			err := f.Update(c)
			if err == nil || err.Error() != want.Error() || !strings.Contains(err.Error(), "stage") {
				t.Fatalf("%d threads: %v, want %v", threads, err, want)
			}
			if err := f.Factorize(300); err == nil {
				t.Fatal("a point that was refused is factored")
			}
			w(other)[8] = former
			w(one)[7] = old
			if err := f.Update(c); err != nil {
				t.Fatal(err)
			}
			if err := f.Factorize(300); err != nil {
				t.Fatal(err)
			}
		}
		c.Loss.Full[0] = math.NaN()
		if err := f.Update(c); err == nil || !strings.Contains(err.Error(), "loss") {
			t.Errorf("a loss that is not finite: %v", err)
		}
	}
}

// A solution may take the place of its right-hand side, or of a part of it: it is the same as
// apart from it, where nothing is copied.
func TestSolveVecInPlace(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 3))
	c := deepChain(rng, 5, true)
	n := c.Params()
	var f factor.Chain
	if err := f.Analyse(c, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Factorize(300); err != nil {
		t.Fatal(err)
	}
	for shift := range 3 {
		all := make([]float64, n+shift)
		for i := range all {
			all[i] = rng.NormFloat64()
		}
		want := mat.NewVecDense(n, nil)
		b := mat.NewVecDense(n, append([]float64(nil), all[:n]...))
		kept := mat.VecDenseCopyOf(b)
		if err := f.SolveVecTo(want, b); err != nil {
			t.Fatal(err)
		}
		if !mat.Equal(b, kept) {
			t.Error("the right-hand side has changed")
		}
		x := mat.NewVecDense(n, all[shift:])
		if err := f.SolveVecTo(x, mat.NewVecDense(n, all[:n])); err != nil {
			t.Fatal(err)
		}
		if !mat.Equal(x, want) {
			t.Errorf("%d words on, the solution is another one", shift)
		}
		b.SetVec(3, math.NaN())
		kept = mat.VecDenseCopyOf(x)
		if err := f.SolveVecTo(x, b); err == nil || !mat.Equal(x, kept) {
			t.Errorf("a right-hand side that is not finite: %v", err)
		}
	}
}
