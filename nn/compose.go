package nn

import "costate/la/vec"

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
	see := func(o *op) int {
		n := max(o.before(), o.after())
		state = max(state, n)
		if o.kind == mapOp {
			jac = max(jac, o.in*o.out)
		}
		return n
	}
	for k := range p.steps {
		s := &p.steps[k]
		begin, out := s.pre()+s.keep-s.tail, s.out-s.tail
		state = max(state, begin)
		_, easy := s.varying(second)
		if s.kind == mapStep {
			n := see(&s.op)
			outs, bends = max(outs, s.op.after()*n), max(bends, n*n)
		}
		for i := range s.inner {
			n := see(&s.inner[i])
			if easy {
				continue
			}
			outs = max(outs, out*n, out*begin)
			if s.bent() {
				bends = max(bends, n*n)
			}
		}
	}
	if !second {
		bends = 0
	}
	c.jac, c.b, c.b2 = make([]float64, jac), make([]float64, state), make([]float64, state)
	if full {
		c.a, c.a2 = make([]float64, outs), make([]float64, outs)
		c.q, c.q2 = make([]float64, bends), make([]float64, bends)
	}
}

// run composes the ops on a sample, whose states before the first and after each are the
// slices that at gives, for a cotangent b of their outputs. A is left in c.a; Q in c.q if
// the result is true, and zero otherwise or not asked for by second. It is sample n of
// those with the lengths.
func (c *composer) run(ops []op, at func(int) []float64, b []float64, second bool, lengths []int, n int) (bent bool) {
	out, last := len(b), len(ops)-1
	if last < 0 || ops[last].kind != mapOp {
		c.identity(out)
	}
	for i := len(ops) - 1; i >= 0; i-- {
		o := &ops[i]
		x := at(i)
		nb, na := o.before(), o.after()
		m := o.at(lengths, n)
		if o.kind == mapOp {
			m.Jacobian(c.jac[:o.out*o.in], x[:o.in:o.in])
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
			m.Second(own, x[:o.in:o.in], b[:o.out:o.out])
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
		o.pullSample(dst, x, b, c.jac, m)
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
