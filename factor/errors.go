package factor

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
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

// A SingularError says that a matrix is singular to working accuracy.
type SingularError struct {
	Block   int     // index of the stage or pivot block that is singular
	Pivot   int     // index of the pivot inside the block
	Eps     float64 // damping at which it is singular
	Suggest float64 // a damping at which it is not; 0 if none is known

	blind bool // not even the inertia is known

	// From Sparse: the row of the matrix without pivot and an estimate of the
	// condition number, infinite for a pivot of zero; 0 from the others.
	Row  int
	Cond float64
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
	if e.Cond != 0 {
		return fmt.Sprintf("factor: the matrix is singular to working accuracy: no pivot for row %d (condition number %.3g)", e.Row, e.Cond)
	}
	s := fmt.Sprintf("factor: the matrix with damping %g is singular to working accuracy (block %d, pivot %d)", e.Eps, e.Block, e.Pivot)
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
	Column  int     // right-hand side
}

func (e *AccuracyError) Error() string {
	return fmt.Sprintf("factor: the solution of column %d has backward error %.2g, wanted %.2g: the matrix is too ill conditioned (a larger damping may help), or an iterative method was stopped too early", e.Column, e.Reached, e.Wanted)
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
	default:
		return fmt.Sprintf("%.1f KiB", float64(b)/unit)
	}
}
