package outputs

import (
	"costate/factor/internal/space"
	"costate/la/blas"
	"costate/system"
)

// A backprop takes the columns of R back through a chain. Row j·Batch+n of Δ_k is
// column j of R for sample n at the pre-activations of stage k: what J̃ is made of,
// with the rows ρ of the sample,
//
//	J̃_k[(j,n), (o,i)] = Σ_ρ Δ_k[(j,n), (ρ,o)] z̄[(n,ρ), i]
type backprop struct {
	chain   *system.Chain
	backend blas.Backend
	root    *root
	q       int         // Batch·r, the rows of J̃
	deltas  [][]float64 // per stage q×(Rows·Out): Δ_k
	lambda  []float64   // q×widest
	other   []float64
	rows    []float64 // q×(Rows·In), of stages with a gather
}

// take backpropagates the columns of R for a chain of the same shapes. It reports
// false if the loss is not convex.
func (f *backprop) take(chain *system.Chain) bool {
	f.chain = chain
	if !f.root.point(&chain.Loss) {
		return false
	}
	f.back()
	return true
}

// back backpropagates the columns of the root at hand.
func (f *backprop) back() {
	f.size()
	chain := f.chain
	c, batch := f.root.c, f.root.batch
	for j := range f.root.width {
		for n := range batch {
			row := f.lambda[(j*batch+n)*c:][:c]
			for i := range row {
				row[i] = f.root.r[(n*c+i)*c+j]
			}
		}
	}
	lambda, other := f.lambda, f.other
	for k := len(chain.Stages) - 1; k >= 0; k-- {
		d := chain.Stages[k].(*system.DenseStage)
		nu := f.deltas[k]
		if d.J.IsZero() {
			copy(nu, lambda[:len(nu)])
		} else {
			f.throughMap(nu, lambda, &d.J)
		}
		if k > 0 {
			f.toInputs(other[:f.q*d.SampleInputs()], lambda, nu, d)
			lambda, other = other, lambda
		}
	}
}

// size makes room for the rows of J̃. The rank of a loss's Hessian seldom changes.
func (f *backprop) size() {
	q := f.root.batch * f.root.width
	if f.deltas != nil && q == f.q {
		return
	}
	f.q = q
	if f.deltas == nil {
		f.deltas = make([][]float64, len(f.chain.Stages))
	}
	widest, rows := 0, 0
	for k, s := range f.chain.Stages {
		d := s.(*system.DenseStage)
		f.deltas[k] = space.Resize(f.deltas[k], q*d.SampleStates())
		widest = max(widest, sampleWidth(d))
		if d.Gather != nil {
			rows = max(rows, d.SampleRows()*d.In)
		}
	}
	f.lambda, f.other = space.Resize(f.lambda, q*widest), space.Resize(f.other, q*widest)
	f.rows = space.Resize(f.rows, q*rows)
}

// sampleWidth is the greatest number of a sample's numbers that a stage has.
func sampleWidth(d *system.DenseStage) int {
	return max(d.SampleInputs(), d.SampleStates(), d.SampleOutputs())
}

// toInputs computes next = Tᵀ λ + Aᵀ(ν W), row by row of λ.
func (f *backprop) toInputs(next, lambda, nu []float64, d *system.DenseStage) {
	switch {
	case d.Skip:
		copy(next, lambda)
	case d.Pass != nil && !d.Pass.J.IsZero():
		f.throughMap(next, lambda, &d.Pass.J)
	default:
		clear(next)
	}
	if d.In == 0 {
		return
	}
	to, rows := next, f.q*d.SampleRows()
	if d.Gather != nil {
		to = f.rows[:rows*d.In]
		clear(to)
	}
	f.backend.Gemm(blas.NoTrans, blas.NoTrans, rows, d.In, d.Out, 1, nu, d.Out, d.W, d.In, 1, to, d.In)
	if d.Gather == nil {
		return
	}
	in, wide := d.Inputs(), d.BatchRows()*d.In
	for j := range f.root.width {
		d.ScatterAdd(next[j*in:(j+1)*in], to[j*wide:(j+1)*wide])
	}
}

// throughMap computes the rows of dst = Mᵀ λ, each with the M of its sample, for a
// map with numbers.
func (f *backprop) throughMap(dst, lambda []float64, m *system.SampleMap) {
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
		f.throughPattern(dst, lambda, m)
		return
	}
	for n := range m.Batch {
		f.backend.Gemm(blas.NoTrans, blas.NoTrans, f.root.width, m.Cols, m.Rows, 1, lambda[n*m.Rows:], m.Batch*m.Rows,
			m.Full[n*m.Rows*m.Cols:], m.Cols, 0, dst[n*m.Cols:], m.Batch*m.Cols)
	}
}

// throughPattern is throughMap for blocks that are mostly zeros.
func (f *backprop) throughPattern(dst, lambda []float64, m *system.SampleMap) {
	for i := range f.root.width {
		to, from := dst[i*m.Batch*m.Cols:(i+1)*m.Batch*m.Cols], lambda[i*m.Batch*m.Rows:(i+1)*m.Batch*m.Rows]
		clear(to)
		m.MulTransAdd(to, from)
	}
}

// rowOf writes the part of stage k in row i of J̃ to dst, of the stage's parameters.
func (f *backprop) rowOf(be blas.Backend, dst []float64, k, i int) {
	d := f.chain.Stages[k].(*system.DenseStage)
	rows, n := d.SampleRows(), d.Out*d.In
	delta := f.deltas[k][i*rows*d.Out:][:rows*d.Out]
	first := i % f.root.batch * rows
	if d.In > 0 {
		be.Gemm(blas.Trans, blas.NoTrans, d.Out, d.In, rows, 1, delta, d.Out, d.Z[first*d.In:], d.In, 0, dst[:n], d.In)
	}
	if !d.Bias {
		return
	}
	bias := dst[n:]
	clear(bias)
	for r := range rows {
		c := 1.0
		if d.Ones != nil {
			c = d.Ones[r]
		}
		for o, v := range delta[r*d.Out : (r+1)*d.Out] {
			bias[o] += c * v
		}
	}
}
