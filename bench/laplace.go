package main

import (
	"math"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"costate/la/blas"
	"costate/nn"
	"costate/nn/laplace"
)

type laplaceFlags struct {
	net         netFlags
	data        string
	samples     int
	test        float64
	prior       string
	curvature   string
	precision   float64
	noise       float64
	predictive  string
	draws       int
	train       bool
	rounds      int
	temperature float64
	backend     string
	plot        string
}

// Of the named data sets so many samples are trained on where --samples is not given:
// what keeps the tour to seconds.
const (
	digitSamples = 100
	sineSamples  = 150
)

const laplaceHelp = `Train a network with a normal prior on its weights, find the prior precisions (and the
noise of a regression) with the greatest evidence, and say how sure its predictions are:
the Laplace approximation with all of the curvature, layer by layer and without any
matrix of the order of parameters squared.

--data is digits (embedded; classes), sine (150 noisy points of a sine; regression), a
table F.csv, or F.npz. The last column of a table is the target: classes where all of
them are integers from 0 (--loss mse makes a regression of them), numbers otherwise; the
first line may have names. Inputs, and targets of a regression, are shifted and scaled by
column to mean 0 and standard deviation 1 for training; errors and noise are reported in the units of
the table. An .npz file holds a network and its data, W1, b1, …, X and T, as for
solve --in; with --train=false it is taken as it is. With X and T alone it is a table. A part
of the samples (--test), chosen by --seed, is kept for the test.

--prior says which weights have a precision in common: all (scalar), those of a layer,
each W and b (tensor), or also each input of the first layer (ard). Training and
the maximization of the evidence, by Newton's method, take turns until the evidence stays.
--curvature hessian then takes the exact Hessian instead of the Gauss–Newton matrix, if the
point is a minimum; if not, it says what would make it one.

The test is reported with the uncertainty (nll) and without it (nll_map). --plot draws mean and
band for one input, else how often predictions are right against how sure they are.

Sums go over all training samples, so that either samples times outputs or parameters can
be a few thousand; the other may be many.`

func newLaplace(s *session) *cobra.Command {
	var f laplaceFlags
	c := &cobra.Command{
		Use:   "laplace",
		Short: "Say how sure a network is, and choose its prior by the evidence",
		Long:  laplaceHelp,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := s.check(c.Flags()); err != nil {
				return err
			}
			if err := f.check(c.Flags()); err != nil {
				return err
			}
			return s.laplace(c.Context(), &f)
		},
	}
	f.register(c.Flags())
	return c
}

func (f *laplaceFlags) register(fl *pflag.FlagSet) {
	f.net.data, f.net.input, f.net.classes, f.net.batch = "digits", 1, 1, 1 // pass the check of the network flags
	fl.StringVar(&f.data, "data", "digits", "digits, sine, a table F.csv with the target in its last column, or F.npz")
	fl.IntVar(&f.samples, "samples", 0, "training samples at most (default: 100 of the digits, 150 of the sine, all of a file)")
	fl.Float64Var(&f.test, "test", 0.2, "part of the samples of a file that is kept for the test")
	fl.IntVar(&f.net.side, "side", 4, "make the digits so many pixels wide and high by area means (0 leaves their 8)")
	fl.IntVar(&f.net.layers, "layers", 2, "number of weight matrices")
	fl.IntVar(&f.net.width, "width", 16, "units of the inner layers")
	fl.StringVar(&f.net.act, "act", "tanh", "activation between the layers: "+strings.Join(nn.ActivationNames(), ", "))
	fl.StringVar(&f.net.loss, "loss", "", "loss: ce (softmax cross-entropy), bce (one output), mse (default: by the targets)")
	fl.BoolVar(&f.net.bias, "bias", true, "layers with a bias; --bias=false leaves it out")
	fl.Float64Var(&f.net.gain, "gain", 1, "first weights are normal with standard deviation gain/√fan-in")
	fl.StringVar(&f.prior, "prior", "scalar", "groups of weights with one prior precision: scalar, layer, tensor, ard")
	fl.StringVar(&f.curvature, "curvature", "ggn", "ggn for Gauss–Newton, or hessian where the point is a minimum")
	fl.Float64Var(&f.precision, "precision", 1, "prior precision to begin with")
	fl.Float64Var(&f.noise, "noise", 0, "standard deviation of the noise of a regression, in the units of the target (0: the one with the greatest evidence)")
	fl.Float64Var(&f.temperature, "temperature", 1, "divides the log-likelihood")
	fl.StringVar(&f.predictive, "predictive", "probit", "class probabilities by probit, mc (of logits) or bridge")
	fl.IntVar(&f.draws, "draws", 1000, "draws of --predictive mc")
	fl.BoolVar(&f.train, "train", true, "train; --train=false takes the network of an .npz file as it is")
	fl.IntVar(&f.rounds, "rounds", 20, "rounds of training and evidence at most; 1 keeps the prior as it is")
	fl.StringVar(&f.backend, "backend", "native", "dense kernels: "+strings.Join(blas.Names(), ", "))
	fl.StringVar(&f.plot, "plot", "", "draw mean and band, or a reliability diagram, in this file (.png, .svg, .pdf)")
}

// check validates the flags by themselves.
func (f *laplaceFlags) check(fl *pflag.FlagSet) error {
	loss := f.net.loss
	if loss == "" {
		f.net.loss = nn.CrossEntropy.Name() // passes the check; the data decide
	} else if err := oneOf("loss", loss, []string{"ce", "bce", "mse"}); err != nil {
		return err
	}
	if err := f.net.check(fl); err != nil {
		return err
	}
	f.net.loss = loss
	if _, err := laplace.GroupsByName(f.prior); err != nil {
		return usagef("--prior %s: it must be scalar, layer, tensor or ard", f.prior)
	}
	if err := oneOf("curvature", f.curvature, []string{"ggn", "hessian"}); err != nil {
		return err
	}
	if err := oneOf("predictive", f.predictive, []string{"probit", "mc", "bridge"}); err != nil {
		return err
	}
	positive := func(x float64) bool { return x > 0 && !math.IsInf(x, 0) }
	switch {
	case f.samples < 0:
		return usagef("--samples is %d; it cannot be negative", f.samples)
	case !(f.test >= 0 && f.test < 1):
		return usagef("--test is %g; it is a part of the samples, at least 0 and below 1", f.test)
	case !positive(f.precision):
		return usagef("--precision is %g; it must be positive and finite: without a prior there is no evidence", f.precision)
	case f.noise != 0 && !positive(f.noise):
		return usagef("--noise is %g; it must be positive and finite", f.noise)
	case !positive(f.temperature):
		return usagef("--temperature is %g; it must be positive and finite", f.temperature)
	case f.draws < 1:
		return usagef("--draws is %d; it must be at least 1", f.draws)
	case f.data != "digits" && fl.Changed("side"):
		return usagef("--side goes with --data digits")
	case f.rounds < 1:
		return usagef("--rounds is %d; it must be at least 1", f.rounds)
	case !f.train && !strings.HasSuffix(f.data, ".npz"):
		return usagef("--train=false needs the weights of an .npz file: --data F.npz")
	}
	return checkOutputs([]string{f.data}, []namedPath{{"plot", f.plot}})
}
