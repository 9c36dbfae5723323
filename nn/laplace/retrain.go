package laplace

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/vec"
	"costate/nn"
	"costate/system"
)

// A Training says how Retrain trains; nil and zero values mean the defaults.
type Training struct {
	// Tolerance is the relative norm of the gradient with the prior, see
	// Stationarity, at which it ends; the default is 1e-6.
	Tolerance float64

	// MaxSteps bounds the steps, tried ones among them; the default is 2000.
	MaxSteps int

	// Observe, if not nil, is called after each step.
	Observe func(step int, loss, relative float64)
}

// A Trained tells what Retrain came to.
type Trained struct {
	Steps    int
	Loss     float64 // mean loss, without the prior
	Relative float64 // norm of the gradient, as Stationarity
}

const (
	// stepTolerance is the backward error of the solves for steps, which need no more.
	stepTolerance = 1e-8

	// firstDamping is the damping to begin with, over the curvature along the gradient.
	firstDamping = 1e-2

	// newtonBelow is the relative norm of the gradient from which steps of Newton's
	// method are tried, and newtonCost how much more than a step of Levenberg's and
	// Marquardt's they may cost: these have linear convergence, of some tens of steps
	// where one of Newton's does.
	newtonBelow = 0.5
	newtonCost  = 30
	newtonTries = 8 // dampings of the exact Hessian at a point

	// A step is taken that brings at least leastRatio of what it promised. The damping is
	// multiplied by rejected where it brings less, divided by fell where the model was good,
	// and multiplied by rose where it was poor. No product of rises is one of falls, so that
	// the damping does not come back to values that were refused.
	leastRatio = 1e-4
	good, poor = 0.75, 0.25
	rejected   = 4
	fell, rose = 5, 2

	// What rounding leaves of the objective, a sum over the samples, and of two of them that
	// are compared, relative to it.
	valueRounding      = 1e-13
	differenceRounding = 1e-12

	// worstDamping ends a run in which no step lowers the objective.
	worstDamping = 1e12
)

// Retrain minimizes the negative log-posterior κℓ + ½Σλ(w − w₀)² of the settings, from the
// network's parameters, which it changes: by Levenberg–Marquardt, with the
// Gauss–Newton matrix factored exactly, and close to a minimum by Newton's method, where
// the exact Hessian is positive definite and not out of proportion to factor. Where the tolerance was not reached the error is
// a *TrainingError. A cancelled context ends it between steps
// with the context's error.
//
// Source: J. J. Moré, The Levenberg–Marquardt algorithm: implementation and theory,
// Numerical Analysis (1978).
func (l *Laplace) Retrain(ctx context.Context, net *nn.Network, data *nn.Batch, opts *factor.Options, t *Training) (*Trained, error) {
	var set Training
	if t != nil {
		set = *t
	}
	if !(set.Tolerance > 0) {
		set.Tolerance = 1e-6
	}
	if set.MaxSteps <= 0 {
		set.MaxSteps = 2000
	}
	if err := l.check(net); err != nil {
		return nil, err
	}
	m := &marquardt{l: l, net: net, data: data, set: &set}
	if opts != nil {
		m.opts = *opts
	}
	m.opts.Tolerance = stepTolerance
	if err := m.begin(); err != nil {
		return nil, err
	}
	return m.run(ctx)
}

// marquardt is a run of Levenberg and Marquardt's method on ℓ + ½Σε(w − w₀)².
type marquardt struct {
	l    *Laplace
	net  *nn.Network
	data *nn.Batch
	set  *Training
	opts factor.Options

	lin     nn.Linearization
	ws      nn.Workspace
	prior   *prior
	lambda  []float64
	kappa   float64
	solver  factor.Auto
	exact   factor.Auto // of the exact Hessian
	newton  bool        // whether that may be used
	scaled  *scaling
	damping float64
	first   float64 // damping to begin with
	shift   float64 // damping of the exact Hessian

	w, grad, trial []float64
	step, rhs      mat.VecDense
}

func (m *marquardt) begin() error {
	if err := m.net.Linearize(&m.lin, m.data); err != nil {
		return err
	}
	l := m.l
	like := newLikelihood(m.net.LossFunc(), m.data, m.net.Outputs(), l.temperature())
	m.kappa = like.scale(l.sigma())
	var err error
	if m.prior, err = newPrior(&m.lin.Chain, l.Groups); err != nil {
		return err
	}
	if m.lambda, err = m.prior.precisions(l.PriorPrecision); err != nil {
		return err
	}
	n := m.net.NumParams()
	m.w, m.grad, m.trial = make([]float64, n), make([]float64, n), make([]float64, n)
	m.rhs = *mat.NewVecDense(n, nil)
	return nil
}

// point factors nothing yet: it takes the chain at the parameters, and the gradient.
func (m *marquardt) point(first bool) (relative float64, err error) {
	if !first {
		if err := m.net.Linearize(&m.lin, m.data); err != nil {
			return 0, err
		}
	}
	m.net.ParamsTo(m.w)
	m.scaled = m.prior.scale(m.lin.Chain.GaussNewton(), m.lambda)
	if first {
		err = m.solver.Analyse(m.scaled.chain, &m.opts)
		if err == nil {
			e, g := factor.Choose(&m.lin.Chain, m.opts.MemoryLimit), m.solver.Cost()
			cost := min(flops(e.Chain), flops(e.Dense))
			m.newton = divisible(&m.lin.Chain, m.l.Groups) == nil && cost <= newtonCost*flops(g)
		}
	} else {
		err = m.solver.Update(m.scaled.chain)
	}
	sum, both := 0.0, 0.0
	for i, g := range m.lin.Gradient {
		p := m.lambda[m.prior.of[i]] / m.kappa * m.distance(i)
		m.grad[i] = g + p
		sum += (g + p) * (g + p)
		both += g*g + p*p
	}
	if both == 0 {
		return 0, err
	}
	return math.Sqrt(sum / both), err
}

// flops is the work of a new point.
func flops(c factor.Cost) float64 { return float64(c.Point) + float64(c.Factor) }

// distance is w_i − w0_i.
func (m *marquardt) distance(i int) float64 {
	if m.l.PriorMean != nil {
		return m.w[i] - m.l.PriorMean[i]
	}
	return m.w[i]
}

// objective is ℓ + ½Σε(w − w₀)² at parameters w with the mean loss given.
func (m *marquardt) objective(loss float64, w []float64) float64 {
	sum := 0.0
	for i, v := range w {
		if m.l.PriorMean != nil {
			v -= m.l.PriorMean[i]
		}
		sum += m.lambda[m.prior.of[i]] * v * v
	}
	return loss + sum/(2*m.kappa)
}

func (m *marquardt) run(ctx context.Context) (*Trained, error) {
	r := new(Trained)
	relative, err := m.point(true)
	if err != nil {
		return nil, err
	}
	r.Loss, r.Relative = m.lin.Loss, relative
	value := m.objective(m.lin.Loss, m.w)
	m.first = m.startDamping()
	m.damping = m.first
	for r.Relative > m.set.Tolerance {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		if r.Steps >= m.set.MaxSteps || m.damping > worstDamping {
			return r, &TrainingError{r.Steps, r.Relative, m.set.Tolerance}
		}
		r.Steps++
		next, taken := value, false
		if m.newton && r.Relative < newtonBelow {
			next, taken = m.tryNewton(value)
		}
		if !taken {
			if next, taken, err = m.try(value); err != nil {
				return r, err
			}
		}
		if taken {
			value = next
			if r.Relative, err = m.point(false); err != nil {
				return r, err
			}
			r.Loss = m.lin.Loss
		}
		if m.set.Observe != nil {
			m.set.Observe(r.Steps, r.Loss, r.Relative)
		}
	}
	return r, nil
}

// startDamping is a part of the curvature along the gradient.
func (m *marquardt) startDamping() float64 {
	g := append([]float64(nil), m.grad...)
	m.scaled.multiply(g)
	square := vec.Dot(g, g)
	h := make([]float64, len(g))
	system.NewProduct(m.scaled.chain, m.l.backend()).HessVec(h, g)
	return firstDamping * max(vec.Dot(g, h)/max(square, math.SmallestNonzeroFloat64), m.lambda[0]/m.kappa)
}

// factorize factors H + Λ/κ + damping in the variables of the scaling.
func (m *marquardt) factorize(f *factor.Auto, damping float64) error {
	eps := make([]float64, len(m.scaled.ref))
	for k, v := range m.scaled.ref {
		eps[k] = v/m.kappa + damping
	}
	return f.FactorizeStages(eps)
}

// try makes a step, and takes it if the objective falls, or if what it falls by is beyond
// rounding. The damping follows the ratio of what came to what the model promised.
func (m *marquardt) try(value float64) (next float64, taken bool, err error) {
	if err := m.factorize(&m.solver, m.damping); err != nil {
		return 0, false, err
	}
	next, ratio, err := m.move(&m.solver, m.damping, value)
	if err != nil {
		return 0, false, err
	}
	if !(ratio > leastRatio) {
		m.net.SetParams(m.w)
		m.damping *= rejected
		return value, false, nil
	}
	switch {
	case ratio > good:
		m.damping /= fell
	case ratio < poor:
		m.damping *= rose
	}
	return next, true, nil
}

// move steps with the factors of f, and returns the objective there and the ratio of its
// decrease to what the model promised, 0 where numbers overflow.
func (m *marquardt) move(f *factor.Auto, damping, value float64) (next, ratio float64, err error) {
	rhs := m.rhs.RawVector().Data
	copy(rhs, m.grad)
	m.scaled.multiply(rhs)
	if err := f.SolveVecTo(&m.step, &m.rhs); err != nil {
		return 0, 0, err
	}
	s := m.step.RawVector().Data
	promised := (vec.Dot(rhs, s) + damping*vec.Dot(s, s)) / 2
	m.scaled.multiply(s)
	for i, v := range s {
		m.trial[i] = m.w[i] - v
	}
	m.net.SetParams(m.trial)
	loss, err := m.net.Loss(m.data, &m.ws)
	if err != nil {
		return value, 0, nil
	}
	next = m.objective(loss, m.trial)
	if promised <= valueRounding*math.Abs(value) && math.Abs(next-value) <= differenceRounding*math.Abs(value) {
		return next, 1, nil // nothing but rounding is left to compare
	}
	return next, (value - next) / promised, nil
}
