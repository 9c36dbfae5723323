package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"costate/la/blas"
	"costate/nn"
	"costate/nn/data"
	"costate/nn/train"
)

type trainFlags struct {
	net        netFlags
	optimizers []string
	backend    string
	init       string
	residual   bool
	fixed      bool
	curvature  int
	cg         bool
	count      bool
	floor      float64
	steps      int
	seconds    float64
	rates      []float64
	target     float64
	checkpoint string
	every      time.Duration
	resume     bool
	plot       string
	experiment string
	out        string
	seeds      int
}

// tourBatch is the size of the batch that is kept where --batch is not given.
const tourBatch = 64

// evaluated is how many samples of a set the accuracy is taken of at most.
const evaluated = 2000

func newTrain(s *session) *cobra.Command {
	var f trainFlags
	c := &cobra.Command{
		Use:   "train",
		Short: "Train a network, and compare second-order with first-order methods",
		Long: `Train a network by one optimizer, or by several at equal wall-clock, each from
the same weights and on the same batches:

  lm         Levenberg–Marquardt: exact damped Gauss–Newton steps
  tr         Newton's method with the exact Hessian in a trust region
  cubic      Newton's method with the exact Hessian and a cubic term
  sgd, momentum, adam, lbfgs, cg     for comparison

Without --batch one random batch of 64 samples is trained on, as with --batch
64 --fixed-batch. --batch N goes through the data in random mini-batches of N;
--batch 0 takes all of them at once. For batches too large for one
factorization --curvature-batch N takes the curvature of lm from a sub-sample,
and --cg makes that the preconditioner of conjugate gradients on the whole.

Inputs are shifted and scaled to mean 0 and standard deviation 1. Seconds are
those spent in steps. With several learning rates (--lr) each first-order method
is run with all of them, and the best is shown. Of long runs the history has all
of the first 200 steps and of the later ones every one that is a percent on.

--checkpoint F.npz writes a checkpoint every minute (--checkpoint-every), at once on
Ctrl-C and at the end; with --resume the run goes on from it with exactly the steps
that it would have made. Network, data, batches and optimizer must be the same.
Limits count from the start of the first run.

--experiment runs one of ` + strings.Join(experimentNames(), ", ") + ` and writes NAME.md, NAME.csv and
NAME.png in the folder of --out.`,
		RunE: func(c *cobra.Command, _ []string) error {
			fl := c.Flags()
			if err := s.check(fl); err != nil {
				return err
			}
			if err := f.check(fl); err != nil {
				return err
			}
			if f.experiment != "" {
				return s.experiment(c.Context(), &f)
			}
			return s.train(c.Context(), &f)
		},
	}
	fl := c.Flags()
	f.net.register(fl)
	fl.StringSliceVar(&f.optimizers, "optimizer", []string{"lm", "adam"}, "optimizer, or a list to compare: "+strings.Join(optimizerNames, ", "))
	fl.StringVar(&f.backend, "backend", "native", "dense kernels: "+strings.Join(blas.Names(), ", "))
	fl.StringVar(&f.init, "init", "normal", "first weights: normal, or orthogonal (better for very deep plain networks), both times --gain")
	fl.BoolVar(&f.residual, "residual", false, "residual inner layers: z + act(Wz+b)")
	fl.BoolVar(&f.fixed, "fixed-batch", false, "train on one random batch")
	fl.IntVar(&f.curvature, "curvature-batch", 0, "samples for the curvature of lm, if not the batch itself")
	fl.BoolVar(&f.cg, "cg", false, "with --curvature-batch: solve for the whole batch by preconditioned conjugate gradients")
	fl.BoolVar(&f.count, "count", false, "count the negative eigenvalues of the Hessian at every step of tr and cubic (one more factorization)")
	fl.Float64Var(&f.floor, "min-damping", 0, "least damping of lm; with mini-batches about 0.5 keeps steps from following the noise of a batch (0: none)")
	fl.IntVar(&f.steps, "steps", 0, "steps of each optimizer at most (0: no limit)")
	fl.Float64Var(&f.seconds, "seconds", 8, "seconds of each optimizer and learning rate at most")
	fl.Float64SliceVar(&f.rates, "lr", nil, "learning rate of sgd, momentum and adam; a list is a grid (default 0.003,0.01 for adam, 0.03,0.3 for the others)")
	fl.Float64Var(&f.target, "target", 1e-6, "end where the loss of a batch is at most this (0: never)")
	fl.StringVar(&f.checkpoint, "checkpoint", "", "write checkpoints to this .npz file")
	fl.DurationVar(&f.every, "checkpoint-every", time.Minute, "time between checkpoints while training (0: only at an interrupt and at the end)")
	fl.BoolVar(&f.resume, "resume", false, "go on from the file of --checkpoint")
	fl.StringVar(&f.plot, "plot", "", "draw the loss in this file (.png, .svg, .pdf)")
	fl.StringVar(&f.experiment, "experiment", "", "run an experiment instead: "+strings.Join(experimentNames(), ", "))
	fl.StringVar(&f.out, "out", "bench/experiments", "the folder that --experiment writes to")
	fl.IntVar(&f.seeds, "seeds", 5, "seeds of weights and batches of the experiments fixed and newton")
	fl.Lookup("batch").DefValue = "64, fixed"
	fl.Lookup("gain").Usage = "weights have standard deviation gain/√fan-in, or with --init orthogonal all singular values gain"
	return c
}

var optimizerNames = []string{"lm", "tr", "cubic", "sgd", "momentum", "adam", "lbfgs", "cg"}

// isFirstOrder reports whether an optimizer has a learning rate.
func isFirstOrder(name string) bool { return name == "sgd" || name == "momentum" || name == "adam" }

// newOptimizer makes an optimizer by its name.
func (f *trainFlags) newOptimizer(name string, rate float64, backend blas.Backend) train.Optimizer {
	switch name {
	case "lm":
		o := &train.LevenbergMarquardt{Backend: backend, MinDamping: f.floor}
		if !f.fixed && f.net.batch > 0 {
			o.Memory = 0.5
		}
		if f.cg {
			o.CG = &train.ConjugateGradients{}
		}
		return o
	case "tr":
		return &train.TrustRegion{Backend: backend, Count: f.count}
	case "cubic":
		return &train.CubicNewton{Backend: backend, Count: f.count}
	case "sgd":
		return &train.SGD{Rate: rate}
	case "momentum":
		return &train.SGD{Rate: rate, Momentum: 0.9}
	case "adam":
		return &train.Adam{Rate: rate}
	case "lbfgs":
		return train.NewLBFGS()
	case "cg":
		return train.NewNonlinearCG()
	}
	panic(program + ": no optimizer " + name)
}

// ratesOf are the learning rates to try.
func (f *trainFlags) ratesOf(name string) []float64 {
	switch {
	case !isFirstOrder(name):
		return []float64{0}
	case len(f.rates) > 0:
		return f.rates
	case name == "adam":
		return []float64{0.003, 0.01}
	}
	return []float64{0.03, 0.3}
}

func (f *trainFlags) check(fl *pflag.FlagSet) error {
	whole := fl.Changed("batch") && f.net.batch == 0
	if whole {
		f.net.batch = 1 // passes the check of the network flags
	}
	if !fl.Changed("batch") {
		f.net.batch, f.fixed = tourBatch, true
	}
	if err := f.net.check(fl); err != nil {
		return err
	}
	if whole {
		f.net.batch = 0
	}
	if len(f.optimizers) == 0 {
		return usagef("--optimizer needs one of %s", strings.Join(optimizerNames, ", "))
	}
	for _, name := range f.optimizers {
		if err := oneOf("optimizer", name, optimizerNames); err != nil {
			return err
		}
	}
	if err := oneOf("init", f.init, []string{"normal", "orthogonal"}); err != nil {
		return err
	}
	for _, r := range f.rates {
		if !(r > 0) || math.IsInf(r, 0) {
			return usagef("--lr %g: a learning rate must be positive and finite", r)
		}
	}
	switch {
	case !(f.seconds > 0) || math.IsInf(f.seconds, 0):
		return usagef("--seconds is %g; it must be positive and finite", f.seconds)
	case f.steps < 0:
		return usagef("--steps is %d; it cannot be negative", f.steps)
	case !(f.target >= 0):
		return usagef("--target is %g; it cannot be negative", f.target)
	case !(f.floor >= 0):
		return usagef("--min-damping is %g; it cannot be negative", f.floor)
	case f.curvature < 0:
		return usagef("--curvature-batch is %d; it cannot be negative", f.curvature)
	case f.cg && f.curvature == 0:
		return usagef("--cg needs --curvature-batch: the samples whose factorization preconditions")
	case f.every < 0:
		return usagef("--checkpoint-every is %s; it cannot be negative", f.every)
	case fl.Changed("checkpoint-every") && f.checkpoint == "":
		return usagef("--checkpoint-every needs --checkpoint: the file to write")
	case f.resume && f.checkpoint == "":
		return usagef("--resume needs --checkpoint: the file to go on from")
	}
	if f.checkpoint != "" && (len(f.optimizers) > 1 || isFirstOrder(f.optimizers[0]) && len(f.rates) != 1) {
		return usagef("--checkpoint is for one run: give one --optimizer and, for a first-order one, one --lr")
	}
	if f.seeds < 1 {
		return usagef("--seeds is %d; it must be at least 1", f.seeds)
	}
	if f.experiment != "" {
		return oneOf("experiment", f.experiment, experimentNames())
	}
	return nil
}

// layersOf are the layers of the flags.
func (f *trainFlags) layersOf(inputs, outputs int) ([]nn.Layer, error) {
	act, err := nn.ActivationByName(f.net.act)
	if err != nil {
		return nil, usagef("--act: %w", err)
	}
	layers := nn.MLP(f.net.widths(inputs, outputs), act, f.net.bias)
	if f.residual {
		for _, l := range layers[1 : len(layers)-1] {
			l.(*nn.Dense).Skip = true
		}
	}
	return layers, nil
}

// network makes the network, its weights drawn with the seed.
func (f *trainFlags) network(inputs, outputs int, seed uint64, backend blas.Backend) (*nn.Network, error) {
	layers, err := f.layersOf(inputs, outputs)
	if err != nil {
		return nil, err
	}
	loss, err := nn.LossByName(f.net.loss)
	if err != nil {
		return nil, usagef("--loss: %w", err)
	}
	net, err := nn.New(inputs, loss, layers...)
	if err != nil {
		return nil, err
	}
	o := &nn.Init{Gain: f.net.gain, Orthogonal: f.init == "orthogonal"}
	if f.residual && f.net.layers > 2 {
		o.SkipGain = 1 / math.Sqrt(float64(f.net.layers-2))
	}
	net.Init(seed, o)
	net.Backend = backend
	return net, nil
}

// job makes what is trained on.
func (s *session) job(f *trainFlags, backend blas.Backend) (*trainJob, error) {
	limit := 0
	if f.fixed {
		limit = max(f.net.batch, drawFrom)
	}
	set, test, err := f.net.load(limit, s.seed)
	if err != nil {
		return nil, err
	}
	for name, n := range map[string]int{"batch": f.net.batch, "curvature-batch": f.curvature} {
		if n > set.N {
			return nil, usagef("--%s is %d; --data %s has %d samples to draw from", name, n, f.net.data, set.N)
		}
	}
	if err := s.checkMemory("the network and its derivatives", f.net.bytes(set.Width, set.Classes)); err != nil {
		return nil, err
	}
	standardize(set, test)
	net, err := f.network(set.Width, set.Classes, s.seed, backend)
	if err != nil {
		return nil, err
	}
	all := set.Batch(0, set.N)
	seed := s.seed
	j := &trainJob{net: net, steps: f.steps, seconds: f.seconds, target: f.target}
	j.sampler = func() *train.Sampler {
		return &train.Sampler{All: all, Size: f.net.batch, Fixed: f.fixed, Curvature: f.curvature, Seed: seed}
	}
	j.trainSet, j.testSet = someOf(set, seed), someOf(test, seed)
	if f.fixed {
		// The accuracy of what is trained on: the batch itself.
		j.trainSet = j.sampler().First(net)
	}
	return j, nil
}

// standardize scales both sets as the first one needs.
func standardize(set, test *data.Set) {
	shift, factor := set.Standardize()
	test.Scale(shift, factor)
}

// someOf is a set, or a random part of it if it is large.
func someOf(set *data.Set, seed uint64) *nn.Batch {
	if set.N <= evaluated {
		return set.Batch(0, set.N)
	}
	b := new(nn.Batch)
	perm := rand.New(rand.NewPCG(seed, 0x74657374)).Perm(set.N)[:evaluated]
	slices.Sort(perm)
	set.Gather(b, perm)
	return b
}

// train does the whole subcommand.
func (s *session) train(ctx context.Context, f *trainFlags) error {
	backend, err := blas.ByName(f.backend, s.threads)
	if err != nil {
		return usagef("--backend: %w", err)
	}
	plotFile, err := createPlot("plot", f.plot)
	if err != nil {
		return err
	}
	defer plotFile.discard()
	if f.checkpoint != "" && !f.resume {
		probe, err := createOutput("checkpoint", f.checkpoint)
		if err != nil {
			return err
		}
		probe.discard()
	}
	j, err := s.job(f, backend)
	if err != nil {
		return err
	}
	if f.checkpoint != "" {
		j.checkpoint = &checkpointer{file: f.checkpoint, every: f.every, note: s.notef}
	}
	if f.resume {
		j.resume = f.checkpoint
	}
	var lines = s.stdout
	if s.json {
		lines = nil
	} else {
		s.trainHead(f, j)
	}
	meter := newTrainMeter(s.stderr, lines, f.steps, f.seconds)
	var results []*trainResult
	for _, name := range f.optimizers {
		res, err := j.grid(ctx, func(rate float64) train.Optimizer { return f.newOptimizer(name, rate, backend) }, f.ratesOf(name), meter.show)
		if err != nil {
			meter.close()
			return err
		}
		results = append(results, res)
		if ctx.Err() != nil {
			break
		}
	}
	meter.close()
	if f.checkpoint != "" {
		last := results[0]
		if err := last.run.Save(f.checkpoint, last.extra()); err != nil {
			return err
		}
		s.notef("checkpoint of step %d written to %s", last.Final.Step, f.checkpoint)
	}
	if plotFile != nil {
		pg, err := trainPlot(f.title(), results, !f.fixed)
		if err != nil {
			return err
		}
		if err := plotFile.save(pg); err != nil {
			return err
		}
	}
	if s.json {
		err = printTrainJSON(s, results)
	} else {
		fmt.Fprintln(s.stdout)
		trainTable(results).print(s.stdout)
		fmt.Fprintln(s.stdout)
		verdict(s.stdout, results)
	}
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, r := range results {
		if r.err != nil {
			return r.err
		}
	}
	return nil
}

// trainHead says what is about to be trained.
func (s *session) trainHead(f *trainFlags, j *trainJob) {
	fmt.Fprintln(s.stdout, machineLine())
	batch := fmt.Sprintf("mini-batches of %d", f.net.batch)
	switch {
	case f.fixed:
		batch = fmt.Sprintf("a fixed batch of %d", f.net.batch)
	case f.net.batch == 0:
		batch = "all of them at once"
	}
	fmt.Fprintf(s.stdout, "%s on %s; %s parameters; up to %s each, to a loss of %g\n\n", f.title(), batch, group(j.net.NumParams()), duration(f.seconds), f.target)
}

// title says what is trained.
func (f *trainFlags) title() string {
	kind := ""
	if f.residual {
		kind = " residual"
	}
	return fmt.Sprintf("%s, %d%s layers of width %d, %s", f.net.data, f.net.layers, kind, f.net.width, f.net.act)
}

// printTrainJSON prints one object, or a list for several optimizers.
func printTrainJSON(s *session, results []*trainResult) error {
	if len(results) == 1 {
		return printJSON(s.stdout, results[0])
	}
	return printJSON(s.stdout, results)
}
