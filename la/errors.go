package la

import (
	"fmt"

	"costate/la/vec"
)

// Error is the type of the values that this package panics with when it is
// called wrongly.
type Error string

func (e Error) Error() string { return string(e) }

// Panics of this package. A wrong index panics with gonum's mat.ErrRowAccess
// or mat.ErrColAccess instead.
const (
	ErrOrder      Error = "la: matrix order is negative or above 2³¹-1"
	ErrEntries    Error = "la: more than 2³¹-1 entries"
	ErrIndex      Error = "la: index out of range"
	ErrLength     Error = "la: slice has the wrong length"
	ErrAlias      Error = "la: destination overlaps a source"
	ErrBlockSize  Error = "la: block size is not positive"
	ErrBlock      Error = "la: block index out of range"
	ErrStructure  Error = "la: structure of a block is not ascending within the block"
	ErrNorm       Error = "la: unknown norm"
	ErrCompressed Error = "la: rows are not compressed, ascending and in the lower triangle"
)

// A NotFiniteError names the first NaN or infinity in an input.
type NotFiniteError struct {
	Where string // such as "A", "row 3 of A", "W of stage 2", "damping"
	Index int    // of the element, zero-based; -1 for a single number
	Value float64
}

func (e *NotFiniteError) Error() string {
	if e.Index < 0 {
		return fmt.Sprintf("la: %s is %v", e.Where, e.Value)
	}
	return fmt.Sprintf("la: %s: element %d is %v", e.Where, e.Index, e.Value)
}

// notFiniteElement names element (i, j) of a matrix.
func notFiniteElement(name string, i, j int, v float64) error {
	return &NotFiniteError{Where: fmt.Sprintf("row %d of %s", i, name), Index: j, Value: v}
}

// An AsymmetricError names the first pair of elements, by rows, that differ
// across the diagonal of a matrix that ought to be symmetric. Indices are
// zero-based and I < J.
type AsymmetricError struct {
	I, J     int
	Aij, Aji float64
}

func (e *AsymmetricError) Error() string {
	return fmt.Sprintf("la: matrix is not symmetric: A[%d,%d] = %v but A[%d,%d] = %v", e.I, e.J, e.Aij, e.J, e.I, e.Aji)
}

// CheckFinite returns a *NotFiniteError that names the first element of x that
// is a NaN or an infinity, and nil if there is none.
func CheckFinite(name string, x []float64) error {
	if i := vec.FirstNotFinite(x); i >= 0 {
		return &NotFiniteError{Where: name, Index: i, Value: x[i]}
	}
	return nil
}
