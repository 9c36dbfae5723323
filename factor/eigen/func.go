package eigen

import (
	"fmt"
	"math"
)

// A Func is a function of one number, for a symmetric matrix the function of its
// eigenvalues: f(A) = Σ f(λ_i) v_i v_iᵀ.
type Func struct {
	value func(lambda float64) float64 // of Of
	// What follows is for the functions that are integrals over resolvents, whose
	// errors can be bounded: ε, and f = constant + factor·g with g = Sign or,
	// where inverse is set, InverseAbs, of λ less center.
	eps      float64
	center   float64
	inverse  bool
	constant float64
	factor   float64
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
	return Func{eps: eps, inverse: true, factor: 1}
}

// Sign is λ(λ² + ε²)^-½, a smooth sign of λ, which tells eigenvalues of size ε
// and more apart by their sign. eps must be positive, else it panics.
func Sign(eps float64) Func {
	checkWidth(eps)
	return Func{eps: eps, factor: 1}
}

// Projector is ½(1 + Sign(λ − μ)): the projector on the eigenvectors above mu,
// where none is within a multiple of eps of it. eps must be positive, else it
// panics.
func Projector(mu, eps float64) Func {
	checkWidth(eps)
	return Func{center: mu, eps: eps, constant: 0.5, factor: 0.5}
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

// A FuncError says that f(A)g was not reached to the tolerance.
type FuncError struct {
	Reached, Wanted float64 // relative errors
	Products        int
	Shifts          int // factorizations at complex shifts
	// Rounding says that rounding alone allows no better: ‖A‖/ε is too large.
	Rounding bool
}

func (e *FuncError) Error() string {
	work := fmt.Sprintf("%d products", e.Products)
	if e.Shifts > 0 {
		work = fmt.Sprintf("%d complex shifts", e.Shifts)
	}
	s := fmt.Sprintf("eigen: f(A)g has an error of %.2g after %s, wanted %.2g", e.Reached, work, e.Wanted)
	if e.Rounding {
		return s + ": rounding allows no better for a matrix so large beside the width of f"
	}
	if e.Shifts > 0 {
		return s + ": more shifts, or a smoother function, would help"
	}
	return s + ": a larger Basis, or a smoother function, would help"
}
