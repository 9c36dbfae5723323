package pde

import (
	"math"

	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// normal solves the damped least-squares problems of one Jacobian J, q×p,
//
//	min ‖Jx − v‖² + λ‖x‖²
//
// by whichever of two factorizations counts fewer flops:
//
//	(JᵀJ + λI) x = Jᵀv            q p² + p³/3
//	(JJᵀ + λI) y = v,  x = Jᵀy    p q² + q³/3
//
// The product is formed once a Jacobian and kept, so that another λ costs a Cholesky
// factorization. (To reduce the matrix to its eigenvalues, which would serve every λ, counts 27
// times as many flops as that: more than a sweep ever tries.)
//
// Forming the product loses half of the digits. A solution gets them back by
// refinement: the residual v − Jx is computed from J itself, and what is left of it is
// solved for again ("corrected seminormal equations"; Å. Björck, Stability analysis of the
// method of seminormal equations for linear least squares problems, Linear Algebra Appl. 88/89,
// 1987).
type normal struct {
	k    blas.Backend
	q, p int
	j    []float64
	gram []float64 // lower triangle of the product, of order min
	f    []float64 // its factor with the damping
	v, y []float64
	d    []float64
}

// outputs reports whether the system is that of order q.
func (n *normal) outputs() bool {
	q, p := float64(n.q), float64(n.p)
	return p*q*q+q*q*q/3 < q*p*p+p*p*p/3
}

func (n *normal) order() int {
	if n.outputs() {
		return n.q
	}
	return n.p
}

// reset forms the product of a Jacobian.
func (n *normal) reset(k blas.Backend, q, p int, j []float64) {
	n.k, n.q, n.p, n.j = k, q, p, j
	m := n.order()
	n.gram, n.f = space.Resize(n.gram, m*m), space.Resize(n.f, m*m)
	n.v, n.y, n.d = space.Resize(n.v, q), space.Resize(n.y, q), space.Resize(n.d, p)
	if n.outputs() {
		k.Syrk(blas.Lower, blas.NoTrans, m, p, 1, j, p, 0, n.gram, m)
	} else {
		k.Syrk(blas.Lower, blas.Trans, m, q, 1, j, p, 0, n.gram, m)
	}
}

// scale is the greatest diagonal element of the product: at most ‖J‖², and at least
// that over the order.
func (n *normal) scale() float64 {
	m, s := n.order(), 0.0
	for i := range m {
		s = math.Max(s, n.gram[i*m+i])
	}
	return s
}

// factor factors with damping lambda, and reports whether that went well.
func (n *normal) factor(lambda float64) bool {
	m := n.order()
	copy(n.f, n.gram)
	for i := range m {
		n.f[i*m+i] += lambda
	}
	return n.k.Potrf(m, n.f, m)
}

// sharp is the damping over the scale of the product from which on a solution needs no
// refinement: its error is then about 1e-16/sharp, far below what a step is worth.
const sharp = 1e-8

// refinements is how often a solution is refined below that. TestNormal has the digits
// that they gain.
const refinements = 2

// solve stores x in dst. dst and v are not the workspaces of n.
func (n *normal) solve(dst, v []float64, lambda float64) {
	n.direct(dst, v)
	if lambda > sharp*n.scale() {
		return
	}
	for range refinements {
		copy(n.v, v) // v − Jx
		n.k.Gemv(blas.NoTrans, n.q, n.p, -1, n.j, n.p, dst, 1, n.v)
		if n.outputs() { // v − JJᵀy − λy
			vec.Axpy(n.v, -lambda, n.y)
			n.back(n.v)
			vec.Axpy(n.y, 1, n.v)
			n.k.Gemv(blas.Trans, n.q, n.p, 1, n.j, n.p, n.y, 0, dst)
			continue
		}
		copy(n.d, dst) // Jᵀ(v − Jx) − λx
		n.k.Gemv(blas.Trans, n.q, n.p, 1, n.j, n.p, n.v, -lambda, n.d)
		n.back(n.d)
		vec.Axpy(dst, 1, n.d)
	}
}

// direct is the solution without refinement.
func (n *normal) direct(dst, v []float64) {
	if n.outputs() {
		copy(n.y, v)
		n.back(n.y)
		n.k.Gemv(blas.Trans, n.q, n.p, 1, n.j, n.p, n.y, 0, dst)
		return
	}
	n.k.Gemv(blas.Trans, n.q, n.p, 1, n.j, n.p, v, 0, dst)
	n.back(dst)
}

// back solves with the factor in place.
func (n *normal) back(b []float64) {
	m := n.order()
	n.k.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.NonUnit, m, 1, 1, n.f, m, b, 1)
	n.k.Trsm(blas.Left, blas.Lower, blas.Trans, blas.NonUnit, m, 1, 1, n.f, m, b, 1)
}
