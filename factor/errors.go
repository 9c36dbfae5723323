package factor

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/la"
)

// Error is the type of the package's panics: mistakes of the calling program.
type Error string

func (e Error) Error() string { return string(e) }

// The panics of the package.
const (
	// ErrNotAnalysed is the panic of a phase called before Analyse has succeeded.
	ErrNotAnalysed = Error("factor: Analyse has not been called or has failed")
	// ErrNotFactorized is the panic of a result asked for before Factorize has
	// succeeded.
	ErrNotFactorized = Error("factor: Factorize has not been called or has failed")
	// ErrShape is the panic of arguments whose sizes do not fit together.
	ErrShape = Error("factor: dimension mismatch")
)

// ErrInterrupted is the error of what Options.Interrupt has ended.
var ErrInterrupted = errors.New("factor: interrupted")

// A SingularError says that a matrix is singular to working accuracy. Where
// factors were found (Blind is false) solves may follow: they return a solution
// of a consistent system, and an *AccuracyError with the least residual that was
// reached for another.
type SingularError struct {
	Block   int     // the stage or block without a pivot, from 0; -1 if unknown
	Pivot   int     // index of the pivot inside the block, from 0; -1 if unknown
	Row     int     // the unknown without a pivot, from 0; -1 if unknown
	Eps     float64 // damping at which it is singular: that of Block where each stage has its own
	Suggest float64 // a damping at which it is not; 0 if none is known
	Cond    float64 // estimate of the condition number, 0 if there is none

	// StructuralRank is the largest rank that any values in the places of the elements that
	// are not zero could give, of a matrix that Sparse has refused; 0 where it is not known.
	// Below the order the matrix is singular whatever its values.
	StructuralRank int

	order int // of the matrix, where StructuralRank is known

	// Blind is true where no factors were found: nothing is known of the
	// inertia then.
	Blind bool
}

// Unwrap returns the condition number as gonum's factorizations report it, a
// mat.Condition, and nil if it is not known.
func (e *SingularError) Unwrap() error {
	if e.Cond == 0 {
		return nil
	}
	return mat.Condition(e.Cond)
}

func (e *SingularError) Error() string {
	s := "factor: the matrix is singular to working accuracy"
	if e.Eps != 0 {
		s = fmt.Sprintf("factor: the matrix with damping %g is singular to working accuracy", e.Eps)
	}
	switch {
	case e.Row >= 0:
		s += fmt.Sprintf(" (no pivot for row %d)", e.Row+1)
	case e.Block >= 0 && e.Pivot >= 0:
		s += fmt.Sprintf(" (block %d, pivot %d)", e.Block+1, e.Pivot+1)
	case e.Block >= 0:
		s += fmt.Sprintf(" (block %d)", e.Block+1)
	}
	if e.StructuralRank < e.order {
		s += fmt.Sprintf(", whatever its values: its structural rank is %d, its order %d", e.StructuralRank, e.order)
	}
	if e.Suggest != 0 {
		s += fmt.Sprintf("; a damping of %.3g would do", e.Suggest)
	}
	return s
}

// An AccuracyError says that a solution did not reach the backward error that
// was asked for.
type AccuracyError struct {
	Reached float64 // measured backward error
	Wanted  float64 // Options.Tolerance
	Column  int     // right-hand side, from 0

	// Singular says that the matrix is singular: the right-hand side is not in
	// its range, as far as its last digits tell, and the solution has the least
	// residual that was reached.
	Singular bool
}

func (e *AccuracyError) Error() string {
	if e.Singular {
		return fmt.Sprintf("factor: the matrix is singular and column %d is not in its range: the least residual reached leaves a backward error of %.2g, wanted %.2g", e.Column+1, e.Reached, e.Wanted)
	}
	if math.IsInf(e.Reached, 1) {
		return fmt.Sprintf("factor: the solution of column %d, or its residual, is beyond the range of numbers: another scale of the matrix or of the right-hand side would do", e.Column+1)
	}
	beyond := ""
	if e.Reached > 0.5 { // no better than 0
		beyond = " its solution is beyond the range of numbers,"
	}
	return fmt.Sprintf("factor: the solution of column %d has backward error %.2g, wanted %.2g: the matrix is too ill conditioned (a larger damping may help),%s or an iterative method was stopped too early", e.Column+1, e.Reached, e.Wanted, beyond)
}

// A WorkError says that pivots that were put off would take a factorization far beyond the
// flops planned for it.
type WorkError struct {
	Order          int
	Planned, Limit float64 // flops
}

func (e *WorkError) Error() string {
	return fmt.Sprintf("factor: an LDLᵀ of order %d, planned with %.2g flops, puts off so many pivots that it would take more than %.2g; another scaling or a larger damping may help", e.Order, e.Planned, e.Limit)
}

// A MemoryError says that a factorization would need more memory than allowed.
type MemoryError struct {
	Needed, Limit int64 // bytes
	What          string
	Instead       string // what would need less, where known
}

func (e *MemoryError) Error() string {
	s := fmt.Sprintf("factor: %s needs %s, more than the limit of %s", e.What, size(e.Needed), size(e.Limit))
	if e.Instead != "" {
		s += "; " + e.Instead
	}
	return s
}

// size formats a number of bytes.
func size(b int64) string {
	const unit = 1 << 10
	switch {
	case b >= unit*unit*unit:
		return fmt.Sprintf("%.1f GiB", float64(b)/(unit*unit*unit))
	case b >= unit*unit:
		return fmt.Sprintf("%.1f MiB", float64(b)/(unit*unit))
	case b >= unit:
		return fmt.Sprintf("%.1f KiB", float64(b)/unit)
	default:
		return fmt.Sprintf("%d B", b)
	}
}

// A NotFiniteError names a NaN or an infinity in the input.
type NotFiniteError = la.NotFiniteError

// stageDamping is what a NotFiniteError calls the damping of stage k, from 0.
func stageDamping(k int) string { return fmt.Sprintf("damping of stage %d", k+1) }
