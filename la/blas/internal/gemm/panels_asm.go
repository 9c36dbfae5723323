//go:build (amd64 || arm64) && !noasm

package gemm

// ends returns the first row of an n-row matrix in the order asked for, and the
// bytes from each row to the next.
func ends(x []float64, ld, n int, forward bool) (first *float64, stride int) {
	if forward {
		return &x[0], 8 * ld
	}
	return &x[(n-1)*ld], -8 * ld
}

func (s *isa) panelOfRows(panel, b []float64, ldb, w int, forward bool) {
	if s.id == idGo {
		panelOfRows_g(panel, b, ldb, w, forward)
		return
	}
	n := len(panel) / panelWidth
	src, ss := ends(b, ldb, n, forward)
	copyWords(&panel[0], 8*panelWidth, src, ss, w, n)
}

func (s *isa) rowsOfPanel(b []float64, ldb int, panel []float64, w int, forward bool) {
	if s.id == idGo {
		rowsOfPanel_g(b, ldb, panel, w, forward)
		return
	}
	n := len(panel) / panelWidth
	dst, ds := ends(b, ldb, n, forward)
	copyWords(dst, ds, &panel[0], 8*panelWidth, w, n)
}

func (s *isa) panelOfColumns(panel, b []float64, ldb, h int, forward bool) {
	if s.id == idGo {
		panelOfColumns_g(panel, b, ldb, h, forward)
		return
	}
	n := len(panel) / panelWidth
	dst, ds := ends(panel, panelWidth, n, forward)
	transWords(dst, ds, &b[0], 8*ldb, h, n)
}

func (s *isa) columnsOfPanel(b []float64, ldb int, panel []float64, h int, forward bool) {
	if s.id == idGo {
		columnsOfPanel_g(b, ldb, panel, h, forward)
		return
	}
	n := len(panel) / panelWidth
	src, ss := ends(panel, panelWidth, n, forward)
	transWords(&b[0], 8*ldb, src, ss, n, h)
}
