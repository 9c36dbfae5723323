package sweep

import (
	"costate/factor/internal/pivot"
	"costate/la/vec"
	"costate/system"
)

// isSmallBlock reports a stage whose matrices are small and whose G and F are multiplied in
// full.
func isSmallBlock(s *system.BlockStage, inner bool) bool {
	return inner && min(s.P, s.NIn, s.NOut) > 0 && max(s.P, s.NIn, s.NOut) <= smallOrder && isDense(s.G) && isDense(s.F)
}

// eliminateSmall is eliminate for a small stage.
func (d *blockStage) eliminateSmall(f *values, k int, eps float64, definite bool, p *pivot.Stats) {
	w := f.small
	d.formSmall(f, w, eps)
	if definite {
		f.factorDefinite(d.pivot, k, p)
		return
	}
	d.pivot.FactorTiles(w.tiles, p, k)
	d.pivot.CoupleTiles(w.tiles, w.y, vectors(d.pivot.N))
	f.tiled = d.pivot.N
}

// formSmall forms S, K and the next P as it is without the pivot block.
func (d *blockStage) formSmall(f *values, w *smallSpace, eps float64) {
	n, m, ni := d.s.NOut, d.s.P, d.pivot.N
	ld, t := vectors(n), w.tiles
	if f.tiled > 0 {
		vec.ScaleLower(w.ps, ld, w.y, ld, w.ones, n)
		f.tiled = 0
	} else {
		vec.CopyRows(w.ps, ld, f.p, n, n, n)
	}
	t.Ld, t.LdK = vectors(m), vectors(ni)
	g, ff := d.g.rows(w.t, t.Ld), d.f.rows(w.t[smallSquare:], t.LdK)
	vec.SetSmall(w.up, t.Ld, w.ps, ld, 1, g, t.Ld, n, t.Ld/4, n, 0)
	d.a.setRows(t.S, t.Ld, m, m)
	vec.AddSmall(t.S, t.Ld, g, 1, t.Ld, w.up, t.Ld, m, t.Ld/4, n, 0)
	for i := range m {
		t.S[i*t.Ld+i] += eps
	}
	vec.SetSmall(w.pu, t.LdK, w.ps, ld, 1, ff, t.LdK, n, t.LdK/4, n, 0)
	d.c.setRows(t.K, t.LdK, m, ni)
	vec.AddSmall(t.K, t.LdK, g, 1, t.Ld, w.pu, t.LdK, m, t.LdK/4, n, 0)
	d.quad.setRows(w.y, t.LdK, ni, ni)
	vec.AddSmall(w.y, t.LdK, ff, 1, t.LdK, w.pu, t.LdK, ni, 1, n, 1)
}
