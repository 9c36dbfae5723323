package blas

import (
	"runtime"

	"costate/la/blas/internal/gemm"
	"costate/la/vec"
)

// native is the backend in Go and Go assembly.
type native struct{ threads int }

// Native returns the backend that needs no C, with as many threads as
// GOMAXPROCS.
func Native() Backend { return NativeThreads(runtime.GOMAXPROCS(0)) }

// NativeThreads returns the backend that needs no C, whose calls use at most n
// threads each; less than one means one.
//
// Its products run in assembly where the processor has AVX2 and FMA, AVX-512 or
// NEON (every arm64), and otherwise in Go; the tag noasm leaves the assembly out.
func NativeThreads(n int) Backend { return native{max(1, n)} }

func (native) Name() string   { return "native" }
func (g native) Threads() int { return g.threads }

func (g native) Gemm(tA, tB Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	checkGemm(tA, tB, m, n, k, a, lda, b, ldb, c, ldc)
	gemm.Checked(tA == Trans, tB == Trans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, g.threads)
}

func (g native) Gemmt(uplo Uplo, tA, tB Transpose, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	checkUplo(uplo)
	checkGemm(tA, tB, n, n, k, a, lda, b, ldb, c, ldc)
	if n*n*k <= 27 && alpha != 0 && k > 0 {
		gemmtLoop(uplo, tA, tB, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	gemm.Gemmt(uplo == Lower, tA == Trans, tB == Trans, n, k, alpha, a, lda, b, ldb, beta, c, ldc, g.threads)
}

func (g native) Syrk(uplo Uplo, t Transpose, n, k int, alpha float64, a []float64, lda int, beta float64, c []float64, ldc int) {
	checkSyrk(uplo, t, n, k, a, lda, c, ldc)
	gemm.Gemmt(uplo == Lower, t == Trans, t != Trans, n, k, alpha, a, lda, a, lda, beta, c, ldc, g.threads)
}

func (g native) Trsm(s Side, uplo Uplo, tA Transpose, d Diag, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int) {
	checkTrsm(s, uplo, tA, d, m, n, a, lda, b, ldb)
	if m == 0 || n == 0 {
		return
	}
	if alpha != 1 {
		scale(m, n, alpha, b, ldb)
		if alpha == 0 {
			return
		}
	}
	t := triangular{a: a, lda: lda, trans: tA == Trans, lower: (uplo == Lower) == (tA == NoTrans), unit: d == Unit}
	if s == Left {
		t.left(m, n, b, ldb, g.threads)
	} else {
		t.right(m, n, b, ldb, g.threads)
	}
}

func (native) Gemv(tA Transpose, m, n int, alpha float64, a []float64, lda int, x []float64, beta float64, y []float64) {
	checkGemv(tA, m, n, a, lda, x, y)
	ny := m
	if tA == Trans {
		ny = n
	}
	y = y[:ny]
	if beta != 1 {
		scaleRow(beta, y)
	}
	if m == 0 || n == 0 || alpha == 0 {
		return
	}
	const strip = 8
	var s [strip]float64
	if tA == NoTrans {
		for i := 0; i < m; i += strip {
			h := min(strip, m-i)
			vec.Dots(s[:h], a[i*lda:], lda, x[:n])
			for r, v := range s[:h] {
				y[i+r] += alpha * v
			}
		}
		return
	}
	for i := 0; i < m; i += strip {
		h := min(strip, m-i)
		for r, v := range x[i : i+h] {
			s[r] = alpha * v
		}
		vec.Combine(y, s[:h], a[i*lda:], lda)
	}
}

func (g native) Potrf(n int, a []float64, lda int) (ok bool) {
	checkOrder(n, a, lda)
	return potrf(g, n, a, lda)
}

func (g native) Sytrf(n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	checkSytrf(n, a, lda, e, perm, g.SytrfWork(n), work)
	return sytrf(g, bkNative, n, a, lda, e, perm, work)
}

func (g native) sytrfUntil(stop func() bool, n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	return sytrf(g, bkNative.until(stop), n, a, lda, e, perm, work)
}

func (native) SytrfWork(n int) int { return bkNative.work(n) }

func (g native) Sytrs(n, nrhs int, a []float64, lda int, e []float64, perm []int, b []float64, ldb int, work []float64) {
	sytrs(g, n, nrhs, a, lda, e, perm, b, ldb, work)
}
