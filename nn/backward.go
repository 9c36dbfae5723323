package nn

import (
	"fmt"

	"costate/system"
)

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
			if !t.full {
				// Back through the merged maps; with full they are part of δ.
				for i := len(s.maps) - 1; i >= 0; i-- {
					m, x := &s.maps[i], r.act
					if i > 0 {
						x = r.mids[i-1]
					}
					m.pull(other[:batch*m.in], x, b[:batch*m.out], batch, t.jac)
					b, other = other, b
				}
				bk = b[:batch*s.units]
			}
			w, _ := s.weights(theta)
			prev := other[:batch*s.in]
			if s.skip && k > 0 {
				copy(prev, bk)
			}
			delta := t.delta(s, r, bk)
			nw := s.units * s.in
			pr.gradient(dst[:nw], delta, r.in, batch, s.in, s.units, add)
			if s.bias {
				sumRows(dst[nw:], delta, add)
			}
			if k > 0 {
				pr.back(prev, delta, w, batch, s.in, s.units, s.skip)
			}
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

// delta returns δ = ∂ℓ/∂u of a dense step. Without full, b is ∂ℓ/∂φ(u) and δ
// overwrites it. With full, b is ∂ℓ/∂z, and b⊙φ″ or, with merged maps, J and Q
// are left in the record.
func (t *tape) delta(s *step, r *record, b []float64) []float64 {
	if !t.full {
		if r.d1 != nil {
			for i, d := range r.d1 {
				b[i] *= d
			}
		}
		return b
	}
	if len(s.maps) > 0 {
		t.mergedMaps(s, r, b)
		return r.delta
	}
	delta := r.delta
	if r.d1 == nil {
		copy(delta, b)
		return delta
	}
	for i, d := range r.d1 {
		delta[i] = d * b[i]
	}
	if r.d2 != nil {
		for i, v := range b[:len(r.d2)] {
			r.d2[i] *= v
		}
	}
	return delta
}

// mergedMaps composes the Jacobians and second derivatives of the maps that
// follow an activation, sample by sample:
//
//	J = J_m … J_1 diag(φ')      Q = φ' Q_maps φ' + diag(b⊙φ″)
//
// where for two maps Q_maps = J_1ᵀ Q_2 J_1 + Q_1, each Q contracted with the
// ∂ℓ/∂z at its own outputs.
func (t *tape) mergedMaps(s *step, r *record, b []float64) {
	u, c := s.units, s.out
	last := len(s.maps) - 1
	for n := range t.batch {
		jn, qn := r.j[n*c*u:(n+1)*c*u], r.qm[n*u*u:(n+1)*u*u]
		bn := b[n*c : n*c+c]
		jac, q := jn, qn // of the maps so far; the destination if there is one map
		for i := last; i >= 0; i-- {
			m := &s.maps[i]
			x := r.act
			if i > 0 {
				x = r.mids[i-1]
			}
			xn := x[n*m.in : n*m.in+m.in]
			dst := t.bv[:m.in]
			if &bn[0] == &dst[0] {
				dst = t.bv2[:m.in]
			}
			if i == last {
				if last > 0 {
					jac, q = t.jac, t.q
				}
				m.m.Jacobian(jac[:m.out*m.in], xn)
				m.m.Second(q[:m.in*m.in], xn, bn)
				transMul(dst, jac[:m.out*m.in], bn)
			} else {
				ji := t.jac2[:m.out*m.in]
				m.m.Jacobian(ji, xn)
				transMul(dst, ji, bn)
				// Q ← JᵢᵀQJᵢ + Qᵢ by way of Q Jᵢ, then J ← J Jᵢ.
				qi := t.q2[:m.out*m.in]
				mul(qi, q, ji, m.out, m.out, m.in)
				m.m.Second(q[:m.in*m.in], xn, bn)
				for l := range m.out {
					for a := range m.in {
						axpy(q[a*m.in:a*m.in+m.in], ji[l*m.in+a], qi[l*m.in:l*m.in+m.in])
					}
				}
				mul(t.q2, jac, ji, c, m.out, m.in)
				copy(jac, t.q2[:c*m.in])
				if i == 0 {
					copy(jn, jac[:c*u])
					copy(qn, q[:u*u])
				}
			}
			bn = dst
		}
		t.scaleByActivation(r, n, u, c, jn, qn, bn)
	}
}

// scaleByActivation turns the derivatives in φ(u) of sample n into those in u.
func (t *tape) scaleByActivation(r *record, n, u, c int, j, q, b []float64) {
	delta := r.delta[n*u : n*u+u]
	if r.d1 == nil {
		copy(delta, b)
	} else {
		d1 := r.d1[n*u : n*u+u]
		for i, d := range d1 {
			delta[i] = d * b[i]
			row := q[i*u : i*u+u]
			for k := range i + 1 {
				row[k] *= d * d1[k]
			}
		}
		for i := range c {
			row := j[i*u : i*u+u]
			for k, d := range d1 {
				row[k] *= d
			}
		}
	}
	if r.d2 != nil {
		for i, d := range r.d2[n*u : n*u+u] {
			q[i*u+i] += b[i] * d
		}
	}
	mirror(q, u)
}

// mirror copies the lower triangle of an n×n matrix to the upper one.
func mirror(q []float64, n int) {
	for i := range n {
		for k := range i {
			q[k*n+i] = q[i*n+k]
		}
	}
}

// mul computes c = a b for a of m×k and b of k×n, all small.
func mul(c, a, b []float64, m, k, n int) {
	for i := range m {
		row := c[i*n : i*n+n]
		clear(row)
		for l := range k {
			axpy(row, a[i*k+l], b[l*n:l*n+n])
		}
	}
}

// mapBack stores Jᵀb in prev and with full J and Q in the blocks.
func (t *tape) mapBack(s *step, r *record, b, prev []float64) {
	if !t.full {
		m := merged{s.m, s.in, s.out}
		m.pull(prev, r.in, b, t.batch, t.jac)
		return
	}
	f, q := r.blocks.F.Val, r.blocks.Q.Val
	for n := range t.batch {
		x, bn := r.in[n*s.in:n*s.in+s.in], b[n*s.out:n*s.out+s.out]
		jn, qn := f[n*s.out*s.in:(n+1)*s.out*s.in], q[n*s.in*s.in:(n+1)*s.in*s.in]
		s.m.Jacobian(jn, x)
		s.m.Second(qn, x, bn)
		mirror(qn, s.in)
		transMul(prev[n*s.in:n*s.in+s.in], jn, bn)
	}
	r.blocks.P, r.blocks.NIn, r.blocks.NOut = 0, t.batch*s.in, t.batch*s.out
}

// blockBack asks step k, a BlockLayer, for its blocks, stores Gᵀb in dst or adds
// it, and Fᵀb in prev.
func (t *tape) blockBack(s *step, r *record, k int, theta, b, prev, dst []float64, add bool) error {
	bl := &r.user
	nin, nout := t.batch*s.in, t.batch*s.out
	bl.P, bl.NIn, bl.NOut = s.np, nin, nout
	s.blk.Blocks(bl, theta[s.w:s.w+s.np:s.w+s.np], r.in, b, t.batch, t.full)
	if !hasShape(bl.G, nout, s.np) || k > 0 && !hasShape(bl.F, nout, nin) {
		return fmt.Errorf("nn: layer %d (%T): Blocks gave matrices that are not %d×%d (F) and %d×%d (G)", s.layer+1, s.blk, nout, nin, nout, s.np)
	}
	if t.full {
		*r.blocks = *bl
		r.blocks.P, r.blocks.NIn, r.blocks.NOut = s.np, nin, nout
		if k == 0 {
			r.blocks.NIn, r.blocks.F, r.blocks.C, r.blocks.Q = 0, nil, nil, nil
		}
	}
	if !add {
		clear(dst)
	}
	transMulAdd(dst, bl.G, b)
	if k > 0 {
		clear(prev)
		transMulAdd(prev, bl.F, b)
	}
	return nil
}

// hasShape reports whether m is rows×cols, or nil and without columns.
func hasShape(m *system.Matrix, rows, cols int) bool {
	if m == nil {
		return cols == 0
	}
	return m.Rows == rows && m.Cols == cols && len(m.Ptr) == rows+1
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
