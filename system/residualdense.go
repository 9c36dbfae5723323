package system

import "costate/la/vec"

// pairForward computes the states of every stage along v, as forward does, in
// twice the working precision.
func (p *Product) pairForward(v []float64) {
	w := &p.residual
	off := 0
	var y vec.Pair
	for k, s := range p.chain.Stages {
		x := v[off : off+s.Params()]
		off += s.Params()
		out := p.outputs(k)
		switch s := s.(type) {
		case *DenseStage:
			p.denseForwardPair(s, x, y, vec.Pair{Hi: p.s[k], Lo: w.s[k]}, out)
		case *BlockStage:
			out.Clear()
			if s.G != nil {
				s.G.mulAddPair(out, vec.Pair{Hi: x}, w.turned)
			}
			if y.Hi != nil && s.F != nil {
				s.F.mulAddPair(out, y, w.turned)
			}
		}
		y = out
	}
}

// denseForwardPair is denseForward in twice the working precision.
func (p *Product) denseForwardPair(d *DenseStage, x []float64, y, s, out vec.Pair) {
	n := d.Out * d.In
	s.Clear()
	if d.Bias {
		for b := range d.Batch {
			copy(s.Hi[b*d.Out:(b+1)*d.Out], x[n:])
		}
	}
	t := vec.Pair{Hi: p.residual.turned[:n]}
	vec.Transpose(t.Hi, d.Out, x[:n], d.In, d.Out, d.In)
	mulPair(s, d.Batch, d.Out, vec.Pair{Hi: d.Z}, d.In, 1, t, d.In)
	if y.Hi != nil {
		vec.Transpose(t.Hi, d.Out, d.W, d.In, d.Out, d.In)
		mulPair(s, d.Batch, d.Out, y, d.In, 1, t, d.In)
	}
	d.J.mulPair(out, s)
	if d.Skip && y.Hi != nil {
		addPair(out, y)
	}
}

// denseBackPair is denseBack in twice the working precision; it reads x and
// writes h, which are apart.
func (p *Product) denseBackPair(d *DenseStage, h vec.Pair, x []float64, y, s, lambda, prev vec.Pair) {
	nu := vec.Pair{Hi: p.nu, Lo: p.residual.nu}.Slice(0, len(s.Hi))
	d.J.mulTransPair(nu, lambda)
	d.Q.mulAddPair(nu, s)
	n := d.Out * d.In
	inner := y.Hi != nil
	if inner {
		prev.Clear()
		if d.Skip {
			copy(prev.Hi, lambda.Hi)
			copy(prev.Lo, lambda.Lo)
		}
		mulPair(prev, d.Batch, d.In, nu, d.Out, 1, vec.Pair{Hi: d.W}, d.Out)
		if d.Delta != nil {
			mulPair(prev, d.Batch, d.In, vec.Pair{Hi: d.Delta}, d.Out, 1, vec.Pair{Hi: x[:n]}, d.Out)
		}
	}
	h.Clear()
	mulPair(h, d.Out, d.In, nu, 1, d.Out, vec.Pair{Hi: d.Z}, d.Batch)
	if inner && d.Delta != nil {
		mulPair(h, d.Out, d.In, vec.Pair{Hi: d.Delta}, 1, d.Out, y, d.Batch)
	}
	if d.Bias {
		for b := range d.Batch {
			addPair(h.Slice(n, n+d.Out), nu.Slice(b*d.Out, (b+1)*d.Out))
		}
	}
}

// mulPair adds A B to the m×n matrix c, for B of k rows; element (i, l) of A is
// a[i*row+l*col].
func mulPair(c vec.Pair, m, n int, a vec.Pair, row, col int, b vec.Pair, k int) {
	if n == 0 || k == 0 {
		return
	}
	vec.MulPair(c.Slice(0, m*n), m, a, row, col, b, n, k)
}

// addPair computes dst += x.
func addPair(dst, x vec.Pair) {
	h, l := dst.Hi, dst.Lo[:len(dst.Hi)]
	xh, xl := x.Hi[:len(h)], x.Lo[:len(h)]
	for i, v := range xh {
		s, e := vec.TwoSum(h[i], v)
		h[i] = s
		l[i] += e + xl[i]
	}
}
