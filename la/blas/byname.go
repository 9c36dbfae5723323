package blas

import (
	"fmt"
	"runtime"
)

// Names are the backends that ByName knows.
func Names() []string { return []string{"auto", "native", "openblas", "gonum"} }

// ByName returns the backend of that name, for at most so many threads a call
// (zero or less: GOMAXPROCS). Asking for a backend that is not built in
// gives an error that says which command builds it in.
func ByName(name string, threads int) (Backend, error) {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	switch name {
	case "auto":
		return Auto(threads), nil
	case "native":
		return NativeThreads(threads), nil
	case "openblas":
		return OpenBLAS(threads)
	case "gonum":
		return Gonum(threads), nil
	}
	return nil, fmt.Errorf("blas: no backend is named %q: the names are auto, native, openblas and gonum", name)
}
