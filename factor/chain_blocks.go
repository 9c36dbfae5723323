package factor

import "costate/system"

// blocksStage is a stage with derivatives of its own in the sweeps of Chain:
//
//	S = A + εI + GᵀPG,   K = GᵀPF + C,   P ← FᵀPF + Q − Kᵀ S⁻¹ K
//
// Its parameters are not compressed.
type blocksStage struct {
	s     *system.BlockStage
	inner bool
	pivot *pivotBlock
}

func newBlocksStage(s *system.BlockStage, inner bool) *blocksStage {
	n := 0
	if inner {
		n = s.NIn
	}
	return &blocksStage{s: s, inner: inner, pivot: newPivotBlock(s.P, n)}
}

func (d *blocksStage) size() (pivot, in, out int) { return d.pivot.m, d.pivot.n, d.s.NOut }

func (d *blocksStage) point(s system.Stage) { d.s = s.(*system.BlockStage) }

func (d *blocksStage) eliminate(f *Chain, k int, eps float64, definite bool, p *pivots) {
	s := d.s
	n, m, ni := s.NOut, s.P, d.pivot.n
	value := f.p[:n*n]
	if m > 0 {
		pg := f.t1[:n*m]
		mulSparse(pg, value, n, s.G)
		clear(d.pivot.s)
		mulTransSparse(d.pivot.s, s.G, pg, m)
		addSparse(d.pivot.s, s.A, m)
		for i := range m {
			d.pivot.s[i*m+i] += eps
		}
	}
	if d.inner {
		pf := f.t2[:n*ni]
		mulSparse(pf, value, n, s.F)
		if m > 0 {
			clear(d.pivot.w)
			mulTransSparse(d.pivot.w, s.G, pf, ni)
			addSparse(d.pivot.w, s.C, ni)
		}
		y := f.next[:ni*ni]
		clear(y)
		mulTransSparse(y, s.F, pf, ni)
		addSparse(y, s.Q, ni)
	}
	d.pivot.factor(f.backend(), f.work, definite, p, k)
	if d.inner {
		d.pivot.couple(f.backend(), f.bands, f.next, f.v)
		f.mirror(ni)
	}
}

// back: h = g + Gᵀp,  p ← Fᵀp − Kᵀ S⁻¹ h.
func (d *blocksStage) back(f *Chain, w *sweepSpace, k int, x []float64, nrhs int) {
	s := d.s
	m, n, ni := s.P, s.NOut, d.pivot.n
	for i := range nrhs {
		p, t := w.p[i*n:(i+1)*n], w.t[k][i*m:(i+1)*m]
		copy(t, x[i*f.n+f.offsets[k]:][:m])
		if m > 0 {
			mulTransSparse(t, s.G, p, 1)
		}
		if d.inner {
			next := w.next[i*ni : (i+1)*ni]
			clear(next)
			mulTransSparse(next, s.F, p, 1)
		}
	}
	d.pivot.lower(f.backend(), w.t[k], nrhs, w.scratch)
	if d.inner {
		d.pivot.subCoupled(f.backend(), w.next, w.t[k], nrhs)
		w.p, w.next = w.next, w.p
	}
}

// forward: x = S⁻¹(h − K y),  y ← F y + G x.
func (d *blocksStage) forward(f *Chain, w *sweepSpace, k int, x []float64, nrhs int) {
	s := d.s
	m, n, ni := s.P, s.NOut, d.pivot.n
	t := w.t[k]
	d.pivot.joinState(f.backend(), t, w.p, nrhs)
	d.pivot.upper(f.backend(), t, nrhs, w.scratch)
	for i := range nrhs {
		xk := x[i*f.n+f.offsets[k]:][:m]
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

func blocksCost(s *system.BlockStage, inner bool) Cost {
	m, n, ni := int64(s.P), int64(s.NOut), int64(0)
	nnz := func(a *system.Matrix) int64 {
		if a == nil {
			return 0
		}
		return int64(len(a.Val))
	}
	c := Cost{Factor: 2*nnz(s.G)*(n+m) + m*m*m/3, Solve: 2*m*m + 4*nnz(s.G)}
	if inner {
		ni = int64(s.NIn)
		c.Factor += 2*nnz(s.F)*(n+ni) + 2*nnz(s.G)*ni + m*m*ni + m*ni*ni
		c.Solve += 4*m*ni + 4*nnz(s.F)
	}
	c.Bytes = pivotBlockBytes(int(m), int(ni))
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
			axpy(m.Val[p], src, dst[m.Col[p]*cols:][:cols])
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
