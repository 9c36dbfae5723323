package system

import (
	"math"

	"costate/la/vec"
)

// pairForward computes the states of stages from to to-1 along v, as forward does, in
// twice the working precision; those of the stages before are at hand. v has the parameters of
// all stages from this one on.
func (p *Product) pairForward(v []float64, from, to int) {
	w := &p.residual
	off := 0
	y := p.before(from)
	for k, s := range p.chain.Stages[from:to] {
		k += from
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
	n, rows := d.Out*d.In, d.BatchRows()
	s.Clear()
	if d.Bias {
		for r := range rows {
			c, first := d.one(r), r*d.Out
			for o, b := range x[n:] {
				s.Hi[first+o], s.Lo[first+o] = vec.TwoProd(c, b)
			}
		}
	}
	t := vec.Pair{Hi: p.residual.turned[:n]}
	vec.Transpose(t.Hi, d.Out, x[:n], d.In, d.Out, d.In)
	mulPair(s, rows, d.Out, vec.Pair{Hi: d.Z}, d.In, 1, t, d.In)
	if y.Hi != nil {
		vec.Transpose(t.Hi, d.Out, d.W, d.In, d.Out, d.In)
		mulPair(s, rows, d.Out, p.gatherPair(d, y), d.In, 1, t, d.In)
	}
	d.J.mulPair(out, s)
	switch {
	case y.Hi == nil:
	case d.Skip:
		addPair(out, y)
	case d.Pass != nil:
		d.Pass.J.mulAddPair(out, y)
	}
}

// gatherPair is GatherRows in twice the working precision.
func (p *Product) gatherPair(d *DenseStage, y vec.Pair) vec.Pair {
	a := d.Gather
	if a == nil {
		return y
	}
	g := p.residual.rows.Slice(0, d.Batch*a.Rows)
	if a.isLeading() {
		for n := range d.Batch {
			copy(g.Hi[n*a.Rows:(n+1)*a.Rows], y.Hi[n*a.Cols:])
			copy(g.Lo[n*a.Rows:(n+1)*a.Rows], y.Lo[n*a.Cols:])
		}
		return g
	}
	g.Clear()
	for n := range d.Batch {
		a.mulAddPair(g.Slice(n*a.Rows, (n+1)*a.Rows), y.Slice(n*a.Cols, (n+1)*a.Cols), nil)
	}
	return g
}

// denseBackPair is the part of denseBack, in twice the working precision, that the stages
// before need. It returns ν, in workspace.
func (p *Product) denseBackPair(d *DenseStage, x []float64, y, s, lambda, prev vec.Pair) (nu vec.Pair) {
	nu = vec.Pair{Hi: p.nu, Lo: p.residual.nu}.Slice(0, len(s.Hi))
	d.J.mulTransPair(nu, lambda)
	d.Q.mulAddPair(nu, s)
	if y.Hi != nil {
		if d.Pass != nil {
			d.Pass.Cross.mulAddPair(nu, y)
		}
		p.toInputsPair(d, nu, lambda, prev, x[:d.Out*d.In])
		if d.Pass != nil {
			d.Pass.Cross.mulTransAddPair(prev, s)
			d.Pass.Q.mulAddPair(prev, y)
		}
	}
	return nu
}

// denseParamsPair is the rest of denseBack for stage k, whose first parameter is off: what its
// parameters get of H x, from the ν of denseBackPair, and the residual there.
func (p *Product) denseParamsPair(d *DenseStage, k, off int, nu vec.Pair) {
	y := p.before(k)
	n, rows := d.Out*d.In, d.BatchRows()
	h := p.residual.h.Slice(0, d.Params())
	h.Clear()
	mulPair(h, d.Out, d.In, nu, 1, d.Out, vec.Pair{Hi: d.Z}, rows)
	if y.Hi != nil && d.Delta != nil {
		mulPair(h, d.Out, d.In, vec.Pair{Hi: d.Delta}, 1, d.Out, p.gatherPair(d, y), rows)
	}
	if d.Bias {
		d.biasPair(h.Slice(n, n+d.Out), nu)
	}
	p.subtractPair(h, k, off)
}

// biasPair adds what the biases get of ν.
func (d *DenseStage) biasPair(bias, nu vec.Pair) {
	for r := range d.BatchRows() {
		row := nu.Slice(r*d.Out, (r+1)*d.Out)
		if d.Ones == nil {
			addPair(bias, row)
			continue
		}
		c := d.one(r)
		for o, v := range row.Hi {
			t, e := vec.TwoProd(c, v)
			addTo(bias, o, t, math.FMA(c, row.Lo[o], e))
		}
	}
}

// toInputsPair is toInputs in twice the working precision.
func (p *Product) toInputsPair(d *DenseStage, nu, lambda, prev vec.Pair, dw []float64) {
	prev.Clear()
	switch {
	case d.Skip:
		copy(prev.Hi, lambda.Hi)
		copy(prev.Lo, lambda.Lo)
	case d.Pass != nil:
		d.Pass.J.mulTransAddPair(prev, lambda)
	}
	to, rows := prev, d.BatchRows()
	if d.Gather != nil {
		to = p.residual.rows.Slice(0, rows*d.In)
		to.Clear()
	}
	mulPair(to, rows, d.In, nu, d.Out, 1, vec.Pair{Hi: d.W}, d.Out)
	if d.Delta != nil {
		mulPair(to, rows, d.In, vec.Pair{Hi: d.Delta}, d.Out, 1, vec.Pair{Hi: dw}, d.Out)
	}
	a := d.Gather
	if a == nil {
		return
	}
	leading := a.isLeading()
	for n := range d.Batch {
		from := to.Slice(n*a.Rows, (n+1)*a.Rows)
		if leading {
			addPair(prev.Slice(n*a.Cols, n*a.Cols+a.Rows), from)
			continue
		}
		a.mulTransAddPair(prev.Slice(n*a.Cols, (n+1)*a.Cols), from)
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
