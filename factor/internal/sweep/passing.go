package sweep

import (
	"costate/factor/internal/pivot"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// What a stage does where its rows are gathered, or where its outputs take something
// from its inputs besides the pre-activations. With F = (I⊗W)A and the derivatives
// T, C and D of a system.Pass (T = I with a skip),
//
//	E = JᵀPT + C,   V = P_s F + E
//	K = (U⊗I)ᵀ V + C_δ A,   P ← FᵀV + EᵀF + TᵀPT + D − …

// A scattering is a loop over the rows of src, one number for each number of the
// gathered rows of the batch, that adds them times A to rows of inputs.
type scattering struct {
	dst, src []float64
	body     func(lo, hi int)
}

// chunk is how many rows are scattered at a time: enough for a product to run well.
const chunk = 64

// passes reports whether P of the outputs is needed beside P_s.
func passes(s *system.DenseStage) bool { return s.Skip || s.Pass != nil }

// firstPart is the length of the part of t1 that P_s comes after, where P itself is
// still needed.
func firstPart(s *system.DenseStage) int {
	n, no := s.BatchRows()*s.Out, s.Outputs()
	first := max(foldLen(s), no*n)
	if s.Pass != nil {
		first = max(first, max(no, n)*s.Inputs())
	}
	return first
}

// gatherLen is the length of the workspace for gathered rows.
func gatherLen(s *system.DenseStage) int {
	if s.Gather == nil {
		return 0
	}
	n := s.BatchRows() * s.Out
	if passes(s) {
		n = max(n, s.Inputs())
	}
	return max(min(chunk, n)*s.BatchRows()*s.In, s.In*s.Inputs())
}

// coupleRows is couple for such a stage.
func (d *denseStage) coupleRows(be blas.Backend, rows *pivot.Bands) {
	s, f := d.s, d.f
	n, ni := d.rows*s.Out, d.pivot.N
	t2, y := f.t2[:n*ni], f.next[:ni*ni]
	if passes(s) {
		d.around(be, t2, y)
		turned := f.t1[:ni*n]
		vec.Transpose(turned, n, t2, ni, n, ni)
		d.addF(be, rows, y, turned, ni)
	} else {
		clear(t2)
		clear(y)
	}
	d.addF(be, rows, t2, d.ps, n)
	d.joinAll(rows, 0)
	d.addTransF(be, y, t2)
}

// around computes E and TᵀPT + D.
func (d *denseStage) around(be blas.Backend, e, y []float64) {
	s, f := d.s, d.f
	n, no, ni := d.rows*s.Out, s.Outputs(), d.pivot.N
	p := f.p[:no*no]
	if s.Skip {
		d.transJ(be, e, p)
		copy(y, p)
		return
	}
	t := &s.Pass.J
	clear(y)
	clear(e)
	if !t.IsZero() {
		jp := f.t1[:n*no]
		d.transJ(be, jp, p)
		timesMap(be, f.room, e, jp, n, t)
		pt := f.t1[:no*ni]
		timesMap(be, f.room, pt, p, no, t)
		transMapTimes(be, f.room, y, pt, ni, t)
	}
	addMap(f.room, e, ni, &s.Pass.Cross)
	addMap(f.room, y, ni, &s.Pass.Q)
}

// addF computes dst += A F, where A has count rows.
func (d *denseStage) addF(be blas.Backend, rows *pivot.Bands, dst, a []float64, count int) {
	s := d.s
	if s.In == 0 {
		return
	}
	if s.Gather == nil {
		be.Gemm(blas.NoTrans, blas.NoTrans, count*d.rows, s.In, s.Out, 1, a, s.Out, s.W, s.In, 1, dst, s.In)
		return
	}
	n, ni, wide := d.rows*s.Out, d.pivot.N, d.rows*s.In
	for lo := 0; lo < count; lo += chunk {
		c := min(chunk, count-lo)
		g := d.f.gathered[:c*wide]
		be.Gemm(blas.NoTrans, blas.NoTrans, c*d.rows, s.In, s.Out, 1, a[lo*n:], s.Out, s.W, s.In, 0, g, s.In)
		d.scatter.dst, d.scatter.src = dst[lo*ni:(lo+c)*ni], g
		rows.Rows(c, c*s.Batch*s.Gather.NNZ(), d.scatter.body)
	}
}

// scatterRows adds the rows lo to hi of src, times A, to those of dst.
func (d *denseStage) scatterRows(lo, hi int) {
	s, ni, wide := d.s, d.pivot.N, d.rows*d.s.In
	for i := lo; i < hi; i++ {
		s.ScatterAdd(d.scatter.dst[i*ni:(i+1)*ni], d.scatter.src[i*wide:(i+1)*wide])
	}
}

// addTransF adds FᵀV to the lower triangle of y.
func (d *denseStage) addTransF(be blas.Backend, y, v []float64) {
	s, ni, in, per := d.s, d.pivot.N, d.s.In, d.s.SampleInputs()
	if in == 0 {
		return
	}
	count := s.SampleRows()
	for r := range d.rows {
		b := r / count
		cols := (b + 1) * per
		row := v[r*s.Out*ni:]
		if s.Gather == nil {
			be.Gemm(blas.Trans, blas.NoTrans, in, cols, s.Out, 1, s.W, in, row, ni, 1, y[r*in*ni:], ni)
			continue
		}
		g := d.f.gathered[:in*ni]
		be.Gemm(blas.Trans, blas.NoTrans, in, cols, s.Out, 1, s.W, in, row, ni, 0, g, ni)
		a, first := s.Gather, r%count*in
		for i := range in {
			for p := a.Ptr[first+i]; p < a.Ptr[first+i+1]; p++ {
				vec.Axpy(y[(b*per+a.Col[p])*ni:][:cols], a.Val[p], g[i*ni:])
			}
		}
	}
}

// addGatheredCoupling is addCoupling with a gather: C_δ A.
func (d *denseStage) addGatheredCoupling(lo, hi int) {
	s, a := d.s, d.s.Gather
	in, ni, count := s.In, d.pivot.N, s.SampleRows()
	for i := lo; i < hi; i++ {
		j, o := i/s.Out, i%s.Out
		q := d.q[j*d.zin : j*d.zin+in]
		row := d.pivot.W[i*ni : (i+1)*ni]
		for r := range d.rows {
			c, dst, first := s.Delta[r*s.Out+o], row[r/count*a.Cols:], r%count*in
			for l, v := range q {
				for p := a.Ptr[first+l]; p < a.Ptr[first+l+1]; p++ {
					dst[a.Col[p]] += c * v * a.Val[p]
				}
			}
		}
	}
}

// subtractGatheredPerp is subtractPerp with a gather, for the inputs of the samples lo
// to hi.
func (d *denseStage) subtractGatheredPerp(lo, hi int) {
	a, in, ni, count := d.s.Gather, d.s.In, d.pivot.N, d.s.SampleRows()
	for r := lo * count; r < hi*count; r++ {
		first := r % count * in
		for i := range in {
			pi := d.perp[i*in : (i+1)*in]
			for p := a.Ptr[first+i]; p < a.Ptr[first+i+1]; p++ {
				row := d.f.next[(r/count*a.Cols+a.Col[p])*ni:]
				for c := range (r/count + 1) * count {
					t, dst, at := a.Val[p]*d.dd[r*d.rows+c], row[c/count*a.Cols:], c%count*in
					for j, v := range pi {
						for q := a.Ptr[at+j]; q < a.Ptr[at+j+1]; q++ {
							dst[a.Col[q]] -= t * v * a.Val[q]
						}
					}
				}
			}
		}
	}
}
