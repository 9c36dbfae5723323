package blastest

import (
	"errors"
	"math"
	"testing"

	"costate/la/blas"
)

// Arguments tests that wrong arguments panic with the right constant before
// anything is written.
func Arguments(t *testing.T, g blas.Backend) {
	const n = 4
	full := func() []float64 {
		s := make([]float64, n*n)
		for i := range s {
			s[i] = 1
		}
		return s
	}
	a, b, c := full(), full(), full()
	e, perm, work := full(), make([]int, n), make([]float64, g.SytrfWork(n)+n*n)
	short := a[:n*n-1]
	const nt, lo = blas.NoTrans, blas.Lower
	cases := []struct {
		name string
		want blas.Error
		call func()
	}{
		{"gemm tA", blas.ErrTranspose, func() { g.Gemm('x', nt, n, n, n, 1, a, n, b, n, 0, c, n) }},
		{"gemm tB", blas.ErrTranspose, func() { g.Gemm(nt, 0, n, n, n, 1, a, n, b, n, 0, c, n) }},
		{"gemm m", blas.ErrNegative, func() { g.Gemm(nt, nt, -1, n, n, 1, a, n, b, n, 0, c, n) }},
		{"gemm n", blas.ErrNegative, func() { g.Gemm(nt, nt, n, -1, n, 1, a, n, b, n, 0, c, n) }},
		{"gemm k", blas.ErrNegative, func() { g.Gemm(nt, nt, n, n, -1, 1, a, n, b, n, 0, c, n) }},
		{"gemm lda", blas.ErrLdA, func() { g.Gemm(nt, nt, n, n, n, 1, a, n-1, b, n, 0, c, n) }},
		{"gemm lda trans", blas.ErrLdA, func() { g.Gemm(blas.Trans, nt, n, n, 1, 1, a, n-1, b, n, 0, c, n) }},
		{"gemm ldb", blas.ErrLdB, func() { g.Gemm(nt, nt, n, n, n, 1, a, n, b, n-1, 0, c, n) }},
		{"gemm ldb trans", blas.ErrLdB, func() { g.Gemm(nt, blas.Trans, n, 1, n, 1, a, n, b, n-1, 0, c, n) }},
		{"gemm ldc", blas.ErrLdC, func() { g.Gemm(nt, nt, n, n, n, 1, a, n, b, n, 0, c, n-1) }},
		{"gemm ldc 0", blas.ErrLdC, func() { g.Gemm(nt, nt, 0, 0, 0, 1, a, n, b, n, 0, c, 0) }},
		{"gemm a", blas.ErrShortA, func() { g.Gemm(nt, nt, n, n, n, 1, short, n, b, n, 0, c, n) }},
		{"gemm a, a size that overflows", blas.ErrShortA, func() { g.Gemm(nt, nt, 5, 1, 1, 1, a, math.MaxInt/2+2, b, n, 0, c, n) }},
		{"gemv a, a size that overflows", blas.ErrShortA, func() { g.Gemv(nt, 5, 1, 1, a, math.MaxInt/2+2, b, 0, c) }},
		{"gemm b", blas.ErrShortB, func() { g.Gemm(nt, nt, n, n, n, 1, a, n, short, n, 0, c, n) }},
		{"gemm c", blas.ErrShortC, func() { g.Gemm(nt, nt, n, n, n, 1, a, n, b, n, 0, short, n) }},

		{"gemmt uplo", blas.ErrUplo, func() { g.Gemmt(0, nt, nt, n, n, 1, a, n, b, n, 0, c, n) }},
		{"gemmt tA", blas.ErrTranspose, func() { g.Gemmt(lo, 'C', nt, n, n, 1, a, n, b, n, 0, c, n) }},
		{"gemmt n", blas.ErrNegative, func() { g.Gemmt(lo, nt, nt, -1, n, 1, a, n, b, n, 0, c, n) }},
		{"gemmt a", blas.ErrShortA, func() { g.Gemmt(lo, nt, nt, n, n, 1, short, n, b, n, 0, c, n) }},
		{"gemmt b", blas.ErrShortB, func() { g.Gemmt(lo, nt, nt, n, n, 1, a, n, short, n, 0, c, n) }},
		{"gemmt c", blas.ErrShortC, func() { g.Gemmt(lo, nt, nt, n, n, 1, a, n, b, n, 0, short, n) }},
		{"gemmt ldc", blas.ErrLdC, func() { g.Gemmt(lo, nt, nt, n, n, 1, a, n, b, n, 0, c, n-1) }},

		{"syrk uplo", blas.ErrUplo, func() { g.Syrk(0, nt, n, n, 1, a, n, 0, c, n) }},
		{"syrk t", blas.ErrTranspose, func() { g.Syrk(lo, 0, n, n, 1, a, n, 0, c, n) }},
		{"syrk k", blas.ErrNegative, func() { g.Syrk(lo, nt, n, -1, 1, a, n, 0, c, n) }},
		{"syrk lda", blas.ErrLdA, func() { g.Syrk(lo, nt, n, n, 1, a, n-1, 0, c, n) }},
		{"syrk a", blas.ErrShortA, func() { g.Syrk(lo, nt, n, n, 1, short, n, 0, c, n) }},
		{"syrk c", blas.ErrShortC, func() { g.Syrk(lo, nt, n, n, 1, a, n, 0, short, n) }},
		{"syrk ldc", blas.ErrLdC, func() { g.Syrk(lo, nt, n, n, 1, a, n, 0, c, n-1) }},

		{"trsm side", blas.ErrSide, func() { g.Trsm(0, lo, nt, blas.Unit, n, n, 1, a, n, b, n) }},
		{"trsm uplo", blas.ErrUplo, func() { g.Trsm(blas.Left, 0, nt, blas.Unit, n, n, 1, a, n, b, n) }},
		{"trsm tA", blas.ErrTranspose, func() { g.Trsm(blas.Left, lo, 0, blas.Unit, n, n, 1, a, n, b, n) }},
		{"trsm diag", blas.ErrDiag, func() { g.Trsm(blas.Left, lo, nt, 0, n, n, 1, a, n, b, n) }},
		{"trsm m", blas.ErrNegative, func() { g.Trsm(blas.Left, lo, nt, blas.Unit, -1, n, 1, a, n, b, n) }},
		{"trsm lda", blas.ErrLdA, func() { g.Trsm(blas.Left, lo, nt, blas.Unit, n, 1, 1, a, n-1, b, n) }},
		{"trsm lda right", blas.ErrLdA, func() { g.Trsm(blas.Right, lo, nt, blas.Unit, 1, n, 1, a, n-1, b, n) }},
		{"trsm ldb", blas.ErrLdB, func() { g.Trsm(blas.Left, lo, nt, blas.Unit, 1, n, 1, a, n, b, n-1) }},
		{"trsm a", blas.ErrShortA, func() { g.Trsm(blas.Left, lo, nt, blas.Unit, n, n, 1, short, n, b, n) }},
		{"trsm b", blas.ErrShortB, func() { g.Trsm(blas.Left, lo, nt, blas.Unit, n, n, 1, a, n, short, n) }},

		{"gemv tA", blas.ErrTranspose, func() { g.Gemv(0, n, n, 1, a, n, b, 0, c) }},
		{"gemv m", blas.ErrNegative, func() { g.Gemv(nt, -1, n, 1, a, n, b, 0, c) }},
		{"gemv lda", blas.ErrLdA, func() { g.Gemv(nt, n, n, 1, a, n-1, b, 0, c) }},
		{"gemv a", blas.ErrShortA, func() { g.Gemv(nt, n, n, 1, short, n, b, 0, c) }},
		{"gemv x", blas.ErrShortX, func() { g.Gemv(nt, 2, n, 1, a, n, b[:n-1], 0, c) }},
		{"gemv x trans", blas.ErrShortX, func() { g.Gemv(blas.Trans, n, 2, 1, a, n, b[:n-1], 0, c) }},
		{"gemv y", blas.ErrShortY, func() { g.Gemv(nt, n, 2, 1, a, n, b, 0, c[:n-1]) }},
		{"gemv y trans", blas.ErrShortY, func() { g.Gemv(blas.Trans, 2, n, 1, a, n, b, 0, c[:n-1]) }},

		{"potrf n", blas.ErrNegative, func() { g.Potrf(-1, a, n) }},
		{"potrf lda", blas.ErrLdA, func() { g.Potrf(n, a, n-1) }},
		{"potrf a", blas.ErrShortA, func() { g.Potrf(n, short, n) }},

		{"sytrf n", blas.ErrNegative, func() { g.Sytrf(-1, a, n, e, perm, work) }},
		{"sytrf lda", blas.ErrLdA, func() { g.Sytrf(n, a, n-1, e, perm, work) }},
		{"sytrf a", blas.ErrShortA, func() { g.Sytrf(n, short, n, e, perm, work) }},
		{"sytrf e", blas.ErrShortE, func() { g.Sytrf(n, a, n, e[:n-1], perm, work) }},
		{"sytrf perm", blas.ErrShortPerm, func() { g.Sytrf(n, a, n, e, perm[:n-1], work) }},
		{"sytrf work", blas.ErrShortWork, func() { g.Sytrf(n, a, n, e, perm, work[:g.SytrfWork(n)-1]) }},

		{"sytrs nrhs", blas.ErrNegative, func() { g.Sytrs(n, -1, a, n, e, perm, b, n, work) }},
		{"sytrs a", blas.ErrShortA, func() { g.Sytrs(n, n, short, n, e, perm, b, n, work) }},
		{"sytrs ldb", blas.ErrLdB, func() { g.Sytrs(n, n, a, n, e, perm, b, n-1, work) }},
		{"sytrs b", blas.ErrShortB, func() { g.Sytrs(n, n, a, n, e, perm, short, n, work) }},
		{"sytrs e", blas.ErrShortE, func() { g.Sytrs(n, n, a, n, e[:n-1], perm, b, n, work) }},
		{"sytrs perm", blas.ErrShortPerm, func() { g.Sytrs(n, n, a, n, e, perm[:n-1], b, n, work) }},
		{"sytrs work", blas.ErrShortWork, func() { g.Sytrs(n, n, a, n, e, perm, b, n, work[:n*n-1]) }},
	}
	for _, c := range cases {
		if got := caught(c.call); got != c.want {
			t.Errorf("%s: panicked with %v, want %v", c.name, got, c.want)
		}
	}
	for _, s := range [][]float64{a, b, c, e} {
		for _, v := range s {
			if math.Float64bits(v) != math.Float64bits(1) {
				t.Fatal("an operand was written before its arguments were refused")
			}
		}
	}
}

// caught returns the blas.Error that f panics with.
func caught(f func()) (err error) {
	defer func() {
		r := recover()
		if e, ok := r.(error); ok {
			var b blas.Error
			if errors.As(e, &b) {
				err = b
				return
			}
			err = e
		}
	}()
	f()
	return nil
}
