package blastest

import (
	"math"
	"slices"
	"testing"

	"costate/la/blas"
)

// Aliasing tests what the contract allows: operands that are only read may be
// the same, and operands may be blocks of one matrix whose elements interleave.
// The results are those of separate copies, to the bit.
func Aliasing(t *testing.T, g blas.Backend) {
	rng := NewRand(10)
	for _, n := range thinned([]int{20, 2, 3, 7, 33, 64, 100}) {
		// One matrix of 2n×2n with blocks [P Q; R S].
		ld := 2 * n
		src := make([]float64, ld*ld)
		for i := range src {
			src[i] = 2*rng.Float64() - 1
		}
		for i := range ld {
			src[i*ld+i] = 2
		}
		p, q, r, s := 0, n, n*ld, n*ld+n
		calls := []struct {
			name string
			call func(a, b, c []float64)
		}{
			{"gemm S = R Q", func(a, b, c []float64) {
				g.Gemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, a[r:], ld, b[q:], ld, 1, c[s:], ld)
			}},
			{"gemm S = R Rᵀ", func(a, b, c []float64) {
				g.Gemm(blas.NoTrans, blas.Trans, n, n, n, 1, a[r:], ld, b[r:], ld, 0, c[s:], ld)
			}},
			{"gemmt Q = Pᵀ P", func(a, b, c []float64) {
				g.Gemmt(blas.Upper, blas.Trans, blas.NoTrans, n, n, -1, a[p:], ld, b[p:], ld, 1, c[q:], ld)
			}},
			{"syrk S = R Rᵀ", func(a, b, c []float64) {
				g.Syrk(blas.Lower, blas.NoTrans, n, n, -1, a[r:], ld, 1, c[s:], ld)
			}},
			{"trsm R = R P⁻ᵀ", func(a, b, c []float64) {
				g.Trsm(blas.Right, blas.Lower, blas.Trans, blas.NonUnit, n, n, 1, a[p:], ld, c[r:], ld)
			}},
			{"trsm Q = P⁻¹ Q", func(a, b, c []float64) {
				g.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, n, n, 1, a[p:], ld, c[q:], ld)
			}},
			{"gemv last row of S = P first row of P", func(a, b, c []float64) {
				y := s + (n-1)*ld
				g.Gemv(blas.Trans, n, n, 1, a[p:], ld, b[p:p+n], 1, c[y:y+n])
			}},
		}
		for _, call := range calls {
			one, apart := slices.Clone(src), slices.Clone(src)
			call.call(one, one, one)
			call.call(slices.Clone(src), slices.Clone(src), apart)
			for i := range one {
				if math.Float64bits(one[i]) != math.Float64bits(apart[i]) {
					t.Errorf("%s, blocks of order %d: element %d is %v in one matrix, %v with separate operands", call.name, n, i, one[i], apart[i])
					break
				}
			}
		}
	}
}
