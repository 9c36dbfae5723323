package nn

import "costate/system"

// A tape holds what one forward pass leaves for the backward pass, for one plan
// and batch size. With full it also holds the second derivatives, the pieces of
// a chain, and then owns copies of the parameters and inputs.
type tape struct {
	plan  *plan
	batch int
	from  int // index of the first sample, for messages
	full  bool

	theta []float64   // with full: the parameters of this pass
	x     []float64   // with full and no maps before the parameters: the inputs
	pre   [][]float64 // outputs of the maps before the parameters
	recs  []record
	g     [2][]float64 // ∂ℓ/∂z in turns: batch×width
	hess  []float64    // with full: second derivative of the loss in the outputs
	t     []float64    // a target, zero between uses

	// Workspace for maps of one sample.
	jac, jac2, q, q2, bv, bv2 []float64

	memory arena
}

// A record is what a tape keeps of a step.
type record struct {
	in     []float64   // the step's inputs, the outputs of the step before
	act    []float64   // dense: φ(u)
	out    []float64   // outputs; φ(u) itself where no map follows
	mids   [][]float64 // dense: outputs of the merged maps, the last is out
	d1     []float64   // φ'; nil for the identity
	d2     []float64   // with full: φ″, and after the backward pass b⊙φ″; nil if zero
	delta  []float64   // with full: ∂ℓ/∂u
	j, qm  []float64   // with full and merged maps: J and Q by sample
	dense  *system.DenseStage
	blocks *system.BlockStage
	user   system.BlockStage // what a BlockLayer filled in, kept for its storage
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

// configure prepares t for a network's plan and a batch size. It allocates only
// if they are not those of the last call.
func (t *tape) configure(p *plan, batch int, full bool) {
	if t.plan == p && t.batch == batch && t.full == full {
		return
	}
	*t = tape{plan: p, batch: batch, full: full}
	take := t.memory.take
	c := p.outputs
	t.g[0], t.g[1] = take(batch*p.width), take(batch*p.width)
	t.t = make([]float64, c)
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
		t.pre = append(t.pre, take(batch*p.pre[i].out))
	}
	t.recs = make([]record, len(p.steps))
	var dense []system.DenseStage
	var blocks []system.BlockStage
	if full {
		nd := 0
		for k := range p.steps {
			if p.steps[k].kind == denseStep {
				nd++
			}
		}
		dense, blocks = make([]system.DenseStage, nd), make([]system.BlockStage, len(p.steps)-nd)
	}
	widest, square := 0, 0 // workspace of maps
	for k := range p.steps {
		s, r := &p.steps[k], &t.recs[k]
		if k > 0 {
			r.in = t.recs[k-1].out
		}
		switch s.kind {
		case denseStep:
			r.act = take(batch * s.units)
			r.out = r.act
			for i := range s.maps {
				m := &s.maps[i]
				r.out = take(batch * m.out)
				r.mids = append(r.mids, r.out)
				widest = max(widest, m.in, m.out)
				square = max(square, m.out*max(m.in, s.out), m.in*max(m.in, s.out))
			}
			if !s.identity {
				r.d1 = take(batch * s.units)
				if full && !s.linear {
					r.d2 = take(batch * s.units)
				}
			}
			if full {
				r.delta = take(batch * s.units)
				if len(s.maps) > 0 {
					r.j = take(batch * s.out * s.units)
					r.qm = take(batch * s.units * s.units)
				}
				r.dense, dense = &dense[0], dense[1:]
			}
		case mapStep:
			r.out = take(batch * s.out)
			widest = max(widest, s.in, s.out)
			square = max(square, s.out*s.in, s.in*s.in)
			if full {
				r.blocks, blocks = &blocks[0], blocks[1:]
				r.blocks.F = blockDiagonal(batch, s.out, s.in)
				r.blocks.Q = blockDiagonal(batch, s.in, s.in)
			}
		case blockStep:
			r.out = take(batch * s.out)
			if full {
				r.blocks, blocks = &blocks[0], blocks[1:]
			}
		}
	}
	for _, s := range []*[]float64{&t.jac, &t.jac2, &t.q, &t.q2} {
		*s = make([]float64, square)
	}
	t.bv, t.bv2 = make([]float64, widest), make([]float64, widest)
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
	cur := x
	for i := range p.pre {
		p.pre[i].apply(t.pre[i], cur, batch)
		cur = t.pre[i]
	}
	t.recs[0].in = cur
	for k := range p.steps {
		s, r := &p.steps[k], &t.recs[k]
		switch s.kind {
		case denseStep:
			w, b := s.weights(theta)
			pr.forward(r.act, r.in, w, b, batch, s.in, s.units)
			if !s.identity {
				s.act.Eval(r.act, r.d1, r.d2, r.act)
			}
			if s.skip {
				axpy(r.act, 1, r.in)
			}
			cur := r.act
			for i := range s.maps {
				s.maps[i].apply(r.mids[i], cur, batch)
				cur = r.mids[i]
			}
		case mapStep:
			m := merged{s.m, s.in, s.out}
			m.apply(r.out, r.in, batch)
		case blockStep:
			s.blk.Forward(r.out, theta[s.w:s.w+s.np:s.w+s.np], r.in, batch)
		}
	}
	return t.recs[len(p.steps)-1].out
}
