package system

import (
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// A Product multiplies by the matrix H of a chain, in one pass along the chain and
// one back, as Pearlmutter (1994) does for a network. It uses no factorization, so
// that a residual formed with it checks a solution independently.
//
// The zero value is not usable; see NewProduct. A Product has workspace of its
// own and must not be used by two goroutines at once; several Products of one
// chain may.
type Product struct {
	chain    *Chain
	backend  blas.Backend
	y        [][]float64 // y[k] = y_{k+1} in the text: outputs of stage k
	s        [][]float64 // pre-activations of the dense stages
	la, lb   []float64   // λ at the outputs and inputs of a stage
	nu       []float64   // derivative in the pre-activations
	ax       []float64   // A x of a BlockStage
	rows     []float64   // gathered rows of a DenseStage
	products []float64   // of dots

	residual residual // made by the first ResidualTo
}

// NewProduct prepares products with the matrix of c. Products with large
// layers run on backend.
func NewProduct(c *Chain, backend blas.Backend) *Product {
	p := &Product{backend: backend}
	p.Reset(c)
	return p
}

// Reset makes p multiply by the matrix of c, reusing its workspace.
func (p *Product) Reset(c *Chain) {
	p.chain = c
	p.residual.ready = false
	if len(p.y) != len(c.Stages) {
		p.y, p.s = make([][]float64, len(c.Stages)), make([][]float64, len(c.Stages))
	}
	widest, pre, params, rows := 0, 0, 0, 0
	for k, s := range c.Stages {
		p.y[k] = space.Resize(p.y[k], s.Outputs())
		widest = max(widest, s.Inputs(), s.Outputs())
		if d, ok := s.(*DenseStage); ok {
			p.s[k] = space.Resize(p.s[k], d.BatchRows()*d.Out)
			pre = max(pre, len(p.s[k]))
			if d.Gather != nil {
				rows = max(rows, len(d.Z))
			}
		} else {
			params = max(params, s.Params())
		}
	}
	p.la, p.lb, p.nu = space.Resize(p.la, widest), space.Resize(p.lb, widest), space.Resize(p.nu, pre)
	p.ax, p.rows = space.Resize(p.ax, params), space.Resize(p.rows, rows)
}

// HessVec computes dst = H v. dst and v have the length Chain.Params; dst may
// be v.
func (p *Product) HessVec(dst, v []float64) {
	c := p.chain
	n := c.Params()
	if len(dst) != n || len(v) != n {
		panic(ErrLength)
	}
	p.forward(v)
	// λ_L = R y_L.
	last := len(c.Stages) - 1
	lambda := p.la[:len(p.y[last])]
	c.Loss.MulTo(lambda, p.y[last])
	other := p.lb
	off := n
	for k := last; k >= 0; k-- {
		s := c.Stages[k]
		off -= s.Params()
		var in []float64
		if k > 0 {
			in = p.y[k-1]
		}
		prev := other[:s.Inputs()]
		switch s := s.(type) {
		case *DenseStage:
			p.denseBack(s, dst[off:off+s.Params()], v[off:off+s.Params()], in, p.s[k], lambda, prev)
		case *BlockStage:
			s.back(dst[off:off+s.P], v[off:off+s.P], in, lambda, prev, p.ax[:s.P])
		}
		other = lambda[:cap(lambda)]
		lambda = prev
	}
}

// Form returns vᵀ H v, in about half the time of HessVec: it needs no pass back.
func (p *Product) Form(v []float64) float64 {
	c := p.chain
	if len(v) != c.Params() {
		panic(ErrLength)
	}
	p.forward(v)
	sum, off := 0.0, 0
	var y []float64
	for k, s := range c.Stages {
		x := v[off : off+s.Params()]
		off += s.Params()
		switch s := s.(type) {
		case *DenseStage:
			sum += p.denseForm(s, x, y, p.s[k])
		case *BlockStage:
			sum += s.form(x, y, p.ax[:s.P], p.la)
		}
		y = p.y[k]
	}
	return sum + c.Loss.form(p.la, y)
}

// Outputs returns J v, sample by sample, for the Jacobian J of the last stage's
// outputs in the parameters: the first-order change of the outputs along v. The
// slice belongs to p and is overwritten by its next call.
func (p *Product) Outputs(v []float64) []float64 {
	if len(v) != p.chain.Params() {
		panic(ErrLength)
	}
	p.forward(v)
	return p.y[len(p.y)-1]
}

// TransOutputs computes dst = Jᵀ w for the Jacobian J of the outputs: it
// backpropagates w.
func (p *Product) TransOutputs(dst, w []float64) {
	c := p.chain
	off := c.Params()
	if len(dst) != off || len(w) != len(p.y[len(p.y)-1]) {
		panic(ErrLength)
	}
	lambda := append(p.la[:0], w...)
	other := p.lb
	for k := len(c.Stages) - 1; k >= 0; k-- {
		s := c.Stages[k]
		off -= s.Params()
		prev := other[:s.Inputs()]
		switch s := s.(type) {
		case *DenseStage:
			p.denseAdjoint(s, dst[off:off+s.Params()], lambda, prev)
		case *BlockStage:
			clear(prev)
			clear(dst[off : off+s.P])
			s.adjoint(dst[off:off+s.P], lambda, prev)
		}
		other = lambda[:cap(lambda)]
		lambda = prev
	}
}

// forward computes the states of every stage along v.
func (p *Product) forward(v []float64) {
	off := 0
	var y []float64
	for k, s := range p.chain.Stages {
		x := v[off : off+s.Params()]
		off += s.Params()
		switch s := s.(type) {
		case *DenseStage:
			p.denseForward(s, x, y, p.s[k], p.y[k])
		case *BlockStage:
			clear(p.y[k])
			if s.G != nil {
				s.G.mulAdd(p.y[k], x)
			}
			if y != nil && s.F != nil {
				s.F.mulAdd(p.y[k], y)
			}
		}
		y = p.y[k]
	}
}

// gemm multiplies with leading dimensions that may be 0 for empty inputs.
func (p *Product) gemm(tA, tB blas.Transpose, m, n, k int, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if m == 0 || n == 0 {
		return
	}
	if tA == blas.NoTrans && tB == blas.Trans && m <= fewRows && n*k <= fewWeights {
		p.dots(m, n, k, a, lda, b, ldb, beta, c, ldc)
		return
	}
	p.backend.Gemm(tA, tB, m, n, k, 1, a, max(lda, 1), b, max(ldb, 1), beta, c, ldc)
}

const (
	// fewRows is the number of rows up to which they are multiplied by a transposed matrix one
	// by one: that is over sooner than the matrix is packed.
	fewRows = 4

	// fewWeights bounds the matrices that are then read once for each row: they stay in the
	// first cache.
	fewWeights = 4096
)

// dots is gemm for A Bᵀ with an A of few rows and beta = 0 or 1.
func (p *Product) dots(m, n, k int, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	for i := range m {
		row, x := c[i*ldc:i*ldc+n], a[i*lda:i*lda+k]
		if beta == 0 {
			vec.Dots(row, b, ldb, x)
			continue
		}
		p.products = space.Resize(p.products, n)
		vec.Dots(p.products, b, ldb, x)
		vec.Axpy(row, 1, p.products)
	}
}

// back is denseBack for a BlockStage. x is read before h, which may be the
// same slice, is written: A x waits in ax.
func (s *BlockStage) back(h, x, y, lambda, prev, ax []float64) {
	clear(prev)
	if y != nil {
		if s.Q != nil {
			s.Q.mulAdd(prev, y)
		}
		if s.C != nil {
			s.C.mulTransAdd(prev, x)
		}
	}
	clear(ax)
	if s.A != nil {
		s.A.mulAdd(ax, x)
	}
	clear(h)
	s.adjoint(h, lambda, prev)
	if y != nil && s.C != nil {
		s.C.mulAdd(h, y)
	}
	for i, v := range ax {
		h[i] += v
	}
}

// form is xᵀAx + 2xᵀC y + yᵀQ y; ax and qy are scratch.
func (s *BlockStage) form(x, y, ax, qy []float64) float64 {
	sum := 0.0
	clear(ax)
	if y != nil && s.C != nil {
		s.C.mulAdd(ax, y)
		vec.Scale(ax, 2, ax)
	}
	if s.A != nil {
		s.A.mulAdd(ax, x)
	}
	if y != nil && s.Q != nil {
		qy = qy[:len(y)]
		clear(qy)
		s.Q.mulAdd(qy, y)
		sum = vec.Dot(qy, y)
	}
	return sum + vec.Dot(ax, x)
}

// form is xᵀ M x; scratch is as long as x.
func (m *SampleMap) form(scratch, x []float64) float64 {
	if m.IsZero() {
		return 0
	}
	scratch = scratch[:len(x)]
	m.MulTo(scratch, x)
	return vec.Dot(scratch, x)
}

// adjoint adds Gᵀλ to h and Fᵀλ to prev.
func (s *BlockStage) adjoint(h, lambda, prev []float64) {
	if s.G != nil {
		s.G.mulTransAdd(h, lambda)
	}
	if s.F != nil {
		s.F.mulTransAdd(prev, lambda)
	}
}

// MulTo computes dst = M x, sample by sample. dst has Batch·Rows elements, x has
// Batch·Cols, and they do not overlap. The value with no numbers counts as zero.
func (m *SampleMap) MulTo(dst, x []float64) {
	clear(dst)
	m.MulAdd(dst, x)
}

// MulAdd computes dst += M x; see MulTo.
func (m *SampleMap) MulAdd(dst, x []float64) {
	switch {
	case m.Diag != nil:
		for i, d := range m.Diag {
			dst[i] += d * x[i]
		}
	case m.Sparse != nil:
		w := m.Pattern.spaces.Get()
		defer m.Pattern.spaces.Put(w)
		for n := range m.Batch {
			m.sparseAdd(w, dst[n*m.Rows:(n+1)*m.Rows], x[n*m.Cols:(n+1)*m.Cols], n)
		}
	case m.Full != nil:
		for r := range m.Batch * m.Rows {
			in := x[r/m.Rows*m.Cols:][:m.Cols]
			s := 0.0
			for j, v := range m.Full[r*m.Cols:][:m.Cols] {
				s += v * in[j]
			}
			dst[r] += s
		}
	}
}

// mulTrans computes dst = Mᵀ x.
func (m *SampleMap) mulTrans(dst, x []float64) {
	clear(dst)
	m.MulTransAdd(dst, x)
}

// MulTransAdd computes dst += Mᵀ x, where dst has Batch·Cols elements and x has
// Batch·Rows; see MulTo.
func (m *SampleMap) MulTransAdd(dst, x []float64) {
	switch {
	case m.Diag != nil:
		m.MulAdd(dst, x)
	case m.Sparse != nil:
		w := m.Pattern.spaces.Get()
		defer m.Pattern.spaces.Put(w)
		for n := range m.Batch {
			m.sparseTransAdd(w, dst[n*m.Cols:(n+1)*m.Cols], x[n*m.Rows:(n+1)*m.Rows], n)
		}
	case m.Full != nil:
		for r := range m.Batch * m.Rows {
			out := dst[r/m.Rows*m.Cols:][:m.Cols]
			for j, v := range m.Full[r*m.Cols:][:m.Cols] {
				out[j] += v * x[r]
			}
		}
	}
}
