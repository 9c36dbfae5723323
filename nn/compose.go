package nn

import (
	"costate/la/vec"
	"costate/system"
)

// fullMaps are the derivatives of what follows the pre-activations u of a layer with
// weights, ψ(u, z), by sample: matrices for a system.DenseStage.
type fullMaps struct {
	j, q           []float64 // out×pre, pre×pre
	passJ          []float64 // out×in
	cross, passQ   []float64 // pre×in, in×in
	base           []float64 // where no op bends: ∂ψ/∂[φ(u) | kept], the same for every sample
	outs, pre, ins int
}

// take gets the storage that step s needs. The first stage takes nothing from its
// inputs, which are fixed.
func (f *fullMaps) take(s *step, batch int, first, second bool, take func(int) []float64) {
	f.outs, f.pre, f.ins = s.out, s.pre(), s.in
	f.j = take(batch * f.outs * f.pre)
	keeps := s.keep > 0 && !first
	if keeps {
		f.passJ = take(batch * f.outs * f.ins)
	}
	if !second || !s.bent() {
		return
	}
	f.q = take(batch * f.pre * f.pre)
	if keeps {
		f.cross, f.passQ = take(batch*f.pre*f.ins), take(batch*f.ins*f.ins)
	}
}

// pass is the Pass of the stage, nil where it has none.
func (f *fullMaps) pass(batch int) *system.Pass {
	if f.passJ == nil {
		return nil
	}
	p := &system.Pass{J: system.SampleMap{Batch: batch, Rows: f.outs, Cols: f.ins, Full: f.passJ}}
	if f.q != nil {
		p.Cross = system.SampleMap{Batch: batch, Rows: f.pre, Cols: f.ins, Full: f.cross}
		p.Q = system.SampleMap{Batch: batch, Rows: f.ins, Cols: f.ins, Full: f.passQ}
	}
	return p
}

// A composer composes the derivatives of ops, of one sample at a time, from the last to
// the first:
//
//	A ← A J      Q ← JᵀQJ + Q_op      b ← Jᵀb
//
// where Q_op is the op's second derivative contracted with the b at its outputs.
type composer struct {
	jac, a, a2, q, q2, b, b2 []float64
}

// resize makes room for any step of the plan.
func (c *composer) resize(p *plan, full, second bool) {
	state, jac, outs, bends := 0, 0, 0, 0
	see := func(o *op, out int, bent bool) {
		n := max(o.before(), o.after())
		state, outs = max(state, n), max(outs, out*n)
		if o.kind == mapOp {
			jac = max(jac, o.in*o.out)
		}
		if bent && second {
			bends = max(bends, n*n)
		}
	}
	for k := range p.steps {
		s := &p.steps[k]
		state = max(state, s.pre()+s.keep)
		outs = max(outs, s.out*(s.pre()+s.keep))
		if s.kind == mapStep {
			see(&s.op, s.op.after(), true)
		}
		for i := range s.ops {
			see(&s.ops[i], s.out, s.bent())
		}
	}
	c.jac, c.b, c.b2 = make([]float64, jac), make([]float64, state), make([]float64, state)
	if full {
		c.a, c.a2 = make([]float64, outs), make([]float64, outs)
		c.q, c.q2 = make([]float64, bends), make([]float64, bends)
	}
}

// run composes the ops on a sample, whose states before the first and after each are the
// slices that at gives, for a cotangent b of their outputs. A is left in c.a; Q in c.q if
// the result is true, and zero otherwise or not asked for by second.
func (c *composer) run(ops []op, at func(int) []float64, b []float64, second bool) (bent bool) {
	out := len(b)
	clear(c.a[:out*out])
	for i := range out {
		c.a[i*out+i] = 1
	}
	for i := len(ops) - 1; i >= 0; i-- {
		o := &ops[i]
		x := at(i)
		nb, na := o.before(), o.after()
		if o.kind == mapOp {
			o.m.Jacobian(c.jac[:o.out*o.in], x[:o.in:o.in])
		}
		if bent {
			o.right(c.q2, c.q, c.jac, na)
			o.left(c.q, c.q2, c.jac, nb)
		}
		if second && !o.linear() {
			if !bent {
				clear(c.q[:nb*nb])
				bent = true
			}
			own := c.q2[:o.in*o.in]
			o.m.Second(own, x[:o.in:o.in], b[:o.out:o.out])
			for l := range o.in {
				vec.Axpy(c.q[l*nb:l*nb+o.in], 1, own[l*o.in:(l+1)*o.in])
			}
		}
		o.right(c.a2, c.a, c.jac, out)
		c.a, c.a2 = c.a2, c.a
		dst := c.b[:nb]
		if i%2 == 0 {
			dst = c.b2[:nb]
		}
		o.pullSample(dst, x, b, c.jac)
		b = dst
	}
	return bent
}

// maps fills the derivatives of a step that is not plain, for the ∂ℓ/∂z b of its
// outputs. r.d1 is φ'; b⊙φ″ is added later, by bend.
func (t *tape) maps(s *step, r *record, b []float64) {
	f := &r.full
	n0 := s.pre() + s.keep
	for n := range t.batch {
		at := func(i int) []float64 {
			x, w := r.start, n0
			if i > 0 {
				x, w = r.mids[i-1], s.ops[i-1].after()
			}
			return x[n*w : (n+1)*w]
		}
		a := f.base
		bent := false
		if a == nil {
			bent = t.comp.run(s.ops, at, b[n*s.out:(n+1)*s.out], f.q != nil)
			a = t.comp.a[:s.out*n0]
			if !s.bent() {
				f.base = append(f.base, a...)
			}
		}
		f.storeJ(s, r.d1, a, n)
		if bent {
			f.storeQ(s, r.d1, t.comp.q, n)
		}
	}
}

// storeJ stores the derivatives of sample n from those in [φ(u) | kept], a.
func (f *fullMaps) storeJ(s *step, d1, a []float64, n int) {
	pre, n0 := f.pre, f.pre+s.keep
	for i := range f.outs {
		src, dst := a[i*n0:(i+1)*n0], f.j[(n*f.outs+i)*pre:][:pre]
		if d1 == nil {
			copy(dst, src)
		} else {
			vec.Mul(dst, src[:pre], d1[n*pre:(n+1)*pre])
		}
		if f.passJ != nil {
			row := f.passJ[(n*f.outs+i)*f.ins:][:f.ins]
			copy(row[f.ins-s.keep:], src[pre:])
		}
	}
}

// storeQ stores the second derivatives of sample n from those in [φ(u) | kept], q.
func (f *fullMaps) storeQ(s *step, d1, q []float64, n int) {
	pre, n0 := f.pre, f.pre+s.keep
	for i := range pre {
		src, dst := q[i*n0:(i+1)*n0], f.q[(n*pre+i)*pre:][:pre]
		copy(dst, src)
		if d1 != nil {
			vec.Mul(dst, dst, d1[n*pre:(n+1)*pre])
			vec.Scale(dst, d1[n*pre+i], dst)
		}
		if f.cross != nil {
			row := f.cross[(n*pre+i)*f.ins:][:f.ins]
			copy(row[f.ins-s.keep:], src[pre:])
			if d1 != nil {
				vec.Scale(row, d1[n*pre+i], row)
			}
		}
	}
	mirror(f.q[n*pre*pre:(n+1)*pre*pre], pre)
	if f.passQ == nil {
		return
	}
	pq := f.passQ[n*f.ins*f.ins : (n+1)*f.ins*f.ins]
	for i := range s.keep {
		copy(pq[(f.ins-s.keep+i)*f.ins+f.ins-s.keep:][:s.keep], q[(pre+i)*n0+pre:][:s.keep])
	}
	mirror(pq, f.ins)
}

// mirror copies the lower triangle of an n×n matrix to the upper one.
func mirror(q []float64, n int) {
	for i := range n {
		for k := range i {
			q[k*n+i] = q[i*n+k]
		}
	}
}
