package blas

// An Error is what the kernels panic with when they are called with wrong
// arguments. It is always one of the constants below.
type Error string

// Error returns the text of the error.
func (e Error) Error() string { return string(e) }

// The arguments that a kernel refuses.
const (
	ErrTranspose Error = "blas: transpose is neither NoTrans nor Trans"
	ErrUplo      Error = "blas: triangle is neither Upper nor Lower"
	ErrSide      Error = "blas: side is neither Left nor Right"
	ErrDiag      Error = "blas: diagonal is neither Unit nor NonUnit"

	ErrNegative Error = "blas: negative size"

	ErrLdA Error = "blas: leading dimension of A is less than max(1, its columns)"
	ErrLdB Error = "blas: leading dimension of B is less than max(1, its columns)"
	ErrLdC Error = "blas: leading dimension of C is less than max(1, its columns)"

	ErrShortA    Error = "blas: slice of A is too short"
	ErrShortB    Error = "blas: slice of B is too short"
	ErrShortC    Error = "blas: slice of C is too short"
	ErrShortX    Error = "blas: slice of x is too short"
	ErrShortY    Error = "blas: slice of y is too short"
	ErrShortE    Error = "blas: slice of e is too short"
	ErrShortPerm Error = "blas: slice of the permutation is too short"
	ErrShortWork Error = "blas: work slice is too short"
	ErrFront     Error = "blas: a front has fewer rows than columns, or rows below the block of a root"
	ErrTrapezoid Error = "blas: a trapezoidal matrix with fewer rows than columns"
	ErrThreshold Error = "blas: threshold of pivots is not in (0, 0.5], or tolerance of zeros is negative"
	ErrPerm      Error = "blas: index out of range in the permutation"
)
