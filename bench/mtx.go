package main

import (
	"context"
	"errors"
	"math"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"costate/factor"
	"costate/la/blas"
	"costate/la/partition"
)

type mtxFlags struct {
	engine      engineFlags
	backend     string
	repeat      int
	out         string
	plot        string
	shift       float64
	ordering    string
	perm        string
	tolSymmetry float64
	inverseDiag string
	spectrum    int
	eigen       int
	near        float64
}

func newMtx(s *session) *cobra.Command {
	var f mtxFlags
	c := &cobra.Command{
		Use:   "mtx A.mtx [b.mtx]",
		Short: "Factor any sparse symmetric matrix from a file, and solve",
		Long: `Read a sparse symmetric matrix A, definite or not, from a Matrix Market or
Harwell–Boeing file (.gz too, - for standard input), find an order that keeps it
sparse, factor it by LDLᵀ, solve for the columns of b, and say how exact the
solution is, how many eigenvalues are negative, and the log-determinant.

Without b.mtx the right-hand side is random. Where A is singular, or x would be
beyond the range of numbers, it is A times random numbers instead, so that there
is a solution, and the report says so. A singular A with a b.mtx that is
consistent is solved too; another b.mtx is an error, and x has the least residual.

A general matrix may differ across its diagonal by --tol-symmetry times the largest
element of the two rows; the mean is used. --shift, --inverse-diag, inertia and
determinant belong to A − sI; --spectrum and --eigen to A itself.

The total is the time to order, factor and solve, without reading the file. An
output may not be a file that is read.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := s.check(c.Flags()); err != nil {
				return err
			}
			if err := f.check(c.Flags(), args); err != nil {
				return err
			}
			return s.mtx(c.Context(), args, &f)
		},
	}
	f.register(c.Flags())
	return c
}

func (f *mtxFlags) register(fl *pflag.FlagSet) {
	fl.StringVar(&f.backend, "backend", "native", "dense kernels: "+strings.Join(blas.Names(), ", "))
	f.engine.register(fl)
	fl.IntVar(&f.repeat, "repeat", 3, "times to factor and solve; the best are shown")
	fl.StringVar(&f.out, "out", "", "write x to this Matrix Market file")
	fl.StringVar(&f.plot, "plot", "", "draw the matrix as it comes and as it is factored in this file (.png, .svg, .pdf)")
	fl.Float64Var(&f.shift, "shift", 0, "factor A − sI for this s")
	fl.StringVar(&f.ordering, "ordering", "auto", "order of the unknowns: "+strings.Join(orderingNames(), ", ")+"; with --engine mumps also "+strings.Join(factor.MUMPSOrderings(), ", "))
	fl.StringVar(&f.perm, "perm", "", "read the order of the unknowns from this file: their numbers from 1, the first to be eliminated first")
	fl.Float64Var(&f.tolSymmetry, "tol-symmetry", 1e-12, "by how much a general matrix may be asymmetric, relative to the largest element of the rows; 0 asks for equality")
	fl.StringVar(&f.inverseDiag, "inverse-diag", "", "write the diagonal of the inverse to this Matrix Market file")
	fl.IntVar(&f.spectrum, "spectrum", 0, "count the eigenvalues of A below so many shifts, exactly")
	fl.IntVar(&f.eigen, "eigen", 0, "find so many eigenvalues of A, the nearest to --near")
	fl.Float64Var(&f.near, "near", 0, "where --eigen looks for eigenvalues")
}

// orderings are those that --ordering names.
var orderings = []partition.Ordering{partition.OrderAuto, partition.OrderAMD, partition.OrderND, partition.OrderNatural}

func orderingNames() []string {
	names := make([]string, len(orderings))
	for i, o := range orderings {
		names[i] = o.String()
	}
	return names
}

func (f *mtxFlags) check(fl *pflag.FlagSet, args []string) error {
	if f.repeat < 1 {
		return usagef("--repeat is %d; it must be at least 1", f.repeat)
	}
	for _, x := range []struct {
		name  string
		value float64
	}{{"shift", f.shift}, {"near", f.near}, {"tol-symmetry", f.tolSymmetry}} {
		if x.value-x.value != 0 {
			return usagef("--%s %g: it must be finite", x.name, x.value)
		}
	}
	switch {
	case f.tolSymmetry < 0:
		return usagef("--tol-symmetry is %g; it must not be negative", f.tolSymmetry)
	case fl.Changed("eigen") && f.eigen < 1:
		return usagef("--eigen is %d; it must be at least 1", f.eigen)
	case fl.Changed("near") && f.eigen == 0:
		return usagef("--near says where --eigen looks: add --eigen 1 or more")
	case f.perm != "" && f.ordering != "auto":
		return usagef("--perm gives the order: leave out --ordering %s", f.ordering)
	}
	if err := checkSpectrum(f.spectrum, fl.Changed("spectrum")); err != nil {
		return err
	}
	if err := f.checkEngine(); err != nil {
		return err
	}
	inputs := append([]string{f.perm}, args...)
	if len(args) == 2 && args[0] == standardInput && args[1] == standardInput {
		return usagef("only one file can come from standard input")
	}
	return checkOutputs(inputs, []namedPath{{"out", f.out}, {"plot", f.plot}, {"inverse-diag", f.inverseDiag}})
}

// checkEngine checks the engine, and what depends on it.
func (f *mtxFlags) checkEngine() error {
	names := orderingNames()
	if f.engine.name == factor.EngineMUMPS {
		names = append(names, factor.MUMPSOrderings()...)
	}
	if err := oneOf("ordering", f.ordering, names); err != nil {
		return err
	}
	if f.engine.name != factor.EngineNative {
		for _, p := range []namedPath{{"plot", f.plot}, {"inverse-diag", f.inverseDiag}} {
			if p.path != "" {
				return usagef("--%s needs --engine native", p.flag)
			}
		}
	}
	return f.engine.check()
}

// choose puts engine and order into the options of the factorization.
func (f *mtxFlags) choose(o *factor.Options) {
	f.engine.set(o)
	for _, order := range orderings {
		if order.String() == f.ordering {
			o.Ordering = order
			return
		}
	}
	o.MUMPS.Ordering = f.ordering
}

// mtx does the whole subcommand.
func (s *session) mtx(ctx context.Context, args []string, f *mtxFlags) error {
	backend, err := blas.ByName(f.backend, s.threads)
	if err != nil {
		return usagef("--backend: %w", err)
	}
	files, err := f.openFiles()
	if err != nil {
		return err
	}
	defer files.discard()

	m := newMeter(s.stderr, 5+f.repeat)
	closeMeter := closer(m)
	defer closeMeter()
	nan := number(math.NaN())
	r := &mtxResult{Backend: backend.Name(), Threads: backend.Threads(), Shift: f.shift, BackwardError: nan, LogDet: logDet{Log: nan}}
	j := &mtxJob{session: s, meter: m, flags: f, result: r, paths: args,
		options: factor.Options{Backend: backend, MemoryLimit: s.memoryLimit(), Interrupt: ended(ctx)}}
	f.choose(&j.options)
	err = j.run(ctx)
	if e := ctx.Err(); e != nil {
		return e
	}
	if j.solved {
		err = errors.Join(err, j.more(ctx))
		if e := ctx.Err(); e != nil {
			return e
		}
		m.step("write")
		err = errors.Join(err, files.write(j))
	}
	closeMeter()
	var usage *usageError
	switch {
	case errors.As(err, &usage):
	case s.json:
		if err != nil {
			r.Error = oneLine(err)
		}
		err = errors.Join(err, printJSON(s.stdout, r))
	case j.solved:
		r.print(s.stdout, pathName(args[0]), j.solver.Report().Shift)
	}
	return err
}
