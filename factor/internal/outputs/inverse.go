package outputs

import (
	"costate/factor/internal/pivot"
	"costate/la/blas"
	"costate/la/vec"
)

// Part computes the Gram matrix of the parameters of stage k that multiply the
// inputs from lo to hi, and of its biases if bias is true, in the q×q matrix dst, both
// triangles: from those columns of J̃_k where it is formed, else by pairs of rows with
// those columns of z̄. The parts of a stage add up to its share of J̃J̃ᵀ.
func (f *Engine) Part(dst []float64, k, lo, hi int, bias bool) {
	q, d := f.q, f.stage(k)
	clear(dst)
	if j := f.formed[k]; j != nil {
		p := d.Params()
		for o := range d.Out {
			f.backend.Syrk(blas.Lower, blas.NoTrans, q, hi-lo, 1, j[o*d.In+lo:], p, 1, dst, q)
		}
		if bias {
			f.backend.Syrk(blas.Lower, blas.NoTrans, q, d.Out, 1, j[d.Out*d.In:], p, 1, dst, q)
		}
	} else {
		f.partPairs(dst, k, lo, hi, bias)
	}
	for lo := 0; lo < q; lo += 64 {
		vec.MirrorLower(q, dst, q, lo, min(lo+64, q))
	}
}

// partPairs adds the lower triangle of Part to dst, by pairs of rows.
func (f *Engine) partPairs(dst []float64, k, lo, hi int, bias bool) {
	q, d := f.q, f.stage(k)
	rows := d.BatchRows()
	zz := make([]float64, rows*rows)
	if bias {
		for r := range rows {
			d.OnesProduct(zz[r*rows:(r+1)*rows], r, d)
		}
	}
	f.backend.Gemm(blas.NoTrans, blas.Trans, rows, rows, hi-lo, 1, d.Z[lo:], max(d.In, 1), d.Z[lo:], max(d.In, 1), 1, zz, rows)
	step := max(gramPanel/d.SampleRows(), 1)
	pivot.NewBands(f.backend.Threads()).Triangle(q, len(f.deltas[k])*q/2, func(first, last int) {
		w := f.panels.Get()
		defer f.panels.Put(w)
		for at := first; at < last; at += step {
			f.addPairs(w, dst, zz, k, 1, at, min(at+step, last))
		}
	})
}

// Positive reports whether every damping is positive and S was factored by Cholesky.
func (f *Engine) Positive() bool {
	for _, e := range f.eps {
		if !(e > 0) {
			return false
		}
	}
	return f.pivot.Chol
}

// InnerInverse writes S⁻¹, both triangles, to the q×q matrix dst.
func (f *Engine) InnerInverse(dst []float64) {
	f.pivot.InverseTo(f.backend, dst, make([]float64, pivot.InverseWork(f.q)))
}

// StageInverse computes the block of (H + D)⁻¹ of the parameters of stage k, both
// triangles: I/ε − J̃_kᵀ S⁻¹ J̃_k/ε². It forms J̃_k, Width numbers a parameter.
func (f *Engine) StageInverse(dst []float64, k int) {
	q, p, e := f.q, f.stage(k).Params(), f.eps[k]
	j := f.formed[k]
	if j == nil {
		j = make([]float64, q*p)
		for i := range q {
			f.rowOf(f.serial, j[i*p:(i+1)*p], k, i)
		}
	}
	t := make([]float64, p*q)
	vec.Transpose(t, q, j, p, q, p)
	w := f.Reduce(t, p)
	clear(dst)
	for i := range p {
		dst[i*p+i] = 1 / e
	}
	f.backend.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, p, q, -1/(e*e), t, q, w, q, 1, dst, p)
	vec.MirrorLower(p, dst, p, 0, p)
}

// OutputInverse computes J (H + D)⁻¹ Jᵀ, sample by sample as outputs are, both
// triangles: J D⁻¹ Jᵀ less what the training rows explain of it.
func (f *Engine) OutputInverse(dst []float64) {
	r := f.RowsOf(f.chain)
	rows, q := r.q, f.q
	prior := make([]float64, rows*rows)
	f.cross(prior, r, r)
	t := make([]float64, rows*q)
	f.Cross(t, r)
	w := f.Reduce(t, rows)
	f.backend.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, rows, q, -1, t, q, w, q, 1, prior, rows)
	for i := range rows {
		for j := range i + 1 {
			a, b := i%r.Batch*r.Width+i/r.Batch, j%r.Batch*r.Width+j/r.Batch
			dst[a*rows+b], dst[b*rows+a] = prior[i*rows+j], prior[i*rows+j]
		}
	}
}
