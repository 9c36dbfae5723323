package nn

import (
	"costate/la/vec"
	"costate/system"
)

// fullMaps are the derivatives of what follows the pre-activations u of a layer with
// weights, ψ(u, z), by sample: matrices for a system.DenseStage. The rows of the outputs
// that are only carried on, the tail, are written once.
type fullMaps struct {
	j, q         []float64 // out×pre, pre×pre
	passJ        []float64 // out×in
	cross, passQ []float64 // pre×in, in×in

	outs, pre, ins int
	front          int // outs without the tail
	begin          int // numbers that the ops begin with, without the tail
	kept           int // where the kept numbers begin in the inputs

	// Where no op bends, the derivatives in [φ(u) | kept] are the same everywhere: only
	// those that are not zero are kept, and written again, times φ'. Whether that is
	// finite, φ' itself tells.
	base  []entry
	based bool

	patternJ, patternPass *system.Pattern

	spoiled bool // an element of j is not finite
}

// An entry is an element of a matrix.
type entry struct {
	row, col int
	v        float64
}

// take gets the storage that step s needs. The first stage takes nothing from its
// inputs, which are fixed.
func (f *fullMaps) take(s *step, batch int, first, second bool, take func(int) []float64) {
	f.outs, f.pre, f.ins = s.out, s.pre(), s.in
	f.front, f.begin, f.kept = s.out-s.tail, s.pre()+s.keep-s.tail, s.in-s.keep
	f.j = take(batch * f.outs * f.pre)
	keeps := s.keep > 0 && !first
	if keeps {
		f.passJ = take(batch * f.outs * f.ins)
		for n := range batch {
			for i := range s.tail {
				f.passJ[(n*f.outs+f.front+i)*f.ins+f.ins-s.tail+i] = 1
			}
		}
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
	p := &system.Pass{J: system.SampleMap{Batch: batch, Rows: f.outs, Cols: f.ins, Full: f.passJ, Pattern: f.patternPass}}
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
		start := s.pre() + s.keep - s.tail
		state, outs = max(state, start), max(outs, (s.out-s.tail)*start)
		if s.kind == mapStep {
			see(&s.op, s.op.after(), true)
		}
		for i := range s.inner {
			see(&s.inner[i], s.out-s.tail, s.bent())
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
	out, last := len(b), len(ops)-1
	if last < 0 || ops[last].kind != mapOp {
		c.identity(out)
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
		if i == last && o.kind == mapOp {
			o.placeJacobian(c.a, c.jac)
		} else {
			o.right(c.a2, c.a, c.jac, out)
			c.a, c.a2 = c.a2, c.a
		}
		dst := c.b[:nb]
		if i%2 == 0 {
			dst = c.b2[:nb]
		}
		o.pullSample(dst, x, b, c.jac)
		b = dst
	}
	return bent
}

// identity sets A to the identity of order n.
func (c *composer) identity(n int) {
	clear(c.a[:n*n])
	for i := range n {
		c.a[i*n+i] = 1
	}
}

// maps fills the derivatives of a step that is not plain, for the ∂ℓ/∂z b of its
// outputs. r.d1 is φ'; b⊙φ″ is added later, by delta.
func (t *tape) maps(s *step, r *record, b []float64) {
	f := &r.full
	f.spoiled = false
	for n := range t.batch {
		if f.based {
			f.storeBase(r.d1, n)
			continue
		}
		at := func(i int) []float64 {
			x, w := r.start, s.pre()+s.keep
			if i > 0 {
				x, w = r.mids[i-1], s.ops[i-1].after()
			}
			return x[n*w : (n+1)*w]
		}
		bent := t.comp.run(s.inner, at, b[n*s.out:n*s.out+f.front], f.q != nil)
		f.storeJ(r.d1, t.comp.a, n)
		if bent {
			f.storeQ(r.d1, t.comp.q, n)
		}
		if !s.bent() {
			f.findBase(t.comp.a)
		}
	}
}

// findBase keeps the entries of a, front×begin, that are not zero.
func (f *fullMaps) findBase(a []float64) {
	for i := range f.front {
		for k, v := range a[i*f.begin : (i+1)*f.begin] {
			if v != 0 {
				f.base = append(f.base, entry{i, k, v})
			}
		}
	}
	f.based = true
}

// storeBase is storeJ for the base.
func (f *fullMaps) storeBase(d1 []float64, n int) {
	j := f.j[n*f.outs*f.pre : (n+1)*f.outs*f.pre]
	for _, e := range f.base {
		switch {
		case e.col >= f.pre:
			if f.passJ != nil {
				f.passJ[(n*f.outs+e.row)*f.ins+f.kept+e.col-f.pre] = e.v
			}
		case d1 == nil:
			j[e.row*f.pre+e.col] = e.v
		default:
			j[e.row*f.pre+e.col] = e.v * d1[n*f.pre+e.col]
		}
	}
}

// storeJ stores the derivatives of sample n from those in [φ(u) | kept], a.
func (f *fullMaps) storeJ(d1, a []float64, n int) {
	for i := range f.front {
		src, dst := a[i*f.begin:(i+1)*f.begin], f.j[(n*f.outs+i)*f.pre:][:f.pre]
		sum := 0.0 // of zeros, but for a NaN or an infinity
		switch p := f.patternJ; {
		case p != nil && d1 == nil:
			for _, c := range p.Col[p.Ptr[i]:p.Ptr[i+1]] {
				dst[c] = src[c]
				sum += 0 * src[c]
			}
		case p != nil:
			d := d1[n*f.pre : (n+1)*f.pre]
			for _, c := range p.Col[p.Ptr[i]:p.Ptr[i+1]] {
				v := src[c] * d[c]
				dst[c] = v
				sum += 0 * v
			}
		case d1 == nil:
			copy(dst, src)
		default:
			vec.Mul(dst, src[:f.pre], d1[n*f.pre:(n+1)*f.pre])
		}
		if sum != 0 || f.patternJ == nil && notFinite(dst) >= 0 {
			f.spoiled = true
		}
		if f.passJ != nil {
			copy(f.passJ[(n*f.outs+i)*f.ins+f.kept:], src[f.pre:])
		}
	}
}

// storeQ stores the second derivatives of sample n from those in [φ(u) | kept], q.
func (f *fullMaps) storeQ(d1, q []float64, n int) {
	pre := f.pre
	for i := range pre {
		src, dst := q[i*f.begin:(i+1)*f.begin], f.q[(n*pre+i)*pre:][:pre]
		copy(dst, src)
		if d1 != nil {
			vec.Mul(dst, dst, d1[n*pre:(n+1)*pre])
			vec.Scale(dst, d1[n*pre+i], dst)
		}
		if f.cross != nil {
			row := f.cross[(n*pre+i)*f.ins+f.kept:][:f.begin-pre]
			copy(row, src[pre:])
			if d1 != nil {
				vec.Scale(row, d1[n*pre+i], row)
			}
		}
	}
	mirror(f.q[n*pre*pre:(n+1)*pre*pre], pre)
	if f.passQ == nil || f.begin == pre {
		return
	}
	pq := f.passQ[n*f.ins*f.ins : (n+1)*f.ins*f.ins]
	for i := range f.begin - pre {
		copy(pq[(f.kept+i)*f.ins+f.kept:][:f.begin-pre], q[(pre+i)*f.begin+pre:])
	}
	mirror(pq, f.ins)
}

// finite reports whether the derivatives of all samples are finite.
func (f *fullMaps) finite() bool {
	return !f.spoiled && notFinite(f.q) < 0 && notFinite(f.cross) < 0 && notFinite(f.passQ) < 0
}

// mirror copies the lower triangle of an n×n matrix to the upper one.
func mirror(q []float64, n int) {
	for i := range n {
		for k := range i {
			q[k*n+i] = q[i*n+k]
		}
	}
}
