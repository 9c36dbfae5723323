package gemm

import (
	"math"
	"unsafe"
)

// TrsmOrder is the order of T up to which Trsm is best called as it is. Greater
// systems are solved by blocks of about that order, with Gemm in between.
const TrsmOrder = 64

const (
	badLdT = "gemm: bad leading dimension of T"
	shortT = "gemm: insufficient length of T"
)

// panelWidth is the number of right-hand sides that are solved together.
const panelWidth = 8

// Trsm solves T X = B (left, T is m×m) or X T = B (T is n×n) for a triangular
// matrix T = op(A), on one goroutine; X overwrites the m×n matrix B. Element
// (i, j) of T is a[i*lda+j], or a[j*lda+i] if trans; lower says what T is, not
// how it is stored. Only the triangle of T is read, and not its diagonal if
// unit. A zero on the diagonal gives infinities and NaNs.
//
// It is meant for orders up to TrsmOrder and for several right-hand sides:
// they are copied to panels of eight, and the solution runs in registers.
func Trsm(left, lower, trans, unit bool, m, n int, a []float64, lda int, b []float64, ldb int) {
	if m < 0 || n < 0 {
		panic(badSize)
	}
	order, others := m, n
	if !left {
		order, others = n, m
	}
	checkMatrix(order, order, lda, a, badLdT, shortT)
	checkMatrix(m, n, ldb, b, badLdB, shortB)
	if m == 0 || n == 0 {
		return
	}
	// X T = B is Tᵀ Xᵀ = Bᵀ.
	rs, cs := lda, 1
	if trans != !left {
		rs, cs = 1, lda
	}
	forward := lower == left
	s := active.Load()
	w := getWorkspace()
	w.a = grow(w.a, order*(panelWidth+1))
	panel, inv := w.a[:order*panelWidth], w.a[order*panelWidth:]
	t := tile{rows: order, ars: 8 * rs, acs: 8 * cs, c: unsafe.Pointer(&panel[0])}
	fast := s.id != idGo
	if fast && !unit {
		fast = reciprocals(inv[:order], a, lda, forward)
		t.b = unsafe.Pointer(&inv[0])
	}
	t.a = unsafe.Pointer(&a[0])
	if !forward {
		// The last unknown comes first.
		t.a = unsafe.Pointer(&a[(order-1)*(lda+1)])
		t.ars, t.acs = -t.ars, -t.acs
	}
	for j := 0; j < others; j += panelWidth {
		h := min(panelWidth, others-j)
		if left {
			s.panelOfRows(panel, b[j:], ldb, h, forward)
		} else {
			s.panelOfColumns(panel, b[j*ldb:], ldb, h, forward)
		}
		if fast {
			s.solve(&t)
		} else {
			solve_g(&t, unit)
		}
		if left {
			s.rowsOfPanel(b[j:], ldb, panel, h, forward)
		} else {
			s.columnsOfPanel(b[j*ldb:], ldb, panel, h, forward)
		}
	}
	w.release()
}

// reciprocals computes those of the diagonal of A, in the order in which they
// are needed. It returns false if one overflows.
func reciprocals(inv, a []float64, lda int, forward bool) bool {
	n := len(inv)
	for i := range inv {
		at := i
		if !forward {
			at = n - 1 - i
		}
		d := a[at*(lda+1)]
		if d != 0 && math.Abs(d) < 0x1p-1000 {
			return false
		}
		inv[i] = 1 / d
	}
	return true
}

// solve_g is the twin in Go of the solution of one panel. It divides by the
// diagonal.
func solve_g(t *tile, unit bool) {
	for i := 0; i < t.rows; i++ {
		x := (*[panelWidth]float64)(unsafe.Add(t.c, 8*panelWidth*i))
		for q := 0; q < i; q++ {
			f := load(t.a, i*t.ars+q*t.acs)
			for j, v := range (*[panelWidth]float64)(unsafe.Add(t.c, 8*panelWidth*q)) {
				x[j] -= f * v
			}
		}
		if !unit {
			d := load(t.a, i*(t.ars+t.acs))
			for j := range x {
				x[j] /= d
			}
		}
	}
}

// row is the place of row i of a panel in the matrix it is copied from.
func row(i, n int, forward bool) int {
	if forward {
		return i
	}
	return n - 1 - i
}

// panelOfRows_g copies w columns of b to a panel, row by row, from the last row
// on if not forward. The other columns of the panel keep what they hold.
func panelOfRows_g(panel, b []float64, ldb, w int, forward bool) {
	n := len(panel) / panelWidth
	for i := 0; i < n; i++ {
		dst := panel[i*panelWidth : (i+1)*panelWidth]
		at := row(i, n, forward) * ldb
		copy(dst, b[at:at+w])
	}
}

// rowsOfPanel_g is the inverse of panelOfRows_g.
func rowsOfPanel_g(b []float64, ldb int, panel []float64, w int, forward bool) {
	n := len(panel) / panelWidth
	for i := 0; i < n; i++ {
		copy(b[row(i, n, forward)*ldb:][:w], panel[i*panelWidth:])
	}
}

// panelOfColumns_g copies h rows of b to the columns of a panel.
func panelOfColumns_g(panel, b []float64, ldb, h int, forward bool) {
	n := len(panel) / panelWidth
	for i := 0; i < n; i++ {
		at := row(i, n, forward)
		dst := panel[i*panelWidth : (i+1)*panelWidth]
		for j := range dst[:h] {
			dst[j] = b[j*ldb+at]
		}
	}
}

// columnsOfPanel_g is the inverse of panelOfColumns_g.
func columnsOfPanel_g(b []float64, ldb int, panel []float64, h int, forward bool) {
	n := len(panel) / panelWidth
	for i := 0; i < n; i++ {
		at := row(i, n, forward)
		for j, v := range panel[i*panelWidth:][:h] {
			b[j*ldb+at] = v
		}
	}
}
