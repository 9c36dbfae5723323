package outputs

import (
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// RowsOf backpropagates the outputs of a chain of dense stages with the shapes of the
// engine's but for the number of samples: row i·Batch+n is that of output i of
// sample n in the Jacobian. What the engine forms is formed.
func (f *Engine) RowsOf(c *system.Chain) *Rows {
	batch, width := c.Loss.Batch, c.Loss.Rows
	r := &Rows{chain: c, formed: make([][]float64, len(c.Stages))}
	w := newCarrier(f.backend)
	r.makeRoom(&w, batch, width)
	for j := range width {
		for n := range batch {
			w.lambda[(j*batch+n)*width+j] = 1
		}
	}
	r.carry(&w)
	for k, formed := range f.formed {
		if formed == nil {
			continue
		}
		p := r.stage(k).Params()
		r.formed[k] = make([]float64, r.q*p)
		w.bands.Rows(r.q, r.q*p*r.stage(k).SampleRows(), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				r.rowOf(w.serial, r.formed[k][i*p:(i+1)*p], k, i)
			}
		})
	}
	return r
}

// RowsBytes is the memory of RowsOf, and of a product with its rows.
func (f *Engine) RowsBytes(c *system.Chain) int64 {
	q, sum, widest, gathered, pairs := int64(c.Loss.Batch*c.Loss.Rows), int64(0), int64(0), int64(0), int64(0)
	for k, s := range c.Stages {
		d := s.(*system.DenseStage)
		rows := int64(d.SampleRows())
		sum += int64(d.SampleStates())
		widest = max(widest, int64(sampleWidth(d)))
		if d.Gather != nil {
			gathered = max(gathered, rows*int64(d.In))
		}
		if f.formed[k] != nil {
			sum += int64(d.Params())
		} else {
			step := max(gramPanel/rows, 1)
			pairs = max(pairs, step*rows*rows*int64(f.q+f.Batch))
		}
	}
	return 8 * (q*(sum+2*widest+gathered) + int64(f.backend.Threads())*pairs)
}

// Width is the number of rows of J̃: the order of S.
func (f *Engine) Width() int { return f.q }

// Cross computes J D⁻¹ J̃ᵀ for the rows J of a chain, stage by stage as the Gram
// matrix is: with the rows formed, or by pairs of rows ρ, σ of two samples,
//
//	Σ_k Σ_ρσ (Δ'_ρ·Δ_σ)(z̄'_ρ·z̄_σ)/ε_k
//
// dst has a row of length Width for each row of J.
func (f *Engine) Cross(dst []float64, r *Rows) { f.cross(dst, r, &f.Rows) }

// cross computes A D⁻¹ Bᵀ for the rows a and b of two chains. Calls wait for each
// other: they share the bands.
func (f *Engine) cross(dst []float64, a, b *Rows) {
	c := &f.crossed
	c.mu.Lock()
	defer c.mu.Unlock()
	work := 0
	for k, d := range b.deltas {
		work += max(len(d), len(b.formed[k])) * a.q
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
	rows := f.crossed.a.q
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
	q := b.q
	clear(f.crossed.dst[lo*q : hi*q])
	for k := range b.deltas {
		if j := b.formed[k]; j != nil {
			p := len(j) / q
			f.serial.Gemm(blas.NoTrans, blas.Trans, hi-lo, q, p, f.inverse[k], a.formed[k][lo*p:], p, j, p, 1, f.crossed.dst[lo*q:], q)
			continue
		}
		step := max(gramPanel/b.stage(k).SampleRows(), 1)
		for at := lo; at < hi; at += step {
			f.crossPairs(w, k, at, min(at+step, hi))
		}
	}
}

// crossPairs adds what stage k has in the rows from lo to hi of cross, by pairs of
// rows.
func (f *Engine) crossPairs(w *panelSpace, k, lo, hi int) {
	a, b := f.crossed.a, f.crossed.b
	d, other := a.stage(k), b.stage(k)
	q, rows, out, all := b.q, d.SampleRows(), d.Out, other.BatchRows()
	wide := q * rows
	w.pair, w.zz = space.Resize(w.pair, (hi-lo)*rows*wide), space.Resize(w.zz, (hi-lo)*rows*all)
	f.serial.Gemm(blas.NoTrans, blas.Trans, (hi-lo)*rows, wide, out, f.inverse[k], a.deltas[k][lo*rows*out:], out, b.deltas[k], out, 0, w.pair, wide)
	for i := lo; i < hi; {
		// The rows of one output have consecutive samples.
		n := i % a.Batch
		end := min(hi, i+a.Batch-n)
		f.rowGram(w.zz[(i-lo)*rows*all:], d, n*rows, (n+end-i)*rows, other, all)
		i = end
	}
	for i := lo; i < hi; i++ {
		row := f.crossed.dst[i*q : (i+1)*q]
		for at := (i - lo) * rows; at < (i-lo+1)*rows; at++ {
			addProducts(row, w.pair[at*wide:], w.zz[at*all:(at+1)*all], rows)
		}
	}
}

// Own computes J D⁻¹ Jᵀ sample by sample: in dst Batch blocks of order Width.
func (f *Engine) Own(dst []float64, r *Rows) {
	c := r.Width
	clear(dst)
	for k, delta := range r.deltas {
		d := r.stage(k)
		rows, size := d.SampleRows(), d.SampleStates()
		zin := d.In
		if d.Bias {
			zin++
		}
		z, zz, t := make([]float64, rows*zin), make([]float64, rows*rows), make([]float64, size)
		for n := range r.Batch {
			for l := range rows {
				d.AugmentedRow(z[l*zin:(l+1)*zin], n*rows+l)
			}
			f.serial.Gemm(blas.NoTrans, blas.Trans, rows, rows, zin, f.inverse[k], z, zin, z, zin, 0, zz, rows)
			block := dst[n*c*c : (n+1)*c*c]
			for i := range c {
				f.serial.Gemm(blas.NoTrans, blas.NoTrans, rows, d.Out, rows, 1, zz, rows, delta[(i*r.Batch+n)*size:], d.Out, 0, t, d.Out)
				for j := range i + 1 {
					v := vec.Dot(t, delta[(j*r.Batch+n)*size:][:size])
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

// Scale computes dst = R t in output space, sample by sample, for t of length Width.
func (f *Engine) Scale(dst, t []float64) { f.root.mul(dst, t) }

// Preimage writes dst, of length Width, with R dst = v for v in the range of R. It
// overwrites v with what is outside of the range.
func (f *Engine) Preimage(dst, v []float64) { f.root.preimage(dst, v) }
