package factor_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/blas"
	"costate/system/chaintest"
)

// What is known of the norm outlives a change of the damping, and stays a lower
// bound of it.
func TestNormOverDampings(t *testing.T) {
	for i, tc := range chainCases {
		rng := rand.New(rand.NewPCG(uint64(i), 3))
		c := tc.make(uint64(i))
		ev := computeEigenvalues(chaintest.Matrix(c, blas.Native()))
		largest := math.Max(math.Abs(ev[0]), math.Abs(ev[len(ev)-1]))
		var f factor.Chain
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		for range 12 {
			eps := largest * math.Pow(10, 3*rng.Float64()-2)
			if rng.IntN(2) == 0 {
				eps *= -1
			}
			if f.Factorize(eps) != nil {
				continue // an eigenvalue
			}
			f.Cond() // makes the bound as sharp as it gets
			var x mat.VecDense
			if err := f.SolveVecTo(&x, gaussian(rng, c.Params())); err != nil {
				t.Fatal(err)
			}
			norm := math.Max(math.Abs(ev[0]+eps), math.Abs(ev[len(ev)-1]+eps))
			first := f.Report().Norm
			if !(first > 0 && first <= norm*(1+1e-12)) {
				t.Errorf("%s, damping %v: the norm is %v, its bound %v", tc.name, eps, norm, first)
			}
			if err := f.Factorize(eps); err != nil { // the same again keeps all
				t.Fatal(err)
			}
			if err := f.SolveVecTo(&x, &x); err != nil {
				t.Fatal(err)
			}
			if got := f.Report().Norm; got < first || got > norm*(1+1e-12) {
				t.Errorf("%s, damping %v: the norm is %v, its bound %v", tc.name, eps, norm, got)
			}
		}
	}
}
