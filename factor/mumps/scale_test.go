//go:build cgo && mumps

package mumps_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/factor/internal/mumps"
	"costate/nn/nntest"
	"costate/system"
)

// TestScale: S is of powers of two, the rows of S K S are alike in the sum of their
// magnitudes, on any number of ranks, and -1 between a state and its costate stays 1 or below.
func TestScale(t *testing.T) {
	c := &nntest.Deep(t, 40).Chain
	for _, eps := range []float64{1, 1e-3, 1e-8} {
		e, err := mumps.NewChain(c, mumps.Options{Threshold: 0.1, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		dampings := make([]float64, len(c.Stages))
		for k := range dampings {
			dampings[k] = eps
		}
		e.Damp(dampings)
		e.Rescale()
		s := slices.Clone(e.Scale())
		if e.Rescale(); !slices.Equal(s, e.Scale()) {
			t.Errorf("eps=%g: another scaling of the same matrix", eps)
		}
		a := system.Assemble(c, eps)
		low := a.K.RawLower()
		sums := make([]float64, low.N)
		for i := range low.N {
			if f, _ := math.Frexp(s[i]); f != 0.5 {
				t.Fatalf("scale %d is %g", i, s[i])
			}
			for k := low.Ptr[i]; k < low.Ptr[i+1]; k++ {
				j, v := low.Col[k], math.Abs(low.Val[k])*s[i]*s[low.Col[k]]
				sums[i] += v
				if int(j) != i {
					sums[j] += v
				}
			}
		}
		least, most := math.Inf(1), 0.0
		for _, v := range sums {
			least, most = min(least, v), max(most, v)
		}
		// A factor of 1.5 from the sweeps, and of 2 from the rounding of each of two scales.
		if least < 1./6 || most > 6 {
			t.Errorf("eps=%g: sums of rows from %g to %g", eps, least, most)
		}
		n, states := c.Params(), c.States()
		kept := 0
		for i := range states {
			if s[n+i]*s[n+states+i] == 1 {
				kept++
			} else if s[n+i]*s[n+states+i] > 1 {
				t.Errorf("eps=%g: pair %d is scaled by %g", eps, i, s[n+i]*s[n+states+i])
			}
		}
		if kept == 0 {
			t.Errorf("eps=%g: no pair of state and costate is kept", eps)
		}
		e.Release()
	}
}

// TestSmallDamping: a deep chain is solved at any damping without more pivots put off than
// there is time for, with the inertia and the determinant of the chain's own factorization.
func TestSmallDamping(t *testing.T) {
	c := &nntest.Deep(t, 100).Chain
	var native factor.Chain
	var f factor.Augmented
	defer f.Reset()
	if err := errors.Join(native.Analyse(c, nil), f.Analyse(c, &factor.Options{Engine: factor.EngineMUMPS})); err != nil {
		t.Fatal(err)
	}
	for _, eps := range []float64{0.1, 1e-3, 1e-6, -1e-5} {
		if err := errors.Join(native.Factorize(eps), f.Factorize(eps)); err != nil {
			t.Fatalf("eps=%g: %v", eps, err)
		}
		agree(t, &native, &f)
	}
	// Of smaller ones only K itself has a determinant that is bounded.
	const eps = 1e-9
	a := system.Assemble(c, eps)
	var k factor.Sparse
	if err := errors.Join(k.Factorize(a.K), f.Factorize(eps)); err != nil {
		t.Fatal(err)
	}
	want := k.Inertia()
	want.Negative, want.Positive = want.Negative-a.States(), want.Positive-a.States()
	if got := f.Inertia(); got != want || !got.Certain {
		t.Errorf("inertia %+v, of K %+v", got, want)
	}
	l, _ := k.LogDet()
	m, _ := f.LogDet()
	if bound := k.Report().LogDetError + f.Report().LogDetError; !(math.Abs(l-m) <= bound) || !(bound < 1) {
		t.Errorf("determinant exp %.17g, of K %.17g; bound %g", m, l, bound)
	}
	var x mat.Dense
	if err := f.SolveTo(&x, columns(rand.New(rand.NewPCG(3, 4)), f.SymmetricDim(), 2)); err != nil {
		t.Error(err)
	}
}
