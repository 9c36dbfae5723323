package system

// Error is the type of the package's panics: mistakes of the calling program.
type Error string

func (e Error) Error() string { return string(e) }

// ErrShape is the panic of arguments whose sizes do not fit together.
const ErrShape Error = "system: dimension mismatch"
