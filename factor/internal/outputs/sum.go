package outputs

import (
	"costate/factor/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// backpropagate carries the width rows of each sample in lambda, in terms of the
// outputs, back along a chain: deltas has them in the pre-activations of each stage.
// Row j·Batch+n belongs to sample n. lambda and other are overwritten.
func (f *Engine) backpropagate(chain *system.Chain, deltas [][]float64, width int, lambda, other []float64) {
	q := width * chain.Loss.Batch
	for k := len(chain.Stages) - 1; k >= 0; k-- {
		d := chain.Stages[k].(*system.DenseStage)
		nu := deltas[k]
		f.throughMap(nu, lambda, d, width)
		if k == 0 {
			break
		}
		next := other[:q*d.In]
		beta := 0.0
		if d.Skip {
			copy(next, lambda[:q*d.In])
			beta = 1
		}
		f.backend.Gemm(blas.NoTrans, blas.NoTrans, q, d.In, d.Out, 1, nu, d.Out, d.W, d.In, beta, next, d.In)
		lambda, other = other, lambda
	}
}

// throughMap computes the rows of nu = Jᵀ λ, each with the J of its sample.
func (f *Engine) throughMap(nu, lambda []float64, d *system.DenseStage, width int) {
	batch := d.Batch
	switch {
	case d.J.Diag != nil:
		for at := 0; at < len(nu); at += len(d.J.Diag) {
			src, dst := lambda[at:at+len(d.J.Diag)], nu[at:at+len(d.J.Diag)]
			for i, v := range d.J.Diag {
				dst[i] = v * src[i]
			}
		}
	case d.J.Full != nil:
		rows := d.J.Rows
		for n := range batch {
			j := d.J.Full[n*rows*d.Out:]
			f.backend.Gemm(blas.NoTrans, blas.NoTrans, width, d.Out, rows, 1, lambda[n*rows:], batch*rows, j, d.Out, 0, nu[n*d.Out:], batch*d.Out)
		}
	default:
		copy(nu, lambda[:len(nu)])
	}
}

// sampleGrams computes z̄z̄ᵀ of stages until there are none left.
func (f *Engine) sampleGrams(_, _ int) {
	batch := f.root.batch
	for {
		k := int(f.claimed.Add(1)) - 1
		if k >= len(f.zz) {
			return
		}
		if f.zz[k] != nil {
			f.sampleGram(f.zz[k], f.chain.Stages[k].(*system.DenseStage), 0, batch, batch)
		}
	}
}

// sampleGram computes the rows from lo to hi of z̄z̄ᵀ of a stage, and of these the
// first columns; dst has the row lo first.
func (f *Engine) sampleGram(dst []float64, d *system.DenseStage, lo, hi, columns int) {
	beta := 0.0
	if d.Bias {
		beta = 1
		for i := range dst[:(hi-lo)*columns] {
			dst[i] = 1
		}
	}
	if d.In > 0 {
		f.serial.Gemm(blas.NoTrans, blas.Trans, hi-lo, columns, d.In, 1, d.Z[lo*d.In:], d.In, d.Z, d.In, beta, dst, columns)
	} else if !d.Bias {
		clear(dst[:(hi-lo)*columns])
	}
}

// gramPanel is the number of rows of the Gram matrix that are summed over all
// stages at a time: a panel stays in the cache meanwhile.
const gramPanel = 32

// sum computes the lower triangle of dst = Σ_k weight_k (Δ_kΔ_kᵀ)⊙(11ᵀ⊗z̄z̄ᵀ),
// panel by panel; nil weights are all 1.
func (f *Engine) sum(dst, weights []float64) {
	f.dst, f.weights = dst, weights
	work := 0
	for _, d := range f.deltas {
		work += len(d) * f.q / 2
	}
	f.claimed.Store(0)
	f.bands.Each(work, f.sumBody)
	f.dst, f.weights = nil, nil
}

// sumPanels computes panels of sum until there are none left, the longest first.
func (f *Engine) sumPanels(_, _ int) {
	w := f.panels.Get()
	defer f.panels.Put(w)
	count := (f.q + gramPanel - 1) / gramPanel
	for {
		p := count - int(f.claimed.Add(1))
		if p < 0 {
			return
		}
		f.sumPanel(w, p*gramPanel, min((p+1)*gramPanel, f.q))
	}
}

// sumPanel computes the rows from lo to hi of sum.
func (f *Engine) sumPanel(w *panelSpace, lo, hi int) {
	q, batch := f.q, f.root.batch
	w.pair = space.Resize(w.pair, (hi-lo)*hi)
	for i := lo; i < hi; i++ {
		clear(f.dst[i*q : i*q+i+1])
	}
	for k, delta := range f.deltas {
		out, weight := len(delta)/q, 1.0
		if f.weights != nil {
			weight = f.weights[k]
		}
		f.serial.Gemm(blas.NoTrans, blas.Trans, hi-lo, hi, out, weight, delta[lo*out:], out, delta, out, 0, w.pair, hi)
		zz, from, ld := f.zz[k], 0, batch
		if zz == nil { // one row a sample: each row of z̄z̄ᵀ is needed once
			w.zz = space.Resize(w.zz, (hi-lo)*hi)
			zz, from, ld = w.zz, lo, hi
			f.sampleGram(zz, f.chain.Stages[k].(*system.DenseStage), lo, hi, hi)
		}
		for i := lo; i < hi; i++ {
			row, src := f.dst[i*q:i*q+i+1], w.pair[(i-lo)*hi:(i-lo)*hi+i+1]
			z := zz[(i%batch-from)*ld:][:min(ld, batch)]
			for len(row) > len(z) {
				vec.MulAdd(row[:len(z)], src, z)
				row, src = row[len(z):], src[len(z):]
			}
			vec.MulAdd(row, src, z)
		}
	}
}
