package sweep

import (
	"costate/factor/internal/pivot"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// The loops over rows of denseStage that bands shares out.

// foldGap and couplingGap are how many words, a line of the cache, lie between the rows of
// two samples in t1 and t2: the rows of all samples of a unit are read together, and without
// a gap they often lie a multiple of 4096 bytes apart, where they compete for the same lines.
const (
	foldGap     = 8
	couplingGap = 8
)

// foldLen is the length of t1 that foldRows writes.
func foldLen(s *system.DenseStage) int {
	return s.BatchRows() * (s.Out*rank(s)*s.Out + foldGap)
}

// pullRow completes row i of P_s: φ'Pφ' for a diagonal J, and Q.
func (d *denseStage) pullRow(i int) []float64 {
	s := d.s
	n := d.rows * s.Out
	row := d.ps[i*n : (i+1)*n]
	if diag := s.J.Diag; diag != nil {
		vec.Mul(row, row, diag)
		vec.Scale(row, diag[i], row)
	}
	switch {
	case s.Q.Diag != nil:
		row[i] += s.Q.Diag[i]
	case s.Q.Full != nil:
		pre := s.SampleStates()
		vec.Axpy(row[i/pre*pre:][:pre], 1, s.Q.Full[i*pre:(i+1)*pre])
	}
	d.f.most[i] = vec.MaxMagnitude(row[:i+1])
	return row
}

// pullRows does the rows lo to hi.
func (d *denseStage) pullRows(lo, hi int) {
	for i := lo; i < hi; i++ {
		d.pullRow(i)
	}
}

// foldRows completes P_s and forms t1 = P_s (U⊗I) and S = (Uᵀ⊗I) t1, its lower triangle,
// in the rows of the units lo to hi: each row of P_s, rows×Out, times Uᵀ from the left, and
// then those of t1 of a unit, while they are in the cache, once more.
func (d *denseStage) foldRows(lo, hi int) {
	s, m := d.s, d.pivot.M
	for o := lo; o < hi; o++ {
		for b := range d.rows {
			i := b*s.Out + o
			to := d.f.t1[i*m+b*foldGap:][:m]
			blas.MulTrapezoid(d.f.serial, blas.Trans, d.r, s.Out, d.rows, d.u, d.r, d.pullRow(i), s.Out, to, s.Out, 0)
		}
		blas.MulTrapezoid(d.f.serial, blas.Trans, d.r, m, d.rows, d.u, d.r, d.f.t1[o*m:], s.Out*m+foldGap, d.pivot.S[o*m:], s.Out*m, s.Out)
	}
}

// isLocal tells whether K of a stage is formed sample by sample, K = t1ᵀ (I⊗W), which needs
// half of P_s (I⊗W) and passes through memory once, and not K = (Uᵀ⊗I) P_s (I⊗W).
func isLocal(s *system.DenseStage) bool {
	local, joined := couplingFlops(s)
	return local < joined
}

// couplingFlops counts the flops of P_s (I⊗W) and K in both ways.
func couplingFlops(s *system.DenseStage) (local, joined int64) {
	r, rows, out := int64(rank(s)), int64(s.BatchRows()), int64(s.Out)
	each := out * rows * int64(s.In)
	return each * (2*r*out + out*(rows+1)), each * (2*rows*out + r*(2*rows-r+1))
}

// coupleSamples takes samples until there are none left: for each it forms the rows of
// (I⊗W)ᵀ P_s (I⊗W) in f.next, its lower triangle, and the columns of K, or what joinRows
// needs for them. Samples come in pairs of about equal work, the first with the last one.
func (d *denseStage) coupleSamples(_, _ int) {
	space := -1
	for {
		b := int(d.next.Add(1)) - 1
		if b >= (d.rows+1)/2 {
			return
		}
		if space < 0 {
			space = int(d.spaces.Add(1)) - 1
		}
		d.coupleSample(b, space)
		if last := d.rows - 1 - b; last > b {
			d.coupleSample(last, space)
		}
	}
}

// coupleSample does sample b. P_s (I⊗W) goes to t2: where K does not need it, to a part of
// t2 that the caller has for itself.
func (d *denseStage) coupleSample(b, space int) {
	s, f, be := d.s, d.f, d.f.serial
	n, in, out, ni, m := d.rows*s.Out, s.In, s.Out, d.pivot.N, d.pivot.M
	ps := d.ps[b*out*n:]
	var t []float64
	ld := ni
	if d.local {
		t = f.t2[space*out*(ni+couplingGap):]
		if ld = (b + 1) * in; ld%(2*couplingGap) == 0 {
			ld += couplingGap
		}
		for o := range out {
			be.Gemm(blas.NoTrans, blas.NoTrans, b+1, in, out, 1, ps[o*n:], out, s.W, in, 0, t[o*ld:], in)
		}
	} else {
		t = f.t2[b*(out*ni+couplingGap):]
		be.Gemm(blas.NoTrans, blas.NoTrans, out*d.rows, in, out, 1, ps, out, s.W, in, 0, t, in)
	}
	be.Gemm(blas.Trans, blas.NoTrans, in, (b+1)*in, out, 1, s.W, in, t, ld, 0, f.next[b*in*ni:], ni)
	if d.isPerpendicular() {
		d.subtractPerp(b, b+1)
	}
	if !d.local {
		return
	}
	k, beta := d.pivot.W[b*in:], 0.0
	if s.Delta != nil {
		d.coupling(k, b)
		beta = 1
	}
	be.Gemm(blas.Trans, blas.NoTrans, m, in, out, 1, f.t1[b*(out*m+foldGap):], m, s.W, in, beta, k, ni)
}

// coupling writes the columns of C of sample b to k: C[(j,o),(b,·)] = δ[b,o] Q₁[·,j].
func (d *denseStage) coupling(k []float64, b int) {
	s, ni := d.s, d.pivot.N
	for j := range d.r {
		vec.SetOuter(k[j*s.Out*ni:], ni, s.Delta[b*s.Out:], 1, s.Out, d.q[j*d.zin:][:s.In])
	}
}

// joinAll computes K = (Uᵀ⊗I) t2 + C, where gap words lie between the rows of two samples
// in t2.
func (d *denseStage) joinAll(rows *pivot.Bands, gap int) {
	m, ni := d.pivot.M, d.pivot.N
	d.gap = gap
	rows.Rows(d.s.Out, m*ni, d.joinK)
	if d.s.Delta != nil && d.s.Gather != nil {
		rows.Rows(m, m*ni, d.addC)
	}
}

// joinRows computes the rows of (Uᵀ⊗I) t2 of the units lo to hi.
func (d *denseStage) joinRows(lo, hi int) {
	s, ni := d.s, d.pivot.N
	for o := lo; o < hi; o++ {
		blas.MulTrapezoid(d.f.serial, blas.Trans, d.r, ni, d.rows, d.u, d.r, d.f.t2[o*ni:], s.Out*ni+d.gap, d.pivot.W[o*ni:], s.Out*ni, 0)
		if s.Delta != nil && s.Gather == nil {
			d.addCoupling(o)
		}
	}
}

// addCoupling adds C to the rows of unit o of K: C[(j,o),(b,·)] = δ[b,o] Q₁[·,j].
func (d *denseStage) addCoupling(o int) {
	s := d.s
	in, ni := s.In, d.pivot.N
	for j := range d.r {
		vec.AddOuter(d.pivot.W[(j*s.Out+o)*ni:], in, s.Delta[o:], s.Out, d.rows, d.q[j*d.zin:][:in])
	}
}

// subtractPerp subtracts (1/ε) δδᵀ⊗Π from the lower triangle of the next P, in
// the numbers of the rows lo to hi of the batch.
func (d *denseStage) subtractPerp(lo, hi int) {
	in, ni, batch := d.s.In, d.pivot.N, d.rows
	for b := lo; b < hi; b++ {
		for i := range in {
			vec.SubOuter(d.f.next[(b*in+i)*ni:], in, d.dd[b*batch:], 1, b+1, d.perp[i*in:(i+1)*in])
		}
	}
}
