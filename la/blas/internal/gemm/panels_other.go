//go:build (!amd64 && !arm64) || noasm

package gemm

func (s *isa) solve(t *tile) { solve_g(t, t.b == nil) }

func (s *isa) panelOfRows(panel, b []float64, ldb, w int, forward bool) {
	panelOfRows_g(panel, b, ldb, w, forward)
}

func (s *isa) rowsOfPanel(b []float64, ldb int, panel []float64, w int, forward bool) {
	rowsOfPanel_g(b, ldb, panel, w, forward)
}

func (s *isa) panelOfColumns(panel, b []float64, ldb, h int, forward bool) {
	panelOfColumns_g(panel, b, ldb, h, forward)
}

func (s *isa) columnsOfPanel(b []float64, ldb int, panel []float64, h int, forward bool) {
	columnsOfPanel_g(b, ldb, panel, h, forward)
}
