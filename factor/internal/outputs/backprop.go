package outputs

import (
	"costate/factor/internal/space"
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
	lambda   []float64 // q×widest: the rows at the outputs of a stage
	other    []float64
	gathered []float64 // q×(Rows·In), of stages with a gather
}

// A backprop takes the columns of R back through a chain: its rows are those of J̃.
type backprop struct {
	Rows
	carrier
	backend blas.Backend
	root    *root
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
	f.carry(f.backend, &f.carrier)
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
func (r *Rows) carry(be blas.Backend, w *carrier) {
	lambda, other := w.lambda, w.other
	for k := len(r.deltas) - 1; k >= 0; k-- {
		d, nu := r.stage(k), r.deltas[k]
		if d.J.IsZero() {
			copy(nu, lambda[:len(nu)])
		} else {
			r.throughMap(be, nu, lambda, &d.J)
		}
		if k > 0 {
			r.toInputs(be, other[:r.q*d.SampleInputs()], lambda, nu, w.gathered, d)
			lambda, other = other, lambda
		}
	}
}

// sampleWidth is the greatest number of a sample's numbers that a stage has.
func sampleWidth(d *system.DenseStage) int {
	return max(d.SampleInputs(), d.SampleStates(), d.SampleOutputs())
}

// toInputs computes next = Tᵀ λ + Aᵀ(ν W), row by row of λ.
func (r *Rows) toInputs(be blas.Backend, next, lambda, nu, gathered []float64, d *system.DenseStage) {
	switch {
	case d.Skip:
		copy(next, lambda)
	case d.Pass != nil && !d.Pass.J.IsZero():
		r.throughMap(be, next, lambda, &d.Pass.J)
	default:
		clear(next)
	}
	if d.In == 0 {
		return
	}
	to, rows := next, r.q*d.SampleRows()
	if d.Gather != nil {
		to = gathered[:rows*d.In]
		clear(to)
	}
	be.Gemm(blas.NoTrans, blas.NoTrans, rows, d.In, d.Out, 1, nu, d.Out, d.W, d.In, 1, to, d.In)
	if d.Gather == nil {
		return
	}
	in, wide := d.Inputs(), d.BatchRows()*d.In
	for j := range r.Width {
		d.ScatterAdd(next[j*in:(j+1)*in], to[j*wide:(j+1)*wide])
	}
}

// throughMap computes the rows of dst = Mᵀ λ, each with the M of its sample, for a
// map with numbers.
func (r *Rows) throughMap(be blas.Backend, dst, lambda []float64, m *system.SampleMap) {
	if m.Full == nil {
		for at := 0; at < len(dst); at += len(m.Diag) {
			src, to := lambda[at:at+len(m.Diag)], dst[at:at+len(m.Diag)]
			for i, v := range m.Diag {
				to[i] = v * src[i]
			}
		}
		return
	}
	if m.Pattern != nil {
		r.throughPattern(dst, lambda, m)
		return
	}
	for n := range m.Batch {
		be.Gemm(blas.NoTrans, blas.NoTrans, r.Width, m.Cols, m.Rows, 1, lambda[n*m.Rows:], m.Batch*m.Rows,
			m.Full[n*m.Rows*m.Cols:], m.Cols, 0, dst[n*m.Cols:], m.Batch*m.Cols)
	}
}

// throughPattern is throughMap for blocks that are mostly zeros.
func (r *Rows) throughPattern(dst, lambda []float64, m *system.SampleMap) {
	for i := range r.Width {
		to, from := dst[i*m.Batch*m.Cols:(i+1)*m.Batch*m.Cols], lambda[i*m.Batch*m.Rows:(i+1)*m.Batch*m.Rows]
		clear(to)
		m.MulTransAdd(to, from)
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
