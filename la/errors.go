package la

import (
	"fmt"
	"math"
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
	// from 1), an element of a matrix ("A[5,1]", where rows and columns count
	// from 0) or a single number ("damping").
	Where string
	// Index is the index in the array; -1 where Where says all.
	Index int
	Value float64
}

func (e *NotFiniteError) Error() string {
	if e.Index < 0 {
		return fmt.Sprintf("%s: %v", e.Where, e.Value)
	}
	return fmt.Sprintf("%s: %v at index %d", e.Where, e.Value, e.Index)
}

// notFiniteElement is the error for element (i, j) of a matrix.
func notFiniteElement(name string, i, j int, v float64) *NotFiniteError {
	return &NotFiniteError{Where: fmt.Sprintf("%s[%d,%d]", name, i, j), Index: -1, Value: v}
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
	if i := firstNotFinite(x); i >= 0 {
		return &NotFiniteError{Where: name, Index: i, Value: x[i]}
	}
	return nil
}

// firstNotFinite is the index of the first NaN or infinity in x, or -1. The
// difference of a number with itself is zero only if it is finite, so that one
// sum tells whether a stretch holds any.
func firstNotFinite(x []float64) int {
	const stretch = 256
	for lo := 0; lo < len(x); lo += stretch {
		part := x[lo:min(lo+stretch, len(x))]
		var s float64
		for _, v := range part {
			s += v - v
		}
		if s == 0 {
			continue
		}
		for i, v := range part {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return lo + i
			}
		}
	}
	return -1
}
