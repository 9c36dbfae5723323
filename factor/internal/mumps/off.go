//go:build !cgo || !mumps

package mumps

import (
	"fmt"
	"os"

	"costate/la"
)

// New returns ErrNotBuilt.
func New(*la.Sym, Options) (Engine, error) { return nil, ErrNotBuilt }

// Version returns ErrNotBuilt.
func Version() (string, error) { return "", ErrNotBuilt }

// Ranks is 1.
func Ranks() int { return 1 }

// Serve ends the program where it was started on several ranks: each of them would do all
// of the work.
func Serve() (stop func()) {
	if n, rank := launched(); n > 1 {
		if rank == 0 {
			fmt.Fprintf(os.Stderr, "started on %d ranks, but %v\n", n, ErrNotBuilt)
		}
		os.Exit(2)
	}
	return func() {}
}
