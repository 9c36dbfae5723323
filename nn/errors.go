package nn

// Error is the type of the package's panics: mistakes of the calling program.
type Error string

func (e Error) Error() string { return string(e) }

// The panics of the package.
const (
	// ErrParams is the panic of an array that is not one of all parameters, or of a
	// parameter's index out of range.
	ErrParams = Error("nn: parameters of the wrong length")
	// ErrNotDense is the panic of Weights for a layer that has none.
	ErrNotDense = Error("nn: not a dense layer")
	// ErrDestination is the panic of a destination of the wrong length.
	ErrDestination = Error("nn: destination of the wrong length")
)
