package la

import (
	"fmt"
	"math"
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

// A NotFiniteError names the first element that is a NaN or an infinity: the
// element (I, J) of the matrix Name, or, where J is negative, the element I of
// the array Name.
type NotFiniteError struct {
	Name  string
	I, J  int
	Value float64
}

func (e *NotFiniteError) Error() string {
	if e.J < 0 {
		return fmt.Sprintf("la: %s[%d] is %v", e.Name, e.I, e.Value)
	}
	return fmt.Sprintf("la: %s[%d,%d] is %v", e.Name, e.I, e.J, e.Value)
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
	if i := firstNotFinite(x); i >= 0 {
		return &NotFiniteError{Name: name, I: i, J: -1, Value: x[i]}
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
