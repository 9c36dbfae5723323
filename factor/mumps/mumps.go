// Package mumps is for programs that factor with MUMPS over MPI, on one machine or on
// many: factor.Options with Engine set to factor.EngineMUMPS.
//
//	go build -tags mumps                    # Debian: libmumps-dev libopenmpi-dev openmpi-bin
//	mpirun -n 4 ./program
//
// The program calls Serve before it does anything else. Rank 0 goes on; the others stay in
// Serve and do their part of the factorizations of rank 0:
//
//	func main() {
//		defer mumps.Serve()()
//		…
//		var f factor.Sparse
//		err := f.Analyse(a, &factor.Options{Engine: factor.EngineMUMPS})
//		…
//	}
//
// Started without a launcher, the same program is one rank. A rank that dies makes mpirun
// end the others, and a program that exits without stop likewise, with a message of mpirun.
package mumps

import (
	"costate/factor/internal/mumps"
	"costate/la/ranks"
)

// Serve joins the ranks that a launcher (mpirun, or a scheduler that speaks PMIx or PMI)
// has started. On rank 0, and where there is no launcher, it returns; on the others it
// follows rank 0 and ends the process with status 0 when rank 0 stops. stop sends the
// others home; call it before the program exits. Where a factorization was left in the
// middle stop gives up after a second, and the launcher ends the other ranks.
//
// A build without the tag mumps that was started on several ranks ends at once, with a
// message that says how to build it.
func Serve() (stop func()) { return ranks.Serve() }

// Launched reports whether a launcher has started this program, as one of its ranks.
func Launched() bool { return ranks.Launched() }

// Version names MUMPS and MPI with their versions. In a build without the tag mumps it
// returns an error that says how to build it.
func Version() (string, error) { return mumps.Version() }

// Ranks is the number of ranks that share the work: 1 until MPI has started.
func Ranks() int { return ranks.Size() }
