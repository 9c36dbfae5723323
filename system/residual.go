package system

import "math"

// residualSpace is the workspace of ResidualTo.
type residualSpace struct {
	y, s   []pairs // as in Product
	la, lb pairs
	nu     pairs
	h      pairs // a stage's part of H x
	x      pairs // a stage's part of x
}

func (w *residualSpace) resize(c *Chain) {
	if len(w.y) != len(c.Stages) {
		w.y, w.s = make([]pairs, len(c.Stages)), make([]pairs, len(c.Stages))
	}
	widest, pre, params := 0, 0, 0
	for k, s := range c.Stages {
		w.y[k].resize(s.Outputs())
		widest, params = max(widest, s.Inputs(), s.Outputs()), max(params, s.Params())
		if d, ok := s.(*DenseStage); ok {
			w.s[k].resize(d.Batch * d.Out)
			pre = max(pre, d.Batch*d.Out)
		}
	}
	w.la.resize(widest)
	w.lb.resize(widest)
	w.nu.resize(pre)
	w.h.resize(params)
	w.x.resize(params)
	clear(w.x.lo)
}

// ResidualTo computes r = b − (H + diag(ε_1 I, …, ε_L I)) x, with the numbers of
// the chain taken as exact, in twice the working precision and rounded once at
// the end: what rounding hides is of the order of the last bit of r and of u²
// times the numbers met on the way. eps has a damping for each stage; r, b and x
// have the length Chain.Params. r may be b, and not x. It takes several times as
// long as HessVec.
//
// Source: as for pairs; N. J. Higham, Accuracy and Stability of Numerical
// Algorithms, 2nd ed. (2002), section 12.1, for residuals in extended precision.
func (p *Product) ResidualTo(r, b, x, eps []float64) {
	c := p.chain
	n := c.Params()
	if len(r) != n || len(b) != n || len(x) != n || len(eps) != len(c.Stages) {
		panic(ErrShape)
	}
	if p.residual == nil {
		p.residual = new(residualSpace)
	}
	w := p.residual
	w.resize(c)
	w.forward(c, x)
	last := len(c.Stages) - 1
	lambda, other := w.la, w.lb
	out := lambda.slice(0, len(w.y[last].hi))
	out.clear()
	c.Loss.mulAdd2(out, w.y[last])
	off := n
	for k := last; k >= 0; k-- {
		s := c.Stages[k]
		off -= s.Params()
		h := w.h.slice(0, s.Params())
		h.clear()
		xk := x[off : off+s.Params()]
		prev := other.slice(0, s.Inputs())
		prev.clear()
		var in *pairs
		if k > 0 {
			in = &w.y[k-1]
		}
		switch s := s.(type) {
		case *DenseStage:
			w.denseBack(s, h, xk, in, w.s[k], out, prev)
		case *BlockStage:
			w.blockBack(s, h, xk, in, out, prev)
		}
		subtractFrom(r[off:], b[off:], h, eps[k], xk)
		lambda, other = other, lambda
		out = prev
		out.normalise()
	}
}

// subtractFrom computes r = b − h − eps x.
func subtractFrom(r, b []float64, h pairs, eps float64, x []float64) {
	for i, hi := range h.hi {
		m := eps * x[i]
		e := math.FMA(eps, x[i], -m)
		s, t := twoSum(b[i], -hi)
		s, t2 := twoSum(s, -m)
		r[i] = s + (t + t2 - e - h.lo[i])
	}
}

func twoSum(a, b float64) (s, t float64) {
	s = a + b
	z := s - a
	return s, (a - (s - z)) + (b - z)
}

// forward computes the states of every stage along x.
func (w *residualSpace) forward(c *Chain, x []float64) {
	off := 0
	var y *pairs
	for k, s := range c.Stages {
		xk := x[off : off+s.Params()]
		off += s.Params()
		out := w.y[k]
		out.clear()
		switch s := s.(type) {
		case *DenseStage:
			w.denseForward(s, xk, y, w.s[k], out)
		case *BlockStage:
			v := w.x.slice(0, len(xk))
			copy(v.hi, xk)
			s.G.mulAdd2(out, v)
			if y != nil {
				s.F.mulAdd2(out, *y)
			}
		}
		out.normalise()
		y = &w.y[k]
	}
}

// denseForward computes s = y Wᵀ + [Z, 1] Xᵀ and out = J s (+ y).
func (w *residualSpace) denseForward(d *DenseStage, x []float64, y *pairs, s, out pairs) {
	n := d.Out * d.In
	s.clear()
	for b := range d.Batch {
		z := d.Z[b*d.In : (b+1)*d.In]
		for o := range d.Out {
			at := b*d.Out + o
			h, l := dot1(z, x[o*d.In:(o+1)*d.In])
			s.add(at, h, l)
			if d.Bias {
				s.add(at, x[n+o], 0)
			}
			if y != nil {
				h, l = dot2(d.W[o*d.In:(o+1)*d.In], y.slice(b*d.In, (b+1)*d.In))
				s.add(at, h, l)
			}
		}
	}
	s.normalise()
	if d.J.IsZero() {
		out.copyFrom(s)
	} else {
		d.J.mulAdd2(out, s)
	}
	if d.Skip && y != nil {
		for i := range out.hi {
			out.add(i, y.hi[i], y.lo[i])
		}
	}
}

// denseBack adds the stage's part of H x to h and λ at the inputs to prev, given
// λ at the outputs.
func (w *residualSpace) denseBack(d *DenseStage, h pairs, x []float64, y *pairs, s, lambda, prev pairs) {
	nu := w.nu.slice(0, len(s.hi))
	nu.clear()
	if d.J.IsZero() {
		nu.copyFrom(lambda)
	} else {
		d.J.mulTransAdd2(nu, lambda)
	}
	d.Q.mulAdd2(nu, s)
	nu.normalise()
	n := d.Out * d.In
	if y != nil && d.Skip {
		prev.copyFrom(lambda)
	}
	for b := range d.Batch {
		z := d.Z[b*d.In : (b+1)*d.In]
		for o := range d.Out {
			at := b*d.Out + o
			row := h.slice(o*d.In, (o+1)*d.In)
			row.addTimes(nu.hi[at], nu.lo[at], z)
			if d.Bias {
				h.add(n+o, nu.hi[at], nu.lo[at])
			}
			if y == nil {
				continue
			}
			in := prev.slice(b*d.In, (b+1)*d.In)
			in.addTimes(nu.hi[at], nu.lo[at], d.W[o*d.In:(o+1)*d.In])
			if d.Delta != nil {
				delta := d.Delta[at]
				in.addTimes(delta, 0, x[o*d.In:(o+1)*d.In])
				row.addScaled(delta, y.slice(b*d.In, (b+1)*d.In))
			}
		}
	}
}

// blockBack is denseBack for a BlockStage.
func (w *residualSpace) blockBack(s *BlockStage, h pairs, x []float64, y *pairs, lambda, prev pairs) {
	v := w.x.slice(0, len(x))
	copy(v.hi, x)
	s.G.mulTransAdd2(h, lambda)
	s.A.mulAdd2(h, v)
	if y == nil {
		return
	}
	s.F.mulTransAdd2(prev, lambda)
	s.Q.mulAdd2(prev, *y)
	s.C.mulTransAdd2(prev, v)
	s.C.mulAdd2(h, *y)
}
