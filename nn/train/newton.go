package train

import (
	"errors"
	"math"
	"slices"

	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// TrustRegion is Newton's method with the exact, indefinite Hessian. Each step is
// the global minimizer of the quadratic model within a radius (see Model). It is
// tried, and taken if it lowers the loss. A step that does is made longer by half, again
// and again, as long as the loss falls and the model is below zero; one that does not is
// halved, up to six times. Then the radius grows by half, or to the length of the step;
// after a shortened step it becomes twice that step's length. The loss never goes up, and
// directions of negative curvature are used, not avoided.
//
// The usual rule keeps the ratio of actual to predicted decrease above ¼. In the
// narrow bent valleys of deep networks it ends with very short steps. A factorization
// costs as much as hundreds of evaluations of the loss or products with H. This is why
// there is a search along the step, and why products forecast λ (Model.Products): most
// steps then need a single factorization.
//
// Sources: J. J. Moré and D. C. Sorensen, Computing a trust region step, SIAM J.
// Sci. Stat. Comput. 4 (1983); J. Nocedal and Y. Yuan, Combining trust region and line
// search techniques, Advances in Nonlinear Programming (1998); J. Nocedal and S. J.
// Wright, Numerical optimization, 2nd ed. (2006), chapter 4.
type TrustRegion struct {
	Radius float64 // the first one; 0 is 1

	// Tolerance is how much of the model's decrease a step may miss, and of the
	// radius; 0 is ¼, because a factorization is better spent on a new point.
	Tolerance float64

	// Count counts the negative eigenvalues of the Hessian before every step, but
	// for those of rounding's size, at the price of one more factorization.
	Count bool

	// Backend has the dense kernels; nil is blas.Native().
	Backend blas.Backend

	owner  owner
	newton newton
	radius float64
}

// Name is "tr".
func (o *TrustRegion) Name() string { return "tr" }

// Step implements Optimizer.
func (o *TrustRegion) Step(t *Task) (Info, error) {
	info := unknown()
	if err := t.needsHessian(o.Name()); err != nil {
		return info, err
	}
	if o.owner.changes(t.Net) || o.radius == 0 {
		o.radius = orDefault(o.Radius, 1)
	}
	info.Radius = o.radius
	m := Model{Radius: o.radius, Tolerance: orDefault(o.Tolerance, 0.25)}
	length, err := o.newton.step(o.Name(), t, &m, o.Backend, o.Count, &info)
	if err != nil {
		return info, err
	}
	switch {
	case !info.Accepted:
		o.radius = math.Min(length, o.radius)
	case info.Stretch < 1:
		o.radius = math.Min(2*length, o.radius)
	case length > atBoundary*o.radius:
		o.radius = math.Max(1.5*o.radius, length)
	}
	return info, nil
}

// State implements Optimizer.
func (o *TrustRegion) State() State { return State{"radius": {o.radius}} }

// SetState implements Optimizer.
func (o *TrustRegion) SetState(s State) error {
	r := s["radius"]
	if len(s) != 1 || len(r) != 1 {
		return badState(o.Name())
	}
	o.owner.release()
	o.radius = r[0]
	return nil
}

// CubicNewton is Newton's method with the exact Hessian and a cubic term,
//
//	s = argmin gᵀs + ½ sᵀHs + ⅓ σ‖s‖³
//
// tried like a step of TrustRegion, α times as long. Where the gradient outweighs the
// curvature a step has the length √(‖g‖/σ), so that dividing σ by k² makes the next one
// k times as long. k is 3α/2 after a step with α ≥ 1 and 2α after a shorter one; after
// one not taken it is 1/64, the shortest that was tried. These are the changes that
// TrustRegion makes to its radius.
//
// Sources: Yu. Nesterov and B. T. Polyak, Cubic regularization of Newton method
// and its global performance, Math. Program. 108 (2006); C. Cartis, N. I. M. Gould
// and P. L. Toint, Adaptive cubic regularisation methods for unconstrained
// optimization, Math. Program. 127 (2011).
type CubicNewton struct {
	Sigma float64 // the first one; 0 is 1

	// Tolerance, Count and Backend are as for TrustRegion.
	Tolerance float64
	Count     bool
	Backend   blas.Backend

	owner  owner
	newton newton
	sigma  float64
}

// Name is "cubic".
func (o *CubicNewton) Name() string { return "cubic" }

// Step implements Optimizer.
func (o *CubicNewton) Step(t *Task) (Info, error) {
	info := unknown()
	if err := t.needsHessian(o.Name()); err != nil {
		return info, err
	}
	if o.owner.changes(t.Net) || o.sigma == 0 {
		o.sigma = orDefault(o.Sigma, 1)
	}
	m := Model{Sigma: o.sigma, Tolerance: orDefault(o.Tolerance, 0.25)}
	length, err := o.newton.step(o.Name(), t, &m, o.Backend, o.Count, &info)
	if err != nil {
		return info, err
	}
	info.Radius = length
	switch a := info.Stretch; {
	case !info.Accepted:
		o.sigma *= math.Ldexp(1, 2*newtonHalvings)
	case a < 1:
		o.sigma /= 4 * a * a
	default:
		o.sigma = math.Max(o.sigma/(2.25*a*a), 1e-12)
	}
	return info, nil
}

// State implements Optimizer.
func (o *CubicNewton) State() State { return State{"sigma": {o.sigma}} }

// SetState implements Optimizer.
func (o *CubicNewton) SetState(s State) error {
	r := s["sigma"]
	if len(s) != 1 || len(r) != 1 {
		return badState(o.Name())
	}
	o.owner.release()
	o.sigma = r[0]
	return nil
}

// newton is what both share: the Hessian at a point, the step and its test.
type newton struct {
	at        point
	batch     hessian // of the loss of a batch
	objective Objective
	loss      float64 // at the point, with what follows
	gradient  []float64
	h         Shifted
	path      curve
	s         []float64
	count     int // negative eigenvalues at the point, −1 if not counted
}

// atBoundary is the length over the radius from which a step counts as one to the
// boundary: the model may be minimized to ¼ only, so that its step may be shorter.
// By TestCalibration any value from 0.2 to 0.8 does the same.
var atBoundary = 0.4

// negligible is the size of an eigenvalue, over ‖Hg‖/‖g‖, that is not counted as
// negative: along such a direction the curvature is a millionth of that along the
// gradient, and its sign changes no step.
const negligible = 1e-6

// forecastProducts is what a step may spend on a forecast of λ, where a
// factorization costs hundreds of them. TestCalibration compares it with
// others.
var forecastProducts = 60

// newtonHalvings is how often a step is halved that does not lower the loss: more often
// than in Levenberg–Marquardt, as a factorization costs more. TestCalibration compares
// it with others.
var newtonHalvings = 6

// shortest is the length of a step, relative to the parameters, below which the
// search for one that lowers the loss is given up: some units of rounding.
const shortest = 1e-15

// stand goes to the parameters and the data of a task. moved reports whether anything is new.
func (w *newton) stand(t *Task, backend blas.Backend) (moved bool, err error) {
	if t.Objective != nil {
		return w.standOn(t)
	}
	moved, reshaped, err := w.at.at(t.Net, t.Batch, t.Version)
	if err != nil {
		return moved, err
	}
	if moved {
		w.objective = nil
		if err := w.batch.at(&w.at.lin.Chain, reshaped, backend); err != nil {
			w.at.valid = false
			return moved, err
		}
	}
	w.loss, w.gradient, w.h = w.at.lin.Loss, w.at.lin.Gradient, &w.batch
	return moved, nil
}

// standOn is stand for an Objective, which needsHessian has found to be a Curved one.
func (w *newton) standOn(t *Task) (moved bool, err error) {
	p := &w.at
	p.trial = space.Resize(p.trial, t.Net.NumParams())
	t.Net.ParamsTo(p.trial)
	if p.valid && w.objective == t.Objective && p.plan == t.Net && p.version == t.Version && slices.Equal(p.trial, p.theta) {
		return false, nil
	}
	p.valid = false
	p.theta = append(p.theta[:0], p.trial...)
	if w.objective == nil {
		w.gradient = nil // that of the point's batch
	}
	w.gradient = space.Resize(w.gradient, len(p.theta))
	if w.loss, w.h, err = t.Objective.(Curved).Hessian(w.gradient, t.Net); err != nil {
		return true, err
	}
	p.valid, p.version, p.plan, p.batch, p.n, w.objective = true, t.Version, t.Net, nil, 0, t.Objective
	return true, nil
}

// countNegative counts the negative eigenvalues at the point. Networks have Hessians that
// are singular in exact arithmetic, so that the signs of their least eigenvalues mean
// nothing: those are left out.
func (w *newton) countNegative(info *Info) error {
	w.s = space.Resize(w.s, len(w.gradient))
	w.h.Mul(w.s, w.gradient)
	inertia, err := w.h.Factorize(negligible * vec.Norm2(w.s) / info.Gradient)
	if err != nil {
		return err
	}
	info.Factorizations++
	if inertia.Certain {
		w.count = inertia.Negative
	}
	return nil
}

// step minimizes the model and tries the step.
func (w *newton) step(name string, t *Task, m *Model, backend blas.Backend, count bool, info *Info) (length float64, err error) {
	moved, err := w.stand(t, backend)
	if err != nil {
		return 0, err
	}
	info.Loss, info.After, info.Gradient = w.loss, w.loss, vec.Norm2(w.gradient)
	if moved {
		w.count = -1
	}
	if count && w.count < 0 {
		if err := w.countNegative(info); err != nil {
			return 0, err
		}
	}
	w.s = space.Resize(w.s, len(w.gradient))
	m.H, m.Gradient, m.Products = w.h, w.gradient, forecastProducts
	found, err := m.Minimize(w.s)
	info.Factorizations += found.Factorizations
	var poor *SubproblemError
	if err != nil && !(errors.As(err, &poor) && found.Decrease > 0) {
		return 0, err
	}
	if found.Negative >= 0 && w.count < 0 {
		w.count = found.Negative
	}
	info.Damping, info.Length, info.Negative = found.Lambda, found.Norm, w.count
	if !(found.Decrease > 0) || found.Norm <= shortest*vec.Norm2(w.at.theta) {
		return 0, &StalledError{Optimizer: name, Gradient: info.Gradient}
	}
	alpha, after := w.try(t, m, w.loss)
	info.Ratio = (w.loss - after) / found.Decrease
	if !(after < w.loss) {
		info.Ratio = math.Min(info.Ratio, 0)
		w.at.back(t.Net)
		return math.Ldexp(found.Norm, -newtonHalvings), nil
	}
	info.After, info.Accepted, info.Stretch = after, true, alpha
	return alpha * found.Norm, nil
}

// tryLoss moves the network to θ + d and returns the loss there. Where that cannot be
// evaluated, because numbers overflow, ok is false.
func (w *newton) tryLoss(t *Task, d []float64) (loss float64, ok bool) {
	w.at.move(t.Net, d)
	loss, err := t.loss(t.Net, &w.at.ws)
	return loss, err == nil && loss-loss == 0
}

// try looks for a loss below that at the point along the step, and leaves the
// network there. Shorter steps are steps down by the model, too, as it falls along
// the whole of its minimizer; longer ones are tried as long as they are.
func (w *newton) try(t *Task, m *Model, loss float64) (alpha, after float64) {
	w.path.s = w.s
	w.path.loss = func(d []float64) (float64, bool) { return w.tryLoss(t, d) }
	hs := make([]float64, len(w.s))
	w.h.Mul(hs, w.s)
	slope, curved, ns := vec.Dot(m.Gradient, w.s), vec.Dot(w.s, hs), vec.Norm2(w.s)
	w.path.allowed = func(alpha float64) bool {
		return slope+0.5*alpha*curved+m.Sigma*alpha*alpha*ns*ns*ns/3 < 0
	}
	alpha, after = w.path.search(loss, w.path.at(1), newtonHalvings)
	if after < loss {
		w.at.move(t.Net, w.path.to(alpha))
	}
	return alpha, after
}

var (
	_ Optimizer = (*TrustRegion)(nil)
	_ Optimizer = (*CubicNewton)(nil)
)
