package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"costate/bench/internal/methods"
	"costate/bench/internal/prose"
	"costate/factor"
	"costate/la/blas"
	"costate/nn"
)

type solveFlags struct {
	net        netFlags
	backend    string
	engine     engineFlags
	eps        []float64
	curvature  string
	method     string
	rhs        string
	rhsAsked   bool // --rhs gradient was given
	checkDense bool
	repeat     int
	iterations int
	spectrum   int
	in, out    string
	model      string
	mtxOut     string
	plot       string

	// tour is set where the command is called without any flag of solve: then
	// other methods check the answer too.
	tour bool
}

func newSolve(s *session) *cobra.Command {
	var f solveFlags
	c := &cobra.Command{
		Use:   "solve",
		Short: "Solve (H+εI)x = g for one network on one batch",
		Long: `Solve (H+εI)x = g for one network on one batch, where H is the Hessian of the
loss or its Gauss–Newton matrix, g the gradient and ε the damping, and say how
well it went: time, backward error, inertia, log-determinant.

The seconds are the best of --repeat. Their total is the time from the network's
weights to x at a new point. It leaves out the analysis, which is done once for a
shape. With a list of dampings the later ones reuse the point: their total is factor
and solve. The method block assembles K for each point. The others assemble it only to
describe it, which is not in the total. Under mpirun, cg and minres share out the batch,
and block with --engine mumps K.

Files: --in F.npz has W1, b1, W2, b2, … (W as outputs×inputs), or the names of a
PyTorch state_dict (0.weight, 0.bias, …), X (samples×inputs), T and if wanted g;
other arrays are ignored. T holds labels, an integer for each sample counted from 0,
or targets, a number for each output (so do one-hot rows). With --model the network is of
an .onnx file, or of a .safetensors file with --act between its dense layers, and --in
has X, T and g alone. --out adds g and x, flat:
W1 by rows, b1, W2, … . --mtx-out P writes K and its right-hand side as P_K.mtx (lower
triangle) and P_b.mtx. --plot draws K and the permuted K.

Conventions, as in PyTorch: every loss is a mean over the samples. mse is the mean of
(z−t)² over the outputs, without a factor ½; bce is a mean over the outputs, too, of
logits; ce is softmax cross-entropy of logits. gelu is the exact one, z·Φ(z) with erf.
The last layer has no activation.`,
		RunE: func(c *cobra.Command, _ []string) error {
			fl := c.Flags()
			if err := s.check(fl); err != nil {
				return err
			}
			f.tour = !c.HasParent() && fl.NFlag() == countChanged(fl, "json", "seed", "threads", "backend", "memory")
			if err := f.check(fl); err != nil {
				return err
			}
			return s.solve(c.Context(), &f)
		},
	}
	fl := c.Flags()
	f.net.register(fl)
	fl.StringVar(&f.backend, "backend", "native", "dense kernels: "+strings.Join(blas.Names(), ", "))
	f.engine.register(fl)
	fl.Float64SliceVar(&f.eps, "eps", []float64{0.1}, "damping ε; a list is a sweep that reuses what it can")
	fl.StringVar(&f.curvature, "curvature", "hessian", "hessian, or ggn for Gauss–Newton")
	fl.StringVar(&f.method, "method", "auto", strings.Join(methods.Names(), ", "))
	fl.StringVar(&f.rhs, "rhs", "gradient", "right-hand side: gradient or random")
	fl.BoolVar(&f.checkDense, "check-dense", false, "compare x with a dense solve")
	fl.IntVar(&f.repeat, "repeat", 3, "times to measure; the best are shown")
	fl.IntVar(&f.iterations, "max-iterations", 0, "iterations after which an iterative method gives up (default: ten times the parameters)")
	fl.IntVar(&f.spectrum, "spectrum", 0, "count the eigenvalues of H below so many shifts, exactly; --plot draws them too")
	fl.StringVar(&f.in, "in", "", "read network, batch and right-hand side from this .npz file")
	fl.StringVar(&f.model, "model", "", "read the network from this .onnx or .safetensors file; --in then has the data alone")
	fl.StringVar(&f.out, "out", "", "write network, batch, g and x to this .npz file")
	fl.StringVar(&f.mtxOut, "mtx-out", "", "write K and its right-hand side as Matrix Market files with this prefix")
	fl.StringVar(&f.plot, "plot", "", "draw K and the permuted K (and the spectrum) in this file (.png, .svg, .pdf)")
	return c
}

// countChanged counts which of the named flags were given.
func countChanged(fl *pflag.FlagSet, names ...string) int {
	n := 0
	for _, name := range names {
		if fl.Changed(name) {
			n++
		}
	}
	return n
}

func (f *solveFlags) check(fl *pflag.FlagSet) error {
	if err := f.net.check(fl); err != nil {
		return err
	}
	if len(f.eps) == 0 {
		return usagef("--eps needs at least one damping")
	}
	for _, e := range f.eps {
		if math.IsNaN(e) || math.IsInf(e, 0) {
			return usagef("--eps %g: a damping must be finite", e)
		}
	}
	if err := oneOf("curvature", f.curvature, []string{"hessian", "ggn"}); err != nil {
		return err
	}
	if err := oneOf("method", f.method, methods.Names()); err != nil {
		return err
	}
	if f.method == "gram" && f.curvature != "ggn" {
		return usagef("--method gram is for Gauss–Newton only: add --curvature ggn, or take --method chain")
	}
	if f.engine.name != factor.EngineNative && f.method != "block" {
		return usagef("--engine %s factors K: add --method block", f.engine.name)
	}
	if err := f.engine.check(); err != nil {
		return err
	}
	if err := oneOf("rhs", f.rhs, []string{"gradient", "random"}); err != nil {
		return err
	}
	if f.repeat < 1 {
		return usagef("--repeat is %d; it must be at least 1", f.repeat)
	}
	if err := checkSpectrum(f.spectrum, fl.Changed("spectrum")); err != nil {
		return err
	}
	if f.iterations < 0 {
		return usagef("--max-iterations is %d; it must be at least 1", f.iterations)
	}
	return f.checkFiles(fl)
}

// checkFiles checks the flags of files.
func (f *solveFlags) checkFiles(fl *pflag.FlagSet) error {
	if f.mtxOut != "" && len(f.eps) > 1 {
		return usagef("--mtx-out writes one K: give a single --eps, not %d", len(f.eps))
	}
	if f.out != "" && len(f.eps) > 1 {
		return usagef("--out writes one x: give a single --eps, not %d", len(f.eps))
	}
	if err := checkOutputs([]string{f.in, f.model}, f.outputs()); err != nil {
		return err
	}
	if f.model != "" {
		if !isModel(f.model) {
			return usagef("--model %s: it must be an .onnx or a .safetensors file", f.model)
		}
		if f.in == "" {
			return usagef("--model needs the data: --in F.npz with X and T")
		}
		if fl.Changed("act") && filepath.Ext(f.model) == ".onnx" {
			return usagef("--act has no meaning with an .onnx file, which has its activations")
		}
		if !fl.Changed("act") && filepath.Ext(f.model) == ".safetensors" {
			return usagef("a .safetensors file has no activations: give the one between its dense layers, as --act relu")
		}
	}
	if f.in != "" {
		if fl.Changed("rhs") && f.rhs == "gradient" {
			// An explicit --rhs is meant, also where the file has its own g.
			f.rhsAsked = true
		}
		for _, name := range []string{"data", "side", "input", "classes", "layers", "width", "batch", "bias", "gain"} {
			if fl.Changed(name) {
				return usagef("--%s has no meaning with --in: the file has the network and the batch", name)
			}
		}
	}
	return nil
}

// oneOf checks the value of a flag that has a list of words.
func oneOf(flag, value string, words []string) error {
	if slices.Contains(words, value) {
		return nil
	}
	return usagef("--%s %s: it must be one of %s", flag, value, strings.Join(words, ", "))
}

// solve does the whole subcommand. An error may say that printed results are not good
// enough.
func (s *session) solve(ctx context.Context, f *solveFlags) error {
	backend, err := blas.ByName(f.backend, s.threads)
	if err != nil {
		return usagef("--backend: %w", err)
	}
	files, err := f.openFiles()
	if err != nil {
		return err
	}
	defer files.discard()
	p, err := s.loadProblem(f)
	if err != nil {
		return err
	}

	if f.checkDense {
		n := p.net.NumParams()
		if err := s.checkMemory(fmt.Sprintf("--check-dense of %s", prose.Plural(n, "parameter")), denseBytes(n)); err != nil {
			return err
		}
	}
	m := &measurement{problem: p, curvature: f.curvature, method: f.method, engine: f.engine, backend: backend,
		eps: f.eps, repeat: f.repeat, memory: s.memoryLimit(), iterations: f.iterations, sharing: true}
	if files.needsMatrix() {
		m.before = s.checkAugmented
	}
	return s.solveProblem(ctx, f, m, files)
}

// solveProblem measures, writes the files and reports.
func (s *session) solveProblem(ctx context.Context, f *solveFlags, m *measurement, files *solveFiles) error {
	m.meter = newMeter(s.stderr, m.steps()+5)
	closeMeter := closer(m.meter)
	defer closeMeter()
	lin := new(nn.Linearization)
	outcome, fact, err := m.run(ctx, lin)
	if err != nil {
		return explain(err)
	}
	m.meter.step("assemble K")
	has, err := m.describePoint(lin, files.needsMatrix() || f.checkDense || f.spectrum > 0)
	if err != nil {
		return err
	}
	var k *augmentedView
	if has {
		if k, err = s.assembleForDisplay(ctx, m, lin, files); err != nil {
			return err
		}
	}
	results := make([]solveResult, len(outcome))
	for i := range outcome {
		results[i] = m.result(&outcome[i], fact, lin, k)
	}
	others, err := s.lookFurther(ctx, f, m, lin, outcome, results)
	if err != nil {
		return err
	}
	m.meter.step("write")
	if err := files.write(m, lin, k, outcome, results[0].Spectrum); err != nil {
		return err
	}
	closeMeter()
	if s.json {
		err = printSolveJSON(s, results)
	} else {
		err = (&solveReport{w: s.stdout, m: m, k: k, results: results, others: others, dense: f.checkDense, fact: fact, tour: f.tour}).print()
	}
	if err != nil {
		return err
	}
	var failed []error
	for i := range outcome {
		if outcome[i].err != nil {
			failed = append(failed, outcome[i].failure())
		}
	}
	return errors.Join(failed...)
}

// lookFurther does what else was asked for, and adds it to the results.
func (s *session) lookFurther(ctx context.Context, f *solveFlags, m *measurement, lin *nn.Linearization, outcome []solved, results []solveResult) (others []otherMethod, err error) {
	if f.checkDense {
		m.meter.step("dense check")
		if err := checkDense(ctx, m, lin, outcome, results); err != nil {
			return nil, err
		}
	}
	if f.spectrum > 0 {
		m.meter.step("spectrum")
		if results[0].Spectrum, err = m.measureSpectrum(ctx, lin, f.spectrum); err != nil {
			return nil, explain(err)
		}
	}
	if f.tour && !s.json {
		return m.otherMethods(ctx, lin, &outcome[0], results[0].Method)
	}
	return nil, nil
}

// printSolveJSON prints one object, or a list for a sweep.
func printSolveJSON(s *session, results []solveResult) error {
	if len(results) == 1 {
		return printJSON(s.stdout, results[0])
	}
	return printJSON(s.stdout, results)
}

// closer returns a function that closes m once.
func closer(m *meter) func() {
	closed := false
	return func() {
		if !closed {
			closed = true
			m.close()
		}
	}
}
