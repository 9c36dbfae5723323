package main

import (
	"math"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"costate/la/blas"
)

type influenceFlags struct {
	problem   solveFlags // the flags of the network and its files
	backend   string
	curvature string
	damping   float64
	test      int
	testFits  bool // nobody asked for the number of test samples
	leaveFits bool // nor for those left out
	testIn    string
	train     bool
	leaveOut  int
	parts     []float64
	mislabel  float64
	maxGflop  float64
	out       string
	plot      string
}

func newInfluence(s *session) *cobra.Command {
	var f influenceFlags
	c := &cobra.Command{
		Use:   "influence",
		Short: "Tell which training samples made a prediction, exactly, and check it by training again",
		Long: `Compute the influence of every training sample on the loss of every test sample,
I[t,i] = ∇ℓ_tᵀ(H+εI)⁻¹∇ℓ_i, with the exact Hessian H of the mean loss or its Gauss–Newton
matrix, and ε the weight decay of training, ½ε‖θ‖² on the mean loss. Positive means that
sample i helps t, and a part of sample i's weight taken away changes the loss of t by
about part·I/N: sign and scale of pyDVL.

The network is first trained to a minimum by Newton's method. One from a file (--in) is
taken as it is, unless --train is given; where it is not at a minimum with
weight decay ε, influence is not the derivative of training, and the norm of the gradient
says how far off it is.

--leave-one-out N is the ground truth: for N training samples the network is trained
again with a part of the sample's weight removed (--parts), and the change of the test
losses is compared with what I predicts.
--mislabel 0.1 gives a tenth of the training samples a wrong label, and tells at which
ranks they are found, by their self-influence I[i,i] and by their mean influence on the
test samples. --out F.npz has influence (test×train), self (train) and labels. --plot
draws prediction against truth, or without --leave-one-out the self-influences by rank.

The columns of a table (--data F.csv) are scaled to mean 0 and standard deviation 1 of the
training samples, numbers to be predicted as well: losses are in these units.

The sums go over the whole training set: a few thousand samples times outputs.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := s.check(c.Flags()); err != nil {
				return err
			}
			if err := f.check(c.Flags()); err != nil {
				return err
			}
			return s.influence(c.Context(), &f)
		},
	}
	f.register(c.Flags())
	return c
}

func (f *influenceFlags) register(fl *pflag.FlagSet) {
	f.problem.net.register(fl)
	registerFiles(fl, &f.problem)
	// Small enough for a tour with training, and for the truth, in seconds.
	for name, value := range map[string]string{"side": "4", "layers": "3", "width": "10", "batch": "150"} {
		fl.Lookup(name).DefValue = value
		if err := fl.Lookup(name).Value.Set(value); err != nil {
			panic(err)
		}
	}
	fl.StringVar(&f.backend, "backend", "native", "dense kernels: "+strings.Join(blas.Names(), ", "))
	fl.StringVar(&f.curvature, "curvature", "hessian", "hessian, or ggn for Gauss–Newton")
	fl.Float64Var(&f.damping, "damping", 0.02, "ε: weight decay of training and damping of H, for the mean loss")
	fl.IntVar(&f.test, "test", 50, "test samples")
	fl.StringVar(&f.testIn, "test-in", "", "with --in: read the test samples, X and T, from this .npz file (default: the training samples)")
	fl.BoolVar(&f.train, "train", false, "with --in: train the network to a minimum first")
	fl.IntVar(&f.leaveOut, "leave-one-out", 10, "train again without each of so many samples (0: none)")
	fl.Float64SliceVar(&f.parts, "parts", []float64{0.01, 1}, "parts of a sample's weight that --leave-one-out removes")
	fl.Float64Var(&f.mislabel, "mislabel", 0, "give this part of the training samples a wrong label, and find them")
	fl.Float64Var(&f.maxGflop, "max-gflop", 100, "refuse what needs more Gflop than this for one factorization")
	fl.StringVar(&f.out, "out", "", "write the influences to this .npz file")
	fl.StringVar(&f.plot, "plot", "", "draw prediction against truth in this file (.png, .svg, .pdf)")
}

func (f *influenceFlags) check(fl *pflag.FlagSet) error {
	if n := &f.problem.net; (n.data == "gaussian" || n.isOwn()) && !fl.Changed("side") {
		n.side = 0
	}
	f.testFits, f.leaveFits = !fl.Changed("test"), !fl.Changed("leave-one-out")
	if err := f.problem.net.check(fl); err != nil {
		return err
	}
	if err := oneOf("curvature", f.curvature, []string{"hessian", "ggn"}); err != nil {
		return err
	}
	switch {
	case !(f.damping > 0) || math.IsInf(f.damping, 0):
		return usagef("--damping is %g; it must be positive and finite: without it H is singular", f.damping)
	case f.test < 1:
		return usagef("--test is %d; it must be at least 1", f.test)
	case f.leaveOut < 0:
		return usagef("--leave-one-out is %d; it cannot be negative", f.leaveOut)
	case !(f.mislabel >= 0 && f.mislabel < 1):
		return usagef("--mislabel is %g; it must be at least 0 and below 1", f.mislabel)
	case !(f.maxGflop > 0):
		return usagef("--max-gflop is %g; it must be positive", f.maxGflop)
	case len(f.parts) == 0:
		return usagef("--parts needs at least one part")
	}
	for _, p := range f.parts {
		if !(p > 0 && p <= 1) {
			return usagef("--parts %g: a part must be above 0 and at most 1", p)
		}
	}
	if f.problem.in == "" {
		for _, name := range []string{"test-in", "train"} {
			if fl.Changed(name) {
				return usagef("--%s goes with --in", name)
			}
		}
	} else if fl.Changed("test") {
		return usagef("--test has no meaning with --in: --test-in has the test samples")
	}
	outputs := []namedPath{{"out", f.out}, {"plot", f.plot}}
	if err := checkOutputs([]string{f.problem.in, f.problem.model, f.testIn}, outputs); err != nil {
		return err
	}
	return f.problem.checkFiles(fl)
}
