package la

import (
	"fmt"

	"costate/la/vec"
)

// Error is the type of the values that this package panics with when it is
// called wrongly.
type Error string

func (e Error) Error() string { return string(e) }

// Panics of this package. A row or column that does not exist panics with gonum's
// mat.ErrRowAccess or mat.ErrColAccess.
const (
	ErrOrder      Error = "la: matrix order is negative or above 2³¹-1"
	ErrEntries    Error = "la: more than 2³¹-1 entries"
	ErrIndex      Error = "la: index out of range"
	ErrLength     Error = "la: slice has the wrong length"
	ErrAlias      Error = "la: destination overlaps a source"
	ErrBlockSize  Error = "la: block size is not positive"
	ErrBlock      Error = "la: block index out of range"
	ErrStructure  Error = "la: structure of a block is not ascending within the block"
	ErrOutside    Error = "la: element is outside the blocks or their structure"
	ErrNorm       Error = "la: unknown norm"
	ErrCompressed Error = "la: rows are not compressed, ascending and in the lower triangle"
)

// A NotFiniteError names the first number that is a NaN or an infinity. All
// packages of costate return this type.
type NotFiniteError struct {
	// Where is the place in words: an array ("W of stage 3", where stages count
	// from 1), a row of a matrix ("row 3 of A", where rows count from 0) or a
	// single number ("damping").
	Where string
	// Index is the index in the array or row, from 0; -1 for a single number.
	Index int
	Value float64
}

func (e *NotFiniteError) Error() string {
	if e.Index < 0 {
		return fmt.Sprintf("%s: %v", e.Where, e.Value)
	}
	return fmt.Sprintf("%s, element %d: %v", e.Where, e.Index, e.Value)
}

// notFiniteElement is the error for element (i, j) of a matrix.
func notFiniteElement(name string, i, j int, v float64) *NotFiniteError {
	return &NotFiniteError{Where: fmt.Sprintf("row %d of %s", i, name), Index: j, Value: v}
}

// An AsymmetricError names the first element, by rows, of a matrix that ought to be
// symmetric that differs from its mirror image. I < J, both counted from 0.
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
