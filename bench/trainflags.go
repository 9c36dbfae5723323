package main

import (
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"costate/bench/experiments"
	"costate/la/blas"
	"costate/nn/train/race"
)

type trainFlags struct {
	net        netFlags
	in         string
	optimizers []string
	backend    string
	init       string
	residual   bool
	fixed      bool
	curvature  int
	cg         bool
	shard      bool
	count      bool
	inertia    bool
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

// batchMemory takes the geometric mean of the damping of a mini-batch and the one before.
const batchMemory = 0.5

// tourBatch is the size of the batch that is kept where --batch is not given.
const tourBatch = 64

// evaluated is how many samples of a set the accuracy is taken of at most.
const evaluated = 2000

func newTrain(s *session) *cobra.Command {
	var f trainFlags
	c := &cobra.Command{
		Use:   "train",
		Short: "Train a network, and compare second-order with first-order methods",
		Long:  trainHelp(),
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
	f.register(c.Flags())
	return c
}

// register makes the flags.
func (f *trainFlags) register(fl *pflag.FlagSet) {
	f.net.register(fl)
	fl.StringVar(&f.in, "in", "", "the data, an .npz file with X and T: the same as --data F.npz")
	fl.StringSliceVar(&f.optimizers, "optimizer", []string{"lm", "adam"}, "optimizer, or a list to compare: "+strings.Join(race.Names, ", "))
	fl.StringVar(&f.backend, "backend", "native", "dense kernels: "+strings.Join(blas.Names(), ", "))
	fl.StringVar(&f.init, "init", "normal", "first weights: normal, orthogonal (better for very deep plain networks) or uniform (as PyTorch's, biases too), all times --gain")
	fl.BoolVar(&f.residual, "residual", false, "residual inner layers: z + act(Wz+b)")
	fl.BoolVar(&f.fixed, "fixed-batch", false, "train on one random batch")
	fl.IntVar(&f.curvature, "curvature-batch", 0, "samples for the curvature of lm, if not the batch itself")
	fl.BoolVar(&f.cg, "cg", false, "with --curvature-batch: solve for the whole batch by preconditioned conjugate gradients")
	fl.BoolVar(&f.shard, "shard", false, "under mpirun: share out batches among the ranks, for first-order methods and for lm with --curvature-batch")
	fl.BoolVar(&f.count, "count", false, "count the negative eigenvalues of the Hessian at every step of tr and cubic (one more factorization)")
	fl.BoolVar(&f.inertia, "inertia", false, "count the negative eigenvalues of the Hessian along the run, and test how flat the gradient is")
	fl.Float64Var(&f.floor, "min-damping", 0, "least damping of lm; with mini-batches about 0.5 keeps steps from following the noise of a batch (0: none)")
	fl.IntVar(&f.steps, "steps", 0, "steps of each optimizer at most (0: no limit)")
	fl.Float64Var(&f.seconds, "seconds", 8, "seconds of each optimizer and learning rate at most")
	fl.Float64SliceVar(&f.rates, "lr", nil, "learning rate of sgd, momentum and adam; a list is a grid (default 0.003,0.01 for adam, 0.03,0.3 for the others)")
	fl.Float64Var(&f.target, "target", 1e-6, "end where the loss of a batch is at most this (0: never)")
	fl.StringVar(&f.checkpoint, "checkpoint", "", "write checkpoints to this .npz file")
	fl.DurationVar(&f.every, "checkpoint-every", time.Minute, "time between checkpoints while training (0: only at an interrupt and at the end)")
	fl.BoolVar(&f.resume, "resume", false, "go on from the file of --checkpoint")
	fl.StringVar(&f.plot, "plot", "", "draw the loss in this file (.png, .svg, .pdf)")
	fl.StringVar(&f.experiment, "experiment", "", "run an experiment instead: "+strings.Join(experiments.Names(), ", "))
	fl.StringVar(&f.out, "out", "bench/experiments", "the folder that --experiment writes to")
	fl.IntVar(&f.seeds, "seeds", 5, "seeds of weights and batches of the experiments fixed and newton")
	fl.Lookup("batch").DefValue = "64, fixed"
	fl.Lookup("gain").Usage = "weights have standard deviation gain/√fan-in, or with --init orthogonal all singular values gain"
}

// trainHelp is the long help of train.
func trainHelp() string {
	return `Train a network by one optimizer, or by several for the same time each,
from the same weights and on the same batches:

  lm         Levenberg–Marquardt: exact damped Gauss–Newton steps
  tr         Newton's method with the exact Hessian in a trust region
  cubic      Newton's method with the exact Hessian and a cubic term
  saddlefree Newton's method with |H| in place of H, by products with H
  sgd, momentum, adam, lbfgs, cg     for comparison

Without --batch one random batch of 64 samples is trained on, as with --batch
64 --fixed-batch. --batch N goes through the data in random mini-batches of N;
--batch 0 takes all of them at once. For batches too large for one
factorization --curvature-batch N takes the curvature of lm from a sub-sample,
and --cg makes that the preconditioner of conjugate gradients on the whole.

With --shard, under mpirun, each rank holds its share of a batch, and loss, gradient and
products with the Gauss–Newton matrix are summed over the ranks. Rank 0 reads the data and
factors the curvature of the sub-sample.

Inputs are shifted and scaled to mean 0 and standard deviation 1. Seconds are
those spent in steps. With several learning rates (--lr) each first-order method
is run with all of them, and the best is shown. The history has the first 200 steps;
of later ones it has every hundredth part of the way, so that it stays short.

--checkpoint F.npz writes a checkpoint every minute (--checkpoint-every), at once on
Ctrl-C and at the end; with --resume the run goes on from it with exactly the steps
that it would have made. Network, data, batches and optimizer must be the same.
Limits count from the start of the first run.

--inertia adds to the history, the report and --plot what kind of points the run goes
through, on the first batch: how many eigenvalues of the Hessian are negative, counted
exactly, and how much of the gradient lies in its null space, from 0 to 1. Above 0.9 the
gradient is flat: Newton's method would be stuck there. It takes a factorization
and some hundred products each time, not counted in seconds.

--experiment runs one of ` + strings.Join(experiments.Names(), ", ") + ` and writes NAME.md, NAME.csv and
NAME.png in the folder of --out.`
}

// check validates the flags by themselves.
func (f *trainFlags) check(fl *pflag.FlagSet) error {
	if f.in != "" {
		if fl.Changed("data") {
			return usagef("--in and --data: give one of them")
		}
		f.net.data = f.in
		if !f.net.isOwn() {
			return usagef("--in %s: it takes an .npz file with X and T", f.in)
		}
	}
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
		return usagef("--optimizer needs one of %s", strings.Join(race.Names, ", "))
	}
	for _, name := range f.optimizers {
		if err := oneOf("optimizer", name, race.Names); err != nil {
			return err
		}
	}
	if err := oneOf("init", f.init, []string{"normal", "orthogonal", "uniform"}); err != nil {
		return err
	}
	if err := f.checkNumbers(fl); err != nil {
		return err
	}
	if f.experiment != "" {
		if err := oneOf("experiment", f.experiment, experiments.Names()); err != nil {
			return err
		}
	}
	return f.checkShard()
}

// checkNumbers validates the numbers, and what needs other flags.
func (f *trainFlags) checkNumbers(fl *pflag.FlagSet) error {
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
	case !(f.floor >= 0) || math.IsInf(f.floor, 0):
		return usagef("--min-damping is %g; it must be finite and cannot be negative", f.floor)
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
	if f.checkpoint != "" && (len(f.optimizers) > 1 || race.HasRate(f.optimizers[0]) && len(f.rates) != 1) {
		return usagef("--checkpoint is for one run: give one --optimizer and, for a first-order one, one --lr")
	}
	if f.seeds < 1 {
		return usagef("--seeds is %d; it must be at least 1", f.seeds)
	}
	return nil
}
