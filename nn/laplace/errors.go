package laplace

import (
	"fmt"

	"costate/factor"
)

// Error is the type of the package's panics: mistakes of the calling program.
type Error string

func (e Error) Error() string { return string(e) }

const (
	// ErrNotFitted is the panic of what needs Fit before it has succeeded.
	ErrNotFitted = Error("laplace: Fit has not been called or has failed")
	// ErrShape is the panic of arguments of the wrong length.
	ErrShape = Error("laplace: argument of the wrong length")
)

// A NotMinimumError says that the exact Hessian with the prior is not positive definite
// at the point that was given: there is no posterior, and the determinant is no evidence.
// Train on, take GaussNewton, or a prior precision above MinPrecision.
type NotMinimumError struct {
	Negative      int     // eigenvalues of Σ H_n + Λ below zero
	Certain       bool    // whether Negative is
	MinEigenvalue float64 // of Σ H_n, to a part in 1e4 of its spread
	MinPrecision  float64 // a uniform prior precision above this makes it definite
}

func (e *NotMinimumError) Error() string {
	about := ""
	if !e.Certain {
		about = "about "
	}
	return fmt.Sprintf("laplace: not a minimum: %s%d directions curve down in spite of the prior (least eigenvalue %.4g without it); train on, use the Gauss–Newton matrix, or a prior precision above %.4g", about, e.Negative, e.MinEigenvalue, e.MinPrecision)
}

// A TrainingError says that training ended without a gradient as small as was wanted. The
// network has the best parameters that were reached.
type TrainingError struct {
	Steps           int
	Reached, Wanted float64 // relative norm of the gradient, see Stationarity
}

func (e *TrainingError) Error() string {
	return fmt.Sprintf("laplace: training ended after %d steps with a relative gradient of %.2g, wanted %.2g", e.Steps, e.Reached, e.Wanted)
}

// tooLarge is the error of output space that does not fit.
func tooLarge(q int, needed, limit int64, samples int) error {
	e := &factor.MemoryError{Needed: needed, Limit: limit, What: fmt.Sprintf("the evidence of %d outputs", q)}
	if samples > 0 {
		e.Instead = fmt.Sprintf("%d samples would fit", samples)
	}
	return e
}
