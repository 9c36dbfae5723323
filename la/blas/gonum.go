package blas

import (
	"runtime"

	gonumblas "gonum.org/v1/gonum/blas/gonum"
)

// gonumBackend runs on gonum's own kernels. They are called on the
// implementation itself, so that a global set by blas64.Use does not matter.
type gonumBackend struct{ threads int }

// Gonum returns the backend over gonum's blas, for comparison with the others.
// With threads = 1 it runs in the caller's goroutine and allocates nothing;
// otherwise large products use GOMAXPROCS goroutines, as gonum does.
func Gonum(threads int) Backend {
	if threads != 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	return gonumBackend{threads}
}

var impl gonumblas.Implementation

func (gonumBackend) Name() string   { return "gonum" }
func (g gonumBackend) Threads() int { return g.threads }

// gonum's Dgemm starts goroutines for four or more blocks of order 64.
const (
	gonumRows = 64
	gonumCols = 192
)

func (g gonumBackend) Gemm(tA, tB Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	checkGemm(tA, tB, m, n, k, a, lda, b, ldb, c, ldc)
	if m == 0 || n == 0 {
		return
	}
	if alpha == 0 || k == 0 {
		scale(m, n, beta, c, ldc)
		return
	}
	if g.threads > 1 || m <= gonumRows && n <= gonumCols {
		impl.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	for i := 0; i < m; i += gonumRows {
		ai := i * lda
		if tA == Trans {
			ai = i
		}
		for j := 0; j < n; j += gonumCols {
			bj := j
			if tB == Trans {
				bj = j * ldb
			}
			impl.Dgemm(tA, tB, min(gonumRows, m-i), min(gonumCols, n-j), k, alpha, a[ai:], lda, b[bj:], ldb, beta, c[i*ldc+j:], ldc)
		}
	}
}

func (g gonumBackend) Gemmt(uplo Uplo, tA, tB Transpose, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	checkUplo(uplo)
	checkGemm(tA, tB, n, n, k, a, lda, b, ldb, c, ldc)
	if alpha == 0 || k == 0 {
		scaleTriangle(uplo, n, beta, c, ldc)
		return
	}
	gemmt(g, uplo, tA, tB, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

func (gonumBackend) Syrk(uplo Uplo, t Transpose, n, k int, alpha float64, a []float64, lda int, beta float64, c []float64, ldc int) {
	checkSyrk(uplo, t, n, k, a, lda, c, ldc)
	if alpha == 0 || k == 0 {
		scaleTriangle(uplo, n, beta, c, ldc)
		return
	}
	if beta == 0 {
		scaleTriangle(uplo, n, 0, c, ldc)
		beta = 1
	}
	impl.Dsyrk(uplo, t, n, k, alpha, a, lda, beta, c, ldc)
}

func (gonumBackend) Trsm(s Side, uplo Uplo, tA Transpose, d Diag, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int) {
	checkTrsm(s, uplo, tA, d, m, n, a, lda, b, ldb)
	switch {
	case m == 0 || n == 0:
	case alpha == 0:
		scale(m, n, 0, b, ldb)
	case s == Left && n == 1 && alpha == 1:
		impl.Dtrsv(uplo, tA, d, m, a, lda, b, ldb)
	default:
		impl.Dtrsm(s, uplo, tA, d, m, n, alpha, a, lda, b, ldb)
	}
}

func (gonumBackend) Gemv(tA Transpose, m, n int, alpha float64, a []float64, lda int, x []float64, beta float64, y []float64) {
	checkGemv(tA, m, n, a, lda, x, y)
	ny := m
	if tA == Trans {
		ny = n
	}
	if m == 0 || n == 0 || alpha == 0 {
		scale(1, ny, beta, y, max(1, ny))
		return
	}
	if beta == 0 {
		clear(y[:ny])
		beta = 1
	}
	impl.Dgemv(tA, m, n, alpha, a, lda, x, 1, beta, y, 1)
}

func (g gonumBackend) Potrf(n int, a []float64, lda int) (ok bool) {
	checkOrder(n, a, lda)
	return potrf(g, n, a, lda)
}

func (g gonumBackend) Sytrf(n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	checkSytrf(n, a, lda, e, perm, g.SytrfWork(n), work)
	return sytrf(g, bkGonum, n, a, lda, e, perm, work)
}

func (g gonumBackend) sytrfUntil(stop func() bool, n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	return sytrf(g, bkGonum.until(stop), n, a, lda, e, perm, work)
}

func (gonumBackend) SytrfWork(n int) int { return bkGonum.work(n) }

func (g gonumBackend) Sytrs(n, nrhs int, a []float64, lda int, e []float64, perm []int, b []float64, ldb int, work []float64) {
	sytrs(g, n, nrhs, a, lda, e, perm, b, ldb, work)
}
