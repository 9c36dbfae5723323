package system

// Error is the type of the values that this package panics with when it is
// called wrongly.
type Error string

func (e Error) Error() string { return string(e) }

// Panics of this package.
const (
	ErrLength Error = "system: slice has the wrong length"
	ErrShape  Error = "system: chain of another shape than the one assembled"
)
