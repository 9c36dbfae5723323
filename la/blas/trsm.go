package blas

import (
	"math"

	"costate/la/blas/internal/gemm"
	"costate/la/blas/internal/vec"
)

// triangular is a triangular matrix T = op(A). lower says what T is, not how A
// is stored; its elements are read through trans.
type triangular struct {
	a                  []float64
	lda                int
	trans, lower, unit bool
}

const (
	trsmBase  = 24  // order up to which rows are combined one by one
	trsmStrip = 128 // columns that are done at a time there
)

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
	switch {
	case n == 1 && ldb == 1:
		t.vector(m, b)
		return
	case m <= trsmBase:
		for j := 0; j < n; j += trsmStrip {
			t.rows(m, min(trsmStrip, n-j), b[j:], ldb)
		}
		return
	}
	if threads = trsmUseful(m, n, threads); threads > 1 {
		t.fork(true, m, n, b, ldb, threads)
		return
	}
	m1 := trsmSplit(m)
	m2 := m - m1
	t2 := t.part(m1)
	if t.lower {
		t.left(m1, n, b, ldb, 1)
		gemm.Gemm(t.trans, false, m2, n, m1, -1, t.a[t.at(m1, 0):], t.lda, b, ldb, 1, b[m1*ldb:], ldb, 1)
		t2.left(m2, n, b[m1*ldb:], ldb, 1)
		return
	}
	t2.left(m2, n, b[m1*ldb:], ldb, 1)
	gemm.Gemm(t.trans, false, m1, n, m2, -1, t.a[t.at(0, m1):], t.lda, b[m1*ldb:], ldb, 1, b, ldb, 1)
	t.left(m1, n, b, ldb, 1)
}

// trsmSplit cuts an order in about two halves of which the first one is a
// multiple of the base.
func trsmSplit(m int) int {
	return max(1, (m/2+trsmBase/2)/trsmBase) * trsmBase
}

// right solves X T = B for the m×n matrix B, by halves of the columns.
func (t *triangular) right(m, n int, b []float64, ldb, threads int) {
	switch {
	case m == 1:
		f := t.flipped()
		f.vector(n, b)
		return
	case n <= trsmBase:
		t.columns(m, n, b, ldb)
		return
	}
	if threads = trsmUseful(n, m, threads); threads > 1 {
		t.fork(false, m, n, b, ldb, threads)
		return
	}
	n1 := trsmSplit(n)
	n2 := n - n1
	t2 := t.part(n1)
	if t.lower {
		t2.right(m, n2, b[n1:], ldb, 1)
		gemm.Gemm(false, t.trans, m, n1, n2, -1, b[n1:], ldb, t.a[t.at(n1, 0):], t.lda, 1, b, ldb, 1)
		t.right(m, n1, b, ldb, 1)
		return
	}
	t.right(m, n1, b, ldb, 1)
	gemm.Gemm(false, t.trans, m, n2, n1, -1, b, ldb, t.a[t.at(0, n1):], t.lda, 1, b[n1:], ldb, 1)
	t2.right(m, n2, b[n1:], ldb, 1)
}

// flipped is the transpose of T.
func (t *triangular) flipped() triangular {
	f := *t
	f.trans, f.lower = !t.trans, !t.lower
	return f
}

// rows solves T X = B row by row, for a small order.
func (t *triangular) rows(m, n int, b []float64, ldb int) {
	var c [trsmBase]float64
	for s := range m {
		i, lo, hi := s, 0, s
		if !t.lower {
			i = m - 1 - s
			lo, hi = i+1, m
		}
		x := b[i*ldb : i*ldb+n]
		if lo < hi {
			p, step := t.at(i, lo), 1
			if t.trans {
				step = t.lda
			}
			for j := range c[:hi-lo] {
				c[j] = -t.a[p]
				p += step
			}
			vec.Combine(x, c[:hi-lo], b[lo*ldb:], ldb)
		}
		if !t.unit {
			divide(x, t.a[i*(t.lda+1)])
		}
	}
}

// divide divides x by d.
func divide(x []float64, d float64) {
	if math.Abs(d) > smallest && len(x) > 2 {
		vec.Scale(x, 1/d, x)
		return
	}
	for i, v := range x {
		x[i] = v / d
	}
}

// smallest is a magnitude above which the reciprocal is finite and exact to
// one rounding.
const smallest = 0x1p-1000

// columns solves X T = B for a small order of T, as Tᵀ Xᵀ = Bᵀ on transposed
// copies of some rows at a time.
func (t *triangular) columns(m, n int, b []float64, ldb int) {
	var buf [trsmBase * trsmStrip / 2]float64
	f := t.flipped()
	for i := 0; i < m; i += trsmStrip / 2 {
		h := min(trsmStrip/2, m-i)
		for r := range h {
			for j, v := range b[(i+r)*ldb : (i+r)*ldb+n] {
				buf[j*h+r] = v
			}
		}
		f.rows(n, h, buf[:], h)
		for r := range h {
			row := b[(i+r)*ldb : (i+r)*ldb+n]
			for j := range row {
				row[j] = buf[j*h+r]
			}
		}
	}
}
