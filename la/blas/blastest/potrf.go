package blastest

import (
	"math"
	"testing"

	"costate/la/blas"
)

// Potrf tests the Cholesky factorization by reconstruction, and that it
// refuses matrices that are not definite or not finite.
func Potrf(t *testing.T, g blas.Backend) {
	rng := NewRand(6)
	definite := Kinds[2]
	for _, n := range append(factorOrders(), 257) {
		f := NewFactor(definite, n, n%3, rng)
		if !g.Potrf(n, f.A.Data, f.A.Ld) {
			t.Fatalf("potrf: a definite matrix of order %d is refused", n)
		}
		f.A.CheckOnly(t, "potrf", triangle(blas.Lower))
		for i := range n {
			for j := range i + 1 {
				sum := 0.0
				for k := range j + 1 {
					sum += f.A.At(i, k) * f.A.At(j, k)
				}
				if d := math.Abs(sum - f.Full[i*n+j]); !(d <= 4*float64(n+4)*u*f.Norm) {
					t.Fatalf("potrf: order %d: (A-LLᵀ)[%d,%d] is %.3g", n, i, j, d)
				}
			}
		}
		if n == 0 {
			continue
		}
		for _, v := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1)} {
			f := NewFactor(definite, n, 1, rng)
			k := rng.IntN(n)
			if v <= 0 {
				f.A.Set(k, k, v)
			} else {
				f.A.Set(k, rng.IntN(k+1), v)
			}
			f.A.Keep()
			if g.Potrf(n, f.A.Data, f.A.Ld) {
				t.Fatalf("potrf: order %d with %v in row %d: ok, want refused", n, v, k)
			}
			f.A.CheckOnly(t, "potrf", triangle(blas.Lower))
		}
	}
}
