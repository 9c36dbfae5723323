package blas

import "runtime"

// native is the backend in Go.
type native struct{ gonumBackend }

// Native returns the backend that needs no C, with as many threads as
// GOMAXPROCS.
func Native() Backend { return NativeThreads(runtime.GOMAXPROCS(0)) }

// NativeThreads returns the backend that needs no C, whose calls use at most n
// threads each; less than one means one.
func NativeThreads(n int) Backend { return native{gonumBackend{max(1, n)}} }

func (native) Name() string { return "native" }
