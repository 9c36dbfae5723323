package factor_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
)

// rescaled is S A S for random powers of two in S, down to 2^-most and up to 2^most.
func rescaled(rng *rand.Rand, a *la.Sym, most int) *la.Sym {
	n := a.SymmetricDim()
	s := make([]float64, n)
	for i := range s {
		s[i] = math.Ldexp(1, rng.IntN(2*most+1)-most)
	}
	b := la.NewSymBuilder(n, 0)
	for i := range n {
		for j := range i + 1 {
			if v := a.At(i, j); v != 0 {
				b.Add(i, j, v*s[i]*s[j])
			}
		}
	}
	scaled, _ := b.Build()
	return scaled
}

// TestNullSpaceInRange: a null vector has norm 1 and a residual that is measured, also
// where the inverse of the factors is beyond the range of numbers.
func TestNullSpaceInRange(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var f factor.Sparse
	vectors := 0
	for round := range 4000 {
		n, m := 4+rng.IntN(4), 2+rng.IntN(4)
		b := la.NewSymBuilder(n+m, 0)
		for i := range n {
			if rng.IntN(2) == 0 {
				b.Add(i, i, rng.NormFloat64())
			}
			if i > 0 && rng.IntN(2) == 0 {
				b.Add(i, rng.IntN(i), rng.NormFloat64())
			}
		}
		var row []int
		for i := range m {
			if i == 0 || rng.IntN(3) > 0 { // else the same unknowns again
				row = rng.Perm(n)[:1+rng.IntN(3)]
			}
			for _, j := range row {
				b.Add(n+i, j, 1)
			}
			b.Add(n+i, n+i, -1e-300)
		}
		plain, _ := b.Build()
		a := rescaled(rng, plain, 100*(round%3))
		var singular *factor.SingularError
		if err := f.Factorize(a); err == nil || errors.As(err, &singular) && singular.Blind {
			continue
		}
		var v mat.VecDense
		residual, err := f.NullVector(&v)
		most := float64(n+m) * (1 + 1e-14) // the norm is at least the largest element
		if err != nil || !(residual <= most) || !(math.Abs(mat.Norm(&v, 2)-1) < 1e-14) {
			t.Errorf("round %d: residual %g, norm %g, %v", round, residual, mat.Norm(&v, 2), err)
		}
		if f.Inertia().Zero > 0 {
			var null mat.Dense
			residual, err = f.NullSpaceTo(&null)
			if norm := mat.Norm(&null, math.Inf(1)); err != nil || !(residual <= most) || !(norm <= float64(n+m)) {
				t.Errorf("round %d: residual %g of a basis with norm %g, %v", round, residual, norm, err)
			}
		}
		vectors++
	}
	if vectors < 100 {
		t.Errorf("%d singular matrices only", vectors)
	}
}
