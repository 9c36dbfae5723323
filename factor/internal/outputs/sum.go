package outputs

import (
	"costate/factor/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// formRows forms the rows lo to hi of J̃ in the stage f.forming.
func (f *Engine) formRows(lo, hi int) {
	k := f.forming
	p := len(f.formed[k]) / f.q
	for i := lo; i < hi; i++ {
		f.rowOf(f.serial, f.formed[k][i*p:(i+1)*p], k, i)
	}
}

// sampleGrams computes z̄z̄ᵀ of stages until there are none left.
func (f *Engine) sampleGrams(_, _ int) {
	for {
		k := int(f.claimed.Add(1)) - 1
		if k >= len(f.zz) {
			return
		}
		if f.zz[k] != nil {
			d := f.stage(k)
			f.rowGram(f.zz[k], d, 0, d.BatchRows(), d, d.BatchRows())
		}
	}
}

// rowGram computes the products of the rows from lo to hi of z̄ of a stage and the first
// columns rows of z̄ of another; dst has the row lo first.
func (f *Engine) rowGram(dst []float64, d *system.DenseStage, lo, hi int, other *system.DenseStage, columns int) {
	beta := 0.0
	if d.Bias {
		beta = 1
		for i := range hi - lo {
			d.OnesProduct(dst[i*columns:(i+1)*columns], lo+i, other)
		}
	}
	if d.In > 0 {
		f.serial.Gemm(blas.NoTrans, blas.Trans, hi-lo, columns, d.In, 1, d.Z[lo*d.In:], d.In, other.Z, d.In, beta, dst, columns)
	} else if !d.Bias {
		clear(dst[:(hi-lo)*columns])
	}
}

// gramPanel is the number of rows of the Gram matrix that are summed over all
// stages at a time: a panel stays in the cache meanwhile.
const gramPanel = 32

// sum computes the lower triangle of dst = Σ_k weight_k J̃_kJ̃_kᵀ; nil weights are all 1.
// The stages whose J̃_k is not formed are summed panel by panel.
func (f *Engine) sum(dst, weights []float64) {
	f.total, f.weights = dst, weights
	work := 0
	for k, d := range f.deltas {
		if f.formed[k] == nil {
			work += len(d) * f.q / 2
		}
	}
	f.claimed.Store(0)
	f.bands.Each(work, f.sumBody)
	for k, j := range f.formed {
		if p := len(j) / f.q; p > 0 {
			f.backend.Syrk(blas.Lower, blas.NoTrans, f.q, p, f.weight(k), j, p, 1, dst, f.q)
		}
	}
	f.total, f.weights = nil, nil
}

// weight is that of stage k in sum.
func (f *Engine) weight(k int) float64 {
	if f.weights == nil {
		return 1
	}
	return f.weights[k]
}

// sumPanels computes panels of sum until there are none left, the longest first.
func (f *Engine) sumPanels(_, _ int) {
	w := f.panels.Get()
	defer f.panels.Put(w)
	count := (f.q + gramPanel - 1) / gramPanel
	for {
		p := count - int(f.claimed.Add(1))
		if p < 0 || f.Interrupt != nil && f.Interrupt() {
			return
		}
		f.sumPanel(w, p*gramPanel, min((p+1)*gramPanel, f.q))
	}
}

// sumPanel computes the rows from lo to hi of sum.
func (f *Engine) sumPanel(w *panelSpace, lo, hi int) {
	q := f.q
	for i := lo; i < hi; i++ {
		clear(f.total[i*q : i*q+i+1])
	}
	for k := range f.deltas {
		d, weight := f.stage(k), f.weight(k)
		switch {
		case f.formed[k] != nil: // sum does it at once
		case d.SampleRows() > 1:
			step := max(gramPanel/d.SampleRows(), 1)
			for at := lo; at < hi; at += step {
				f.addPairs(w, f.total, f.zz[k], k, weight, at, min(at+step, hi))
			}
		default:
			f.addSamples(w, d, k, weight, lo, hi)
		}
	}
}

// addSamples adds weight (Δ_kΔ_kᵀ)⊙(11ᵀ⊗z̄z̄ᵀ), for one row a sample.
func (f *Engine) addSamples(w *panelSpace, d *system.DenseStage, k int, weight float64, lo, hi int) {
	q, batch, out, delta := f.q, f.Batch, d.Out, f.deltas[k]
	w.pair = space.Resize(w.pair, (hi-lo)*hi)
	f.serial.Gemm(blas.NoTrans, blas.Trans, hi-lo, hi, out, weight, delta[lo*out:], out, delta, out, 0, w.pair, hi)
	zz, from, ld := f.zz[k], 0, batch
	if zz == nil { // one output a sample: each row of z̄z̄ᵀ is needed once
		w.zz = space.Resize(w.zz, (hi-lo)*hi)
		zz, from, ld = w.zz, lo, hi
		f.rowGram(zz, d, lo, hi, d, hi)
	}
	for i := lo; i < hi; i++ {
		row, src := f.total[i*q:i*q+i+1], w.pair[(i-lo)*hi:(i-lo)*hi+i+1]
		addProducts(row, src, zz[(i%batch-from)*ld:][:min(ld, batch)], 1)
	}
}

// addPairs adds weight Σ (Δ_ρ·Δ_σ)(z̄_ρ·z̄_σ) over the pairs of rows ρ, σ of two
// samples to the rows from lo to hi of the lower triangle of dst; zz has the products
// of the rows of z̄.
func (f *Engine) addPairs(w *panelSpace, dst, zz []float64, k int, weight float64, lo, hi int) {
	d, q, batch, delta := f.stage(k), f.q, f.Batch, f.deltas[k]
	out, rows, all := d.Out, d.SampleRows(), d.BatchRows()
	wide := hi * rows
	w.pair = space.Resize(w.pair, (hi-lo)*rows*wide)
	f.serial.Gemm(blas.NoTrans, blas.Trans, (hi-lo)*rows, wide, out, weight, delta[lo*rows*out:], out, delta, out, 0, w.pair, wide)
	for i := lo; i < hi; i++ {
		for r := range rows {
			pair, z := w.pair[((i-lo)*rows+r)*wide:], zz[(i%batch*rows+r)*all:][:all]
			addProducts(dst[i*q:i*q+i+1], pair, z, rows)
		}
	}
}

// addProducts adds Σ_σ pair[l·rows+σ] z[l·rows+σ] to row[l]; z begins anew where it ends.
func addProducts(row, pair, z []float64, rows int) {
	if rows == 1 {
		for len(row) > len(z) {
			vec.MulAdd(row[:len(z)], pair, z)
			row, pair = row[len(z):], pair[len(z):]
		}
		vec.MulAdd(row, pair, z)
		return
	}
	at := 0
	for l := range row {
		if at == len(z) {
			at = 0
		}
		a, b := pair[l*rows:][:rows], z[at:][:rows]
		at += rows
		sum := 0.0
		for t, v := range a {
			sum += v * b[t]
		}
		row[l] += sum
	}
}
