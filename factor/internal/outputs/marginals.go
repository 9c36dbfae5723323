package outputs

import (
	"costate/factor/internal/pivot"
	"costate/factor/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

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
			if f.formed[k] == nil {
				f.pairMarginals(w, part, k, lo, hi, inner)
				return
			}
			for o := lo; o < hi; o++ {
				f.formedMarginal(w, part, k, o, inner)
			}
		})
	}
}

// InverseDiagBytes is the memory of InverseDiag.
func (f *Engine) InverseDiagBytes() int64 {
	q, most := int64(f.q), int64(0)
	for k := range f.deltas {
		d := f.stage(k)
		zin, rows := int64(d.In+1), int64(d.BatchRows())
		if f.formed[k] != nil {
			most = max(most, q*zin)
		} else {
			units := int64(f.unitsAtOnce(k))
			most = max(most, units*(int64(f.Batch)+rows+2*zin)+rows*zin)
		}
	}
	return 8 * (2*q*(q+33) + int64(f.backend.Threads())*most)
}

// marginalSpace is the workspace of one thread of InverseDiag.
type marginalSpace struct{ z, g, t, v, sum []float64 }

// formedMarginal computes the diagonal for the parameters of unit o of stage k, whose
// J̃_k is formed, in dst, those of the stage.
func (f *Engine) formedMarginal(w *marginalSpace, dst []float64, k, o int, inner []float64) {
	d, q, j := f.stage(k), f.q, f.formed[k]
	in, p, e := d.In, d.Params(), f.eps[k]
	if in > 0 {
		w.g = space.Resize(w.g, q*in)
		f.serial.Gemm(blas.NoTrans, blas.NoTrans, q, in, q, 1, inner, q, j[o*in:], p, 0, w.g, in)
		row := dst[o*in : (o+1)*in]
		clear(row)
		for i := range q {
			vec.MulAdd(row, w.g[i*in:(i+1)*in], j[i*p+o*in:])
		}
		for i, v := range row {
			row[i] = (1 - v/e) / e
		}
	}
	if d.Bias {
		w.t = space.Resize(w.t, q)
		for i := range q {
			w.t[i] = j[i*p+d.Out*in+o]
		}
		sum := 0.0
		for i, v := range w.t {
			sum += v * vec.Dot(inner[i*q:(i+1)*q], w.t)
		}
		dst[d.Out*in+o] = (1 - sum/e) / e
	}
}

// marginalWork is the number of elements of T for a row of the batch, which should stay
// in the cache.
const marginalWork = 1 << 15

// unitsAtOnce is how many units of stage k are taken at a time.
func (f *Engine) unitsAtOnce(k int) int {
	return min(max(marginalWork/max(f.stage(k).BatchRows(), 1), 16), f.stage(k).Out)
}

// pairMarginals computes it from T_o, for the units lo to hi, by products of matrices:
// for each row (m,σ) of the batch and many units at once
//
//	G = S⁻¹[·,m] Δ[m,σ·],   T[(n,ρ),o] = Σ_j Δ[nj,ρo] G[nj,o],   z̄ᵀT
//
// T_o is symmetric: only samples up to m have a part, those below it twice.
func (f *Engine) pairMarginals(w *marginalSpace, dst []float64, k, lo, hi int, inner []float64) {
	d, e := f.stage(k), f.eps[k]
	all, rows, zin := d.BatchRows(), d.SampleRows(), d.In
	if d.Bias {
		zin++
	}
	w.z = space.Resize(w.z, all*zin)
	for r := range all {
		d.AugmentedRow(w.z[r*zin:(r+1)*zin], r)
	}
	step := f.unitsAtOnce(k)
	for ; lo < hi; lo += step {
		units := min(step, hi-lo)
		w.sum, w.v = space.Resize(w.sum, units*zin), space.Resize(w.v, units*zin)
		clear(w.sum)
		for r := range all {
			f.between(w, k, r, lo, units, inner)
			first := r / rows * rows // of the sample
			vec.Scale(w.t[:first*units], 2, w.t)
			f.serial.Gemm(blas.Trans, blas.NoTrans, units, zin, first+rows, 1, w.t, units, w.z, zin, 0, w.v, zin)
			for o := range units {
				vec.MulAdd(w.sum[o*zin:(o+1)*zin], w.v[o*zin:(o+1)*zin], w.z[r*zin:])
			}
		}
		for i, v := range w.sum {
			w.sum[i] = (1 - v/e) / e
		}
		for o := range units {
			row := w.sum[o*zin:]
			copy(dst[(lo+o)*d.In:(lo+o+1)*d.In], row)
			if d.Bias {
				dst[d.Out*d.In+lo+o] = row[d.In]
			}
		}
	}
}

// between computes T[·,o] of row r of the batch in w.t, for units from lo on and the rows
// of the samples up to that of r.
func (f *Engine) between(w *marginalSpace, k, r, lo, units int, inner []float64) {
	d, q, batch := f.stage(k), f.q, f.Batch
	delta, out, rows := f.deltas[k], d.Out, d.SampleRows()
	m := r / rows
	n := m + 1
	w.g, w.t = space.Resize(w.g, n*units), space.Resize(w.t, d.BatchRows()*units)
	clear(w.t[:n*rows*units])
	for at := 0; at < q; at += batch {
		f.serial.Gemm(blas.Trans, blas.NoTrans, n, units, q/batch, 1, inner[m*q+at:], batch*q, delta[r*out+lo:], batch*rows*out, 0, w.g, units)
		if rows == 1 && units == out {
			vec.MulAdd(w.t[:n*units], w.g, delta[at*out:])
			continue
		}
		for i := range n * rows {
			vec.MulAdd(w.t[i*units:(i+1)*units], w.g[i/rows*units:], delta[(at*rows+i)*out+lo:])
		}
	}
}
