package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"costate/la/blas"
)

type peerFlags struct {
	backend   string
	repeat    int
	orderings []string
}

func newPeer(s *session) *cobra.Command {
	var f peerFlags
	c := &cobra.Command{
		Use:   "peer PROGRAM MATRIX...",
		Short: "Time the sparse solver against another program, matrix by matrix",
		Long: `Time the sparse solver and another program on the same matrices in turns, and
print a table in Markdown: seconds, flops, entries of L and memory, with their
ratios and the medians of these. A ratio below 1 means that costate takes less.

A MATRIX is a file as mtx reads it, a folder of such files (.mtx, .mtx.gz),
grid:M×M or grid:M×M×M (the Laplacian of a mesh; an x will do for ×), or case:NAME
(the augmented system of a network that compare knows).

PROGRAM is run as PROGRAM A.mtx b.mtx ORDERING REPEATS for each of --orderings, in
which ORDERING is passed on as it is and REPEATS is 1, and then 4. It prints a line of JSON with the least seconds
analyse, factor and solve, negative (eigenvalues), flops, nnzL and backward_error;
or error. OPENBLAS_NUM_THREADS and OMP_NUM_THREADS have the threads.

In every round both sides order, factor and solve once from the matrix, and then
factor new values in the pattern several times (refactor). Each time
is the least over all rounds, the total is their sum, and of the other program those
of the best ordering are shown.`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := s.check(c.Flags()); err != nil {
				return err
			}
			if f.repeat < 1 {
				return usagef("--repeat is %d; it must be at least 1", f.repeat)
			}
			if len(f.orderings) == 0 {
				return usagef("--orderings names none")
			}
			return s.peer(c.Context(), args[0], args[1:], &f)
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.backend, "backend", "native", "dense kernels: "+strings.Join(blas.Names(), ", "))
	fl.IntVar(&f.repeat, "repeat", 5, "rounds; the least times are shown")
	fl.StringSliceVar(&f.orderings, "orderings", []string{"0", "5"}, "orderings of the other program; for MUMPS 0 is AMD and 5 is METIS")
	return c
}

// peer does the whole subcommand.
func (s *session) peer(ctx context.Context, program string, names []string, f *peerFlags) error {
	backend, err := blas.ByName(f.backend, s.threads)
	if err != nil {
		return usagef("--backend: %w", err)
	}
	names, err = matrixNames(names)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "costate-peer-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// Ordering and the garbage collector use no more processors than the kernels.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(backend.Threads()))

	meter := newMeter(s.stderr, len(names)*f.repeat)
	closeMeter := closer(meter)
	defer closeMeter()
	var rows []peerRow
	var failed []error
	for _, name := range names {
		j := &peerJob{session: s, flags: f, backend: backend, program: program, dir: dir, meter: meter}
		row, err := j.run(ctx, name)
		if e := ctx.Err(); e != nil {
			return e
		}
		if err != nil {
			failed = append(failed, err)
		}
		if row != nil {
			rows = append(rows, *row)
		}
	}
	closeMeter()
	switch {
	case len(rows) == 0: // what failed is all there is to say
	case s.json:
		err = printJSON(s.stdout, rows)
	default:
		reportPeer(s.stdout, rows, f, backend)
	}
	return errors.Join(append(failed, err)...)
}

// matrixNames replaces folders by the matrices in them.
func matrixNames(names []string) (all []string, err error) {
	for _, name := range names {
		if st, err := os.Stat(name); err != nil || !st.IsDir() {
			all = append(all, name)
			continue
		}
		found := 0
		for _, pattern := range []string{"*.mtx", "*.mtx.gz"} {
			files, err := filepath.Glob(filepath.Join(name, pattern))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			found += len(files)
			all = append(all, files...)
		}
		if found == 0 {
			return nil, usagef("%s: no .mtx file in this folder", name)
		}
	}
	return all, nil
}
