package pde

import (
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// A tangent carries derivatives along a direction of the parameters forward and backward
// through a pass, for products with the Hessian (B. A. Pearlmutter, Fast exact
// multiplication by the Hessian, Neural Comput. 6, 1994).
type tangent struct {
	z     [][]float64 // derivatives of the inputs of each layer, then of the output y
	u     [][]float64 // of what is before the activation of each layer
	delta []float64   // of the cotangents of u, of one layer after the other
	back  []float64   // of the cotangents of z
	y     []float64
}

// along takes first derivatives along v forward: in a layer u̇ = ż Wᵀ + z V̇ᵀ. The pass must
// have kept two derivatives of φ more than the rows need.
func (t *tangent) along(p *pass, theta, v []float64) {
	layers := len(p.net.layers)
	t.z, t.u = grow(t.z, layers+1), grow(t.u, layers)
	for k := range p.net.layers {
		l := &p.net.layers[k]
		size := p.n * p.rows * l.out
		t.u[k], t.z[k+1] = space.Resize(t.u[k], size), space.Resize(t.z[k+1], size)
		u := t.u[k]
		p.product(u, p.z[k], v[l.w:], l, 0)
		if l.b >= 0 {
			addBias(u, v[l.b:l.b+l.out], p.n)
		}
		if k > 0 {
			p.product(u, t.z[k], theta[l.w:], l, 1)
		}
		if l.act == nil {
			copy(t.z[k+1], u)
			continue
		}
		p.pushFirst(k, t.z[k+1], u)
	}
}

// backward takes the derivatives of the cotangents, from those of the last layer in delta,
// back to the first layer, and adds that of the gradient to g:
//
//	Ġ = δ̇ᵀz + δᵀż,   ḃ̵ = δ̇ W + δ V̇
//
// with b̵ the cotangents of z. The pass must have kept b̵ of all layers.
func (t *tangent) backward(p *pass, theta, v, g []float64) {
	for k := len(p.net.layers) - 1; ; k-- {
		l := &p.net.layers[k]
		n := p.n * p.rows
		p.kernels.Gemm(blas.Trans, blas.NoTrans, l.out, l.in, n, 1, t.delta, l.out, p.z[k], l.in, 1, g[l.w:], l.in)
		if l.b >= 0 {
			for a := range p.n {
				vec.Axpy(g[l.b:l.b+l.out], 1, t.delta[a*l.out:])
			}
		}
		if k == 0 {
			return // the inputs do not depend on the parameters
		}
		p.kernels.Gemm(blas.Trans, blas.NoTrans, l.out, l.in, n, 1, p.delta[k], l.out, t.z[k], l.in, 1, g[l.w:], l.in)
		t.back = space.Resize(t.back, n*l.in)
		p.kernels.Gemm(blas.NoTrans, blas.NoTrans, n, l.in, l.out, 1, t.delta, l.out, theta[l.w:], l.in, 0, t.back, l.in)
		p.kernels.Gemm(blas.NoTrans, blas.NoTrans, n, l.in, l.out, 1, p.delta[k], l.out, v[l.w:], l.in, 1, t.back, l.in)
		t.delta = space.Resize(t.delta, n*l.in)
		t.pull(p, k-1)
	}
}

// pull is the derivative of pass.pull of layer k, of the cotangents b that the pass has and
// of their derivatives in back:
//
//	δ̇_0 = (φ'b_0)˙ + Σ_i (φ″ D_iu b_i)˙ + Σ_m ((φ″ L_mu + φ‴ G_m) b_m)˙
//	δ̇_i = (φ'b_i)˙ + 2 (φ″ D_iu Σ_m C_mi b_m)˙,   δ̇_m = (φ'b_m)˙
func (t *tangent) pull(p *pass, k int) {
	l := &p.net.layers[k]
	if l.act == nil {
		copy(t.delta, t.back)
		return
	}
	size := p.n * l.out
	row := func(x []float64, r int) []float64 { return x[r*size:][:size] }
	u, u1, b, b1, phi := p.u[k], t.u[k], p.backs[k+1], t.back, &p.phi[k]
	v, p1, p2 := row(u1, 0), phi[1][:size], phi[2][:size]
	for r := range p.rows {
		d, c, c1 := row(t.delta, r), row(b, r), row(b1, r)
		for e, a := range v {
			d[e] = p2[e]*a*c[e] + p1[e]*c1[e]
		}
	}
	d0 := row(t.delta, 0)
	for r := 1; r < p.rows; r++ {
		g, g1, c, c1, p3 := row(u, r), row(u1, r), row(b, r), row(b1, r), phi[3][:size]
		for e, a := range v {
			d0[e] += p3[e]*a*g[e]*c[e] + p2[e]*(g1[e]*c[e]+g[e]*c1[e])
		}
	}
	for m, coef := range p.c {
		c, c1 := row(b, 1+p.d+m), row(b1, 1+p.d+m)
		for i, ci := range coef {
			if ci == 0 {
				continue
			}
			g, g1, di, p3, p4 := row(u, 1+i), row(u1, 1+i), row(t.delta, 1+i), phi[3][:size], phi[4][:size]
			for e, a := range v {
				s, s1 := ci*c[e]*g[e], ci*(c1[e]*g[e]+c[e]*g1[e]) // C b D_iu and its derivative
				d0[e] += p4[e]*a*s*g[e] + p3[e]*(s1*g[e]+s*g1[e])
				di[e] += 2 * (p3[e]*a*s + p2[e]*s1)
			}
		}
	}
}
