package sweep

import (
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// elementSpace is the workspace of a thread for the elements of the inverse in one dense stage.
type elementSpace struct {
	x    []float64 // r×r: cov(x_r) of a pair of units
	xq   []float64 // r×zin
	a    []float64 // r×In: M Y folded with δ
	ap   []float64 // r×zin: the same times Π
	t    []float64 // scratch of projections
	sum  []float64 // zin, or zin×zin
	rows []float64 // rows×In, of a stage with a gather

	fy []float64 // Out×N: F Y − X of a sample

	// Of foldPairs.
	block []float64 // In×rows·In, of a stage with a gather
	qy    []float64 // r×rows·In
	qyq   []float64 // r·rows×r
	p     []float64 // r·rows×zin

	// Of joint.
	y  []float64 // In×N: A Y folded with δ from one side
	b  []float64 // In×In: from both
	bp []float64 // In×zin
	pi []float64 // zin×zin: Π
}

func (e *elementSpace) size(d *denseStage, perp, joint bool) {
	r, zin, in := d.r, d.zin, d.s.In
	e.x, e.xq, e.sum = space.Resize(e.x, r*r), space.Resize(e.xq, r*zin), space.Resize(e.sum, zin)
	if perp {
		e.a, e.ap = space.Resize(e.a, r*in), space.Resize(e.ap, r*zin)
		e.t = space.Resize(e.t, max(r, in)*r)
		if d.s.Gather != nil {
			e.rows = space.Resize(e.rows, d.rows*in)
		}
	}
	if joint {
		e.sum, e.pi = space.Resize(e.sum, zin*zin), space.Resize(e.pi, zin*zin)
	}
	if perp && joint {
		e.y, e.b, e.bp = space.Resize(e.y, in*d.pivot.N), space.Resize(e.b, in*in), space.Resize(e.bp, in*zin)
	}
}

// elementWords is the memory of the diagonal and of covariance in a stage, for all threads
// together and for each.
func elementWords(s *system.DenseStage, inner bool) (all, each int) {
	rows, r, zin, in := s.BatchRows(), rank(s), width(s), s.In
	each = r*r + r*zin + zin
	if inner {
		each += s.Out * s.Inputs()
	}
	if inner && zin > r {
		all = rows*rows*(zin+s.Out) + s.Out*zin
		each += r*(in+zin) + max(r, in)*r + r*rows*(in+r+zin)
		if s.Gather != nil {
			each += rows*in + rows*in*in
		}
	}
	return all + zin, each
}

// marginals computes the diagonal of the inverse for the stage's parameters, unit by
// unit:
//
//	Q₁ cov(x_r) Q₁ᵀ + Π/ε + 2 Q₁ cov(x_r, X_⊥) + Π (δᵀ⊗I) A Y Aᵀ(δ⊗I) Π/ε²
//
// where A y, which has no bias, is padded with zero before Π. With perp false δ is zero
// or nothing is perpendicular.
func (d *denseStage) marginals(w *inverseSpace, dst []float64, perp bool) {
	w.pi = space.Resize(w.pi, d.zin)
	clear(w.pi)
	if d.negPerp > 0 {
		for i := range w.pi {
			w.pi[i] = 1
		}
		for j := range d.r {
			for i, v := range d.q[j*d.zin : (j+1)*d.zin] {
				w.pi[i] -= v * v
			}
		}
	}
	if perp {
		d.foldDiag(w)
	}
	l := &w.loops
	l.reset(d)
	l.dst, l.perp = dst, perp
	w.bands.Rows(d.s.Out, d.pivot.M*max(d.pivot.M, d.zin), l.units)
	l.dst = nil
}

// marginalUnits is marginals for the units lo to hi.
func (d *denseStage) marginalUnits(e *elementSpace, w *inverseSpace, dst []float64, perp bool, lo, hi int) {
	s := d.s
	r, zin, in := d.r, d.zin, d.s.In
	e.size(d, perp, false)
	for o := lo; o < hi; o++ {
		d.pair(e, w, o, o)
		w.serial.Gemm(blas.NoTrans, blas.NoTrans, r, zin, r, 1, e.x, r, d.q, zin, 0, e.xq, zin)
		if perp {
			d.foldGain(w.serial, e, w, o, o)
			vec.Axpy(e.xq, 2/w.eps, e.ap)
		}
		for i, v := range w.pi {
			e.sum[i] = max(v, 0) / w.eps
		}
		if perp {
			vec.Axpy(e.sum, 1, w.folded[o*zin:(o+1)*zin])
		}
		for j := range r {
			vec.MulAdd(e.sum, d.q[j*zin:(j+1)*zin], e.xq[j*zin:(j+1)*zin])
		}
		copy(dst[o*in:(o+1)*in], e.sum)
		if s.Bias {
			dst[s.Out*in+o] = e.sum[in]
		}
	}
}

// foldDiag computes diag(Π B Π)/ε² for B = Σ_ρσ δ_ρo δ_σo (A Y Aᵀ)_ρσ and all units o in
// w.folded: since the sum is linear, from the diagonals of Π (A Y Aᵀ)_ρσ Π.
func (d *denseStage) foldDiag(w *inverseSpace) {
	s, l := d.s, &w.loops
	rows, out, zin := d.rows, s.Out, d.zin
	w.pairs, w.outer, w.folded = space.Resize(w.pairs, rows*rows*zin), space.Resize(w.outer, rows*rows*out), space.Resize(w.folded, out*zin)
	l.reset(d)
	w.bands.Each(d.r*rows*s.In*d.pivot.N, l.pairs)
	for i := range rows {
		for j := range rows {
			vec.Mul(w.outer[(i*rows+j)*out:][:out], s.Delta[i*out:(i+1)*out], s.Delta[j*out:])
		}
	}
	w.backend.Gemm(blas.Trans, blas.NoTrans, out, zin, rows*rows, 1/(w.eps*w.eps), w.outer, out, w.pairs, zin, 0, w.folded, zin)
}

// foldPairs computes for row ρ of the batch, with Y_ρσ for a block of A Y Aᵀ,
//
//	diag(Π Y_ρσ Π) = diag(Y_ρσ − 2 Q₁ Q₁ᵀY_ρσ + Q₁ (Q₁ᵀY_ρσQ₁) Q₁ᵀ)
//
// in w.pairs, of which the middle term is right for the sum with Y_σρ, its transpose.
func (d *denseStage) foldPairs(w *inverseSpace, e *elementSpace, row int) {
	rows, r, zin, in, be := d.rows, d.r, d.zin, d.s.In, w.serial
	wide := rows * in
	block := d.blockOfRow(w, e, row)
	e.qy, e.qyq, e.p = space.Resize(e.qy, r*wide), space.Resize(e.qyq, r*rows*r), space.Resize(e.p, r*rows*zin)
	be.Gemm(blas.NoTrans, blas.NoTrans, r, wide, in, 1, d.q, zin, block, wide, 0, e.qy, wide)
	be.Gemm(blas.NoTrans, blas.Trans, r*rows, r, in, 1, e.qy, in, d.q, zin, 0, e.qyq, r)
	be.Gemm(blas.NoTrans, blas.NoTrans, r*rows, zin, r, 1, e.qyq, r, d.q, zin, 0, e.p, zin)
	for c := range rows {
		g := w.pairs[(row*rows+c)*zin:][:zin]
		for i := range in {
			g[i] = block[i*wide+c*in+i]
		}
		clear(g[in:])
		for j := range r {
			p := e.p[(j*rows+c)*zin:][:zin]
			vec.Axpy(p[:in], -2, e.qy[(j*rows+c)*in:][:in])
			vec.MulAdd(g, d.q[j*zin:(j+1)*zin], p)
		}
	}
}

// blockOfRow is the rows of A Y Aᵀ of row ρ of the batch, In×rows·In.
func (d *denseStage) blockOfRow(w *inverseSpace, e *elementSpace, row int) []float64 {
	s, a := d.s, d.s.Gather
	in, ni, count, wide := s.In, d.pivot.N, s.SampleRows(), d.rows*s.In
	if a == nil {
		return w.y[row*in*ni:]
	}
	e.block, e.rows = space.Resize(e.block, in*wide), space.Resize(e.rows, ni)
	for i := range in {
		clear(e.rows)
		for p := a.Ptr[row%count*in+i]; p < a.Ptr[row%count*in+i+1]; p++ {
			vec.Axpy(e.rows, a.Val[p], w.y[(row/count*a.Cols+a.Col[p])*ni:][:ni])
		}
		s.GatherRows(e.block[i*wide:(i+1)*wide], e.rows)
	}
	return e.block
}

// joint computes the inverse for all pairs of the stage's parameters, by pairs of
// units, as marginals.
func (d *denseStage) joint(w *inverseSpace, dst []float64, perp bool) {
	s, be, e := d.s, w.backend, &w.elements[0]
	r, zin, in := d.r, d.zin, d.s.In
	e.size(d, perp, true)
	clear(e.pi)
	if d.negPerp > 0 {
		for i := range zin {
			e.pi[i*zin+i] = 1
		}
		be.Gemm(blas.Trans, blas.NoTrans, zin, zin, r, -1, d.q, zin, d.q, zin, 1, e.pi, zin)
	}
	place := func(o, i int) int { // of parameter i of unit o
		if i == in {
			return s.Out*in + o
		}
		return o*in + i
	}
	p := s.Params()
	for o := range s.Out {
		if perp {
			d.foldLeft(e, w, o)
		}
		for u := range o + 1 {
			d.pair(e, w, o, u)
			be.Gemm(blas.NoTrans, blas.NoTrans, r, zin, r, 1, e.x, r, d.q, zin, 0, e.xq, zin)
			if perp {
				d.foldGain(be, e, w, o, u)
				for i, v := range e.ap {
					e.xq[i] += v / w.eps
				}
			}
			be.Gemm(blas.Trans, blas.NoTrans, zin, zin, r, 1, d.q, zin, e.xq, zin, 0, e.sum, zin)
			if perp {
				d.foldGain(be, e, w, u, o)
				be.Gemm(blas.Trans, blas.NoTrans, zin, zin, r, 1/w.eps, e.ap, zin, d.q, zin, 1, e.sum, zin)
				d.foldRight(be, e, w, u)
				be.Gemm(blas.NoTrans, blas.NoTrans, zin, zin, in, 1/(w.eps*w.eps), e.pi, zin, e.bp, zin, 1, e.sum, zin)
			}
			for i := range zin {
				for j := range zin {
					v := e.sum[i*zin+j]
					if o == u {
						v = (v+e.sum[j*zin+i])/2 + e.pi[i*zin+j]/w.eps
					}
					a, b := place(o, i), place(u, j)
					dst[a*p+b], dst[b*p+a] = v, v
				}
			}
		}
	}
}

// pair copies cov(x_r) between the units o and u.
func (d *denseStage) pair(e *elementSpace, w *inverseSpace, o, u int) {
	r, m, out := d.r, d.pivot.M, d.s.Out
	for j := range r {
		for l := range r {
			e.x[j*r+l] = w.x[(j*out+o)*m+l*out+u]
		}
	}
}

// foldGain computes ap = a Π for a = Σ_ρ δ_ρu (M Y Aᵀ)[(·,o), ρ]: ε cov(x_r, X_⊥)
// between the units o and u.
func (d *denseStage) foldGain(be blas.Backend, e *elementSpace, w *inverseSpace, o, u int) {
	in, ni := d.s.In, d.pivot.N
	for j := range d.r {
		d.foldDelta(e, e.a[j*in:(j+1)*in], w.my[(j*d.s.Out+o)*ni:][:ni], u)
	}
	d.projectRows(be, e, e.ap, e.a, d.r)
}

// foldLeft computes y = Σ_ρ δ_ρo (A Y)[ρ, ·].
func (d *denseStage) foldLeft(e *elementSpace, w *inverseSpace, o int) {
	s := d.s
	in, ni, count := s.In, d.pivot.N, s.SampleRows()
	clear(e.y)
	for r := range d.rows {
		delta := s.Delta[r*s.Out+o]
		if s.Gather == nil {
			vec.Axpy(e.y, delta, w.y[r*in*ni:(r+1)*in*ni])
			continue
		}
		a, first := s.Gather, r%count*in
		for i := range in {
			for p := a.Ptr[first+i]; p < a.Ptr[first+i+1]; p++ {
				vec.Axpy(e.y[i*ni:(i+1)*ni], delta*a.Val[p], w.y[(r/count*a.Cols+a.Col[p])*ni:])
			}
		}
	}
}

// foldRight computes bp = b Π for b = Σ_ρ δ_ρu (y Aᵀ)[·, ρ].
func (d *denseStage) foldRight(be blas.Backend, e *elementSpace, w *inverseSpace, u int) {
	in, ni := d.s.In, d.pivot.N
	for i := range in {
		d.foldDelta(e, e.b[i*in:(i+1)*in], e.y[i*ni:(i+1)*ni], u)
	}
	d.projectRows(be, e, e.bp, e.b, in)
}

// foldDelta computes dst = Σ_ρ δ_ρu (A y)_ρ, of In numbers.
func (d *denseStage) foldDelta(e *elementSpace, dst, y []float64, u int) {
	s := d.s
	rows := s.GatherRows(e.rows, y)
	clear(dst)
	for r := range d.rows {
		vec.Axpy(dst, s.Delta[r*s.Out+u], rows[r*s.In:(r+1)*s.In])
	}
}

// projectRows computes dst = [src, 0] (I − Q₁Q₁ᵀ) for rows rows of length In.
func (d *denseStage) projectRows(be blas.Backend, e *elementSpace, dst, src []float64, rows int) {
	in, zin, r := d.s.In, d.zin, d.r
	for i := range rows {
		copy(dst[i*zin:(i+1)*zin], src[i*in:(i+1)*in])
		if zin > in {
			dst[i*zin+in] = 0
		}
	}
	t := e.t[:rows*r]
	be.Gemm(blas.NoTrans, blas.Trans, rows, r, in, 1, src, in, d.q, zin, 0, t, r)
	be.Gemm(blas.NoTrans, blas.NoTrans, rows, zin, r, -1, t, r, d.q, zin, 1, dst, zin)
}
