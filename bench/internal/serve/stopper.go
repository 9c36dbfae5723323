package serve

import (
	"context"
	"sync/atomic"

	"costate/la/blas"
)

// A stopper is a backend whose kernels do nothing any more once it is stopped, so
// that a factorization under way comes to an end soon. What that leaves means
// nothing and is to be thrown away.
type stopper struct {
	blas.Backend

	// flag is that of the computation under way. Each has its own, so that a late
	// cancellation cannot reach the next one.
	flag atomic.Pointer[atomic.Bool]
}

// until stops s if the context is cancelled, until the function that it returns is
// called, which makes s run again and reports whether it was stopped.
func (s *stopper) until(ctx context.Context) (end func() bool) {
	flag := new(atomic.Bool)
	s.flag.Store(flag)
	stop := context.AfterFunc(ctx, func() { flag.Store(true) })
	return func() bool {
		stop()
		s.flag.Store(nil)
		return ctx.Err() != nil
	}
}

func (s *stopper) stopped() bool {
	flag := s.flag.Load()
	return flag != nil && flag.Load()
}

func (s *stopper) Gemm(tA, tB blas.Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if !s.stopped() {
		s.Backend.Gemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

func (s *stopper) Gemmt(uplo blas.Uplo, tA, tB blas.Transpose, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if !s.stopped() {
		s.Backend.Gemmt(uplo, tA, tB, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

func (s *stopper) Syrk(uplo blas.Uplo, t blas.Transpose, n, k int, alpha float64, a []float64, lda int, beta float64, c []float64, ldc int) {
	if !s.stopped() {
		s.Backend.Syrk(uplo, t, n, k, alpha, a, lda, beta, c, ldc)
	}
}

func (s *stopper) Trsm(side blas.Side, uplo blas.Uplo, tA blas.Transpose, d blas.Diag, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int) {
	if !s.stopped() {
		s.Backend.Trsm(side, uplo, tA, d, m, n, alpha, a, lda, b, ldb)
	}
}

func (s *stopper) Potrf(n int, a []float64, lda int) bool {
	return s.stopped() || s.Backend.Potrf(n, a, lda)
}

// Sytrf leaves the matrix as one with pivots of order 1 on its diagonal.
func (s *stopper) Sytrf(n int, a []float64, lda int, e []float64, perm []int, work []float64) int {
	if !s.stopped() {
		return s.Backend.Sytrf(n, a, lda, e, perm, work)
	}
	for i := range n {
		e[i], perm[i] = 0, i
	}
	return -1
}

func (s *stopper) Sytrs(n, nrhs int, a []float64, lda int, e []float64, perm []int, b []float64, ldb int, work []float64) {
	if !s.stopped() {
		s.Backend.Sytrs(n, nrhs, a, lda, e, perm, b, ldb, work)
	}
}
