//go:build cgo && mumps

package mumps

// #include "bridge.h"
import "C"

import "costate/la/ranks"

// Version names MUMPS and MPI with their versions.
func Version() (string, error) {
	mpi, err := ranks.Version()
	if err != nil {
		return "", err
	}
	return "MUMPS " + C.GoString(C.costate_version()) + ", " + mpi, nil
}
