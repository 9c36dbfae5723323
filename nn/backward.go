package nn

import "costate/system"

// backward runs back through the records. t.g[0] holds ∂ℓ/∂z of the outputs.
// It stores the gradient in grad, or adds it with add. With full it also leaves
// in the records what the chain needs: δ, b⊙φ″, J, Q, and the blocks.
func (t *tape) backward(pr products, theta, grad []float64, add bool) error {
	p, batch := t.plan, t.batch
	b, other := t.g[0], t.g[1]
	for k := len(p.steps) - 1; k >= 0; k-- {
		s, r := &p.steps[k], &t.recs[k]
		bk := b[:batch*s.out]
		dst := grad[s.w : s.w+s.np]
		switch s.kind {
		case denseStep:
			b, other = t.denseBack(pr, s, r, k, theta, dst, b, other, add)
			continue
		case mapStep:
			t.mapBack(s, r, bk, other[:batch*s.in])
		case blockStep:
			if err := t.blockBack(s, r, k, theta, bk, other[:batch*s.in], dst, add); err != nil {
				return err
			}
		}
		b, other = other, b
	}
	return nil
}

// denseBack goes back through a layer with weights: it stores its part of the gradient
// in dst and returns ∂ℓ/∂z at its inputs, and the other one of the two buffers b and
// other. b holds ∂ℓ/∂z at its outputs.
func (t *tape) denseBack(pr products, s *step, r *record, k int, theta, dst, b, other []float64, add bool) (prev, free []float64) {
	batch := t.batch
	if t.full && !s.plain() {
		t.maps(s, r, b[:batch*s.out])
	}
	for i := len(s.ops) - 1; i >= 0; i-- {
		o, x := &s.ops[i], r.start
		if i > 0 {
			x = r.mids[i-1]
		}
		o.pull(other[:batch*o.before()], x, b[:batch*o.after()], batch, t.comp.jac, t.lengths)
		b, other = other, b
	}
	prev = other[:batch*s.in]
	if s.skip {
		copy(prev, b[:batch*s.in])
	} else if s.index != nil || s.keep > 0 {
		clear(prev)
	}
	bu := b[:batch*s.pre()] // ∂ℓ/∂φ(u)
	if s.keep > 0 {
		s.splitKept(bu, prev, b, batch)
	}
	delta := t.delta(s, r, bu)
	w, _ := s.weights(theta)
	z := r.in
	if s.index != nil {
		z = r.z
	}
	nw, rows := s.weightCount(), batch*s.rows
	if t.behind.on {
		t.behind.reach(len(t.recs) - k)
	} else {
		pr.gradient(dst[:nw], delta, z, rows, s.row, s.units, add)
		if s.bias {
			sumRows(dst[nw:], delta, add)
		}
	}
	if k > 0 {
		if s.index == nil {
			pr.back(prev, delta, w, rows, s.row, s.units, s.skip || s.keep > 0)
		} else {
			g := t.rows[:rows*s.row]
			pr.back(g, delta, w, rows, s.row, s.units, false)
			scatter(prev, g, s.index, batch, s.in)
		}
	}
	return other, b
}

// splitKept takes b, ∂ℓ/∂[φ(u) | kept inputs] of every sample, apart: what belongs to
// φ(u) moves to its front, bu, and what belongs to the inputs is stored in prev.
func (s *step) splitKept(bu, prev, b []float64, batch int) {
	pre := s.pre()
	n := pre + s.keep
	for i := range batch {
		copy(prev[(i+1)*s.in-s.keep:(i+1)*s.in], b[i*n+pre:(i+1)*n])
		copy(bu[i*pre:(i+1)*pre], b[i*n:i*n+pre])
	}
}

// delta returns δ = ∂ℓ/∂u for b = ∂ℓ/∂φ(u). Without full δ overwrites b; with full the
// record keeps it, and b⊙φ″, by itself or in Q.
func (t *tape) delta(s *step, r *record, b []float64) []float64 {
	if !t.full {
		if r.d1 != nil {
			for i, d := range r.d1 {
				b[i] *= d
			}
		}
		return b
	}
	delta := r.delta
	if r.d1 == nil {
		copy(delta, b)
		return delta
	}
	for i, d := range r.d1 {
		delta[i] = d * b[i]
	}
	if r.d2 == nil {
		return delta
	}
	for i, v := range b[:len(r.d2)] {
		r.d2[i] *= v
	}
	if q := r.full.q; q != nil {
		pre := s.pre()
		for i, v := range r.d2 {
			q[i*pre+i%pre] += v
		}
	}
	return delta
}

// mapBack stores Jᵀb in prev and with full J and Q in the blocks.
func (t *tape) mapBack(s *step, r *record, b, prev []float64) {
	s.op.pull(prev, r.in, b, t.batch, t.comp.jac, t.lengths)
	if !t.full {
		return
	}
	f := r.blocks.F.Val
	ops := []op{s.op}
	for n := range t.batch {
		at := func(int) []float64 { return r.in[n*s.in : (n+1)*s.in] }
		bent := t.comp.run(ops, at, b[n*s.out:(n+1)*s.out], t.second, t.lengths, n)
		copy(f[n*s.out*s.in:(n+1)*s.out*s.in], t.comp.a)
		if bent {
			qn := r.blocks.Q.Val[n*s.in*s.in : (n+1)*s.in*s.in]
			copy(qn, t.comp.q)
			mirror(qn, s.in)
		}
	}
	r.blocks.P, r.blocks.NIn, r.blocks.NOut = 0, t.batch*s.in, t.batch*s.out
}

// transMulAdd computes dst += Mᵀ b.
func transMulAdd(dst []float64, m *system.Matrix, b []float64) {
	if m == nil {
		return
	}
	for i, v := range b[:m.Rows] {
		for k := m.Ptr[i]; k < m.Ptr[i+1]; k++ {
			dst[m.Col[k]] += m.Val[k] * v
		}
	}
}
