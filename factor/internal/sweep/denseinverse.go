package sweep

import (
	"sync/atomic"

	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// inverseLoops are the loops over parts of a dense stage for bands, made once, and what they
// work on.
type inverseLoops struct {
	d    *denseStage
	dst  []float64 // of the diagonal
	perp bool

	fold, join, samples, mirror, pairs, units func(lo, hi int)
	next, spaces                              atomic.Int32
}

func (l *inverseLoops) init(w *inverseSpace) {
	l.fold = func(lo, hi int) { l.d.foldCovariance(w, lo, hi) }
	l.join = func(lo, hi int) { l.d.joinCovariance(w, lo, hi) }
	l.mirror = func(lo, hi int) { l.d.mirrorCovariance(w, lo, hi) }
	l.samples = func(_, _ int) { l.share(w, (l.d.rows+1)/2, l.d.covariancePair) }
	l.pairs = func(_, _ int) { l.share(w, l.d.rows, l.d.foldPairs) }
	l.units = func(lo, hi int) { l.d.marginalUnits(l.space(w), w, l.dst, l.perp, lo, hi) }
}

// reset begins a loop whose threads take spaces, and parts of work, in turn.
func (l *inverseLoops) reset(d *denseStage) {
	l.d = d
	l.next.Store(0)
	l.spaces.Store(0)
}

// space is a workspace for a thread of the loop.
func (l *inverseLoops) space(w *inverseSpace) *elementSpace {
	return &w.elements[l.spaces.Add(1)-1]
}

// share calls body for numbers below n until all have been taken.
func (l *inverseLoops) share(w *inverseSpace, n int, body func(w *inverseSpace, e *elementSpace, i int)) {
	var e *elementSpace
	for {
		i := int(l.next.Add(1)) - 1
		if i >= n {
			return
		}
		if e == nil {
			e = l.space(w)
		}
		body(w, e, i)
	}
}

// invert is the stage's part of Invert.
func (d *denseStage) invert(w *inverseSpace) {
	if d.small != nil && d.small.fits && w.block == nil && invertible(w.eps) {
		d.invertSmall(w)
		return
	}
	w.marginal(d.pivot)
	perp := d.inner && d.negPerp > 0 && d.s.Delta != nil
	if w.diag != nil {
		d.marginals(w, w.diag, perp)
	}
	if w.block != nil {
		d.joint(w, w.block, perp)
	}
	switch {
	case !w.pass:
	case d.s.Gather != nil || passes(d.s):
		d.covarianceRows(w)
	default:
		d.covariance(w)
	}
}

// covariance computes the covariance of the outputs in w.next from that of the inputs, where
// these are the rows of the batch as they stand and nothing is passed on:
//
//	cov(s) = Ũ cov(x_r) Ũᵀ + (F Y − X) Fᵀ − F Xᵀ,      Ũ = U⊗I, F = I⊗W, X = Ũ M Y
//
// one triangle of it. All factors but the covariances are structured: it takes O(N²(a+r))
// flops, and passes over each matrix once or twice.
func (d *denseStage) covariance(w *inverseSpace) {
	s, l := d.s, &w.loops
	m, ni, n := d.pivot.M, d.pivot.N, d.rows*s.Out
	l.reset(d)
	w.bands.Rows(m, m*n, l.fold)
	w.bands.Rows(s.Out, n*n, l.join)
	if d.inner {
		w.bands.Each(n*ni, l.samples)
	}
	w.bands.Triangle((n+mirrorTile-1)/mirrorTile, n*n/2, l.mirror)
	if s.J.HasBlocks() {
		d.covarianceMap(w, w.next[:n*n], nil)
	}
}

// foldCovariance computes the rows lo to hi of cov(x_r) Ũᵀ in w.c, with a gap between the rows
// of two directions; see foldGap.
func (d *denseStage) foldCovariance(w *inverseSpace, lo, hi int) {
	out, m := d.s.Out, d.pivot.M
	n := d.rows * out
	for i := lo; i < hi; i++ {
		blas.MulTrapezoid(w.serial, blas.NoTrans, d.rows, out, d.r, d.u, d.r, w.x[i*m:], out, w.c[i*n+i/out*foldGap:], out, 0)
	}
}

// joinCovariance computes the lower triangle of Ũ cov(x_r) Ũᵀ in w.next, and X in w.gain, in the
// rows of the units lo to hi.
func (d *denseStage) joinCovariance(w *inverseSpace, lo, hi int) {
	out, ni := d.s.Out, d.pivot.N
	n := d.rows * out
	for o := lo; o < hi; o++ {
		blas.MulTrapezoid(w.serial, blas.NoTrans, d.rows, n, d.r, d.u, d.r, w.c[o*n:], out*n+foldGap, w.next[o*n:], out*n, out)
		if d.inner {
			blas.MulTrapezoid(w.serial, blas.NoTrans, d.rows, ni, d.r, d.u, d.r, w.my[o*ni:], out*ni, w.gain[o*ni:], out*ni, 0)
			continue
		}
		for b := range d.rows {
			d.scaleCovariance(w, b*out+o)
		}
	}
}

// covariancePair adds the parts with F to the rows of the samples i and, of about the
// same work together, i from the last.
func (d *denseStage) covariancePair(w *inverseSpace, e *elementSpace, i int) {
	d.covarianceSample(w, e, i)
	if last := d.rows - 1 - i; last > i {
		d.covarianceSample(w, e, last)
	}
}

// covarianceSample does sample b.
func (d *denseStage) covarianceSample(w *inverseSpace, e *elementSpace, b int) {
	s, be := d.s, w.serial
	in, out, ni := s.In, s.Out, d.pivot.N
	n, wide := d.rows*out, (b+1)*in
	e.fy = space.Resize(e.fy, out*ni)
	for o := range out {
		vec.Scale(e.fy[o*wide:(o+1)*wide], -1, w.gain[(b*out+o)*ni:][:wide])
	}
	be.Gemm(blas.NoTrans, blas.NoTrans, out, wide, in, 1, s.W, in, w.y[b*in*ni:], ni, 1, e.fy, wide)
	for o := range out {
		be.Gemm(blas.NoTrans, blas.Trans, b+1, out, in, 1, e.fy[o*wide:], in, s.W, in, 1, w.next[(b*out+o)*n:], out)
	}
	be.Gemm(blas.NoTrans, blas.Trans, out, (b+1)*out, in, -1, s.W, in, w.gain[b*in:], ni, 1, w.next[b*out*n:], n)
	for o := range out {
		d.scaleCovariance(w, b*out+o)
	}
}

// scaleCovariance scales row i of cov(s) by a diagonal J from both sides, up to the states of
// its own sample.
func (d *denseStage) scaleCovariance(w *inverseSpace, i int) {
	diag, out := d.s.J.Diag, d.s.Out
	if diag == nil {
		return
	}
	row := w.next[i*d.rows*out:][:(i/out+1)*out]
	vec.Mul(row, row, diag)
	vec.Scale(row, diag[i], row)
}

// mirrorCovariance mirrors the rows of tiles lo to hi.
func (d *denseStage) mirrorCovariance(w *inverseSpace, lo, hi int) {
	n := d.rows * d.s.Out
	vec.MirrorLower(n, w.next, n, lo*mirrorTile, min(hi*mirrorTile, n))
}

// covarianceRows is covariance for any stage:
//
//	cov(x_r, s) = cov(x_r) Ũ − M Y Fᵀ,   cov(s, y) = F Y − Ũ M Y
//	cov(s) = Ũ cov(x_r, s) + F cov(y, s),      Ũ = U⊗I, F = (I⊗W)A
func (d *denseStage) covarianceRows(w *inverseSpace) {
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
		for i, v := range s.J.Diag {
			row := states[i*n : (i+1)*n]
			vec.Mul(row, row, s.J.Diag)
			vec.Scale(row, v, row)
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
