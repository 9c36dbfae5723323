package eigen

import "math"

// A spectral is the operator that Lanczos iterates with, a function of A with the
// same vectors.
type spectral interface {
	apply(x []float64)           // x ← operator times x
	value(theta float64) float64 // the eigenvalue of A for one of the operator
	merit(theta float64) float64 // greater for those that are wanted first
	// size is what the residual of a pair is compared with, for an operator of
	// norm largest, as far as met.
	size(theta, largest float64) float64
	// refines reports whether another application improves a vector.
	refines() bool
}

// inverse is (A − σI)⁻¹, for the eigenvalues nearest to σ.
type inverse struct {
	f     shifted
	sigma float64
}

func (o inverse) apply(x []float64)           { o.f.solve(x) }
func (o inverse) value(theta float64) float64 { return o.sigma + 1/theta }
func (o inverse) merit(theta float64) float64 { return math.Abs(theta) }
func (o inverse) size(theta, _ float64) float64 {
	return math.Abs(theta)
}
func (o inverse) refines() bool { return true }

// products is A itself, for the smallest eigenvalues, or with sign −1 the largest.
type products struct {
	a    Operator
	sign float64
	w    []float64
}

func (o products) apply(x []float64) {
	o.a.MulVecTo(o.w, x)
	copy(x, o.w)
}
func (o products) value(theta float64) float64     { return theta }
func (o products) merit(theta float64) float64     { return -o.sign * theta }
func (o products) size(_, largest float64) float64 { return largest }
func (o products) refines() bool                   { return false }

// A side is that of the shift on which A has no eigenvalues.
type side int

const (
	neither side = iota
	left
	right
)
