package nn

// lossPart evaluates the loss of samples from..from+count of the batch b, whose
// outputs are z (count×c), and returns scale·Σ w_n loss_n. With it come
// grad = scale·w_n ∂loss_n/∂z_n (count×c) and hess, the same of the second
// derivative (count×c or count×c×c); each may be nil. t is workspace of length c
// and holds zeros on entry and return.
func lossPart(l Loss, b *Batch, from, count int, z []float64, scale float64, grad, hess, t []float64) float64 {
	c := len(t)
	h := c
	if !l.Diagonal() {
		h = c * c
	}
	total := 0.0
	var g, hn []float64
	for i := range count {
		n := from + i
		w := scale
		if b.Weights != nil {
			w *= b.Weights[n]
		}
		if grad != nil {
			g = grad[i*c : i*c+c]
		}
		if hess != nil {
			hn = hess[i*h : i*h+h]
		}
		if w == 0 { // a sample that does not count, whatever its outputs are
			clear(g)
			clear(hn)
			continue
		}
		if b.T != nil {
			total += w * l.Sample(g, hn, z[i*c:i*c+c], b.T[n*c:n*c+c])
		} else {
			setLabel(t, b.Labels[n])
			total += w * l.Sample(g, hn, z[i*c:i*c+c], t)
			clearLabel(t, b.Labels[n])
		}
		if w != 1 {
			for k := range g {
				g[k] *= w
			}
			for k := range hn {
				hn[k] *= w
			}
		}
	}
	return total
}

// apply stores ψ of every sample of in in out.
func (m *merged) apply(out, in []float64, batch int) {
	for n := range batch {
		m.m.Forward(out[n*m.out:n*m.out+m.out], in[n*m.in:n*m.in+m.in])
	}
}

// pull stores Jᵀb of every sample in dst; jac is workspace of length out×in.
func (m *merged) pull(dst, in, b []float64, batch int, jac []float64) {
	p, fast := m.m.(Puller)
	for n := range batch {
		d, x, bn := dst[n*m.in:n*m.in+m.in], in[n*m.in:n*m.in+m.in], b[n*m.out:n*m.out+m.out]
		if fast {
			p.Pull(d, x, bn)
			continue
		}
		m.m.Jacobian(jac, x)
		transMul(d, jac, bn)
	}
}

// transMul computes dst = Jᵀ b for J of len(b)×len(dst).
func transMul(dst, j, b []float64) {
	clear(dst)
	w := len(dst)
	for i, v := range b {
		axpy(dst, v, j[i*w:i*w+w])
	}
}

// values evaluates the network on count samples without keeping what a backward
// pass needs. x is count×inputs; a and b are workspace of count×width each. The
// outputs are returned in one of them.
func (n *Network) values(pr products, x []float64, count int, a, b []float64) []float64 {
	p := n.plan
	cur := x
	for i := range p.pre {
		m := &p.pre[i]
		out := a[:count*m.out]
		m.apply(out, cur, count)
		cur, a, b = out, b, a
	}
	for k := range p.steps {
		s := &p.steps[k]
		switch s.kind {
		case denseStep:
			w, bias := s.weights(n.theta)
			u := a[:count*s.units]
			pr.forward(u, cur, w, bias, count, s.in, s.units)
			if !s.identity {
				s.act.Eval(u, nil, nil, u)
			}
			if s.skip {
				axpy(u, 1, cur)
			}
			cur, a, b = u, b, a
			for i := range s.maps {
				m := &s.maps[i]
				out := a[:count*m.out]
				m.apply(out, cur, count)
				cur, a, b = out, b, a
			}
		case mapStep:
			m := merged{s.m, s.in, s.out}
			out := a[:count*s.out]
			m.apply(out, cur, count)
			cur, a, b = out, b, a
		case blockStep:
			out := a[:count*s.out]
			s.blk.Forward(out, n.theta[s.w:s.w+s.np:s.w+s.np], cur, count)
			cur, a, b = out, b, a
		}
	}
	return cur
}
