package outputs

import (
	"costate/factor/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// Rows are the rows of the Jacobian J of a chain's outputs, by stages and not formed:
// row i·Batch+n is output i of sample n, and in stage k the outer product of its row
// of deltas[k] with z̄ of the sample.
type Rows struct {
	Chain  *system.Chain
	Batch  int
	Width  int // outputs a sample
	deltas [][]float64
}

// RowsOf backpropagates the outputs of a chain of dense stages.
func (f *Engine) RowsOf(c *system.Chain) *Rows {
	p := backprop{chain: c, backend: f.backend, root: newRoot(&c.Loss)}
	p.root.identity()
	p.back()
	return &Rows{Chain: c, Batch: c.Loss.Batch, Width: c.Loss.Rows, deltas: p.deltas}
}

// RowsBytes is the memory of RowsOf.
func RowsBytes(c *system.Chain) int64 {
	q, sum, widest := int64(c.Loss.Batch*c.Loss.Rows), int64(0), int64(c.Loss.Rows)
	for _, s := range c.Stages {
		if d, ok := s.(*system.DenseStage); ok {
			sum += int64(d.Out)
			widest = max(widest, int64(sampleWidth(d)))
		}
	}
	return 8 * q * (sum + 2*widest)
}

// Width is the number of rows of J̃: the order of S.
func (f *Engine) Width() int { return f.q }

// rows are those of J̃ itself.
func (f *Engine) rows() *Rows {
	return &Rows{Chain: f.chain, Batch: f.root.batch, Width: f.root.width, deltas: f.deltas}
}

// Cross computes J D⁻¹ J̃ᵀ for the rows J of a chain, stage by stage as the Gram
// matrix is:
//
//	Σ_k (Δ'_k Δ_kᵀ) ⊙ (1 1ᵀ ⊗ z̄' z̄ᵀ)/ε_k
//
// dst has a row of length Width for each row of J.
func (f *Engine) Cross(dst []float64, r *Rows) { f.cross(dst, r, f.rows()) }

// cross computes A D⁻¹ Bᵀ for the rows a and b of two chains. Calls wait for each
// other: they share the bands.
func (f *Engine) cross(dst []float64, a, b *Rows) {
	c := &f.crossed
	c.mu.Lock()
	defer c.mu.Unlock()
	work := 0
	for _, d := range b.deltas {
		work += len(d) * a.Batch * a.Width
	}
	c.next.Store(0)
	c.dst, c.a, c.b = dst, a, b
	c.bands.Each(work, c.body)
	c.dst, c.a, c.b = nil, nil, nil
}

// crossPanels computes panels of cross until there are none left.
func (f *Engine) crossPanels(_, _ int) {
	w := f.panels.Get()
	defer f.panels.Put(w)
	rows := f.crossed.a.Batch * f.crossed.a.Width
	for {
		lo := (int(f.crossed.next.Add(1)) - 1) * gramPanel
		if lo >= rows {
			return
		}
		f.crossPanel(w, lo, min(lo+gramPanel, rows))
	}
}

// crossPanel computes the rows from lo to hi of cross.
func (f *Engine) crossPanel(w *panelSpace, lo, hi int) {
	a, b := f.crossed.a, f.crossed.b
	batch, q := b.Batch, b.Batch*b.Width
	w.pair, w.zz = space.Resize(w.pair, (hi-lo)*q), space.Resize(w.zz, (hi-lo)*batch)
	clear(f.crossed.dst[lo*q : hi*q])
	for k, delta := range b.deltas {
		d, other := a.Chain.Stages[k].(*system.DenseStage), b.Chain.Stages[k].(*system.DenseStage)
		out, in := d.Out, max(d.In, 1)
		f.serial.Gemm(blas.NoTrans, blas.Trans, hi-lo, q, out, f.inverse[k], a.deltas[k][lo*out:], out, delta, out, 0, w.pair, q)
		for i := lo; i < hi; {
			// The rows of one output have consecutive samples.
			n := i % a.Batch
			end := min(hi, i+a.Batch-n)
			zz := w.zz[(i-lo)*batch : (end-lo)*batch]
			beta := 0.0
			if d.Bias {
				beta = 1
				for j := range zz {
					zz[j] = 1
				}
			}
			f.serial.Gemm(blas.NoTrans, blas.Trans, end-i, batch, d.In, 1, d.Z[n*d.In:], in, other.Z, in, beta, zz, batch)
			i = end
		}
		for i := range hi - lo {
			row, src, z := f.crossed.dst[(lo+i)*q:(lo+i+1)*q], w.pair[i*q:(i+1)*q], w.zz[i*batch:(i+1)*batch]
			for at := 0; at < q; at += batch {
				vec.MulAdd(row[at:at+batch], src[at:], z)
			}
		}
	}
}

// Own computes J D⁻¹ Jᵀ sample by sample: in dst Batch blocks of order Width.
func (f *Engine) Own(dst []float64, r *Rows) {
	c := r.Width
	clear(dst)
	for k, delta := range r.deltas {
		d := r.Chain.Stages[k].(*system.DenseStage)
		for n := range r.Batch {
			z := d.Z[n*d.In : (n+1)*d.In]
			size := vec.Dot(z, z)
			if d.Bias {
				size++
			}
			size *= f.inverse[k]
			block := dst[n*c*c : (n+1)*c*c]
			for i := range c {
				row := delta[(i*r.Batch+n)*d.Out:][:d.Out]
				for j := range i + 1 {
					v := size * vec.Dot(row, delta[(j*r.Batch+n)*d.Out:][:d.Out])
					block[i*c+j] += v
					if j < i {
						block[j*c+i] += v
					}
				}
			}
		}
	}
}

// Reduce overwrites the rows t of length Width with L⁻¹P t, and writes D⁻¹ of that
// to w, which may be t for a positive definite S: t wᵀ is then t₀ S⁻¹ t₀ᵀ.
func (f *Engine) Reduce(t []float64, rows int) (w []float64) {
	scratch := make([]float64, f.q)
	f.pivot.Lower(f.backend, t, rows, scratch)
	if f.pivot.Chol {
		return t
	}
	w = append([]float64(nil), t...)
	f.pivot.Middle(w, rows)
	return w
}

// Inner overwrites the rows t of length Width with S⁻¹ t.
func (f *Engine) Inner(t []float64, rows int) {
	scratch := make([]float64, f.q)
	f.pivot.Lower(f.backend, t, rows, scratch)
	f.pivot.Middle(t, rows)
	f.pivot.Upper(f.backend, t, rows, scratch)
}

// Scale computes dst = R t in output space, sample by sample, for t of length Width;
// Preimage its inverse on the range of R. It overwrites v with what is outside.
func (f *Engine) Scale(dst, t []float64)    { f.root.mul(dst, t) }
func (f *Engine) Preimage(dst, v []float64) { f.root.preimage(dst, v) }
