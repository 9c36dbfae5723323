package pde

import (
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// directional computes the first and the second derivative of y along θ + ts at t = 0.
// forward must have kept two derivatives more than the rows need. In a layer
//
//	u̇ = ż Wᵀ + z Ẇᵀ,   ü = z̈ Wᵀ + 2 ż Ẇᵀ
//
// with Ẇ that of s, and W does not bend. y1 and y2 are in work.
func (p *pass) directional(theta, s []float64, work *[2][2][]float64) (y1, y2 []float64) {
	var z1, z2 []float64
	for k := range p.net.layers {
		l := &p.net.layers[k]
		size := p.n * p.rows * l.out
		u1, u2 := space.Resize(work[1][0], size), space.Resize(work[1][1], size)
		work[1] = [2][]float64{u1, u2}
		p.product(u1, p.z[k], s[l.w:], l, 0)
		if l.b >= 0 {
			addBias(u1, s[l.b:l.b+l.out], p.n)
		}
		clear(u2)
		if k > 0 {
			p.product(u1, z1, theta[l.w:], l, 1)
			p.product(u2, z2, theta[l.w:], l, 0)
			p.kernels.Gemm(blas.NoTrans, blas.Trans, p.n*p.rows, l.out, l.in, 2, z1, l.in, s[l.w:], l.in, 1, u2, l.out)
		}
		z1, z2 = space.Resize(work[0][0], size), space.Resize(work[0][1], size)
		work[0] = [2][]float64{z1, z2}
		if l.act == nil {
			copy(z1, u1)
			copy(z2, u2)
			continue
		}
		p.push(k, z1, z2, u1, u2)
	}
	return z1, z2
}

// push takes first and second derivatives along a direction through the Taylor map of
// layer k. With f = φ(u), f' and so on taken along the direction,
//
//	φ⁽ʲ⁾˙ = φ⁽ʲ⁺¹⁾u̇,   φ⁽ʲ⁾¨ = φ⁽ʲ⁺²⁾u̇² + φ⁽ʲ⁺¹⁾ü
//
// and Leibniz' rule gives those of φ'D_iu and φ'L_mu + φ″ G_m, G_m = Σ_i C_mi (D_iu)².
func (p *pass) push(k int, z1, z2, u1, u2 []float64) {
	p.pushFirst(k, z1, u1)
	size := p.n * p.net.layers[k].out
	u, phi := p.u[k], &p.phi[k]
	row := func(x []float64, r int) []float64 { return x[r*size:][:size] }
	v1, v2 := row(u1, 0), row(u2, 0)
	p1, p2 := phi[1][:size], phi[2][:size]
	f2 := row(z2, 0)
	for e, a := range v1 {
		f2[e] = p2[e]*a*a + p1[e]*v2[e]
	}
	for r := 1; r < p.rows; r++ {
		g, g1, g2 := row(u, r), row(u1, r), row(u2, r)
		f2, p3 := row(z2, r), phi[3][:size]
		for e, a := range v1 {
			f2[e] = (p3[e]*a*a+p2[e]*v2[e])*g[e] + 2*p2[e]*a*g1[e] + p1[e]*g2[e]
		}
	}
	for m, c := range p.c {
		f2 := row(z2, 1+p.d+m)
		for i, ci := range c {
			if ci == 0 {
				continue
			}
			g, g1, g2 := row(u, 1+i), row(u1, 1+i), row(u2, 1+i)
			p3, p4 := phi[3][:size], phi[4][:size]
			for e, a := range v1 {
				s, s1, s2 := ci*g[e]*g[e], 2*ci*g[e]*g1[e], 2*ci*(g1[e]*g1[e]+g[e]*g2[e])
				f2[e] += (p4[e]*a*a+p3[e]*v2[e])*s + 2*p3[e]*a*s1 + p2[e]*s2
			}
		}
	}
}

// pushFirst takes first derivatives alone through the Taylor map of layer k.
func (p *pass) pushFirst(k int, z1, u1 []float64) {
	size := p.n * p.net.layers[k].out
	u, phi := p.u[k], &p.phi[k]
	row := func(x []float64, r int) []float64 { return x[r*size:][:size] }
	v1, p1 := row(u1, 0), phi[1][:size]
	vec.Mul(row(z1, 0), p1, v1)
	for r := 1; r < p.rows; r++ {
		g, g1, f1, p2 := row(u, r), row(u1, r), row(z1, r), phi[2][:size]
		for e, a := range v1 {
			f1[e] = p2[e]*a*g[e] + p1[e]*g1[e]
		}
	}
	for m, c := range p.c {
		f1 := row(z1, 1+p.d+m)
		for i, ci := range c {
			if ci == 0 {
				continue
			}
			g, g1, p2, p3 := row(u, 1+i), row(u1, 1+i), phi[2][:size], phi[3][:size]
			for e, a := range v1 {
				f1[e] += ci * g[e] * (p3[e]*a*g[e] + 2*p2[e]*g1[e])
			}
		}
	}
}
