package nn

import "costate/system"

// A tape holds what one forward pass leaves for the backward pass, for one plan
// and batch size. With full it also holds the pieces of a chain, and then owns
// copies of the parameters and inputs; with second the second derivatives too.
type tape struct {
	plan   *plan
	batch  int
	from   int // index of the first sample, for messages
	full   bool
	second bool

	theta []float64   // with full: the parameters of this pass
	x     []float64   // with full and no maps before the parameters: the inputs
	pre   [][]float64 // outputs of the maps before the parameters
	recs  []record
	g     [2][]float64 // ∂ℓ/∂z in turns: batch×width
	hess  []float64    // with full: second derivative of the loss in the outputs
	t     []float64    // a target, zero between uses

	lengths []int // of the samples; nil where they do not matter

	behind  behind // what another goroutine does
	laidOut bool   // there is a chain

	rows []float64 // derivatives in the rows of a batch
	comp composer  // workspace for maps of one sample

	memory arena
}

// A record is what a tape keeps of a step.
type record struct {
	in     []float64   // the step's inputs, the outputs of the step before
	z      []float64   // dense: the rows; in itself where they are the sample
	act    []float64   // dense: φ(u)
	start  []float64   // dense: what the ops begin with; φ(u) itself where nothing is kept
	mids   [][]float64 // dense: outputs of the ops
	out    []float64   // outputs, the last of these
	d1     []float64   // φ'; nil for the identity
	d2     []float64   // with second: φ″, and after the backward pass b⊙φ″; nil if zero
	delta  []float64   // with full: ∂ℓ/∂u
	full   fullMaps    // with full, unless the step is plain
	dense  *system.DenseStage
	blocks *system.BlockStage
	user   system.BlockStage // what a BlockLayer filled in, kept for its storage
	side   sideways          // of a BlockLayer that numbers are carried around
}

// An arena hands out slices of a few large arrays, so that what is used one
// after the other lies side by side.
type arena struct{ free []float64 }

func (a *arena) take(n int) []float64 {
	const chunk = 1 << 15
	if n > len(a.free) {
		if n >= chunk/4 {
			return make([]float64, n)
		}
		a.free = make([]float64, chunk)
	}
	s := a.free[:n:n]
	a.free = a.free[n:]
	return s
}

// configure prepares t for a network's plan and a batch size. It allocates, and
// reports so, only if they are not those of the last call.
func (t *tape) configure(p *plan, batch int, full, second bool) (fresh bool) {
	if t.plan == p && t.batch == batch && t.full == full && t.second == second {
		return false
	}
	*t = tape{plan: p, batch: batch, full: full, second: second}
	take := t.memory.take
	c := p.outputs
	t.g[0], t.g[1] = take(batch*p.width), take(batch*p.width)
	t.t = make([]float64, p.targets)
	if full {
		t.theta = take(p.params)
		if len(p.pre) == 0 {
			t.x = take(batch * p.inputs)
		}
		h := c
		if !p.loss.Diagonal() {
			h *= c
		}
		t.hess = take(batch * h)
	}
	for i := range p.pre {
		t.pre = append(t.pre, take(batch*p.pre[i].after()))
	}
	t.recs = make([]record, len(p.steps))
	t.rows = make([]float64, batch*p.rowsMax)
	t.comp.resize(p, full, second)
	if full {
		t.stages()
	}
	for k := range p.steps {
		s, r := &p.steps[k], &t.recs[k]
		if k > 0 {
			r.in = t.recs[k-1].out
		}
		if s.kind == denseStep {
			t.configureDense(s, r, k == 0)
			continue
		}
		r.out = take(batch * s.out)
		if s.kind == mapStep && full {
			r.blocks.F = blockDiagonal(batch, s.out, s.in)
			if second {
				r.blocks.Q = blockDiagonal(batch, s.in, s.in)
			}
		}
		if s.kind == blockStep && s.rest > 0 {
			r.side.resize(s, batch)
		}
	}
	return true
}

// stages makes the stages of the chain, side by side.
func (t *tape) stages() {
	nd := 0
	for k := range t.plan.steps {
		if t.plan.steps[k].kind == denseStep {
			nd++
		}
	}
	dense, blocks := make([]system.DenseStage, nd), make([]system.BlockStage, len(t.plan.steps)-nd)
	for k := range t.plan.steps {
		if t.plan.steps[k].kind == denseStep {
			t.recs[k].dense, dense = &dense[0], dense[1:]
		} else {
			t.recs[k].blocks, blocks = &blocks[0], blocks[1:]
		}
	}
}

// configureDense makes the arrays of a layer with weights.
func (t *tape) configureDense(s *step, r *record, first bool) {
	take, batch := t.memory.take, t.batch
	pre := batch * s.pre()
	r.act = take(pre)
	r.start = r.act
	if s.index != nil {
		r.z = take(batch * len(s.index))
	}
	if s.keep > 0 {
		r.start = take(pre + batch*s.keep)
	}
	r.out = r.start
	for i := range s.ops {
		r.out = take(batch * s.ops[i].after())
		r.mids = append(r.mids, r.out)
	}
	if !s.identity {
		r.d1 = take(pre)
		if t.second && !s.flat {
			r.d2 = take(pre)
		}
	}
	if t.full {
		r.delta = take(pre)
		if !s.plain() {
			r.full.take(s, &t.comp, batch, first, t.second, take)
		}
	}
}

// blockDiagonal returns a matrix of batch dense blocks rows×cols along its
// diagonal; block n is Val[n*rows*cols:], by rows.
func blockDiagonal(batch, rows, cols int) *system.Matrix {
	m := &system.Matrix{Rows: batch * rows, Cols: batch * cols,
		Ptr: make([]int, batch*rows+1), Col: make([]int, batch*rows*cols), Val: make([]float64, batch*rows*cols)}
	for i := range batch * rows {
		m.Ptr[i+1] = m.Ptr[i] + cols
		for j := range cols {
			m.Col[i*cols+j] = i/rows*cols + j
		}
	}
	return m
}

// forward fills the records from the inputs x and returns the outputs. theta
// are the parameters to use.
func (t *tape) forward(pr products, theta, x []float64) []float64 {
	p, batch := t.plan, t.batch
	t.lengths = p.lengthsTo(t.lengths, x, batch)
	cur := x
	for i := range p.pre {
		p.pre[i].apply(t.pre[i], cur, batch, t.lengths)
		cur = t.pre[i]
	}
	t.recs[0].in = cur
	for k := range p.steps {
		s, r := &p.steps[k], &t.recs[k]
		switch s.kind {
		case denseStep:
			t.forwardDense(pr, s, r, theta)
		case mapStep:
			s.op.apply(r.out, r.in, batch, t.lengths)
		case blockStep:
			s.forwardBlock(r.out, r.in, theta, batch, &r.side)
		}
	}
	return t.recs[len(p.steps)-1].out
}

// forwardDense fills the record of a layer with weights.
func (t *tape) forwardDense(pr products, s *step, r *record, theta []float64) {
	z := r.in
	if s.index != nil {
		gather(r.z, r.in, s.index, t.batch, s.in)
		z = r.z
	}
	w, b := s.weights(theta)
	pr.forward(r.act, z, w, b, t.batch*s.rows, s.row, s.units)
	if !s.identity {
		s.act.Eval(r.act, r.d1, r.d2, r.act)
	}
	if s.skip {
		axpy(r.act, 1, r.in)
	}
	if s.keep > 0 {
		s.start(r.start, r.act, r.in, t.batch)
	}
	cur := r.start
	for i := range s.ops {
		s.ops[i].apply(r.mids[i], cur, t.batch, t.lengths)
		cur = r.mids[i]
	}
}

// start stores [φ(u) | kept inputs] of every sample, what the ops begin with.
func (s *step) start(dst, act, in []float64, batch int) {
	pre := s.pre()
	n := pre + s.keep
	for i := range batch {
		copy(dst[i*n:], act[i*pre:(i+1)*pre])
		copy(dst[i*n+pre:(i+1)*n], in[(i+1)*s.in-s.keep:(i+1)*s.in])
	}
}
