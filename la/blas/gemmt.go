package blas

// gemmtBase is the order below which gemmt computes the triangle by loops.
const gemmtBase = 24

// gemmt has the contract of Backend.Gemmt over the Gemm of a backend, for
// alpha ≠ 0 and k > 0: the off-diagonal block is one product, and the two
// diagonal blocks are smaller problems of the same kind,
//
//	[ C11        ]   [ A1 ]
//	[ C21   C22  ] = [ A2 ] [ B1  B2 ]        C21 = A2 B1
func gemmt(g Backend, uplo Uplo, tA, tB Transpose, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if n <= gemmtBase {
		gemmtLoop(uplo, tA, tB, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	n1 := n / 2
	n2 := n - n1
	a2, b2 := a[rowOffset(tA, n1, lda):], b[colOffset(tB, n1, ldb):]
	gemmt(g, uplo, tA, tB, n1, k, alpha, a, lda, b, ldb, beta, c, ldc)
	if uplo == Lower {
		g.Gemm(tA, tB, n2, n1, k, alpha, a2, lda, b, ldb, beta, c[n1*ldc:], ldc)
	} else {
		g.Gemm(tA, tB, n1, n2, k, alpha, a, lda, b2, ldb, beta, c[n1:], ldc)
	}
	gemmt(g, uplo, tA, tB, n2, k, alpha, a2, lda, b2, ldb, beta, c[n1*ldc+n1:], ldc)
}

// rowOffset is where row i of op(A) starts.
func rowOffset(t Transpose, i, ld int) int {
	if t == NoTrans {
		return i * ld
	}
	return i
}

// colOffset is where column j of op(B) starts.
func colOffset(t Transpose, j, ld int) int {
	if t == NoTrans {
		return j
	}
	return j * ld
}

// gemmtLoop is the plain twin of Gemmt. Each element is a sum over l of
// products, taken in the order of memory where there is one.
func gemmtLoop(uplo Uplo, tA, tB Transpose, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	for i := range n {
		lo, hi := 0, i+1
		if uplo == Upper {
			lo, hi = i, n
		}
		row := c[i*ldc+lo : i*ldc+hi]
		scaleRowBy(beta, row)
		ai, as := a[rowOffset(tA, i, lda):], 1
		if tA == Trans {
			as = lda
		}
		if tB == NoTrans {
			for l := range k {
				f := alpha * ai[l*as]
				bl := b[l*ldb+lo : l*ldb+hi]
				for j, v := range bl {
					row[j] += f * v
				}
			}
			continue
		}
		for j := range row {
			bj := b[(lo+j)*ldb : (lo+j)*ldb+k]
			s := 0.0
			for l, v := range bj {
				s += ai[l*as] * v
			}
			row[j] += alpha * s
		}
	}
}

func scaleRowBy(beta float64, row []float64) {
	if beta != 1 {
		scaleRow(beta, row)
	}
}
