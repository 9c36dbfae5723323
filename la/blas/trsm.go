package blas

import (
	"math"

	"costate/la/blas/internal/gemm"
	"costate/la/vec"
)

// triangular is a triangular matrix T = op(A). lower says what T is, not how A
// is stored; its elements are read through trans.
type triangular struct {
	a                  []float64
	lda                int
	trans, lower, unit bool
}

// at is the place of T[i,j] in a.
func (t *triangular) at(i, j int) int {
	if t.trans {
		i, j = j, i
	}
	return i*t.lda + j
}

// part is the triangular matrix that starts at T[i,i].
func (t *triangular) part(i int) triangular {
	p := *t
	p.a = t.a[i*(t.lda+1):]
	return p
}

// left solves T X = B for the m×n matrix B. By halves, for a lower T:
//
//	[ T11      ] [ X1 ]   [ B1 ]
//	[ T21  T22 ] [ X2 ] = [ B2 ]        X1 = T11⁻¹ B1,  X2 = T22⁻¹ (B2 - T21 X1)
func (t *triangular) left(m, n int, b []float64, ldb, threads int) {
	if n == 1 && ldb == 1 {
		t.vector(m, b)
		return
	}
	if threads = trsmUseful(m, n, threads); threads > 1 {
		t.fork(true, m, n, b, ldb, threads)
		return
	}
	if m <= gemm.TrsmOrder {
		gemm.Trsm(true, t.lower, t.trans, t.unit, m, n, t.a, t.lda, b, ldb)
		return
	}
	m1 := trsmSplit(m)
	m2 := m - m1
	t2 := t.part(m1)
	if t.lower {
		t.left(m1, n, b, ldb, 1)
		gemm.Checked(t.trans, false, m2, n, m1, -1, t.a[t.at(m1, 0):], t.lda, b, ldb, 1, b[m1*ldb:], ldb, 1)
		t2.left(m2, n, b[m1*ldb:], ldb, 1)
		return
	}
	t2.left(m2, n, b[m1*ldb:], ldb, 1)
	gemm.Checked(t.trans, false, m1, n, m2, -1, t.a[t.at(0, m1):], t.lda, b[m1*ldb:], ldb, 1, b, ldb, 1)
	t.left(m1, n, b, ldb, 1)
}

// trsmSplit cuts an order in about two halves, of which the first one is a
// multiple of half the order that is solved at once.
func trsmSplit(m int) int {
	const unit = gemm.TrsmOrder / 2
	return (m/2 + unit/2) / unit * unit
}

// right solves X T = B for the m×n matrix B, by halves of the columns.
func (t *triangular) right(m, n int, b []float64, ldb, threads int) {
	if m == 1 {
		// Tᵀ Xᵀ = Bᵀ.
		f := *t
		f.trans, f.lower = !t.trans, !t.lower
		f.vector(n, b)
		return
	}
	if threads = trsmUseful(n, m, threads); threads > 1 {
		t.fork(false, m, n, b, ldb, threads)
		return
	}
	if n <= gemm.TrsmOrder {
		gemm.Trsm(false, t.lower, t.trans, t.unit, m, n, t.a, t.lda, b, ldb)
		return
	}
	n1 := trsmSplit(n)
	n2 := n - n1
	t2 := t.part(n1)
	if t.lower {
		t2.right(m, n2, b[n1:], ldb, 1)
		gemm.Checked(false, t.trans, m, n1, n2, -1, b[n1:], ldb, t.a[t.at(n1, 0):], t.lda, 1, b, ldb, 1)
		t.right(m, n1, b, ldb, 1)
		return
	}
	t.right(m, n1, b, ldb, 1)
	gemm.Checked(false, t.trans, m, n2, n1, -1, b, ldb, t.a[t.at(0, n1):], t.lda, 1, b[n1:], ldb, 1)
	t2.right(m, n2, b[n1:], ldb, 1)
}

// divide divides x by d.
func divide(x []float64, d float64) {
	if invertible(d) && len(x) > 2 {
		vec.Scale(x, 1/d, x)
		return
	}
	for i, v := range x {
		x[i] = v / d
	}
}

// invertible is whether the reciprocal of d is neither an infinity nor
// subnormal, so that it is exact to one rounding.
func invertible(d float64) bool {
	d = math.Abs(d)
	return d > 0x1p-1000 && d < 0x1p+1000
}
