package pde

import (
	"fmt"

	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
)

// A shape is what a network looks like: dense layers one after the other.
type shape struct {
	layers []layer
	params int
}

// A layer is u = W z + b, then φ where act is not nil.
type layer struct {
	in, out int
	w, b    int // where its weights and biases begin among the parameters; b is −1 without
	act     derivativesFunc
}

// shapeOf reads the layers of a network for a problem. The error names the layer that
// has no Taylor rows.
func shapeOf(net *nn.Network, problem *Problem) (*shape, error) {
	if d, m := problem.Dim(), problem.NumOutputs(); net.Inputs() != d || net.Outputs() != m {
		return nil, fmt.Errorf("pde: a network of %d inputs and %d outputs; the problem needs %d and %d", net.Inputs(), net.Outputs(), d, m)
	}
	s := &shape{}
	in := net.Inputs()
	layers := net.Layers()
	for i, l := range layers {
		dense, ok := l.(*nn.Dense)
		if !ok || dense.Skip {
			return nil, fmt.Errorf("pde: layer %d is a %T; derivatives of the inputs go through plain dense layers only", i+1, l)
		}
		y := layer{in: in, out: dense.Out, w: s.params, b: -1}
		s.params += y.in * y.out
		if dense.Bias {
			y.b = s.params
			s.params += y.out
		}
		if act := dense.Act; act != nil && act != nn.Identity {
			if y.act, ok = smooth[act.Name()]; !ok {
				return nil, fmt.Errorf("pde: layer %d: %w", i+1, noDerivatives(act.Name()))
			}
		}
		s.layers = append(s.layers, y)
		in = y.out
	}
	return s, nil
}

func noDerivatives(name string) error {
	_, err := ActivationByName(name)
	return err
}

// A pass carries the rows of the points of one group through the network: for each
// point u, then D_1u … D_du if there are any, then the operators. A matrix of a pass
// has n·rows rows, all points of a row of Taylor's after those of the row before, so
// that a dense layer is one product. Where points have partners these are the second
// half of the n.
type pass struct {
	n, d, rows int
	sides      int         // 2 where points have partners, else 1
	c          [][]float64 // coefficients of the operators
	net        *shape
	kernels    blas.Backend

	z     [][]float64    // inputs of each layer, then the output y
	u     [][]float64    // before the activation of each layer
	phi   [][5][]float64 // derivatives of φ at the values
	delta [][]float64    // cotangents of u
	back  []float64      // cotangents of z, of one layer after the other
	keep  bool           // whether backward keeps those of all layers, in backs
	backs [][]float64
	r     []float64 // residuals
	y     []float64 // the rows of one residual, and its derivatives in them
	g, h  []float64
	coef  []float64
}

// reset prepares for n points of a group, and their partners if they have some.
func (p *pass) reset(net *shape, g *Group, n, d int, k blas.Backend) {
	p.sides = g.sides()
	n *= p.sides
	p.n, p.d, p.rows, p.c, p.net, p.kernels = n, 0, g.taylor(d), g.Operators, net, k
	if g.Order > 0 {
		p.d = d
	}
	layers := len(net.layers)
	p.z, p.u, p.delta = grow(p.z, layers+1), grow(p.u, layers), grow(p.delta, layers)
	p.phi = grow(p.phi, layers)
	p.z[0] = space.Resize(p.z[0], n*p.rows*d)
	for k, l := range net.layers {
		size := n * p.rows * l.out
		p.z[k+1], p.u[k] = space.Resize(p.z[k+1], size), space.Resize(p.u[k], size)
	}
}

// forward computes y of the points x, d numbers each, and of their partners, with the
// parameters theta, and keeps φ's derivatives up to the given order.
func (p *pass) forward(theta, x []float64, g *Group, order int) {
	dim := p.net.layers[0].in
	z := p.z[0]
	copy(z, x)
	clear(z[len(x):])
	if g.Partner != nil {
		for a := 0; a < len(x); a += dim {
			g.Partner(z[len(x)+a:][:dim], x[a:a+dim])
		}
	}
	for i := range p.d {
		at := z[(1+i)*p.n*dim:]
		for a := range p.n {
			at[a*dim+i] = 1
		}
	}
	for k := range p.net.layers {
		l := &p.net.layers[k]
		u := p.u[k]
		p.product(u, p.z[k], theta[l.w:], l, 0)
		if l.b >= 0 {
			addBias(u, theta[l.b:l.b+l.out], p.n)
		}
		if l.act == nil {
			copy(p.z[k+1], u)
			continue
		}
		p.activate(k, l, order)
	}
}

// product is u = z Wᵀ + beta u.
func (p *pass) product(u, z, w []float64, l *layer, beta float64) {
	p.kernels.Gemm(blas.NoTrans, blas.Trans, p.n*p.rows, l.out, l.in, 1, z, l.in, w, l.in, beta, u, l.out)
}

// addBias adds b to each of the first n rows of u.
func addBias(u, b []float64, n int) {
	for a := range n {
		vec.Axpy(u[a*len(b):(a+1)*len(b)], 1, b)
	}
}

// activate is the Taylor map of layer k:
//
//	φ(u),  φ'(u) D_iu,  φ'(u) L_mu + φ″(u) Σ_i C_mi (D_iu)²
func (p *pass) activate(k int, l *layer, order int) {
	size := p.n * l.out
	u, z := p.u[k], p.z[k+1]
	phi := &p.phi[k]
	phi[0] = z[:size]
	for i := 1; i < len(phi); i++ {
		if i > order {
			phi[i] = nil
		} else {
			phi[i] = space.Resize(phi[i], size)
		}
	}
	l.act(phi, u[:size])
	for r := 1; r < p.rows; r++ {
		vec.Mul(z[r*size:(r+1)*size], phi[1], u[r*size:(r+1)*size])
	}
	for m, c := range p.c {
		zm, p2 := z[(1+p.d+m)*size:][:size], phi[2][:size]
		for i, ci := range c {
			if ci == 0 {
				continue
			}
			for e, g := range u[(1+i)*size:][:size] {
				zm[e] += ci * p2[e] * g * g
			}
		}
	}
}

// backward computes delta of every layer, of the cotangents of y that are in the delta
// of the last layer. forward must have kept one derivative more than the rows need.
func (p *pass) backward(theta []float64) {
	for k := len(p.net.layers) - 1; k > 0; k-- {
		l := &p.net.layers[k]
		back := &p.back
		if p.keep {
			p.backs = grow(p.backs, len(p.net.layers))
			back = &p.backs[k]
		}
		*back = space.Resize(*back, p.n*p.rows*l.in)
		p.kernels.Gemm(blas.NoTrans, blas.NoTrans, p.n*p.rows, l.in, l.out, 1, p.delta[k], l.out, theta[l.w:], l.in, 0, *back, l.in)
		p.delta[k-1] = space.Resize(p.delta[k-1], len(*back))
		p.pull(k-1, p.delta[k-1], *back)
	}
}

// pull multiplies the cotangents b of the Taylor map of layer k by the transpose of
// its Jacobian:
//
//	δ_0 = φ'b_0 + φ″ Σ_i D_iu b_i + Σ_m (φ″ L_mu + φ‴ G_m) b_m,  G_m = Σ_i C_mi (D_iu)²
//	δ_i = φ'b_i + 2φ″ D_iu Σ_m C_mi b_m,                         δ_m = φ'b_m
func (p *pass) pull(k int, delta, b []float64) {
	l := &p.net.layers[k]
	if l.act == nil {
		copy(delta, b)
		return
	}
	size := p.n * l.out
	u, phi := p.u[k], &p.phi[k]
	row := func(x []float64, r int) []float64 { return x[r*size:][:size] }
	for r := range p.rows {
		vec.Mul(row(delta, r), phi[1], row(b, r))
	}
	d0 := row(delta, 0)
	for r := 1; r < p.rows; r++ {
		ur, br, p2 := row(u, r), row(b, r), phi[2][:size]
		for e, v := range d0 {
			d0[e] = v + p2[e]*ur[e]*br[e]
		}
	}
	for m, c := range p.c {
		bm := row(b, 1+p.d+m)
		for i, ci := range c {
			if ci == 0 {
				continue
			}
			g, di, p2, p3 := row(u, 1+i), row(delta, 1+i), phi[2][:size], phi[3][:size]
			for e, v := range bm {
				t := ci * v * g[e]
				d0[e] += p3[e] * t * g[e]
				di[e] += 2 * p2[e] * t
			}
		}
	}
}

// jacobian stores the derivatives in θ of what backward had the cotangents of, in rows of
// j: row a is that of point a and its partner.
func (p *pass) jacobian(j []float64, ld int) {
	points := p.n / p.sides
	p.coef = space.Resize(p.coef, p.rows*p.sides)
	coef := p.coef
	for k := range p.net.layers {
		l := &p.net.layers[k]
		delta, z := p.delta[k], p.z[k]
		for a := range points {
			row := j[a*ld : (a+1)*ld]
			for o := range l.out {
				for r := range coef { // that of a partner behind that of the point
					coef[r] = delta[(r*points+a)*l.out+o]
				}
				w := row[l.w+o*l.in:][:l.in]
				clear(w)
				vec.Combine(w, coef, z[a*l.in:], points*l.in)
				if l.b >= 0 {
					row[l.b+o] = coef[0]
					if p.sides > 1 {
						row[l.b+o] += coef[1]
					}
				}
			}
		}
	}
}

// gradient adds the sum over the points of the rows that jacobian makes to g.
func (p *pass) gradient(g []float64) {
	for k := range p.net.layers {
		l := &p.net.layers[k]
		p.kernels.Gemm(blas.Trans, blas.NoTrans, l.out, l.in, p.n*p.rows, 1, p.delta[k], l.out, p.z[k], l.in, 1, g[l.w:], l.in)
		if l.b >= 0 {
			for a := range p.n {
				vec.Axpy(g[l.b:l.b+l.out], 1, p.delta[k][a*l.out:])
			}
		}
	}
}
