package laplace

import (
	"errors"
	"fmt"
	"math"

	"costate/factor"
	"costate/factor/eigen"
	"costate/la"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
	"costate/system"
)

// Curvature is the matrix that stands for the second derivative of the negative
// log-likelihood.
type Curvature int

const (
	GaussNewton  Curvature = iota // positive semidefinite everywhere
	ExactHessian                  // only at a minimum, see NotMinimumError
)

// A Laplace is the Laplace approximation of a network. Its exported fields are settings,
// where the zero value means the default; those of the prior and of the noise are
// what MaximizeEvidence changes, and after another change of them Fit must be called
// again. After Fit has returned nil, all methods but Fit, MaximizeEvidence, Retrain and
// Alternate may be called from several goroutines at once.
type Laplace struct {
	Curvature Curvature

	// Groups of parameters with one prior precision each. With ExactHessian and residual
	// layers they are Scalar or Layer.
	Groups Groups

	// PriorPrecision is one for all, or one a group in their order (see GroupNames);
	// nil means 1.
	PriorPrecision []float64

	// PriorMean is the mean of the prior, one number a parameter; nil means 0.
	PriorMean []float64

	// NoiseSD is the standard deviation σ of the noise of the targets, for the squared
	// error; 0 means 1. Other losses have none.
	NoiseSD float64

	// Temperature T divides the log-likelihood; 0 means 1. Below 1 it sharpens the
	// posterior.
	Temperature float64

	net    *nn.Network // a clone, at the weights of Fit
	lin    nn.Linearization
	chain  *system.Chain // of the curvature
	opts   factor.Options
	like   likelihood
	prior  *prior
	lambda []float64 // by groups
	scaled *scaling
	f      factor.Inverter
	gram   *factor.Gram // f, with GaussNewton in output space
	det    determinant  // with GaussNewton
	kappa  float64
	space  space // what is wanted, and what is taken
	in     space
	fitted bool

	residual, gradient float64
}

// A space is where the Gauss–Newton matrix is factored.
type space int

const (
	cheapest space = iota
	outputs
	params
)

// Fit takes the network with its parameters as the minimum, and data as all of the
// training data. Neither is changed or kept. nil opts are the defaults of factor. The
// error is a *factor.MemoryError before anything large is allocated if neither output space
// nor that of the parameters fits, and says how many samples would; a *NotMinimumError with
// ExactHessian; a *factor.SingularError; factor.ErrNotGaussNewton for layers that are not
// dense; or what nn reports of the data.
func (l *Laplace) Fit(net *nn.Network, data *nn.Batch, opts *factor.Options) error {
	l.fitted = false
	if opts != nil {
		l.opts = *opts
	} else {
		l.opts = factor.Options{}
	}
	if err := l.check(net); err != nil {
		return err
	}
	l.net = net.Clone()
	if l.Curvature == GaussNewton && data != nil {
		if err := l.place(net, data.N); err != nil {
			return err
		}
	}
	if err := l.net.Linearize(&l.lin, data); err != nil {
		return err
	}
	l.like = newLikelihood(net.LossFunc(), data, net.Outputs(), l.temperature())
	l.chain = &l.lin.Chain
	if l.Curvature == GaussNewton {
		l.chain = l.chain.GaussNewton()
	}
	var err error
	if l.prior, err = newPrior(l.chain, l.Groups); err != nil {
		return err
	}
	if l.lambda, err = l.prior.precisions(l.PriorPrecision); err != nil {
		return err
	}
	l.f, l.gram, l.det = nil, nil, nil
	if err := l.factorize(); err != nil {
		return err
	}
	l.fitted = true
	return nil
}

func (l *Laplace) check(net *nn.Network) error {
	switch {
	case l.PriorMean != nil && len(l.PriorMean) != net.NumParams():
		return fmt.Errorf("laplace: a prior mean of %d numbers for %d parameters", len(l.PriorMean), net.NumParams())
	case !(l.NoiseSD >= 0) || math.IsInf(l.NoiseSD, 0):
		return fmt.Errorf("laplace: a noise of %g; it must be positive and finite", l.NoiseSD)
	case !(l.Temperature >= 0) || math.IsInf(l.Temperature, 0):
		return fmt.Errorf("laplace: a temperature of %g; it must be positive and finite", l.Temperature)
	}
	if i := vec.FirstNotFinite(l.PriorMean); i >= 0 {
		return &la.NotFiniteError{Where: "prior mean", Index: i, Value: l.PriorMean[i]}
	}
	return nil
}

// sigma and temperature are the settings with their defaults.
func (l *Laplace) sigma() float64 {
	if l.NoiseSD == 0 {
		return 1
	}
	return l.NoiseSD
}

func (l *Laplace) temperature() float64 {
	if l.Temperature == 0 {
		return 1
	}
	return l.Temperature
}

func (l *Laplace) backend() blas.Backend {
	if l.opts.Backend != nil {
		return l.opts.Backend
	}
	return blas.Native()
}

// place chooses the space of the Gauss–Newton matrix for n samples by flops, takes the
// other one where memory asks for it, and refuses both before they are allocated.
func (l *Laplace) place(net *nn.Network, n int) error {
	limit := l.opts.Limit()
	rank := net.Outputs()
	if net.LossFunc() == nn.CrossEntropy {
		rank = max(1, rank-1)
	}
	groups := 1
	layers := len(net.Layers())
	switch l.Groups {
	case Layer:
		groups = layers
	case Tensor:
		groups = 2 * layers
	case ARD:
		groups = 2*layers + net.Inputs()
	}
	p := net.NumParams()
	// The parts, as many again in the making of derivatives, the Gram matrix, S and L.
	per := 8 * float64(rank*rank) * float64(2*groups+5)
	inOutputs := per * float64(n) * float64(n)
	// H, M and its inverse, and those of the factorization.
	inParams := 8 * 6 * float64(p) * float64(p)
	l.in = l.space
	if l.in == cheapest {
		l.in = outputs
		if few := inParameters(p, n*rank, groups); (few || inOutputs > float64(limit)) && inParams <= float64(limit) {
			l.in = params
		}
	}
	if l.in == params || inOutputs <= float64(limit) {
		return nil
	}
	return tooLarge(n*rank, int64(min(inOutputs, math.MaxInt64/2)), limit, int(math.Sqrt(float64(limit)/per)))
}

// factorize factors Σ H_n + Λ = κ(H + Λ/κ) for the precisions and the noise at hand.
func (l *Laplace) factorize() error {
	l.kappa = l.like.scale(l.sigma())
	before := l.scaled
	l.scaled = l.prior.scale(l.chain, l.lambda)
	if err := l.analyse(before); err != nil {
		return err
	}
	eps := make([]float64, len(l.scaled.ref))
	for k, v := range l.scaled.ref {
		eps[k] = v / l.kappa
	}
	err := l.f.FactorizeStages(eps)
	var singular *factor.SingularError
	if l.Curvature == ExactHessian && (err == nil || errors.As(err, &singular) && !singular.Blind) {
		if in := l.f.Inertia(); in.Negative > 0 || in.Zero > 0 {
			return l.notMinimum(in)
		}
	}
	if err != nil {
		return err
	}
	l.stationarity()
	return nil
}

// analyse makes the factorization of the scaled chain, or gives it the new one.
func (l *Laplace) analyse(before *scaling) error {
	if l.f != nil {
		if l.scaled.t == nil && before != nil && before.t == nil {
			return nil // the same numbers
		}
		return l.f.Update(l.scaled.chain)
	}
	if l.Curvature == GaussNewton {
		return l.analyseGaussNewton()
	}
	if factor.Choose(l.chain, l.opts.MemoryLimit).Method == "dense" {
		l.f = new(factor.Dense)
	} else {
		l.f = new(factor.Chain)
	}
	return l.f.Analyse(l.scaled.chain, &l.opts)
}

// analyseGaussNewton makes the factorization and the determinant of the chain as it is,
// and gives the first one the scaled chain.
func (l *Laplace) analyseGaussNewton() error {
	if l.in == params {
		f := new(factor.Dense)
		l.f = f
		if err := f.Analyse(l.chain, &l.opts); err != nil {
			return err
		}
		l.det = newParameters(f, l.prior, l.backend())
	} else {
		l.gram = new(factor.Gram)
		l.f = l.gram
		if err := l.gram.Analyse(l.chain, &l.opts); err != nil {
			return err
		}
		l.det = newParts(l.gram, l.prior, l.backend())
	}
	if l.scaled.t == nil {
		return nil
	}
	return l.f.Update(l.scaled.chain)
}

// notMinimum finds the least eigenvalue of the Hessian for the error.
func (l *Laplace) notMinimum(in la.Inertia) error {
	e := &NotMinimumError{Negative: in.Negative, Certain: in.Certain, MinEigenvalue: math.NaN(), MinPrecision: math.NaN()}
	s, err := eigen.NewSpectrum(eigen.OfChain(l.chain, &l.opts), l.backend().Threads())
	if err != nil {
		return err
	}
	least, err := s.Min(1e-4)
	if err != nil {
		return err
	}
	e.MinEigenvalue, e.MinPrecision = l.kappa*least.Low, math.Max(0, -l.kappa*least.Low)
	return e
}

// stationarity measures κ∇ℓ + Λ(w − w₀).
func (l *Laplace) stationarity() {
	w := l.net.Params()
	sum, both := 0.0, 0.0
	for i, g := range l.lin.Gradient {
		d := w[i]
		if l.PriorMean != nil {
			d -= l.PriorMean[i]
		}
		g *= l.kappa
		p := l.lambda[l.prior.of[i]] * d
		sum += (g + p) * (g + p)
		both += g*g + p*p
	}
	l.gradient = math.Sqrt(sum)
	l.residual = 0
	if both > 0 {
		l.residual = math.Sqrt(sum / both)
	}
}

// Stationarity returns ‖g + Λ(w − w₀)‖ at the point of Fit, for the gradient g of the
// negative log-likelihood, and that over √(‖g‖² + ‖Λ(w − w₀)‖²). At a minimum both are
// zero; where the second is not small the posterior is that of another problem, and the
// evidence is not the evidence. It depends on the prior and the noise at hand.
func (l *Laplace) Stationarity() (norm, relative float64) {
	l.need()
	return l.gradient, l.residual
}

// GroupNames are the groups of parameters with one prior precision each, in the order of
// PriorPrecision.
func (l *Laplace) GroupNames() []string {
	l.need()
	names := make([]string, len(l.prior.groups))
	for i, g := range l.prior.groups {
		names[i] = g.name
	}
	return names
}

// Inertia counts the eigenvalues of Σ H_n + Λ. With GaussNewton all are positive.
func (l *Laplace) Inertia() la.Inertia {
	l.need()
	if l.Curvature == GaussNewton {
		return la.Inertia{Positive: len(l.prior.of), Certain: true}
	}
	return l.f.Inertia()
}

// Params is the number of parameters.
func (l *Laplace) Params() int {
	l.need()
	return len(l.prior.of)
}

// need panics before Fit.
func (l *Laplace) need() {
	if !l.fitted {
		panic(ErrNotFitted)
	}
}
