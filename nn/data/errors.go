package data

// Error is the type of the package's panics: mistakes of the calling program.
type Error string

func (e Error) Error() string { return string(e) }

// ErrRange is the panic of samples that a set does not have.
const ErrRange = Error("data: samples out of range")
