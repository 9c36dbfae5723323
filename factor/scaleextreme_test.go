package factor_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
)

// TestSparseExtremeScales: S A S with entries whose squares under- or overflow has
// the inertia of A, for certain, and its determinant but for that of S.
func TestSparseExtremeScales(t *testing.T) {
	compared := 0
	for _, reach := range []int{160, 400, 500} {
		for seed := range uint64(20) {
			rng := rand.New(rand.NewPCG(seed, uint64(reach)))
			n := 2 + rng.IntN(12)
			plain, wild := la.NewSymBuilder(n, 0), la.NewSymBuilder(n, 0)
			exps, sum := make([]int, n), 0
			for i := range exps {
				exps[i] = rng.IntN(2*reach+1) - reach
				sum += exps[i]
			}
			add := func(i, j int, v float64) {
				plain.Add(i, j, v)
				wild.Add(i, j, math.Ldexp(v, exps[i]+exps[j]))
			}
			for i := range n {
				if i%3 > 0 {
					add(i, i, 1-2*float64(i%2))
				}
				if i > 0 {
					add(i, i-1, 1)
				}
			}
			var want, got factor.Sparse
			a, _ := plain.Build()
			b, _ := wild.Build()
			if want.Factorize(a) != nil || want.Cond() > 1e3 {
				continue
			}
			compared++
			if err := got.Factorize(b); err != nil {
				t.Errorf("reach %d, seed %d: %v", reach, seed, err)
				continue
			}
			if g, w := got.Inertia(), want.Inertia(); g != w {
				t.Errorf("reach %d, seed %d: inertia %v, want %v", reach, seed, g, w)
			}
			log, sign := want.LogDet()
			log += 2 * math.Ln2 * float64(sum)
			if l, s := got.LogDet(); s != sign || math.Abs(l-log) > 1e-10*(1+math.Abs(log)) {
				t.Errorf("reach %d, seed %d: log-determinant %v %v, want %v %v", reach, seed, l, s, log, sign)
			}
		}
	}
	if compared < 20 {
		t.Errorf("only %d of 60 matrices are well conditioned, which compares little", compared)
	}
}

// TestSparseUnderflow: an entry whose square underflows beside one that is large.
func TestSparseUnderflow(t *testing.T) {
	for _, small := range []float64{1e-150, 1e-166, 1e-200, 1e-280} {
		b := la.NewSymBuilder(2, 0)
		b.Add(1, 0, small)
		b.Add(1, 1, -1e-8)
		a, _ := b.Build()
		var f factor.Sparse
		if err := f.Factorize(a); err != nil {
			t.Errorf("%g: %v", small, err)
			continue
		}
		if in := f.Inertia(); in != (la.Inertia{Negative: 1, Positive: 1, Certain: true}) {
			t.Errorf("%g: inertia %v", small, in)
		}
		if log, sign := f.LogDet(); sign != -1 || math.Abs(log-2*math.Log(small)) > 1e-10 {
			t.Errorf("%g: log-determinant %v, sign %v", small, log, sign)
		}
	}
}

// TestSparseCoupling: a coupling of no account beside elements that matter, in a
// matrix that is full as it comes, is no reason to call it singular.
func TestSparseCoupling(t *testing.T) {
	for _, small := range []float64{1e-46, 1e-80, 1e-120} {
		b := la.NewSymBuilder(4, 0)
		b.Add(3, 0, 100)
		b.Add(3, 1, -small)
		b.Add(3, 2, 1)
		b.Add(2, 2, 0.01)
		b.Add(1, 1, 1e-13)
		a, _ := b.Build()
		var f factor.Sparse
		if err := f.Factorize(a); err != nil {
			t.Errorf("%g: %v", small, err)
			continue
		}
		if in := f.Inertia(); in != (la.Inertia{Negative: 1, Positive: 3, Certain: true}) {
			t.Errorf("%g: inertia %v", small, in)
		}
		if log, sign := f.LogDet(); sign != -1 || math.Abs(log-math.Log(1e-11)) > 1e-10 {
			t.Errorf("%g: log-determinant %v, sign %v", small, log, sign)
		}
	}
}

// TestBeyondRange: an error for a solution that no float64 can hold says so, however
// well conditioned the matrix is.
func TestBeyondRange(t *testing.T) {
	for _, size := range []float64{1, 1e-10, 1e-290, 1e-306, 0x1p-1074} {
		for _, right := range []float64{1, 1e20, 1e300} {
			b := la.NewSymBuilder(3, 0)
			for i := range 3 {
				b.Add(i, i, 2*size)
			}
			b.Add(1, 0, size)
			a, _ := b.Build()
			var f factor.Sparse
			if err := f.Factorize(a); err != nil {
				t.Fatal(err)
			}
			var x mat.VecDense
			err := f.SolveVecTo(&x, mat.NewVecDense(3, []float64{right, 0, -right}))
			var accuracy *factor.AccuracyError
			if fits := right/size < 1e307; fits != (err == nil) || !fits && (!errors.As(err, &accuracy) || !strings.Contains(err.Error(), "beyond the range of numbers")) {
				t.Errorf("elements of %g, right-hand side of %g: %v", size, right, err)
			}
		}
	}
}
