package laplace

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// ErrExact is returned by MaximizeEvidence for the exact Hessian, with which the evidence
// is not concave.
var ErrExact = errors.New("laplace: the evidence is maximized with the Gauss–Newton matrix only: with the exact Hessian it is not concave")

// Settings of MaximizeEvidence; nil and zero values mean the defaults.
type Settings struct {
	// FixedNoise leaves the noise of the squared error as it is.
	FixedNoise bool

	// Tolerance is the greatest element of the gradient at which it ends; the
	// default is 1e-8.
	Tolerance float64

	// MaxSteps bounds the steps of Newton's method; the default is 100.
	MaxSteps int

	// Context, if not nil, ends it between two steps.
	Context context.Context
}

// A Maximum is what MaximizeEvidence found.
type Maximum struct {
	LogEvidence float64
	Steps       int     // of Newton's method
	Gradient    float64 // greatest element
}

const (
	// longestStep bounds a step of Newton's method in a logarithm: far from the maximum the
	// evidence is linear there.
	longestStep = 4

	// shortStep is a step in logarithms after which an error of its square is left.
	shortStep = 1e-4

	// valueNoise times the value is what rounding may change in it: it is a sum of thousands
	// of terms with a few units each.
	valueNoise = 1e-13
)

// MaximizeEvidence finds the prior precisions, and the noise of the squared error, with
// the greatest evidence at fixed parameters, which are the one maximum of a concave
// function of their logarithms, puts them into PriorPrecision and NoiseSD, and factors
// with them. It starts at those of Fit. Where not all of the steps suffice the error says
// so, and the settings are the best that was reached. It needs GaussNewton, and exclusive
// use.
//
// A step takes q³/3 flops and 2q³ a group, or with fewer parameters P than that 7/3 P³. Source of the concavity: the package comment.
func (l *Laplace) MaximizeEvidence(s *Settings) (*Maximum, error) {
	l.need()
	if l.det == nil {
		return nil, ErrExact
	}
	var set Settings
	if s != nil {
		set = *s
	}
	if !(set.Tolerance > 0) {
		set.Tolerance = 1e-8
	}
	if set.MaxSteps <= 0 {
		set.MaxSteps = 100
	}
	scatters := l.scatters()
	for k, v := range scatters {
		if v == 0 {
			what := "all parameters equal their prior mean"
			if len(scatters) > 1 {
				what = "the parameters of " + l.prior.groups[k].name + " equal their prior mean"
			}
			return nil, fmt.Errorf("laplace: %s; their precision has no greatest evidence", what)
		}
	}
	if l.like.noise && !set.FixedNoise && l.lin.Loss == 0 {
		return nil, errors.New("laplace: the network fits all targets exactly; the noise has no greatest evidence")
	}
	n := newtonState{l: l, scatters: scatters, noise: l.like.noise && !set.FixedNoise}
	m, err := n.run(&set)
	l.PriorPrecision = append([]float64(nil), n.lambda...)
	if n.noise {
		l.NoiseSD = n.sigma
	}
	copy(l.lambda, n.lambda)
	l.fitted = false
	if ferr := l.factorize(); ferr != nil {
		return m, errors.Join(err, ferr)
	}
	l.fitted = true
	return m, err
}

// newtonState is Newton's method on the evidence.
type newtonState struct {
	l        *Laplace
	scatters []float64
	noise    bool

	theta  []float64 // log λ_k, and log 1/σ² with noise
	lambda []float64
	sigma  float64
	value  float64
	ended  bool // the last step promised less than rounding of the value hides
}

// place evaluates the evidence at theta.
func (n *newtonState) place(theta []float64) (float64, error) {
	for k := range n.lambda {
		n.lambda[k] = math.Exp(theta[k])
	}
	if n.noise {
		n.sigma = math.Exp(-theta[len(n.lambda)] / 2)
	}
	logDet, err := n.l.det.logDet(n.lambda, n.l.like.scale(n.sigma))
	if err != nil {
		return 0, err
	}
	return n.l.evidence(logDet, n.lambda, n.sigma, n.scatters), nil
}

func (n *newtonState) run(set *Settings) (*Maximum, error) {
	l := n.l
	n.lambda, n.sigma = append([]float64(nil), l.lambda...), l.sigma()
	for _, v := range n.lambda {
		n.theta = append(n.theta, math.Log(v))
	}
	if n.noise {
		n.theta = append(n.theta, -2*math.Log(n.sigma))
	}
	m := new(Maximum)
	var err error
	if n.value, err = n.place(n.theta); err != nil {
		return m, err
	}
	grad := make([]float64, len(n.lambda), len(n.lambda)+1)
	if l.like.noise {
		grad = append(grad, 0)
	}
	for {
		kappa := l.like.scale(n.sigma)
		gamma, cross := l.det.derivatives(n.lambda, kappa)
		l.slopes(grad, gamma, n.lambda, kappa, n.scatters)
		g := grad[:len(n.theta)]
		m.LogEvidence, m.Gradient = n.value, 0
		for _, v := range g {
			m.Gradient = max(m.Gradient, math.Abs(v))
		}
		if m.Gradient <= set.Tolerance {
			return m, nil
		}
		if m.Steps >= set.MaxSteps {
			return m, fmt.Errorf("laplace: the evidence is not at its maximum after %d steps: its gradient is %.2g", m.Steps, m.Gradient)
		}
		if set.Context != nil && set.Context.Err() != nil {
			return m, set.Context.Err()
		}
		moved, err := n.step(g, n.negHess(gamma, cross, kappa))
		if err != nil {
			return m, err
		}
		if !moved { // rounding hides what is left
			return m, nil
		}
		m.Steps++
	}
}

// negHess is the negative second derivative of the evidence, positive definite:
//
//	½[δ_kl(γ_k + λ_k‖w_k‖²) − tr S⁻¹K_kS⁻¹K_l]
//	−½b_k and ½(SSE/σ²T + Σb_k) for log 1/σ²,   b_k = γ_k − Σ_l tr S⁻¹K_kS⁻¹K_l
func (n *newtonState) negHess(gamma []float64, cross *mat.SymDense, kappa float64) *mat.SymDense {
	h := mat.NewSymDense(len(n.theta), nil)
	sum := 0.0
	for k, g := range gamma {
		b := g
		for j := range gamma {
			b -= cross.At(k, j)
			if j <= k {
				h.SetSym(k, j, -cross.At(k, j)/2)
			}
		}
		h.SetSym(k, k, h.At(k, k)+(g+n.lambda[k]*n.scatters[k])/2)
		if n.noise {
			h.SetSym(k, len(gamma), -b/2)
		}
		sum += b
	}
	if n.noise {
		h.SetSym(len(gamma), len(gamma), (2*kappa*n.l.lin.Loss+sum)/2)
	}
	return h
}

// step makes one step of Newton's method, no longer than longestStep in any direction
// and halved until the evidence does not fall. A short step that promises less than rounding
// hides is made as it is, once: the value could not tell a good one from a bad one. It reports
// false where no step is left.
func (n *newtonState) step(g []float64, h *mat.SymDense) (bool, error) {
	var e mat.EigenSym
	if !e.Factorize(h, true) {
		return false, errNotFinite
	}
	values := e.Values(nil)
	var v mat.Dense
	e.VectorsTo(&v)
	// In directions that are flat to rounding the step is bounded by longestStep.
	floor := values[len(values)-1] * 1e-14 // some tens of units of the largest eigenvalue
	s := make([]float64, len(g))
	for j, l := range values {
		dot := 0.0
		for i, x := range g {
			dot += x * v.At(i, j)
		}
		f := dot / max(l, floor, math.SmallestNonzeroFloat64)
		for i := range s {
			s[i] += f * v.At(i, j)
		}
	}
	longest, promised := 0.0, 0.0
	for i, x := range s {
		longest = max(longest, math.Abs(x))
		promised += g[i] * x / 2
	}
	noise := valueNoise * math.Abs(n.value)
	hidden := promised <= noise && longest <= shortStep
	if hidden && n.ended {
		return false, nil
	}
	scale := 1.0
	if longest > longestStep {
		scale = longestStep / longest
	}
	theta := make([]float64, len(s))
	for range 60 { // to below the last place of a step
		for i, x := range s {
			theta[i] = n.theta[i] + scale*x
		}
		value, err := n.place(theta)
		if err == nil && (hidden || value >= n.value-noise) {
			moved := longest*scale > 1e-11 // less changes nothing that is read
			copy(n.theta, theta)
			n.value, n.ended = value, hidden
			return moved, nil
		}
		scale /= 2
	}
	value, err := n.place(n.theta)
	n.value = value
	return false, err
}
