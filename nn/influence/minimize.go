package influence

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
	"costate/la/vec"
	"costate/nn"
	"costate/nn/train"
	"costate/system"
)

// A Minimum is where Minimize came to.
type Minimum struct {
	Value          float64 // loss + ½ε‖θ‖²
	Gradient       float64 // norm of its gradient
	Negative       int     // negative eigenvalues of its Hessian, −1 if they are not certain
	Steps          int
	Factorizations int
}

// A ConvergenceError says that no minimum was reached.
type ConvergenceError struct{ Minimum }

func (e *ConvergenceError) Error() string {
	negative := fmt.Sprintf("%d eigenvalues of the Hessian are negative", e.Negative)
	if e.Negative < 0 {
		negative = "how many eigenvalues of the Hessian are negative is not certain"
	}
	return fmt.Sprintf("influence: no minimum reached in %d steps: the gradient has norm %.2g and %s; more weight decay would help",
		e.Steps, e.Gradient, negative)
}

// greatestSteps bounds the steps of Minimize.
const greatestSteps = 2000

// Minimize trains net on batch, from its parameters on, to a minimum of
// loss + ½ε‖θ‖²: by Newton's method with the exact Hessian in a trust region
// (train.Model), until the norm of the gradient is at most 1e-12(1 + ‖θ‖) and the
// inertia says that no eigenvalue is negative. It changes net. observe, if it is not
// nil, is called after each step. The error is that of a cancelled context, a
// *ConvergenceError, or what nn and factor report; net then has the best parameters.
func Minimize(ctx context.Context, net *nn.Network, batch *nn.Batch, damping float64, opts *factor.Options, observe func(Minimum)) (Minimum, error) {
	d := &descent{objective: objective{net: net, batch: batch, eps: damping, opts: opts}}
	if err := d.move(net.Params()); err != nil {
		return d.at, err
	}
	d.radius = math.Max(1, vec.Norm2(d.theta))
	for {
		switch {
		case ctx.Err() != nil:
			return d.at, ctx.Err()
		case d.at.Steps >= greatestSteps:
			return d.at, &ConvergenceError{d.at}
		}
		done, err := d.step()
		if observe != nil {
			observe(d.at)
		}
		if done || err != nil {
			return d.at, err
		}
	}
}

// An objective is loss + ½ε‖θ‖² at a point: a train.Shifted for its Hessian.
type objective struct {
	net   *nn.Network
	batch *nn.Batch
	eps   float64
	opts  *factor.Options

	theta, gradient []float64
	at              Minimum
	lin             nn.Linearization
	solver          factor.Auto
	product         *system.Product
	x, b            mat.VecDense
	ws              nn.Workspace
}

// move takes a new point.
func (o *objective) move(theta []float64) error {
	o.net.SetParams(theta)
	if err := o.net.Linearize(&o.lin, o.batch); err != nil {
		return err
	}
	o.theta = append(o.theta[:0], theta...)
	o.gradient = append(o.gradient[:0], o.lin.Gradient...)
	vec.Axpy(o.gradient, o.eps, theta)
	o.at.Value, o.at.Gradient, o.at.Negative = o.lin.Loss+o.decay(theta), vec.Norm2(o.gradient), -1
	if o.product == nil {
		o.product = system.NewProduct(&o.lin.Chain, backendOf(o.opts))
		return o.solver.Analyse(&o.lin.Chain, o.opts)
	}
	o.product.Reset(&o.lin.Chain)
	return o.solver.Update(&o.lin.Chain)
}

// decay is ½ε‖θ‖².
func (o *objective) decay(theta []float64) float64 { return 0.5 * o.eps * vec.Dot(theta, theta) }

// value is the objective at θ, +∞ where it overflows.
func (o *objective) value(theta []float64) float64 {
	o.net.SetParams(theta)
	loss, err := o.net.Loss(o.batch, &o.ws)
	if err != nil {
		return math.Inf(1)
	}
	return loss + o.decay(theta)
}

// Order implements train.Shifted.
func (o *objective) Order() int { return len(o.theta) }

// Factorize implements train.Shifted.
func (o *objective) Factorize(lambda float64) (la.Inertia, error) {
	o.at.Factorizations++
	err := o.solver.Factorize(o.eps + lambda)
	var singular *factor.SingularError
	if errors.As(err, &singular) {
		return la.Inertia{Zero: 1}, nil
	}
	if err != nil {
		return la.Inertia{}, err
	}
	return o.solver.Inertia(), nil
}

// Solve implements train.Shifted. A step is judged by where it leads, so that one
// that is less accurate than asked is no error.
func (o *objective) Solve(dst, b []float64) error {
	o.x.Reset()
	o.b = *mat.NewVecDense(len(b), append([]float64(nil), b...))
	err := o.solver.SolveVecTo(&o.x, &o.b)
	var poor *factor.AccuracyError
	if err != nil && !errors.As(err, &poor) {
		return err
	}
	copy(dst, o.x.RawVector().Data)
	return nil
}

// Mul implements train.Shifted.
func (o *objective) Mul(dst, v []float64) {
	x := append([]float64(nil), v...)
	o.product.HessVec(dst, v)
	vec.Axpy(dst, o.eps, x)
}

// A descent is Newton's method in a trust region.
type descent struct {
	objective
	radius float64
}

// step makes one step, or reports that the point is a minimum.
func (d *descent) step() (done bool, err error) {
	small := 1e-12 * (1 + vec.Norm2(d.theta))
	if d.at.Gradient <= small {
		in, err := d.Factorize(0)
		if err != nil {
			return false, err
		}
		if in.Certain {
			d.at.Negative = in.Negative
		}
		if d.at.Negative == 0 && in.Zero == 0 {
			return true, nil
		}
		if d.at.Negative <= 0 {
			return false, &ConvergenceError{d.at} // singular
		}
	}
	d.at.Steps++
	s := make([]float64, len(d.theta))
	m := train.Model{H: &d.objective, Gradient: d.gradient, Radius: d.radius, Tolerance: 0.1}
	found, err := m.Minimize(s)
	var poor *train.SubproblemError
	if err != nil && !(errors.As(err, &poor) && found.Decrease > 0) {
		return false, err
	}
	vec.Axpy(s, 1, d.theta)
	// Where the decrease is lost in the rounding of the loss, which some thousand sums
	// leave at 1e-12 of it, the gradient decides.
	if found.Decrease < 1e-11*math.Abs(d.at.Value) {
		return d.polish(s, small)
	}
	// The rules for the radius and for steps follow J. Nocedal and S. J. Wright,
	// Numerical Optimization, 2nd ed. (2006), algorithm 4.1, with η = 1e-4.
	value := d.value(s)
	ratio := (d.at.Value - value) / found.Decrease
	if ratio > 0.75 && found.Norm > 0.5*d.radius {
		d.radius *= 2
	} else if !(ratio > 0.25) {
		d.radius = found.Norm / 4
	}
	if !(ratio > 1e-4) {
		d.net.SetParams(d.theta)
		return false, nil
	}
	return false, d.move(s)
}

// polish takes a step whose decrease is below rounding, if it makes the gradient
// smaller.
func (d *descent) polish(to []float64, small float64) (done bool, err error) {
	from, before := append([]float64(nil), d.theta...), d.at.Gradient
	if err := d.move(to); err != nil {
		return false, err
	}
	if d.at.Gradient < 0.5*before || d.at.Gradient <= small {
		return false, nil
	}
	if d.at.Gradient > before {
		if err := d.move(from); err != nil {
			return false, err
		}
	}
	if d.at.Gradient > 1e3*small { // more than the rounding of any gradient explains
		return false, &ConvergenceError{d.at}
	}
	// As small as rounding lets it be.
	in, err := d.Factorize(0)
	if in.Certain {
		d.at.Negative = in.Negative
	}
	if err == nil && d.at.Negative != 0 {
		err = &ConvergenceError{d.at}
	}
	return true, err
}
