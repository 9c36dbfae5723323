package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"costate/bench/experiments"
	"costate/la/blas"
	"costate/nn/pde"
)

type pdeFlags struct {
	pde        string
	hidden     intsFlag
	interior   int
	boundary   int
	points     string
	resample   int
	act        string
	gain       float64
	optimizers []string
	momentum   float64
	rates      []float64
	backend    string
	steps      int
	seconds    float64
	target     float64
	checkpoint string
	every      time.Duration
	resume     bool
	plot       string
}

// tourPlot is where the command draws without flags.
const tourPlot = "pde.png"

func newPDE(s *session) *cobra.Command {
	var f pdeFlags
	c := &cobra.Command{
		Use:   "pde",
		Short: "Solve a differential equation by a network, to many digits",
		Long:  pdeHelp,
		RunE: func(c *cobra.Command, _ []string) error {
			fl := c.Flags()
			if err := s.check(fl); err != nil {
				return err
			}
			if err := f.check(fl); err != nil {
				return err
			}
			return s.pde(c.Context(), &f)
		},
	}
	f.register(c.Flags())
	return c
}

// mostForHessian is how many parameters the optimizers may have that form the Hessian: a step,
// which cannot be interrupted, then takes about a minute for a thousand points.
const mostForHessian = 2500

const pdeHelp = `Find the solution of a differential equation as a network whose residuals, in
the equation and in its conditions, are least in squares. Without flags: the
Poisson equation on the unit square to a relative error of 1e-5, drawn in
` + tourPlot + `.

  lm         Levenberg–Marquardt with geodesic acceleration: exact derivatives
             of the residuals, of first order in all parameters and of second
             order along each step
  tr, cubic  Newton's method with the exact Hessian, which takes as many products
             as there are parameters: at most 2500 of them
  adam, lbfgs     for comparison, from the same weights on the same points

The error is ‖u − u*‖/‖u*‖ on 9,000 points that training does not see, u* the
problem's known solution; each run ends where it is at most --target. Seconds are
those spent in steps. Of --interior and --boundary points, the latter shared out
by the faces that have a condition, gauss and grid take as many as make cubes.

--checkpoint and --resume are those of train. In Go, costate/nn/pde takes
problems of one's own.`

func (f *pdeFlags) register(fl *pflag.FlagSet) {
	fl.StringVar(&f.pde, "pde", "poisson-2d", "the problem: "+strings.Join(pde.Names(), ", "))
	usual, front := experiments.DefaultPDESize(""), experiments.DefaultPDESize("burgers")
	f.hidden = usual.Hidden
	burgers := func(text string, size any) string { return fmt.Sprintf("%s (burgers: %v)", text, size) }
	fl.Var(&f.hidden, "hidden", burgers("units of the hidden layers", (*intsFlag)(&front.Hidden)))
	fl.IntVar(&f.interior, "interior", usual.Interior, burgers("points inside", front.Interior))
	fl.IntVar(&f.boundary, "boundary", usual.Boundary, burgers("points on the boundary and at the beginning, together", front.Boundary))
	fl.StringVar(&f.points, "points", "", "points: "+strings.Join(pde.PointKinds, ", ")+" (default gauss up to two dimensions, else halton)")
	fl.IntVar(&f.resample, "resample", 0, "draw new points after so many steps; they are halton, sobol or uniform (0: never)")
	fl.StringVar(&f.act, "act", "tanh", "activation between the layers: "+strings.Join(pde.ActivationNames(), ", "))
	fl.Float64Var(&f.gain, "gain", 1, "first weights have standard deviation gain/√fan-in")
	fl.StringSliceVar(&f.optimizers, "optimizer", []string{"lm"}, "optimizer, or a list to compare: "+strings.Join(experiments.PDEOptimizers, ", "))
	fl.Float64Var(&f.momentum, "momentum", 0, "how much of the last step lm's damping pulls to, as in SPRING")
	fl.Float64SliceVar(&f.rates, "lr", []float64{0.001, 0.01}, "learning rate of adam; a list is a grid")
	fl.StringVar(&f.backend, "backend", "native", "dense kernels: "+strings.Join(blas.Names(), ", "))
	fl.IntVar(&f.steps, "steps", 0, "steps of each optimizer at most (0: no limit)")
	fl.Float64Var(&f.seconds, "seconds", 30, "seconds of each optimizer and learning rate at most")
	fl.Float64Var(&f.target, "target", 1e-5, "end where the relative error is at most this (0: never)")
	fl.StringVar(&f.checkpoint, "checkpoint", "", "write checkpoints to this .npz file")
	fl.DurationVar(&f.every, "checkpoint-every", time.Minute, "time between checkpoints while training (0: only at an interrupt and at the end)")
	fl.BoolVar(&f.resume, "resume", false, "go on from the file of --checkpoint")
	fl.StringVar(&f.plot, "plot", "", "draw solution, error, and error against seconds in this file (.png, .svg, .pdf); without any flag "+tourPlot)
}

// check validates the flags by themselves.
func (f *pdeFlags) check(fl *pflag.FlagSet) error {
	if err := oneOf("pde", f.pde, pde.Names()); err != nil {
		return err
	}
	f.size(fl)
	if err := oneOf("act", f.act, pde.ActivationNames()); err != nil {
		return err
	}
	if len(f.optimizers) == 0 {
		return usagef("--optimizer needs one of %s", strings.Join(experiments.PDEOptimizers, ", "))
	}
	for _, name := range f.optimizers {
		if err := oneOf("optimizer", name, experiments.PDEOptimizers); err != nil {
			return err
		}
	}
	if f.points != "" {
		if err := oneOf("points", f.points, pde.PointKinds); err != nil {
			return err
		}
	}
	for _, n := range append([]int{f.interior, f.boundary}, f.hidden...) {
		if n < 1 || n > math.MaxInt32 {
			return usagef("--interior, --boundary and --hidden take numbers from 1 to %d, not %d", math.MaxInt32, n)
		}
	}
	for _, r := range f.rates {
		if !(r > 0) || math.IsInf(r, 0) {
			return usagef("--lr %g: a learning rate must be positive and finite", r)
		}
	}
	return f.checkNumbers(fl)
}

// size gives flags that were not given the problem's own values.
func (f *pdeFlags) size(fl *pflag.FlagSet) {
	own := experiments.DefaultPDESize(f.pde)
	if !fl.Changed("hidden") {
		f.hidden = own.Hidden
	}
	if !fl.Changed("interior") {
		f.interior = own.Interior
	}
	if !fl.Changed("boundary") {
		f.boundary = own.Boundary
	}
}

// checkNumbers validates the numbers, and what needs other flags.
func (f *pdeFlags) checkNumbers(fl *pflag.FlagSet) error {
	switch {
	case !(f.gain > 0) || math.IsInf(f.gain, 0):
		return usagef("--gain is %g; it must be positive and finite", f.gain)
	case !(f.momentum >= 0 && f.momentum < 1):
		return usagef("--momentum is %g; it must be at least 0 and below 1", f.momentum)
	case f.resample < 0:
		return usagef("--resample is %d; it cannot be negative", f.resample)
	case f.resample > 0 && f.points != "" && !pde.Redrawable(f.points):
		return usagef("--resample needs points that can be drawn anew: --points halton, sobol or uniform")
	case f.steps < 0:
		return usagef("--steps is %d; it cannot be negative", f.steps)
	case !(f.seconds > 0) || math.IsInf(f.seconds, 0):
		return usagef("--seconds is %g; it must be positive and finite", f.seconds)
	case !(f.target >= 0):
		return usagef("--target is %g; it cannot be negative", f.target)
	case f.every < 0:
		return usagef("--checkpoint-every is %s; it cannot be negative", f.every)
	case fl.Changed("checkpoint-every") && f.checkpoint == "":
		return usagef("--checkpoint-every needs --checkpoint: the file to write")
	case f.resume && f.checkpoint == "":
		return usagef("--resume needs --checkpoint: the file to go on from")
	case f.checkpoint != "" && (len(f.optimizers) > 1 || slices.Contains(f.optimizers, "adam") && len(f.rates) != 1):
		return usagef("--checkpoint is for one run: give one --optimizer and, for adam, one --lr")
	}
	if fl.NFlag() == 0 {
		f.plot = tourPlot
	}
	return nil
}
