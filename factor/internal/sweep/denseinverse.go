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
//	cov(s) = Ũ cov(x_r, s) + F cov(y, s),      Ũ = U⊗I, F = I⊗W
//
// Both factors are structured, so that it takes O(N²(a+r)) flops.
func (d *denseStage) covariance(w *inverseSpace) {
	s, be := d.s, w.backend
	in, out, batch, r, m, ni := s.In, s.Out, s.Batch, d.r, d.pivot.M, d.pivot.N
	n := batch * out
	// gain = Ũ cov(x_r), n×m; c = its transpose less M Y Fᵀ.
	g, t := w.gain[:n*m], w.c[:n*m]
	be.Gemm(blas.NoTrans, blas.NoTrans, batch, out*m, r, 1, d.u, r, w.x, out*m, 0, g, out*m)
	vec.Transpose(t, n, g, m, n, m)
	if d.inner {
		be.Gemm(blas.NoTrans, blas.Trans, m*batch, out, in, -1, w.my, in, s.W, in, 1, t, out)
	}
	states := w.next[:n*n]
	be.Gemm(blas.NoTrans, blas.NoTrans, batch, out*n, r, 1, d.u, r, t, out*n, 0, states, out*n)
	var cross []float64 // cov(s, y)
	if d.inner {
		cross = w.c[:n*ni]
		for b := range batch {
			be.Gemm(blas.NoTrans, blas.NoTrans, out, ni, in, 1, s.W, in, w.y[b*in*ni:], ni, 0, cross[b*out*ni:], ni)
		}
		be.Gemm(blas.NoTrans, blas.NoTrans, batch, out*ni, r, -1, d.u, r, w.my, out*ni, 1, cross, out*ni)
		be.Gemm(blas.NoTrans, blas.Trans, n*batch, out, in, 1, cross, in, s.W, in, 1, states, out)
	}
	// One of its two terms was added transposed: their mean with the transpose is cov(s).
	symmetrise(states, n)
	d.covarianceMap(w, states, cross)
}

// covarianceMap turns cov(s) in w.next into the covariance of J s, or of y + J s
// with a skip; cross is cov(s, y), which is overwritten.
func (d *denseStage) covarianceMap(w *inverseSpace, states, cross []float64) {
	s, be := d.s, w.backend
	n, no, out := s.Batch*s.Out, s.Outputs(), s.Out
	switch {
	case s.J.Diag != nil:
		for i, di := range s.J.Diag {
			row := states[i*n : (i+1)*n]
			for j, dj := range s.J.Diag {
				row[j] *= di * dj
			}
		}
	case s.J.Full != nil:
		rows := s.J.Rows
		t := w.gain[:no*n] // J cov(s)
		for b := range s.Batch {
			be.Gemm(blas.NoTrans, blas.NoTrans, rows, n, out, 1, s.J.Full[b*rows*out:], out, states[b*out*n:], n, 0, t[b*rows*n:], n)
		}
		for b := range s.Batch {
			be.Gemm(blas.NoTrans, blas.Trans, no, rows, out, 1, t[b*out:], n, s.J.Full[b*rows*out:], out, 0, w.next[b*rows:], no)
		}
	}
	if !s.Skip || !d.inner {
		return
	}
	jc := cross // J cov(s, y)
	switch {
	case s.J.Diag != nil:
		for i, di := range s.J.Diag {
			vec.Scale(jc[i*n:(i+1)*n], di, jc[i*n:(i+1)*n])
		}
	case s.J.Full != nil:
		jc = w.gain[:n*n]
		for b := range s.Batch {
			be.Gemm(blas.NoTrans, blas.NoTrans, out, n, out, 1, s.J.Full[b*out*out:], out, cross[b*out*n:], n, 0, jc[b*out*n:], n)
		}
	}
	next := w.next[:n*n]
	for i := range n {
		for j := range n {
			next[i*n+j] += jc[i*n+j] + jc[j*n+i] + w.y[i*n+j]
		}
	}
	symmetrise(next, n)
}
