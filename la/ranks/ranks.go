package ranks

import (
	"errors"
	"fmt"
	"os"
)

// HowToBuild is the command that builds MPI in, and MUMPS with it.
const HowToBuild = "apt-get install libmumps-dev libopenmpi-dev openmpi-bin && CGO_ENABLED=1 go build -tags mumps"

// ErrNotBuilt says that this build has no MPI.
var ErrNotBuilt = errors.New("this build has no MPI and no MUMPS: build them in with '" + HowToBuild + "'")

// A Part is what another rank than 0 does of a job. The message, which it may keep, is that
// of the Call.
type Part func(message []byte)

// parts are the parts by the names of their jobs.
var parts = map[string]Part{}

// Handle gives a job a name and the part of it that other ranks than 0 do. Packages call
// it when the program starts. It panics if the name is taken.
func Handle(name string, p Part) {
	if parts[name] != nil {
		panic("ranks: two jobs are named " + name)
	}
	parts[name] = p
}

// Fail ends a rank that cannot do its part, with a message, and by that the job.
func Fail(err error) {
	fmt.Fprintf(os.Stderr, "a rank cannot do its part: %v\n", err)
	os.Exit(1)
}
