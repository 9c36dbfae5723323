package factor

import (
	"math"

	"costate/factor/internal/space"
	"costate/la/vec"
)

// A shiftedMatrix is H + zI as the real matrix
//
//	[ H + Re z    −Im z  ]
//	[  Im z     H + Re z ]
//
// of twice the order, that takes the real and imaginary part of a vector to those of
// the product: a certify.Operator, of the same norm.
type shiftedMatrix struct {
	*hessian // H + Re z
	im       float64
	low      space.Pool[[]float64]
}

// Order is twice that of H.
func (m *shiftedMatrix) Order() int { return 2 * m.n }

// MulTo computes dst = (H + zI) x.
func (m *shiftedMatrix) MulTo(dst, x []float64) {
	w := m.low.Get()
	defer m.low.Put(w)
	*w = append((*w)[:0], x...)
	re, im := (*w)[:m.n], (*w)[m.n:]
	m.hessian.MulTo(dst[:m.n], re)
	m.hessian.MulTo(dst[m.n:], im)
	vec.Axpy(dst[:m.n], -m.im, im)
	vec.Axpy(dst[m.n:], m.im, re)
}

// ResidualTo computes r = b − (H + zI) x in twice the working precision.
func (m *shiftedMatrix) ResidualTo(r, b, x []float64) {
	w := m.low.Get()
	defer m.low.Put(w)
	*w = space.Resize(*w, m.n)
	low, n := *w, m.n
	for i, sign := range [2]float64{1, -1} {
		own, other := x[i*n:(i+1)*n], x[(1-i)*n:(2-i)*n]
		dst, rhs := r[i*n:(i+1)*n], b[i*n:(i+1)*n]
		for j, v := range other {
			p, e := vec.TwoProd(sign*m.im, v)
			s, f := vec.TwoSum(rhs[j], p)
			dst[j], low[j] = s, e+f
		}
		m.hessian.ResidualTo(dst, dst, own)
		vec.Axpy(dst, 1, low)
	}
}

// Norm is a lower bound of ‖H + zI‖₂: of the real vectors that hessian has met, whose
// products have orthogonal parts.
func (m *shiftedMatrix) Norm() float64 { return math.Hypot(m.hessian.Norm(), m.im) }
