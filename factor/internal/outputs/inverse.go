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
// triangles: (Δ_k Δ_kᵀ) ⊙ (1 1ᵀ ⊗ z z ᵀ) with those columns of z̄. The parts of
// a stage add up to its share of J̃J̃ᵀ.
func (f *Engine) Part(dst []float64, k, lo, hi int, bias bool) {
	q, batch := f.q, f.root.batch
	d := f.chain.Stages[k].(*system.DenseStage)
	f.backend.Syrk(blas.Lower, blas.NoTrans, q, d.Out, 1, f.deltas[k], d.Out, 0, dst, q)
	zz := make([]float64, batch*batch)
	beta := 0.0
	if bias {
		beta = 1
		for i := range zz {
			zz[i] = 1
		}
	}
	f.backend.Gemm(blas.NoTrans, blas.Trans, batch, batch, hi-lo, 1, d.Z[lo:], max(d.In, 1), d.Z[lo:], max(d.In, 1), beta, zz, batch)
	for i := range q {
		row, z := dst[i*q:i*q+i+1], zz[i%batch*batch:][:batch]
		for len(row) > batch {
			vec.Mul(row[:batch], row[:batch], z)
			row = row[batch:]
		}
		vec.Mul(row, row, z[:len(row)])
	}
	for lo := 0; lo < q; lo += 64 {
		vec.MirrorLower(q, dst, q, lo, min(lo+64, q))
	}
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
//	1/ε − diag(Zᵀ T_o Z)/ε²,   T_o[n,m] = Σ_jj' Δ[nj,o] S⁻¹[nj,mj'] Δ[mj',o]
//
// for the parameters of unit o of a stage with inputs Z (and ones for the bias): q²
// multiplications a unit and Batch² a parameter besides S⁻¹.
func (f *Engine) InverseDiag(dst []float64) {
	inner := make([]float64, f.q*f.q)
	f.InnerInverse(inner)
	bands := pivot.NewBands(f.backend.Threads())
	for k, s := range f.chain.Stages {
		d := s.(*system.DenseStage)
		part := dst[f.offsets[k]:f.offsets[k+1]]
		bands.Rows(d.Out, d.Out*f.q*f.q, func(lo, hi int) {
			w := f.marginals.Get()
			defer f.marginals.Put(w)
			for o := lo; o < hi; o++ {
				f.marginal(w, part, d, k, o, inner)
			}
		})
	}
}

// InverseDiagBytes is the memory of InverseDiag.
func (f *Engine) InverseDiagBytes() int64 {
	q, batch, in := int64(f.q), int64(f.root.batch), int64(0)
	for _, s := range f.chain.Stages {
		in = max(in, int64(s.(*system.DenseStage).In))
	}
	return 8 * (2*q*(q+33) + int64(f.backend.Threads())*batch*(batch+in))
}

// marginalSpace is the workspace of one thread of InverseDiag.
type marginalSpace struct{ column, sum, t, tz []float64 }

// marginal computes the diagonal for the parameters of unit o of stage k in dst, those
// of the stage.
func (f *Engine) marginal(w *marginalSpace, dst []float64, d *system.DenseStage, k, o int, inner []float64) {
	q, batch, in := f.q, f.root.batch, d.In
	w.column, w.sum = space.Resize(w.column, q), space.Resize(w.sum, batch)
	w.t, w.tz = space.Resize(w.t, batch*batch), space.Resize(w.tz, batch*in)
	for i := range q {
		w.column[i] = f.deltas[k][i*d.Out+o]
	}
	clear(w.t)
	for i, v := range w.column {
		n := i % batch
		sum := w.sum[:n+1]
		clear(sum)
		for at := 0; at < q; at += batch {
			vec.MulAdd(sum, inner[i*q+at:][:n+1], w.column[at:])
		}
		vec.Axpy(w.t[n*batch:n*batch+n+1], v, sum)
	}
	vec.MirrorLower(batch, w.t, batch, 0, batch)
	e := f.eps[k]
	if in > 0 {
		f.serial.Gemm(blas.NoTrans, blas.NoTrans, batch, in, batch, 1, w.t, batch, d.Z, in, 0, w.tz, in)
		row := dst[o*in : (o+1)*in]
		clear(row)
		for n := range batch {
			vec.MulAdd(row, w.tz[n*in:(n+1)*in], d.Z[n*in:])
		}
		for i, v := range row {
			row[i] = (1 - v/e) / e
		}
	}
	if d.Bias {
		sum := 0.0
		for _, v := range w.t {
			sum += v
		}
		dst[d.Out*in+o] = (1 - sum/e) / e
	}
}

// StageInverse computes the block of (H + D)⁻¹ of the parameters of stage k, both
// triangles: I/ε − J̃_kᵀ S⁻¹ J̃_k/ε². It forms J̃_k, Width numbers a parameter.
func (f *Engine) StageInverse(dst []float64, k int) {
	d := f.chain.Stages[k].(*system.DenseStage)
	q, batch, p, e := f.q, f.root.batch, d.Params(), f.eps[k]
	t := make([]float64, p*q)
	for o := range d.Out {
		for i := range d.In {
			row := t[(o*d.In+i)*q:][:q]
			for a := range row {
				row[a] = f.deltas[k][a*d.Out+o] * d.Z[a%batch*d.In+i]
			}
		}
		if d.Bias {
			row := t[(d.Out*d.In+o)*q:][:q]
			for a := range row {
				row[a] = f.deltas[k][a*d.Out+o]
			}
		}
	}
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
	rows, q := r.Batch*r.Width, f.q
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
