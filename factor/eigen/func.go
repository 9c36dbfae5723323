package eigen

import (
	"fmt"
	"math"
)

// A Func is a function of one number, for a symmetric matrix the function of its
// eigenvalues: f(A) = Σ f(λ_i) v_i v_iᵀ.
type Func struct {
	value  func(lambda float64) float64
	center float64
	// What follows is for functions of the form of InverseAbs and Sign, whose errors
	// can be bounded: the width ε, the power of s in the integral of the bound,
	// and a factor.
	eps    float64
	power  float64
	factor float64
}

// Of is any function. Errors are then measured by a change, not bounded.
func Of(f func(lambda float64) float64) Func { return Func{value: f} }

// InverseAbs is (λ² + ε²)^-½, a smooth 1/|λ| no greater than 1/ε. Of a Hessian
// times the gradient it is the step of saddle-free Newton methods: eigenvectors of
// negative curvature are followed downhill, as those of positive curvature are. It
// lies between 1/(|λ|+ε) and √2 times that. eps must be positive, else it panics.
//
// Source: Y. Dauphin et al., Identifying and attacking the saddle point problem in
// high-dimensional non-convex optimization, NIPS 2014.
func InverseAbs(eps float64) Func {
	checkWidth(eps)
	return Func{value: func(x float64) float64 { return 1 / math.Hypot(x, eps) }, eps: eps, power: 1, factor: 1}
}

// Sign is λ(λ² + ε²)^-½, a smooth sign of λ, which tells eigenvalues of size ε
// and more apart by their sign. eps must be positive, else it panics.
func Sign(eps float64) Func {
	checkWidth(eps)
	return Func{value: func(x float64) float64 { return x / math.Hypot(x, eps) }, eps: eps, factor: 1}
}

// Projector is ½(1 + Sign(λ − μ)): the projector on the eigenvectors above mu,
// where none is within a multiple of eps of it. eps must be positive, else it
// panics.
func Projector(mu, eps float64) Func {
	f := Sign(eps)
	return Func{value: func(x float64) float64 { return 0.5 + 0.5*f.value(x-mu) }, center: mu, eps: eps, factor: 0.5}
}

// ErrWidth is the panic of a width that is not positive and finite.
const ErrWidth = Error("eigen: the width of a function must be positive and finite")

// Error is the type of the package's panics: mistakes of the calling program.
type Error string

func (e Error) Error() string { return string(e) }

func checkWidth(eps float64) {
	if !(eps > 0) || math.IsInf(eps, 1) {
		panic(ErrWidth)
	}
}

// bound bounds ‖f(A)g − x‖/‖g‖ for Lanczos' approximation x of order m, from the
// eigenvalues θ of T and the β that couple its vectors, as
//
//	(λ² + ε²)^-½ = 2/π ∫ s Im (λ − is)⁻¹/s du,   s = ε cosh u
//
// and the residual of (A − is)y = g in the space is known:
//
//	ρ(s) = β_1 ⋯ β_m / Π √(θ_j² + s²),   ‖(A − is)⁻¹‖ ≤ 1/s
//
// for all s at once. The integrand falls with u, so that a sum over left ends of
// intervals is not below the integral.
//
// Source: A. Frommer and V. Simoncini, Matrix functions, in Model order reduction
// (2008), section 4, for residuals of shifted systems in one Krylov space.
func (f *Func) bound(theta, beta []float64) float64 {
	logs, largest := 0.0, f.eps
	for _, b := range beta {
		if b == 0 {
			return 0
		}
		logs += math.Log(b)
	}
	for _, t := range theta {
		largest = max(largest, math.Abs(t-f.center))
	}
	rho := func(s float64) float64 {
		l := logs
		for _, t := range theta {
			l -= math.Log(math.Hypot(t-f.center, s))
		}
		return math.Exp(l - f.power*math.Log(s))
	}
	const step = 0.05
	sum := 0.0
	for u := 0.0; ; u += step {
		s := f.eps * math.Cosh(u)
		r := rho(s)
		if s > 100*largest {
			// Beyond, ρ falls as s^−m at least.
			return f.factor * 2 / math.Pi * (sum + r)
		}
		sum += step * r
	}
}

// A FuncError says that f(A)g was not reached to the tolerance.
type FuncError struct {
	Reached, Wanted float64 // relative errors
	Products        int
	// Rounding says that rounding alone allows no better: ‖A‖/ε is too large.
	Rounding bool
}

func (e *FuncError) Error() string {
	s := fmt.Sprintf("eigen: f(A)g has an error of %.2g after %d products, wanted %.2g", e.Reached, e.Products, e.Wanted)
	if e.Rounding {
		return s + ": rounding allows no better for a matrix so large beside the width of f"
	}
	return s + ": a larger Basis, or a smoother function, would help"
}
