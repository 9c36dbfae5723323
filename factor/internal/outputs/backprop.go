package outputs

import (
	"costate/factor/internal/pivot"
	"costate/internal/space"
	"costate/la/blas"
	"costate/system"
)

// Rows are rows of the Jacobian of a chain's outputs, or combinations of those of one
// sample, by stages. Row j·Batch+n belongs to sample n; in stage k it has Δ_k at the
// pre-activations, and for the parameters, with the rows ρ of the sample,
//
//	J_k[(j,n), (o,i)] = Σ_ρ Δ_k[(j,n), (ρ,o)] z̄[(n,ρ), i]
type Rows struct {
	Batch, Width int // samples, and rows of each

	chain  *system.Chain
	q      int         // Batch·Width
	deltas [][]float64 // per stage q×(Rows·Out): Δ_k
	formed [][]float64 // per stage q×params: J_k, where that is cheaper; else nil
}

// stage is stage k of the chain.
func (r *Rows) stage(k int) *system.DenseStage { return r.chain.Stages[k].(*system.DenseStage) }

// carrier is the workspace that takes rows back through a chain.
type carrier struct {
	backend blas.Backend
	serial  blas.Backend // the backend, with one thread
	bands   *pivot.Bands

	lambda   []float64 // q×widest: the rows at the outputs of a stage
	other    []float64
	gathered []float64 // q×(Rows·In), of stages with a gather

	mapBody  func(lo, hi int)
	mapped   []float64 // what mapSamples computes, of what, with which map
	unmapped []float64
	mapping  *system.SampleMap
	width    int
}

func newCarrier(backend blas.Backend) carrier {
	return carrier{backend: backend, serial: pivot.OneThread(backend), bands: pivot.NewBands(backend.Threads())}
}

// A backprop takes the columns of R back through a chain: its rows are those of J̃.
type backprop struct {
	Rows
	carrier
	root *root
}

func newBackprop(c *system.Chain, backend blas.Backend) *backprop {
	return &backprop{carrier: newCarrier(backend), root: newRoot(&c.Loss)}
}

// take backpropagates the columns of R for a chain of the same shapes. It reports
// false if the loss is not convex.
func (f *backprop) take(chain *system.Chain) bool {
	f.chain = chain
	if !f.root.point(&chain.Loss) {
		return false
	}
	f.makeRoom(&f.carrier, f.root.batch, f.root.width)
	c, batch := f.root.c, f.root.batch
	for j := range f.root.width {
		for n := range batch {
			row := f.lambda[(j*batch+n)*c:][:c]
			for i := range row {
				row[i] = f.root.r[(n*c+i)*c+j]
			}
		}
	}
	f.carry(&f.carrier)
	return true
}

// makeRoom makes room for so many rows. The rank of a loss's Hessian seldom changes.
func (r *Rows) makeRoom(w *carrier, batch, width int) {
	q := batch * width
	if r.deltas != nil && q == r.q {
		return
	}
	r.Batch, r.Width, r.q = batch, width, q
	if r.deltas == nil {
		r.deltas = make([][]float64, len(r.chain.Stages))
	}
	widest, gathered := 0, 0
	for k := range r.deltas {
		d := r.stage(k)
		r.deltas[k] = space.Resize(r.deltas[k], q*d.SampleStates())
		widest = max(widest, sampleWidth(d))
		if d.Gather != nil {
			gathered = max(gathered, d.SampleRows()*d.In)
		}
	}
	w.lambda, w.other = space.Resize(w.lambda, q*widest), space.Resize(w.other, q*widest)
	w.gathered = space.Resize(w.gathered, q*gathered)
}

// carry takes the rows in w.lambda, in terms of the outputs, back through the chain.
func (r *Rows) carry(w *carrier) {
	lambda, other := w.lambda, w.other
	for k := len(r.deltas) - 1; k >= 0; k-- {
		d, nu := r.stage(k), r.deltas[k]
		if d.J.IsZero() {
			copy(nu, lambda[:len(nu)])
		} else {
			w.throughMap(nu, lambda, &d.J, r.Width)
		}
		if k > 0 {
			r.toInputs(w, other[:r.q*d.SampleInputs()], lambda, nu, d)
			lambda, other = other, lambda
		}
	}
}

// sampleWidth is the greatest number of a sample's numbers that a stage has.
func sampleWidth(d *system.DenseStage) int {
	return max(d.SampleInputs(), d.SampleStates(), d.SampleOutputs())
}

// toInputs computes next = Tᵀ λ + Aᵀ(ν W), row by row of λ.
func (r *Rows) toInputs(w *carrier, next, lambda, nu []float64, d *system.DenseStage) {
	switch {
	case d.Skip:
		copy(next, lambda)
	case d.Pass != nil && !d.Pass.J.IsZero():
		w.throughMap(next, lambda, &d.Pass.J, r.Width)
	default:
		clear(next)
	}
	if d.In == 0 {
		return
	}
	to, rows := next, r.q*d.SampleRows()
	if d.Gather != nil {
		to = w.gathered[:rows*d.In]
		clear(to)
	}
	w.backend.Gemm(blas.NoTrans, blas.NoTrans, rows, d.In, d.Out, 1, nu, d.Out, d.W, d.In, 1, to, d.In)
	if d.Gather == nil {
		return
	}
	in, wide := d.Inputs(), d.BatchRows()*d.In
	for j := range r.Width {
		d.ScatterAdd(next[j*in:(j+1)*in], to[j*wide:(j+1)*wide])
	}
}

// throughMap computes the rows of dst = Mᵀ λ, width of each sample, with the M of
// their sample, for a map with numbers.
func (w *carrier) throughMap(dst, lambda []float64, m *system.SampleMap, width int) {
	if !m.HasBlocks() {
		for at := 0; at < len(dst); at += len(m.Diag) {
			src, to := lambda[at:at+len(m.Diag)], dst[at:at+len(m.Diag)]
			for i, v := range m.Diag {
				to[i] = v * src[i]
			}
		}
		return
	}
	if w.mapBody == nil {
		w.mapBody = w.mapSamples
	}
	w.mapped, w.unmapped, w.mapping, w.width = dst, lambda, m, width
	w.bands.Rows(m.Batch, width*int(m.NNZ()), w.mapBody)
	w.mapped, w.unmapped, w.mapping = nil, nil, nil
}

// mapSamples is throughMap for the samples lo to hi: of each, all rows, while its
// block is at hand.
func (w *carrier) mapSamples(lo, hi int) {
	m, width := w.mapping, w.width
	from, to := m.Batch*m.Rows, m.Batch*m.Cols
	for n := lo; n < hi; n++ {
		src, dst := w.unmapped[n*m.Rows:], w.mapped[n*m.Cols:]
		if m.Sparse == nil {
			w.serial.Gemm(blas.NoTrans, blas.NoTrans, width, m.Cols, m.Rows, 1, src, from, m.Block(nil, n), m.Cols, 0, dst, to)
			continue
		}
		for j := range width {
			clear(dst[j*to:][:m.Cols])
		}
		m.RowsTimesAdd(dst, to, src, from, width, n)
	}
}

// rowOf writes the part of stage k in row i to dst, of the stage's parameters.
func (r *Rows) rowOf(be blas.Backend, dst []float64, k, i int) {
	d := r.stage(k)
	rows, n := d.SampleRows(), d.Out*d.In
	delta := r.deltas[k][i*rows*d.Out:][:rows*d.Out]
	first := i % r.Batch * rows
	if d.In > 0 {
		be.Gemm(blas.Trans, blas.NoTrans, d.Out, d.In, rows, 1, delta, d.Out, d.Z[first*d.In:], d.In, 0, dst[:n], d.In)
	}
	if !d.Bias {
		return
	}
	bias := dst[n:]
	clear(bias)
	for l := range rows {
		c := 1.0
		if d.Ones != nil {
			c = d.Ones[l]
		}
		for o, v := range delta[l*d.Out : (l+1)*d.Out] {
			bias[o] += c * v
		}
	}
}
