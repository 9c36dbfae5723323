package blas

import "costate/la/blas/internal/gemm"

// MulTrapezoid computes C = op(A) B for a lower trapezoidal A, which has no fewer rows than
// columns: Aᵀ B for a k×m matrix A, m ≤ k, or A B for an m×k matrix A, k ≤ m. B is k×n and C
// is m×n. The elements of A above the diagonal are zeros, and stored: most of the
// multiplications by them are left out.
//
// With step > 0 only the first (i+1)·step columns of row i of C are asked for. The other
// elements of C may be overwritten, by numbers without a meaning.
//
// It runs in the calling goroutine where the backend is our own, else by products of the
// backend.
func MulTrapezoid(be Backend, tA Transpose, m, n, k int, a []float64, lda int, b []float64, ldb int, c []float64, ldc int, step int) {
	checkGemm(tA, NoTrans, m, n, k, a, lda, b, ldb, c, ldc)
	if tA == Trans && m > k || tA == NoTrans && k > m {
		panic(ErrTrapezoid)
	}
	if step < 0 {
		panic(ErrNegative)
	}
	if m == 0 || n == 0 {
		return
	}
	if k == 0 {
		scale(m, n, 0, c, ldc)
		return
	}
	if g, ok := be.(interface{ ownProducts() bool }); ok && g.ownProducts() {
		gemm.Trapezoid(tA == Trans, m, n, k, a, lda, b, ldb, c, ldc, step)
		return
	}
	for i := 0; i < m; i += trapezoidRows {
		h, w := min(trapezoidRows, m-i), n
		if step > 0 {
			w = min(n, (i+h)*step)
		}
		switch {
		case w == 0:
		case tA == Trans:
			be.Gemm(Trans, NoTrans, h, w, k-i, 1, a[i*(lda+1):], lda, b[i*ldb:], ldb, 0, c[i*ldc:], ldc)
		default:
			be.Gemm(NoTrans, NoTrans, h, w, min(k, i+h), 1, a[i*lda:], lda, b, ldb, 0, c[i*ldc:], ldc)
		}
	}
}

// trapezoidRows is how many rows of C are one product of a backend.
const trapezoidRows = 8

// ownProducts is whether all products are those of the native backend.
func (native) ownProducts() bool { return true }

func (g autoBackend) ownProducts() bool { return g.other == nil }
