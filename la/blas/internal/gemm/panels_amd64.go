//go:build !noasm

package gemm

import "unsafe"

func solve(t *tile) { solveAVX2((*byte)(unsafe.Pointer(t))) }

// ends returns the first row of an n-row matrix in the order asked for, and the
// bytes from each row to the next.
func ends(x []float64, ld, n int, forward bool) (first *float64, stride int) {
	if forward {
		return &x[0], 8 * ld
	}
	return &x[(n-1)*ld], -8 * ld
}

func (s *isa) panelOfRows(panel, b []float64, ldb, w int, forward bool) {
	if s.id == idGo || w != panelWidth {
		panelOfRows_g(panel, b, ldb, w, forward)
		return
	}
	n := len(panel) / panelWidth
	src, ss := ends(b, ldb, n, forward)
	packCopy8(&panel[0], src, 8*panelWidth, ss, n)
}

func (s *isa) rowsOfPanel(b []float64, ldb int, panel []float64, w int, forward bool) {
	if s.id == idGo || w != panelWidth {
		rowsOfPanel_g(b, ldb, panel, w, forward)
		return
	}
	n := len(panel) / panelWidth
	dst, ds := ends(b, ldb, n, forward)
	packCopy8(dst, &panel[0], ds, 8*panelWidth, n)
}

func (s *isa) panelOfColumns(panel, b []float64, ldb, h int, forward bool) {
	if s.id == idGo || h != panelWidth {
		panelOfColumns_g(panel, b, ldb, h, forward)
		return
	}
	n := len(panel) / panelWidth
	dst, ds := ends(panel, panelWidth, n, forward)
	packTrans4(dst, &b[0], ds, 8*ldb, n)
	packTrans4(word(dst, 4), &b[4*ldb], ds, 8*ldb, n)
}

func (s *isa) columnsOfPanel(b []float64, ldb int, panel []float64, h int, forward bool) {
	if s.id == idGo || h != panelWidth {
		columnsOfPanel_g(b, ldb, panel, h, forward)
		return
	}
	n := len(panel) / panelWidth
	whole := n &^ 3
	for at := 0; at < whole; at += 4 {
		// Four columns of b are four rows of the panel.
		if forward {
			packTrans4(&b[at], &panel[at*panelWidth], 8*ldb, 8*panelWidth, panelWidth)
		} else {
			packTrans4(&b[at], &panel[(n-1-at)*panelWidth], 8*ldb, -8*panelWidth, panelWidth)
		}
	}
	for at := whole; at < n; at++ {
		for j, v := range panel[row(at, n, forward)*panelWidth:][:panelWidth] {
			b[j*ldb+at] = v
		}
	}
}
