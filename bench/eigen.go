package main

import (
	"math"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"costate/la/blas"
)

type eigenFlags struct {
	problem   solveFlags // the flags of the network and its files
	backend   string
	curvature string
	k         int
	which     string
	near      float64
	products  bool
	vectors   string
	plot      string
}

// eigenWhich are the values of --which.
var eigenWhich = []string{"negative", "smallest", "largest", "near"}

func newEigen(s *session) *cobra.Command {
	var f eigenFlags
	c := &cobra.Command{
		Use:   "eigen",
		Short: "Find eigenvalues of the Hessian with their vectors, and prove that none is missing",
		Long: `Find eigenvalues of the Hessian of a network on one batch, or of its Gauss–Newton
matrix, with their vectors: the most negative ones, the smallest, the largest, or those
nearest to a number. H is factored at a shift and Lanczos' method runs with the
inverse. Then eigenvalues are counted by inertia at the ends of an interval: the set
is complete if as many were found, whatever their multiplicity.

An eigenvalue counts as negative below −1.3e-6 times the largest one in size, as nearer
ones cannot be told from zero. With --products nothing is factored, for what is too large
for that. Each pair then has its measured residual, but nothing proves that none is
missing.

--vectors F.npz writes eigenvalues, residuals and vectors (parameters×k, flat as solve
has them). --plot draws the eigenvalues, and the density of all of them, smoothed, which
is an estimate. --in and --model are as for solve. Residuals are ‖Hv − λv‖/‖H‖.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := s.check(c.Flags()); err != nil {
				return err
			}
			if err := f.check(c.Flags()); err != nil {
				return err
			}
			return s.eigen(c.Context(), &f)
		},
	}
	fl := c.Flags()
	f.problem.net.register(fl)
	registerFiles(fl, &f.problem)
	fl.StringVar(&f.backend, "backend", "native", "dense kernels: "+strings.Join(blas.Names(), ", "))
	fl.StringVar(&f.curvature, "curvature", "hessian", "hessian, or ggn for Gauss–Newton")
	fl.IntVar(&f.k, "k", 10, "how many eigenvalues")
	fl.StringVar(&f.which, "which", "negative", strings.Join(eigenWhich, ", "))
	fl.Float64Var(&f.near, "near", 0, "with --which near: the number")
	fl.BoolVar(&f.products, "products", false, "by products with H alone, without proof that none is missing")
	fl.StringVar(&f.vectors, "vectors", "", "write eigenvalues and vectors to this .npz file")
	fl.StringVar(&f.plot, "plot", "", "draw eigenvalues and density in this file (.png, .svg, .pdf)")
	return c
}

// registerFiles makes the flags of a network's files.
func registerFiles(fl *pflag.FlagSet, f *solveFlags) {
	fl.StringVar(&f.in, "in", "", "read network and batch from this .npz file")
	fl.StringVar(&f.model, "model", "", "read the network from this .onnx or .safetensors file; --in then has the data alone")
}

func (f *eigenFlags) check(fl *pflag.FlagSet) error {
	if err := f.problem.net.check(fl); err != nil {
		return err
	}
	if err := oneOf("curvature", f.curvature, []string{"hessian", "ggn"}); err != nil {
		return err
	}
	if err := oneOf("which", f.which, eigenWhich); err != nil {
		return err
	}
	switch {
	case f.k < 1:
		return usagef("--k is %d; it must be at least 1", f.k)
	case math.IsNaN(f.near) || math.IsInf(f.near, 0):
		return usagef("--near is %g; it must be finite", f.near)
	case fl.Changed("near") && f.which != "near":
		return usagef("--near goes with --which near")
	case f.which == "near" && !fl.Changed("near"):
		return usagef("--which near needs --near: the number")
	case f.which == "near" && f.products:
		return usagef("--products finds eigenvalues at the ends of the spectrum, not --which near")
	}
	outputs := []namedPath{{"vectors", f.vectors}, {"plot", f.plot}}
	if err := checkOutputs([]string{f.problem.in, f.problem.model}, outputs); err != nil {
		return err
	}
	return f.problem.checkFiles(fl)
}
