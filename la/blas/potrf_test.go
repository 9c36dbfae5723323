package blas_test

import (
	"math"
	"testing"

	"costate/la/blas"
	"costate/la/blas/blastest"
)

// TestPotrfTwin tests the plain Cholesky factorization by the contract, and
// against the native one, element by element.
func TestPotrfTwin(t *testing.T) {
	twin, g := blas.PlainPotrf(), blas.Native()
	blastest.Potrf(t, twin)
	for n := range 100 {
		f := blastest.NewFactor(blastest.Kinds[2], n, 1, blastest.NewRand(uint64(n)))
		h := blastest.NewFactor(blastest.Kinds[2], n, 1, blastest.NewRand(uint64(n)))
		if !twin.Potrf(n, f.A.Data, f.A.Ld) || !g.Potrf(n, h.A.Data, h.A.Ld) {
			t.Fatalf("order %d: a definite matrix is refused", n)
		}
		for i := range n {
			for j := range i + 1 {
				// The matrices are well conditioned.
				if d := math.Abs(f.A.At(i, j) - h.A.At(i, j)); !(d <= 1e-14*float64(n)*f.Norm) {
					t.Fatalf("order %d: L[%d,%d] is %v and %v", n, i, j, f.A.At(i, j), h.A.At(i, j))
				}
			}
		}
	}
}
