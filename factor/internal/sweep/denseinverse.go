package sweep

import (
	"costate/la/blas"
	"costate/la/vec"
)

// invert is the stage's part of Invert.
func (d *denseStage) invert(w *inverseSpace) {
	w.marginal(d.pivot)
	perp := d.inner && d.negPerp > 0 && d.s.Delta != nil
	if w.diag != nil {
		d.marginals(w, w.diag, perp)
	}
	if w.block != nil {
		d.joint(w, w.block, perp)
	}
	if w.pass {
		d.covariance(w)
	}
}

// covariance computes the covariance of the outputs in w.next from that of the
// inputs:
//
//	cov(x_r, s) = cov(x_r) Ũᵀ − M Y Fᵀ,   cov(s, y) = F Y − Ũ M Y
//	cov(s) = Ũ cov(x_r, s) + F cov(y, s),      Ũ = U⊗I, F = (I⊗W)A
//
// Both factors are structured, so that it takes O(N²(a+r)) flops.
func (d *denseStage) covariance(w *inverseSpace) {
	s, be := d.s, w.backend
	out, r, m, ni := s.Out, d.r, d.pivot.M, d.pivot.N
	n := d.rows * out
	// gain = Ũ cov(x_r), n×m; c = its transpose less M Y Fᵀ.
	g, t := w.gain[:n*m], w.c[:n*m]
	be.Gemm(blas.NoTrans, blas.NoTrans, d.rows, out*m, r, 1, d.u, r, w.x, out*m, 0, g, out*m)
	vec.Transpose(t, n, g, m, n, m)
	if d.inner {
		d.addTimesTransF(w, t, w.my, m, -1)
	}
	states := w.next[:n*n]
	be.Gemm(blas.NoTrans, blas.NoTrans, d.rows, out*n, r, 1, d.u, r, t, out*n, 0, states, out*n)
	var cross []float64 // cov(s, y)
	if d.inner {
		yf := w.gain[:ni*n]
		clear(yf)
		d.addTimesTransF(w, yf, w.y, ni, 1)
		cross = w.c[:n*ni]
		vec.Transpose(cross, ni, yf, n, ni, n)
		be.Gemm(blas.NoTrans, blas.NoTrans, d.rows, out*ni, r, -1, d.u, r, w.my, out*ni, 1, cross, out*ni)
		d.addTimesTransF(w, states, cross, n, 1)
	}
	// One of its two terms was added transposed: their mean with the transpose is cov(s).
	symmetrise(states, n)
	d.covarianceMap(w, states, cross)
}

// addTimesTransF computes dst += alpha A Fᵀ, where A has count rows.
func (d *denseStage) addTimesTransF(w *inverseSpace, dst, a []float64, count int, alpha float64) {
	s := d.s
	if s.In == 0 {
		return
	}
	if s.Gather == nil {
		w.backend.Gemm(blas.NoTrans, blas.Trans, count*d.rows, s.Out, s.In, alpha, a, s.In, s.W, s.In, 1, dst, s.Out)
		return
	}
	n, ni := d.rows*s.Out, d.pivot.N
	for i := range count {
		rows := s.GatherRows(w.rows, a[i*ni:(i+1)*ni])
		w.backend.Gemm(blas.NoTrans, blas.Trans, d.rows, s.Out, s.In, alpha, rows, s.In, s.W, s.In, 1, dst[i*n:(i+1)*n], s.Out)
	}
}

// covarianceMap turns cov(s) in w.next into the covariance of the outputs J s + T y,
// where T is I with a skip and that of a pass; cross is cov(s, y), which is
// overwritten. With G = J cov(s, y) + T Y/2 it is J cov(s) Jᵀ + G Tᵀ + T Gᵀ.
func (d *denseStage) covarianceMap(w *inverseSpace, states, cross []float64) {
	s, be := d.s, w.backend
	n, no, ni := d.rows*s.Out, s.Outputs(), d.pivot.N
	switch {
	case s.J.Diag != nil:
		for i, di := range s.J.Diag {
			row := states[i*n : (i+1)*n]
			for j, dj := range s.J.Diag {
				row[j] *= di * dj
			}
		}
	case s.J.HasBlocks():
		t := w.gain[:no*n] // J cov(s)
		clear(t)
		addMapTimes(be, w.room, t, states, n, &s.J, 1)
		timesTransMap(be, w.room, w.next, t, no, &s.J)
	}
	if !d.inner || !s.Skip && (s.Pass == nil || s.Pass.J.IsZero()) {
		return
	}
	g := cross
	if !s.J.IsZero() {
		g = w.gain[:no*ni]
		clear(g)
		addMapTimes(be, w.room, g, cross, ni, &s.J, 1)
	}
	gt := g
	if s.Skip {
		vec.Axpy(g, 0.5, w.y[:no*ni])
	} else {
		addMapTimes(be, w.room, g, w.y, ni, &s.Pass.J, 0.5)
		if gt = w.c[:no*no]; s.J.IsZero() {
			gt = w.gain[:no*no]
		}
		timesTransMap(be, w.room, gt, g, no, &s.Pass.J)
	}
	next := w.next[:no*no]
	for i := range no {
		for j := range no {
			next[i*no+j] += gt[i*no+j] + gt[j*no+i]
		}
	}
	symmetrise(next, no)
}
