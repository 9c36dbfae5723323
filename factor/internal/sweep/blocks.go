package sweep

import (
	"costate/factor/internal/pivot"
	"costate/la/vec"
	"costate/system"
)

// blockStage is a stage with derivatives of its own in the sweeps:
//
//	S = A + εI + GᵀPG,   K = GᵀPF + C,   P ← FᵀPF + Q − Kᵀ S⁻¹ K
//
// Its parameters are not compressed.
type blockStage struct {
	s     *system.BlockStage
	inner bool
	pivot *pivot.Block
}

func newBlockStage(_ *values, s *system.BlockStage, inner bool) *blockStage {
	n := 0
	if inner {
		n = s.NIn
	}
	return &blockStage{s: s, inner: inner, pivot: pivot.NewBlock(s.P, n)}
}

func (d *blockStage) size() (pivot, in, out int) { return d.pivot.M, d.pivot.N, d.s.NOut }

func (d *blockStage) scratch() (u, gr, yq, rows int) { return 0, 0, 0, 0 }

func (d *blockStage) point(s system.Stage) { d.s = s.(*system.BlockStage) }

func (d *blockStage) eliminate(f *values, k int, eps float64, definite bool, p *pivot.Stats) {
	s := d.s
	n, m, ni := s.NOut, s.P, d.pivot.N
	value := f.p[:n*n]
	if m > 0 {
		pg := f.t1[:n*m]
		mulSparse(pg, value, n, s.G)
		clear(d.pivot.S)
		mulTransSparse(d.pivot.S, s.G, pg, m)
		addSparse(d.pivot.S, s.A, m)
		for i := range m {
			d.pivot.S[i*m+i] += eps
		}
	}
	if d.inner {
		pf := f.t2[:n*ni]
		mulSparse(pf, value, n, s.F)
		if m > 0 {
			clear(d.pivot.W)
			mulTransSparse(d.pivot.W, s.G, pf, ni)
			addSparse(d.pivot.W, s.C, ni)
		}
		y := f.next[:ni*ni]
		clear(y)
		mulTransSparse(y, s.F, pf, ni)
		addSparse(y, s.Q, ni)
	}
	d.pivot.Factor(f.backend, f.work, definite, p, k)
	if d.inner {
		d.pivot.Couple(f.backend, f.bands, f.next, f.v)
		f.mirrorNext(ni)
	}
}

// back: h = g + Gᵀp,  p ← Fᵀp − Kᵀ S⁻¹ h.
func (d *blockStage) back(w *solveSpace, b *turn) {
	s, nrhs := d.s, b.nrhs
	m, n, ni := s.P, s.NOut, d.pivot.N
	for i := range nrhs {
		p, t := w.p[i*n:(i+1)*n], b.t[i*m:(i+1)*m]
		copy(t, b.params(i, m))
		if m > 0 {
			mulTransSparse(t, s.G, p, 1)
		}
		if d.inner {
			next := w.next[i*ni : (i+1)*ni]
			clear(next)
			mulTransSparse(next, s.F, p, 1)
		}
	}
	d.pivot.Lower(b.backend, b.t, nrhs, w.scratch)
	if d.inner {
		d.pivot.SubCoupled(b.backend, w.next, b.t, nrhs)
		w.p, w.next = w.next, w.p
	}
}

// forward: x = S⁻¹(h − K y),  y ← F y + G x.
func (d *blockStage) forward(w *solveSpace, b *turn) {
	s, nrhs := d.s, b.nrhs
	m, n, ni := s.P, s.NOut, d.pivot.N
	t := b.t
	d.pivot.JoinState(b.backend, t, w.p, nrhs)
	d.pivot.Upper(b.backend, t, nrhs, w.scratch)
	for i := range nrhs {
		xk := b.params(i, m)
		copy(xk, t[i*m:(i+1)*m])
		next := w.next[i*n : (i+1)*n]
		clear(next)
		if m > 0 {
			mulVec(next, s.G, xk)
		}
		if d.inner {
			mulVec(next, s.F, w.p[i*ni:(i+1)*ni])
		}
	}
	w.p, w.next = w.next, w.p
}

func blockCost(s *system.BlockStage, inner bool) pivot.Cost {
	m, n, ni := int64(s.P), int64(s.NOut), int64(0)
	nnz := func(a *system.Matrix) int64 {
		if a == nil {
			return 0
		}
		return int64(len(a.Val))
	}
	c := pivot.Cost{Factor: 2*nnz(s.G)*(n+m) + m*m*m/3, Solve: 2*m*m + 4*nnz(s.G)}
	if inner {
		ni = int64(s.NIn)
		c.Factor += 2*nnz(s.F)*(n+ni) + 2*nnz(s.G)*ni + m*m*ni + m*ni*ni
		c.Solve += 4*m*ni + 4*nnz(s.F)
	}
	c.Bytes = pivot.BlockBytes(int(m), int(ni))
	return c
}

// mulSparse computes dst = A M for a dense A with rows rows.
func mulSparse(dst, a []float64, rows int, m *system.Matrix) {
	clear(dst)
	for i := range rows {
		src, out := a[i*m.Rows:(i+1)*m.Rows], dst[i*m.Cols:(i+1)*m.Cols]
		for l, v := range src {
			if v == 0 {
				continue
			}
			for p := m.Ptr[l]; p < m.Ptr[l+1]; p++ {
				out[m.Col[p]] += v * m.Val[p]
			}
		}
	}
}

// mulTransSparse computes dst += Mᵀ A for a dense A with cols columns.
func mulTransSparse(dst []float64, m *system.Matrix, a []float64, cols int) {
	for l := range m.Rows {
		src := a[l*cols : (l+1)*cols]
		for p := m.Ptr[l]; p < m.Ptr[l+1]; p++ {
			vec.Axpy(dst[m.Col[p]*cols:][:cols], m.Val[p], src)
		}
	}
}

// mulVec computes dst += M x.
func mulVec(dst []float64, m *system.Matrix, x []float64) {
	for i := range m.Rows {
		for p := m.Ptr[i]; p < m.Ptr[i+1]; p++ {
			dst[i] += m.Val[p] * x[m.Col[p]]
		}
	}
}

// addSparse adds M, if there is one, to the dense dst with cols columns.
func addSparse(dst []float64, m *system.Matrix, cols int) {
	if m == nil {
		return
	}
	for i := range m.Rows {
		for p := m.Ptr[i]; p < m.Ptr[i+1]; p++ {
			dst[i*cols+m.Col[p]] += m.Val[p]
		}
	}
}
