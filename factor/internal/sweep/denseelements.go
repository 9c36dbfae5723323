package sweep

import (
	"sync"

	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// elementSpace is the workspace of the elements of the inverse in one dense stage.
type elementSpace struct {
	backend blas.Backend

	x   []float64 // r×r: cov(x_r) of a pair of units
	xq  []float64 // r×zin
	a   []float64 // r×In: M Y folded with δ
	ap  []float64 // r×zin: the same times Π
	y   []float64 // In×N: A Y folded with δ from one side
	b   []float64 // In×In: from both
	bp  []float64 // In×zin
	pbp []float64 // zin×zin
	t   []float64 // scratch of projections
	pi  []float64 // zin×zin: Π
	sum []float64 // zin, or zin×zin
}

func (e *elementSpace) size(d *denseStage, perp, joint bool) {
	r, zin, in := d.r, d.zin, d.s.In
	e.x, e.xq = space.Resize(e.x, r*r), space.Resize(e.xq, r*zin)
	e.sum, e.pi = space.Resize(e.sum, zin), space.Resize(e.pi, zin)
	if joint {
		e.sum, e.pi = space.Resize(e.sum, zin*zin), space.Resize(e.pi, zin*zin)
		e.pbp = space.Resize(e.pbp, zin*zin)
	}
	if perp {
		e.a, e.ap = space.Resize(e.a, r*in), space.Resize(e.ap, r*zin)
		e.y, e.b, e.bp = space.Resize(e.y, in*d.pivot.N), space.Resize(e.b, in*in), space.Resize(e.bp, in*zin)
		e.t = space.Resize(e.t, zin*max(r, zin))
	}
}

// marginals computes the diagonal of the inverse for the stage's parameters, unit by
// unit:
//
//	Q₁ cov(x_r) Q₁ᵀ + Π/ε + 2 Q₁ cov(x_r, X_⊥) + Π (δᵀ⊗I) A Y Aᵀ(δ⊗I) Π/ε²
//
// where A y, which has no bias, is padded with zero before Π. With perp false δ is zero
// or nothing is perpendicular.
func (d *denseStage) marginals(w *inverseSpace, dst []float64, perp bool) {
	parts := len(w.elements)
	if d.pivot.M*d.pivot.M < elementWork {
		parts = 1
	}
	var wait sync.WaitGroup
	for i := range parts {
		e := &w.elements[i]
		e.backend = w.serial
		if parts == 1 {
			e.backend = w.backend
		}
		run := func() { d.marginalUnits(e, w, dst, perp, i*d.s.Out/parts, (i+1)*d.s.Out/parts) }
		if i+1 == parts {
			run()
			break
		}
		wait.Go(run)
	}
	wait.Wait()
}

// elementWork is the number of elements of a pivot block from which its units are shared
// out to threads: some ten microseconds of work.
const elementWork = 1 << 14

// marginalUnits is marginals for the units lo to hi.
func (d *denseStage) marginalUnits(e *elementSpace, w *inverseSpace, dst []float64, perp bool, lo, hi int) {
	s := d.s
	r, zin, in := d.r, d.zin, d.s.In
	e.size(d, perp, false)
	clear(e.pi)
	if d.negPerp > 0 {
		for i := range e.pi {
			e.pi[i] = 1
		}
		for j := range r {
			for i, v := range d.q[j*zin : (j+1)*zin] {
				e.pi[i] -= v * v
			}
		}
	}
	for o := lo; o < hi; o++ {
		d.pair(e, w, o, o)
		e.backend.Gemm(blas.NoTrans, blas.NoTrans, r, zin, r, 1, e.x, r, d.q, zin, 0, e.xq, zin)
		if perp {
			d.foldGain(e, w, o, o)
			for i, v := range e.ap {
				e.xq[i] += 2 / w.eps * v
			}
		}
		for i, v := range e.pi {
			e.sum[i] = max(v, 0) / w.eps
		}
		for j := range r {
			vec.MulAdd(e.sum, d.q[j*zin:(j+1)*zin], e.xq[j*zin:(j+1)*zin])
		}
		if perp {
			d.foldLeft(e, w, o)
			d.foldRight(e, w, o)
			// diag(Π b Π) from bp = b Π: its own diagonal less that of Q₁ Q₁ᵀ bp.
			t := e.t[:r*zin]
			e.backend.Gemm(blas.NoTrans, blas.NoTrans, r, zin, in, 1, d.q, zin, e.bp, zin, 0, t, zin)
			square := w.eps * w.eps
			for i := range in {
				e.sum[i] += e.bp[i*zin+i] / square
			}
			for j := range r {
				for i, v := range d.q[j*zin : (j+1)*zin] {
					e.sum[i] -= v * t[j*zin+i] / square
				}
			}
		}
		copy(dst[o*in:(o+1)*in], e.sum)
		if s.Bias {
			dst[s.Out*in+o] = e.sum[in]
		}
	}
}

// joint computes the inverse for all pairs of the stage's parameters, by pairs of
// units, as marginals.
func (d *denseStage) joint(w *inverseSpace, dst []float64, perp bool) {
	s, be, e := d.s, w.backend, &w.elements[0]
	r, zin, in := d.r, d.zin, d.s.In
	e.backend = be
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
				d.foldGain(e, w, o, u)
				for i, v := range e.ap {
					e.xq[i] += v / w.eps
				}
			}
			be.Gemm(blas.Trans, blas.NoTrans, zin, zin, r, 1, d.q, zin, e.xq, zin, 0, e.sum, zin)
			if perp {
				d.foldGain(e, w, u, o)
				be.Gemm(blas.Trans, blas.NoTrans, zin, zin, r, 1/w.eps, e.ap, zin, d.q, zin, 1, e.sum, zin)
				d.foldRight(e, w, u)
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
func (d *denseStage) foldGain(e *elementSpace, w *inverseSpace, o, u int) {
	in, ni := d.s.In, d.pivot.N
	for j := range d.r {
		d.foldDelta(w, e.a[j*in:(j+1)*in], w.my[(j*d.s.Out+o)*ni:][:ni], u)
	}
	d.projectRows(e, w, e.ap, e.a, d.r)
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
func (d *denseStage) foldRight(e *elementSpace, w *inverseSpace, u int) {
	in, ni := d.s.In, d.pivot.N
	for i := range in {
		d.foldDelta(w, e.b[i*in:(i+1)*in], e.y[i*ni:(i+1)*ni], u)
	}
	d.projectRows(e, w, e.bp, e.b, in)
}

// foldDelta computes dst = Σ_ρ δ_ρu (A y)_ρ, of In numbers.
func (d *denseStage) foldDelta(w *inverseSpace, dst, y []float64, u int) {
	s := d.s
	rows := s.GatherRows(w.rows, y)
	clear(dst)
	for r := range d.rows {
		vec.Axpy(dst, s.Delta[r*s.Out+u], rows[r*s.In:(r+1)*s.In])
	}
}

// projectRows computes dst = [src, 0] (I − Q₁Q₁ᵀ) for rows rows of length In.
func (d *denseStage) projectRows(e *elementSpace, w *inverseSpace, dst, src []float64, rows int) {
	in, zin, r := d.s.In, d.zin, d.r
	for i := range rows {
		copy(dst[i*zin:(i+1)*zin], src[i*in:(i+1)*in])
		if zin > in {
			dst[i*zin+in] = 0
		}
	}
	t := e.t[:rows*r]
	e.backend.Gemm(blas.NoTrans, blas.Trans, rows, r, in, 1, src, in, d.q, zin, 0, t, r)
	e.backend.Gemm(blas.NoTrans, blas.NoTrans, rows, zin, r, -1, t, r, d.q, zin, 1, dst, zin)
}
