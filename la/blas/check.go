package blas

import "math/bits"

// short is whether n elements are too few for a rows×cols matrix with leading
// dimension ld, however large the sizes are.
func short(rows, cols, ld, n int) bool {
	if rows <= 0 || cols <= 0 {
		return false
	}
	over, last := bits.Mul64(uint64(rows-1), uint64(ld))
	return over != 0 || cols > n || last > uint64(n-cols)
}

// checkA panics unless a holds a rows×cols matrix with leading dimension lda.
// checkB and checkC do the same for the other two operands.
func checkA(rows, cols int, a []float64, lda int) {
	if lda < max(1, cols) {
		panic(ErrLdA)
	}
	if short(rows, cols, lda, len(a)) {
		panic(ErrShortA)
	}
}

func checkB(rows, cols int, b []float64, ldb int) {
	if ldb < max(1, cols) {
		panic(ErrLdB)
	}
	if short(rows, cols, ldb, len(b)) {
		panic(ErrShortB)
	}
}

func checkC(rows, cols int, c []float64, ldc int) {
	if ldc < max(1, cols) {
		panic(ErrLdC)
	}
	if short(rows, cols, ldc, len(c)) {
		panic(ErrShortC)
	}
}

func checkGemm(tA, tB Transpose, m, n, k int, a []float64, lda int, b []float64, ldb int, c []float64, ldc int) {
	if tA != NoTrans && tA != Trans || tB != NoTrans && tB != Trans {
		panic(ErrTranspose)
	}
	if m|n|k < 0 {
		panic(ErrNegative)
	}
	if tA == NoTrans {
		checkA(m, k, a, lda)
	} else {
		checkA(k, m, a, lda)
	}
	if tB == NoTrans {
		checkB(k, n, b, ldb)
	} else {
		checkB(n, k, b, ldb)
	}
	checkC(m, n, c, ldc)
}

func checkSyrk(uplo Uplo, t Transpose, n, k int, a []float64, lda int, c []float64, ldc int) {
	checkUplo(uplo)
	if t != NoTrans && t != Trans {
		panic(ErrTranspose)
	}
	if n|k < 0 {
		panic(ErrNegative)
	}
	if t == NoTrans {
		checkA(n, k, a, lda)
	} else {
		checkA(k, n, a, lda)
	}
	checkC(n, n, c, ldc)
}

func checkTrsm(s Side, uplo Uplo, tA Transpose, d Diag, m, n int, a []float64, lda int, b []float64, ldb int) {
	if s != Left && s != Right {
		panic(ErrSide)
	}
	checkUplo(uplo)
	if tA != NoTrans && tA != Trans {
		panic(ErrTranspose)
	}
	if d != Unit && d != NonUnit {
		panic(ErrDiag)
	}
	if m|n < 0 {
		panic(ErrNegative)
	}
	if s == Left {
		checkA(m, m, a, lda)
	} else {
		checkA(n, n, a, lda)
	}
	checkB(m, n, b, ldb)
}

func checkGemv(tA Transpose, m, n int, a []float64, lda int, x, y []float64) {
	if tA != NoTrans && tA != Trans {
		panic(ErrTranspose)
	}
	if m|n < 0 {
		panic(ErrNegative)
	}
	checkA(m, n, a, lda)
	nx, ny := n, m
	if tA == Trans {
		nx, ny = m, n
	}
	if len(x) < nx {
		panic(ErrShortX)
	}
	if len(y) < ny {
		panic(ErrShortY)
	}
}

func checkUplo(uplo Uplo) {
	if uplo != Upper && uplo != Lower {
		panic(ErrUplo)
	}
}

// checkOrder checks a square matrix of order n.
func checkOrder(n int, a []float64, lda int) {
	if n < 0 {
		panic(ErrNegative)
	}
	checkA(n, n, a, lda)
}

func checkSytrf(n int, a []float64, lda int, e []float64, perm []int, nwork int, work []float64) {
	checkOrder(n, a, lda)
	if len(e) < n {
		panic(ErrShortE)
	}
	if len(perm) < n {
		panic(ErrShortPerm)
	}
	if len(work) < nwork {
		panic(ErrShortWork)
	}
}

func checkSytrs(n, nrhs int, a []float64, lda int, e []float64, perm []int, b []float64, ldb int, work []float64) {
	if nrhs < 0 {
		panic(ErrNegative)
	}
	checkSytrf(n, a, lda, e, perm, 0, work)
	checkB(n, nrhs, b, ldb)
	if len(work) < n*nrhs { // No more than len(b), if neither is zero.
		panic(ErrShortWork)
	}
}
