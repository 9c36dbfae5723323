package sweep

import (
	"costate/factor/internal/pivot"
	"costate/system"
)

// blockStage is a stage with derivatives of its own in the sweeps:
//
//	S = A + εI + GᵀPG,   K = GᵀPF + C,   P ← FᵀPF + Q − Kᵀ S⁻¹ K
//
// Its parameters are not compressed.
type blockStage struct {
	s          *system.BlockStage
	inner      bool
	pivot      *pivot.Block
	factors    factors // of the pivot block: pivot itself, if real
	f, g       coefficient
	a, c, quad coefficient // quad is Q
	small      bool
}

func newBlockStage(w *values, s *system.BlockStage, inner bool) *blockStage {
	n := 0
	if inner {
		n = s.NIn
	}
	b := pivot.NewBlockIn(w.arena, s.P, n)
	return &blockStage{s: s, inner: inner, pivot: b, factors: b}
}

func (d *blockStage) size() (pivot, in, out int) { return d.pivot.M, d.pivot.N, d.s.NOut }

func (d *blockStage) scratch() (u, gr, yq, rows int) { return 0, 0, 0, 0 }

func (d *blockStage) point(s system.Stage) {
	d.s = s.(*system.BlockStage)
	d.f.take(d.s.F)
	d.g.take(d.s.G)
	d.a.take(d.s.A)
	d.c.take(d.s.C)
	d.quad.take(d.s.Q)
	d.small = isSmallBlock(d.s, d.inner)
}

func (d *blockStage) eliminate(f *values, k int, eps float64, definite bool, p *pivot.Stats) {
	if d.small && f.small != nil {
		d.eliminateSmall(f, k, eps, definite, p)
		return
	}
	f.untile()
	d.form(f, eps)
	d.pivot.Factor(f.backend, f.work, definite, p, k)
	if d.inner {
		d.pivot.Couple(f.backend, f.bands, f.next, f.v)
		f.mirrorNext(d.pivot.N)
	}
}

// form forms S, K and the lower triangle of FᵀPF + Q.
func (d *blockStage) form(f *values, eps float64) {
	s, be := d.s, f.backend
	n, m, ni := s.NOut, s.P, d.pivot.N
	value := f.p[:n*n]
	if m > 0 {
		pg := f.t1[:n*m]
		d.g.times(be, pg, value, n)
		d.a.setTo(d.pivot.S)
		d.g.addTransLower(be, d.pivot.S, pg)
		for i := range m {
			d.pivot.S[i*m+i] += eps
		}
	}
	if d.inner {
		pf := f.t2[:n*ni]
		d.f.times(be, pf, value, n)
		if m > 0 {
			d.c.setTo(d.pivot.W)
			d.g.addTrans(be, d.pivot.W, pf, ni)
		}
		y := f.next[:ni*ni]
		d.quad.setTo(y)
		d.f.addTransLower(be, y, pf)
	}
}

// back: h = g + Gᵀp,  p ← Fᵀp − Kᵀ S⁻¹ h.
func (d *blockStage) back(w *solveSpace, b *turn) {
	be, nrhs := b.backend, b.nrhs
	m, ni := d.s.P, d.pivot.N
	for i := range nrhs {
		copy(b.t[i*m:(i+1)*m], b.params(i, m))
	}
	if m > 0 {
		d.g.applyTrans(be, b.t, w.p, nrhs)
	}
	if d.inner {
		clear(w.next[:nrhs*ni])
		d.f.applyTrans(be, w.next, w.p, nrhs)
	}
	d.factors.Lower(be, b.t, nrhs, w.scratch)
	if d.inner {
		d.factors.SubCoupled(be, w.next, b.t, nrhs)
		w.p, w.next = w.next, w.p
	}
}

// forward: x = S⁻¹(h − K y),  y ← F y + G x.
func (d *blockStage) forward(w *solveSpace, b *turn) {
	be, nrhs := b.backend, b.nrhs
	m, n := d.s.P, d.s.NOut
	t := b.t
	d.factors.JoinState(be, t, w.p, nrhs)
	d.factors.Upper(be, t, nrhs, w.scratch)
	for i := range nrhs {
		copy(b.params(i, m), t[i*m:(i+1)*m])
	}
	if b.last {
		return
	}
	clear(w.next[:nrhs*n])
	if m > 0 {
		d.g.apply(be, w.next, t, nrhs)
	}
	if d.inner {
		d.f.apply(be, w.next, w.p, nrhs)
	}
	w.p, w.next = w.next, w.p
}

func blockCost(s *system.BlockStage, inner bool) pivot.Cost {
	m, n, ni := int64(s.P), int64(s.NOut), int64(0)
	g := stored(s.G)
	c := pivot.Cost{Factor: 2*g*n + g*m + m*m*m/3, Solve: 2*m*m + 4*g, Bytes: bytes(s.G) + bytes(s.A)}
	if inner {
		ni = int64(s.NIn)
		f := stored(s.F)
		c.Factor += 2*f*n + f*ni + 2*g*ni + m*m*ni + m*ni*ni
		c.Solve += 4*m*ni + 4*f
		c.Bytes += bytes(s.F) + bytes(s.C) + bytes(s.Q)
	}
	c.Bytes += pivot.BlockBytes(int(m), int(ni))
	return c
}
