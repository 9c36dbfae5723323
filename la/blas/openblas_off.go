//go:build !cgo || !openblas

package blas

import "errors"

// OpenBLAS returns the backend over OpenBLAS and LAPACKE, whose calls use at
// most so many threads each. In a build without cgo or without the tag
// openblas it returns an error that says how to build it in.
func OpenBLAS(threads int) (Backend, error) {
	return nil, errors.New("blas: this build has no OpenBLAS: install it with 'apt-get install libopenblas-dev liblapacke-dev' and build with 'CGO_ENABLED=1 go build -tags openblas'")
}
