package experiments

import (
	"fmt"
	"strings"

	"costate/la/blas"
	"costate/nn"
	"costate/nn/pde"
	"costate/nn/train"
	"costate/nn/train/race"
)

// freshPoints is how many points the relative error of a solution is taken at: as many
// as in the published runs that the table compares with.
const freshPoints = 9000

// A PDE says what network is to solve what differential equation.
type PDE struct {
	Problem *pde.Problem
	Hidden  []int
	Act     nn.Activation
	Gain    float64 // of pde.Init
	Seed    uint64
	Backend blas.Backend
	Options pde.Options
}

// Job makes the job, whose limits are the caller's to set. The error is that of
// pde.NewObjective.
func (d *PDE) Job() (*race.Job, error) {
	p := d.Problem
	widths := append(append([]int{p.Dim()}, d.Hidden...), p.NumOutputs())
	net, err := nn.New(p.Dim(), nn.SquaredError, nn.MLP(widths, d.Act, true)...)
	if err != nil {
		return nil, err
	}
	net.Backend = d.Backend
	pde.Init(net, p, d.Seed, d.Gain)
	opts := d.Options
	opts.Seed, opts.Backend = d.Seed, d.Backend
	j := &race.Job{Net: net, Objective: func() (train.Objective, error) { return pde.NewObjective(p, net, &opts) }}
	if _, err := j.Objective(); err != nil {
		return nil, err
	}
	x, ws := pde.Fresh(p, freshPoints, d.Seed), new(nn.Workspace)
	exact := pde.Exact(p, x)
	j.L2 = func(net *nn.Network) float64 { return pde.ErrorL2(net, x, exact, ws) }
	return j, nil
}

// A PDESize is a network for a problem and the points to train it on.
type PDESize struct {
	Hidden             []int // units of the hidden layers
	Interior, Boundary int   // points, as in pde.Options
}

// DefaultPDESize returns a size that takes the built-in problem of this name to a relative
// error of about 1e-5 in half a minute on two cores. A steep front needs layers and points
// that one smooth layer of units does not make up for: with that of the other problems
// Burgers' equation stays above 0.2.
func DefaultPDESize(problem string) PDESize {
	if problem == "burgers" {
		return PDESize{Hidden: []int{20, 20, 20}, Interior: 2000, Boundary: 300}
	}
	return PDESize{Hidden: []int{64}, Interior: 900, Boundary: 120}
}

// PDEOptimizers are the words for the optimizers that solve differential equations.
var PDEOptimizers = []string{"lm", "tr", "cubic", "adam", "lbfgs"}

// NeedsHessian reports whether an optimizer forms the Hessian, by as many products with it
// as there are parameters.
func NeedsHessian(name string) bool { return name == "tr" || name == "cubic" }

// PDEOptimizer makes one of these; momentum is of lm, rate of adam. A name that is not
// among them is an error.
func PDEOptimizer(name string, rate, momentum float64) (train.Optimizer, error) {
	if name == "lm" {
		return &pde.LevenbergMarquardt{Momentum: momentum}, nil
	}
	return race.NewOptimizer(name, rate, nil)
}

// equations are the five published jobs.
var equations = experiment{
	name:  "pde",
	title: "Differential equations to many digits",
	note: `Physics-informed least squares on the five problems of F. Dangel, J. Müller and M. Zeinhofer, Kronecker-factored approximate
curvature for physics-informed neural networks (arXiv:2405.15603), tanh networks in float64, the error relative in L2 on 9,000
fresh points. Levenberg–Marquardt with geodesic acceleration until 1e-6, at most 300 seconds; Adam with two
learning rates and L-BFGS 15 seconds each. Their runs (tuned, on an RTX 6000; the best method for each) came to 1e-6 after 94 s on
poisson-2d 64, 612 s on poisson-2d 64,64,48,48, 96 s on heat-1d 64, 102 s on heat-1d 64,64,48,48 and 80 s on poisson-5d 64.`,
	run: func(x *Results) error {
		for _, c := range []struct {
			problem            func() *pde.Problem
			hidden             []int
			interior, boundary int
		}{
			{pde.Poisson2D, []int{64}, 900, 120},
			{pde.Heat1D, []int{64}, 900, 120},
			{pde.Poisson5D, []int{64}, 1500, 400},
			{pde.Poisson2D, []int{64, 64, 48, 48}, 900, 120},
			{pde.Heat1D, []int{64, 64, 48, 48}, 900, 120},
		} {
			d := &PDE{Problem: c.problem(), Hidden: c.hidden, Act: nn.Tanh, Gain: 1, Seed: 1, Backend: x.o.Backend,
				Options: pde.Options{Interior: c.interior, Boundary: c.boundary}}
			j, err := d.Job()
			if err != nil {
				return err
			}
			j.Seconds, j.TargetL2 = 300, 1e-6
			var list []contender
			for _, name := range []string{"lm", "adam", "lbfgs"} {
				k := contender{name: name, make: func(rate float64) train.Optimizer {
					o, err := PDEOptimizer(name, rate, 0)
					if err != nil {
						panic(err) // the names are known
					}
					return o
				}}
				if name != "lm" {
					k.seconds = 15
				}
				if name == "adam" {
					k.rates = []float64{0.001, 0.01}
				}
				list = append(list, k)
			}
			hidden := strings.ReplaceAll(strings.Trim(fmt.Sprint(c.hidden), "[]"), " ", "-")
			if err := x.contend(d.Problem.Name+" "+hidden, 1, j, list); err != nil {
				return err
			}
		}
		return nil
	},
}
