package eigen

import (
	"math"
	"math/cmplx"
)

// The functions that are integrals over resolvents,
//
//	(λ² + ε²)^-½  = 2/π ∫ Im (λ − is)⁻¹ du
//	λ(λ² + ε²)^-½ = 2/π ∫ s Re (λ − is)⁻¹ du,   s = ε cosh u,  u from 0 to ∞
//
// need no eigenvalues of T: a solve with the tridiagonal T − isI has length as
// many steps as T, and its pivots have imaginary parts of at least s in size,
// whatever T is.

// resolventStep is the step of the trapezoidal rule for f(T): the poles of the
// integrand are π/2 from the real axis, so that its error is about exp(−π²/step).
const resolventStep = 0.25

// A resolvent solves with T − (center + is)I.
type resolvent struct {
	k      *krylov
	center float64
	pivots []complex128
}

// factor makes the pivots from the last row up, and returns log|det|.
func (r *resolvent) factor(s float64) (logDet float64) {
	m := r.k.size
	if len(r.pivots) < m {
		r.pivots = make([]complex128, m)
	}
	product := 1.0
	for j := m - 1; j >= 0; j-- {
		p := complex(r.k.alpha[j]-r.center, -s)
		if j+1 < m {
			p -= complex(r.k.beta[j]*r.k.beta[j], 0) / r.pivots[j+1]
		}
		r.pivots[j] = p
		product *= cmplx.Abs(p)
		if product > 1e200 || product < 1e-200 {
			logDet += math.Log(product)
			product = 1
		}
	}
	return logDet + math.Log(product)
}

// addTo adds the parts weighted by re and im of (T − (center + is)I)⁻¹ e_1 to dst,
// with the pivots of factor.
func (r *resolvent) addTo(dst []float64, re, im float64) {
	y := 1 / r.pivots[0]
	for j := range dst {
		if j > 0 {
			y *= complex(-r.k.beta[j-1], 0) / r.pivots[j]
		}
		dst[j] += re*real(y) + im*imag(y)
	}
}

// spread bounds the eigenvalues of T in size, less center.
func (r *resolvent) spread() float64 {
	top := 0.0
	for j, a := range r.k.alpha {
		row := math.Abs(a-r.center) + r.k.beta[j]
		if j > 0 {
			row += r.k.beta[j-1]
		}
		top = max(top, row)
	}
	return top
}

// byResolvents computes f(T) e_1.
func (f *Func) byResolvents(k *krylov) []float64 {
	r := resolvent{k: k, center: f.center}
	c := make([]float64, k.size)
	// Beyond the last s all of the integral is below the last digit.
	last := max(f.eps, r.spread()) / 0x1p-53
	weight := f.factor * 2 / math.Pi * resolventStep / 2
	for u := 0.0; ; u += resolventStep {
		s := f.eps * math.Cosh(u)
		r.factor(s)
		if f.inverse {
			r.addTo(c, 0, weight)
		} else {
			r.addTo(c, weight*s, 0)
		}
		if s > last {
			break
		}
		weight = f.factor * 2 / math.Pi * resolventStep
	}
	c[0] += f.constant
	return c
}

// bound bounds ‖f(A)g − x‖/‖g‖ for Lanczos' approximation x in k. The residual of
// (A − is)y = g in the space is known for all s at once,
//
//	ρ(s) = β_1 ⋯ β_m / |det(T − is)|,   ‖(A − is)⁻¹‖ ≤ 1/s
//
// and the integrand of the errors falls with u, so that a sum over left ends of
// intervals is not below the integral.
//
// Source: A. Frommer and V. Simoncini, Matrix functions, in Model order reduction
// (2008), section 4, for residuals of shifted systems in one Krylov space.
func (f *Func) bound(k *krylov) float64 {
	logs := 0.0
	for _, b := range k.beta {
		if b == 0 {
			return 0
		}
		logs += math.Log(b)
	}
	r := resolvent{k: k, center: f.center}
	const step = 0.1 // a sum over left ends exceeds the integral by a tenth of the first term at most
	largest := max(f.eps, r.spread())
	sum := 0.0
	for u := 0.0; ; u += step {
		s := f.eps * math.Cosh(u)
		e := math.Exp(logs - r.factor(s))
		if f.inverse {
			e /= s
		}
		if s > 100*largest {
			// Beyond, ρ falls as s^−m at least.
			return f.factor * 2 / math.Pi * (sum + e)
		}
		sum += step * e
	}
}
