package blas

import "sync"

const (
	// gemmtBase is the order up to which gemmt computes a whole square, and
	// gemmtTiny that up to which it runs by loops.
	gemmtBase = 48
	gemmtTiny = 6
)

// A square is a buffer for one diagonal block.
type square [gemmtBase * gemmtBase]float64

// spareSquares holds the buffers that are not in use: as many as there were
// calls at one time.
var spareSquares struct {
	sync.Mutex
	list []*square
}

func getSquare() *square {
	spareSquares.Lock()
	defer spareSquares.Unlock()
	if n := len(spareSquares.list); n > 0 {
		s := spareSquares.list[n-1]
		spareSquares.list = spareSquares.list[:n-1]
		return s
	}
	return new(square)
}

func (s *square) release() {
	spareSquares.Lock()
	spareSquares.list = append(spareSquares.list, s)
	spareSquares.Unlock()
}

// gemmt has the contract of Backend.Gemmt over the Gemm of a backend, for
// alpha ≠ 0 and k > 0.
func gemmt(g Backend, uplo Uplo, tA, tB Transpose, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if n <= gemmtTiny {
		gemmtLoop(uplo, tA, tB, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	s := getSquare()
	gemmtHalves(g, s, uplo, tA, tB, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	s.release()
}

// gemmtHalves computes the off-diagonal block as one product, and the two
// diagonal blocks as smaller problems of the same kind,
//
//	[ C11        ]   [ A1 ]
//	[ C21   C22  ] = [ A2 ] [ B1  B2 ]        C21 = A2 B1
//
// down to blocks that are computed whole in a buffer.
func gemmtHalves(g Backend, s *square, uplo Uplo, tA, tB Transpose, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if n <= gemmtBase {
		g.Gemm(tA, tB, n, n, k, alpha, a, lda, b, ldb, 0, s[:], n)
		for i := range n {
			lo, hi := 0, i+1
			if uplo == Upper {
				lo, hi = i, n
			}
			row, sum := c[i*ldc+lo:i*ldc+hi], s[i*n+lo:i*n+hi]
			switch beta {
			case 0:
				copy(row, sum)
			case 1:
				for j, v := range sum {
					row[j] += v
				}
			default:
				for j, v := range sum {
					row[j] = beta*row[j] + v
				}
			}
		}
		return
	}
	n1 := n / 2
	n2 := n - n1
	a2, b2 := a[rowOffset(tA, n1, lda):], b[colOffset(tB, n1, ldb):]
	gemmtHalves(g, s, uplo, tA, tB, n1, k, alpha, a, lda, b, ldb, beta, c, ldc)
	if uplo == Lower {
		g.Gemm(tA, tB, n2, n1, k, alpha, a2, lda, b, ldb, beta, c[n1*ldc:], ldc)
	} else {
		g.Gemm(tA, tB, n1, n2, k, alpha, a, lda, b2, ldb, beta, c[n1:], ldc)
	}
	gemmtHalves(g, s, uplo, tA, tB, n2, k, alpha, a2, lda, b2, ldb, beta, c[n1*ldc+n1:], ldc)
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
		if beta != 1 {
			scaleRow(beta, row)
		}
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
