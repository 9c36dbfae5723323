package nn

// lossPart evaluates the loss of samples from..from+count of the batch b, whose
// outputs are z (count×c), and returns scale·Σ w_n loss_n. With it come
// grad = scale·w_n ∂loss_n/∂z_n (count×c) and hess, the same of the second
// derivative (count×c or count×c×c); each may be nil. t is workspace for a target
// and holds zeros on entry and return.
func lossPart(l Loss, b *Batch, from, count int, z []float64, scale float64, grad, hess, t []float64) float64 {
	c := len(z) / count
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
		if w == 0 || b.Labels != nil && b.Labels[n] == Ignored { // a sample that does not count, whatever its outputs are
			clear(g)
			clear(hn)
			continue
		}
		if b.T != nil {
			total += w * l.Sample(g, hn, z[i*c:i*c+c], b.T[n*len(t):(n+1)*len(t)])
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

// OutputGradient stores ∂ℓ/∂z of the loss of the batch in its outputs z in dst, both
// N×outputs: what a pass back begins with. The batch has been accepted by another pass.
// It panics with ErrDestination if the lengths do not fit.
func (n *Network) OutputGradient(dst []float64, batch *Batch, z []float64) {
	p := n.plan
	if len(dst) != batch.N*p.outputs || len(z) != len(dst) {
		panic(ErrDestination)
	}
	t := lend(p.targets)
	defer t.back()
	clear(t.x)
	lossPart(p.loss, batch, 0, batch.N, z, 1/float64(batch.N), dst, nil, t.x)
}

// values evaluates the network on count samples without keeping what a backward
// pass needs. x is count×inputs. The outputs are returned in an array of ws.
func (n *Network) values(pr products, ws *Workspace, x []float64, count int) []float64 {
	p := n.plan
	a, b := ws.a, ws.b
	ws.lengths = p.lengthsTo(ws.lengths, x, count)
	cur := x
	move := func(out []float64) { cur, a, b = out, b, a }
	for i := range p.pre {
		o := &p.pre[i]
		out := a[:count*o.after()]
		o.apply(out, cur, count, ws.lengths)
		move(out)
	}
	for k := range p.steps {
		s := &p.steps[k]
		out := a[:count*s.out]
		switch s.kind {
		case denseStep:
			move(s.value(pr, ws, n.theta, a, cur, count))
			for i := range s.ops {
				o := &s.ops[i]
				out := a[:count*o.after()]
				o.apply(out, cur, count, ws.lengths)
				move(out)
			}
		case mapStep:
			s.op.apply(out, cur, count, ws.lengths)
			move(out)
		case blockStep:
			if s.rest > 0 && len(ws.side.in) != count*s.front {
				ws.side.resize(s, count)
			}
			s.forwardBlock(out, cur, n.theta, count, &ws.side)
			move(out)
		}
	}
	return cur
}

// value evaluates a layer with weights on cur, up to its ops, in the array a.
func (s *step) value(pr products, ws *Workspace, theta, a, cur []float64, count int) []float64 {
	z := cur
	if s.index != nil {
		z = ws.rows[:count*len(s.index)]
		gather(z, cur, s.index, count, s.in)
	}
	u := a[:count*s.pre()]
	if s.keep > 0 {
		u = ws.kept[:count*s.pre()]
	}
	w, bias := s.weights(theta)
	pr.forward(u, z, w, bias, count*s.rows, s.row, s.units)
	if !s.identity {
		s.act.Eval(u, nil, nil, u)
	}
	if s.skip {
		axpy(u, 1, cur)
	}
	if s.keep > 0 {
		out := a[:count*(s.pre()+s.keep)]
		s.start(out, u, cur, count)
		return out
	}
	return u
}
