package outputs

import (
	"costate/factor/internal/pivot"
	"costate/factor/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
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

// InverseDiag computes the diagonal of (H + D)⁻¹,
//
//	1/ε − diag(J̃_kᵀ S⁻¹ J̃_k)/ε²
//
// For the parameters of unit o of a stage with rows z̄ the second term is
// diag(z̄ᵀ T_o z̄), where T_o[(n,ρ),(m,σ)] = Σ_jj' Δ[nj,ρo] S⁻¹[nj,mj'] Δ[mj',σo]: with R
// rows a sample q²R multiplications a unit and (Batch·R)² a parameter besides S⁻¹.
// Where J̃_k is formed it is multiplied by S⁻¹, q² multiplications a parameter.
func (f *Engine) InverseDiag(dst []float64) {
	inner := make([]float64, f.q*f.q)
	f.InnerInverse(inner)
	bands := pivot.NewBands(f.backend.Threads())
	for k := range f.deltas {
		d := f.stage(k)
		part := dst[f.offsets[k]:f.offsets[k+1]]
		bands.Rows(d.Out, d.Out*f.q*f.q, func(lo, hi int) {
			w := f.marginals.Get()
			defer f.marginals.Put(w)
			for o := lo; o < hi; o++ {
				if f.formed[k] != nil {
					f.formedMarginal(w, part, k, o, inner)
				} else {
					f.pairMarginal(w, part, k, o, inner)
				}
			}
		})
	}
}

// InverseDiagBytes is the memory of InverseDiag.
func (f *Engine) InverseDiagBytes() int64 {
	q, most := int64(f.q), int64(0)
	for k := range f.deltas {
		d := f.stage(k)
		in, rows := int64(d.In), int64(d.BatchRows())
		if f.formed[k] != nil {
			most = max(most, q*(in+1))
		} else {
			most = max(most, q*int64(d.SampleRows())+rows*(rows+in+1))
		}
	}
	return 8 * (2*q*(q+33) + int64(f.backend.Threads())*most)
}

// marginalSpace is the workspace of one thread of InverseDiag.
type marginalSpace struct{ column, sum, t, tz []float64 }

// formedMarginal computes the diagonal for the parameters of unit o of stage k, whose
// J̃_k is formed, in dst, those of the stage.
func (f *Engine) formedMarginal(w *marginalSpace, dst []float64, k, o int, inner []float64) {
	d, q, j := f.stage(k), f.q, f.formed[k]
	in, p, e := d.In, d.Params(), f.eps[k]
	if in > 0 {
		w.tz = space.Resize(w.tz, q*in)
		f.serial.Gemm(blas.NoTrans, blas.NoTrans, q, in, q, 1, inner, q, j[o*in:], p, 0, w.tz, in)
		row := dst[o*in : (o+1)*in]
		clear(row)
		for i := range q {
			vec.MulAdd(row, w.tz[i*in:(i+1)*in], j[i*p+o*in:])
		}
		for i, v := range row {
			row[i] = (1 - v/e) / e
		}
	}
	if d.Bias {
		w.column = space.Resize(w.column, q)
		for i := range q {
			w.column[i] = j[i*p+d.Out*in+o]
		}
		sum := 0.0
		for i, v := range w.column {
			sum += v * vec.Dot(inner[i*q:(i+1)*q], w.column)
		}
		dst[d.Out*in+o] = (1 - sum/e) / e
	}
}

// pairMarginal computes it from T_o.
func (f *Engine) pairMarginal(w *marginalSpace, dst []float64, k, o int, inner []float64) {
	d, e := f.stage(k), f.eps[k]
	in, all := d.In, d.BatchRows()
	w.sum, w.t, w.tz = space.Resize(w.sum, all), space.Resize(w.t, all*all), space.Resize(w.tz, all*in)
	f.between(w, d, k, o, inner)
	if in > 0 {
		f.serial.Gemm(blas.NoTrans, blas.NoTrans, all, in, all, 1, w.t, all, d.Z, in, 0, w.tz, in)
		row := dst[o*in : (o+1)*in]
		clear(row)
		for n := range all {
			vec.MulAdd(row, w.tz[n*in:(n+1)*in], d.Z[n*in:])
		}
		for i, v := range row {
			row[i] = (1 - v/e) / e
		}
	}
	if d.Bias {
		sum := 0.0
		for r := range all {
			d.OnesProduct(w.sum, r, d)
			sum += vec.Dot(w.sum, w.t[r*all:(r+1)*all])
		}
		dst[d.Out*in+o] = (1 - sum/e) / e
	}
}

// between computes T_o in w.t.
func (f *Engine) between(w *marginalSpace, d *system.DenseStage, k, o int, inner []float64) {
	q, batch, rows, all := f.q, f.Batch, d.SampleRows(), d.BatchRows()
	w.column = space.Resize(w.column, q*rows)
	for i := range w.column {
		w.column[i] = f.deltas[k][i*d.Out+o]
	}
	clear(w.t)
	for i := range q {
		n := i % batch
		sum := w.sum[:(n+1)*rows]
		clear(sum)
		for at := 0; at < q; at += batch {
			weights, column := inner[i*q+at:][:n+1], w.column[at*rows:]
			if rows == 1 {
				vec.MulAdd(sum, weights, column)
				continue
			}
			for m, v := range weights {
				vec.Axpy(sum[m*rows:(m+1)*rows], v, column[m*rows:])
			}
		}
		for r, v := range w.column[i*rows : (i+1)*rows] {
			vec.Axpy(w.t[(n*rows+r)*all:][:len(sum)], v, sum)
		}
	}
	vec.MirrorLower(all, w.t, all, 0, all)
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
