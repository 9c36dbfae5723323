package mtx

import "fmt"

// An Error says what is wrong with a file, and at which line, counted from 1.
// Err, if not nil, is the cause: a *la.AsymmetricError, a *la.NotFiniteError, or
// what reading returned.
type Error struct {
	Line int
	Msg  string
	Err  error
}

func (e *Error) Error() string {
	return fmt.Sprintf("mtx: line %d: %s", e.Line, e.Msg)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
