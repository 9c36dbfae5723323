package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"gonum.org/v1/gonum/mat"

	"costate/bench/internal/prose"
	"costate/factor"
	"costate/la"
	"costate/la/blas"
	"costate/la/mtx"
)

type mtxFlags struct {
	backend string
	repeat  int
	out     string
	plot    string
}

// A mtxResult is what mtx reports. Where it fails, numbers that it did not come to
// are 0 or null.
type mtxResult struct {
	Order         int         `json:"order"`
	NNZ           int         `json:"nnz"`       // of both triangles
	Blocks        int         `json:"blocks"`    // of the chain
	BlockMax      int         `json:"block_max"` // order of its largest
	Leaves        int         `json:"leaves"`    // unknowns eliminated ahead of it
	Backend       string      `json:"backend"`
	Threads       int         `json:"threads"`
	Seconds       mtxSeconds  `json:"seconds"`
	BackwardError number      `json:"backward_error"`
	Refinements   int         `json:"refinements"`
	Inertia       *la.Inertia `json:"inertia"`
	LogDet        logDet      `json:"logdet"`
	Flops         int64       `json:"flops"`
	Bytes         int64       `json:"bytes"`

	// Error says what failed; it is left out where nothing did.
	Error string `json:"error,omitempty"`
}

// mtxSeconds are times; the total is all but reading the file.
type mtxSeconds struct {
	Read   float64 `json:"read"`
	Order  float64 `json:"order"` // the permutation, the blocks, and where each entry goes
	Factor float64 `json:"factor"`
	Solve  float64 `json:"solve"`
	Total  float64 `json:"total"`
}

func newMtx(s *session) *cobra.Command {
	var f mtxFlags
	c := &cobra.Command{
		Use:   "mtx A.mtx [b.mtx]",
		Short: "Factor any sparse symmetric matrix from a Matrix Market file, and solve",
		Long: `Read a sparse symmetric matrix, definite or not, from a Matrix Market file, which
may be compressed (.gz). Find a block-tridiagonal form, with small groups of unknowns
eliminated ahead of it, and factor it by block LDLᵀ. Solve for b, or for random numbers
without b.mtx. Say how exact the solution is, how many eigenvalues are negative, and
what the log-determinant is.

The total is the time to order, factor and solve, without reading the file. Matrices
that are wide in every order, as from three-dimensional meshes, need a solver with
nested dissection; for these the command says how much memory it would take. With --json
there is a document also where it fails, with the error and what is known.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := s.check(c.Flags()); err != nil {
				return err
			}
			if f.repeat < 1 {
				return usagef("--repeat is %d; it must be at least 1", f.repeat)
			}
			return s.mtx(c.Context(), args, &f)
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.backend, "backend", "native", "dense kernels: "+strings.Join(blas.Names(), ", "))
	fl.IntVar(&f.repeat, "repeat", 3, "times to factor and solve; the best are shown")
	fl.StringVar(&f.out, "out", "", "write x to this Matrix Market file")
	fl.StringVar(&f.plot, "plot", "", "draw the matrix as it comes and as it is factored in this file (.png, .svg, .pdf)")
	return c
}

// mtx does the whole subcommand.
func (s *session) mtx(ctx context.Context, args []string, f *mtxFlags) error {
	backend, err := blas.ByName(f.backend, s.threads)
	if err != nil {
		return usagef("--backend: %w", err)
	}
	plot, err := createPlot("plot", f.plot)
	if err != nil {
		return err
	}
	defer plot.discard()
	var out *output
	if f.out != "" {
		if out, err = createOutput("out", f.out); err != nil {
			return err
		}
	}
	defer out.discard()

	m := newMeter(s.stderr, 2+f.repeat)
	closeMeter := closer(m)
	defer closeMeter()
	nan := number(math.NaN())
	r := &mtxResult{Backend: backend.Name(), Threads: backend.Threads(), BackwardError: nan, LogDet: logDet{nan, nan}}
	j := &mtxJob{session: s, meter: m, repeat: f.repeat, result: r, paths: args}
	err = j.run(ctx, &factor.Options{Backend: backend, MemoryLimit: s.memoryLimit()})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if j.solved {
		m.step("write")
		if e := j.write(out, plot); e != nil {
			err = e
		}
	}
	closeMeter()
	switch {
	case s.json:
		if err != nil {
			r.Error = oneLine(err)
		}
		err = errors.Join(err, printJSON(s.stdout, r))
	case j.solved:
		r.print(s.stdout, args[0], j.solver.Report().Shift)
	}
	return err
}

// A mtxJob is a matrix on its way to a solution.
type mtxJob struct {
	session *session
	meter   *meter
	repeat  int
	paths   []string // of the matrix and the right-hand side
	result  *mtxResult

	a      *la.Sym
	solver factor.Sparse
	x      *mat.VecDense
	solved bool // x is there, if not as good as it should be
}

// run reads, factors and solves, and keeps what comes to be known in the result. The
// error may say that x is there and not good enough.
func (j *mtxJob) run(ctx context.Context, options *factor.Options) error {
	r := j.result
	j.meter.step("read")
	start := time.Now()
	a, b, err := j.session.readSystem(j.paths, j.meter)
	if err != nil {
		return err
	}
	j.a = a
	r.Order, r.NNZ, r.Seconds.Read = a.SymmetricDim(), a.NNZ(), time.Since(start).Seconds()
	if err := ctx.Err(); err != nil {
		return err
	}
	j.meter.step("order")
	start = time.Now()
	if err := j.solver.Analyse(a, options); err != nil {
		return explainMatrix(j.paths[0], err)
	}
	r.Seconds.Order = time.Since(start).Seconds()
	j.x = mat.NewVecDense(len(b), nil)
	for rep := range j.repeat {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err = j.once(b, rep == 0); err != nil && !j.solved {
			return explainMatrix(j.paths[0], err)
		}
	}
	r.Seconds.Total = r.Seconds.Order + r.Seconds.Factor + r.Seconds.Solve
	plan := j.solver.Plan()
	r.Blocks, r.BlockMax, r.Leaves = plan.Chain.Blocks(), plan.Chain.Largest(), plan.Leaves.Len()
	rep := j.solver.Report()
	r.BackwardError, r.Refinements, r.Flops, r.Bytes = number(rep.BackwardError), rep.Refinements, rep.Flops, rep.Bytes
	r.Inertia = knownInertia(&j.solver)
	log, sign := j.solver.LogDet()
	r.LogDet = logDet{number(log), number(sign)}
	return err
}

// once factors and solves, and keeps the times if they are better than before.
func (j *mtxJob) once(b []float64, first bool) error {
	t := &j.result.Seconds
	j.meter.step("factor")
	start := time.Now()
	if err := j.solver.Update(j.a); err != nil {
		j.result.Inertia = knownInertia(&j.solver)
		return err
	}
	factored := time.Since(start).Seconds()
	err := j.solver.SolveVecTo(j.x, mat.NewVecDense(len(b), b))
	solved := time.Since(start).Seconds() - factored
	var accuracy *factor.AccuracyError
	if err != nil && !errors.As(err, &accuracy) {
		j.result.Inertia = knownInertia(&j.solver)
		return err
	}
	j.solved = true
	if first || factored < t.Factor {
		t.Factor = factored
	}
	if first || solved < t.Solve {
		t.Solve = solved
	}
	return err
}

// knownInertia is what the factorization counted, also if it failed then; nil if
// it did not come so far.
func knownInertia(f *factor.Sparse) (in *la.Inertia) {
	defer func() {
		if p := recover(); p != nil && p != factor.ErrNotFactorized {
			panic(p)
		}
	}()
	known := f.Inertia()
	return &known
}

// write writes the files that are asked for.
func (j *mtxJob) write(out *output, plot *plotOutput) error {
	if out != nil {
		if err := out.write(func(w io.Writer) error { return mtx.WriteVector(w, j.x.RawVector().Data) }); err != nil {
			return err
		}
	}
	if plot != nil {
		return plot.save(planPage(j.a, j.solver.Plan()))
	}
	return nil
}

// readSystem reads the matrix, and the right-hand side or draws one.
func (s *session) readSystem(args []string, m *meter) (*la.Sym, []float64, error) {
	options := &mtx.Options{Progress: func(read, total int64) {
		if total > 0 {
			m.note(fmt.Sprintf("read %.0f %%", 100*float64(read)/float64(total)))
		}
	}}
	a, err := mtx.ReadFile(args[0], options)
	if err != nil {
		return nil, nil, explainMatrix(args[0], err)
	}
	n := a.SymmetricDim()
	if n == 0 {
		return nil, nil, fmt.Errorf("%s: a matrix of order 0 has nothing to solve", args[0])
	}
	if len(args) == 1 {
		return a, randomSlice(rand.New(rand.NewPCG(s.seed, 0x6d7478)), n), nil
	}
	b, err := mtx.ReadVectorFile(args[1], nil)
	if err != nil {
		return nil, nil, named(args[1], err)
	}
	if len(b) != n {
		return nil, nil, fmt.Errorf("%s: %d numbers, but %s has order %d", args[1], len(b), args[0], n)
	}
	return a, b, nil
}

// named puts the name of a file before an error that does not have it.
func named(path string, err error) error {
	if strings.Contains(err.Error(), path) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

func (r *mtxResult) print(w io.Writer, name string, shift float64) {
	line := func(head, text string) { fmt.Fprintf(w, "%-11s %s\n", head, text) }
	line("matrix", fmt.Sprintf("%s: order %s, %s entries, %s of a full matrix", name, prose.Group(r.Order), prose.Group(r.NNZ), share(r.NNZ, r.Order)))
	ordered := fmt.Sprintf("%s of order up to %s", prose.Plural(r.Blocks, "block"), prose.Group(r.BlockMax))
	if r.Leaves > 0 {
		ordered = fmt.Sprintf("%s in small groups ahead, then a chain of %s", prose.Plural(r.Leaves, "unknown"), ordered)
	}
	line("ordered", ordered)
	t := r.Seconds
	line("time", fmt.Sprintf("%s: order %s, factor %s, solve %s; reading %s", prose.Duration(t.Total), prose.Duration(t.Order), prose.Duration(t.Factor), prose.Duration(t.Solve), prose.Duration(t.Read)))
	line("work", fmt.Sprintf("%.3g Gflop at %.3g Gflop/s (%s, %s), %s", float64(r.Flops)/1e9, float64(r.Flops)/t.Factor/1e9,
		r.Backend, prose.Plural(r.Threads, "thread"), formatBytes(r.Bytes)))
	line("answer", fmt.Sprintf("backward error %.1e after %s", float64(r.BackwardError), prose.Plural(r.Refinements, "refinement")))
	if shift != 0 {
		line("", fmt.Sprintf("factored %+.1e off, away from a singular pivot block, and refined", shift))
	}
	sure := ""
	if !r.Inertia.Certain {
		sure = " (uncertain: an eigenvalue is too close to zero to tell its sign)"
	}
	line("inertia", fmt.Sprintf("%s negative, %s zero, %s positive eigenvalues%s", prose.Group(r.Inertia.Negative), prose.Group(r.Inertia.Zero), prose.Group(r.Inertia.Positive), sure))
	line("", fmt.Sprintf("log|det| = %.10g, determinant %s", float64(r.LogDet.Log), signText(float64(r.LogDet.Sign))))
}
