package pde

import (
	"fmt"
	"math"
	"slices"

	"costate/la/blas"
	"costate/la/vec"
	"costate/nn/train"
)

// LevenbergMarquardt makes exact damped Gauss–Newton steps on the residuals of an
// Objective,
//
//	s = −(J̃ᵀJ̃ + λD)⁻¹ J̃ᵀr̃,     D_ii = ‖J̃_i‖²/m + 0.1
//
// with m the mean of the squares ‖J̃_i‖² of the columns, and follows the valley that they
// bend along by their geodesic acceleration,
//
//	θ + αs + ½α²a,     a = −(J̃ᵀJ̃ + λD)⁻¹ J̃ᵀr̃¨
//
// with r̃¨ the second derivative of the residuals along s, exact, which costs three
// passes forward. A step of which 2‖a‖ > ¾‖s‖, in the norm of D, is not made: the series of
// which s and a are the first terms means nothing there. One that lowers the loss is taken, at the best
// of α = 1, 1.5, 1.5², 1.5³, and the damping then falls to a fifth, or where it had just
// been raised to 0.7; otherwise it is tripled. The matrix is that of order q, the number
// of residuals, where this counts fewer flops than the one of order p, the number of
// parameters; it is formed once a point.
//
// D makes a step one of Marquardt's, which do not depend on the scales of the parameters, but
// for those that hardly matter. With the identity in its place units whose output weight has
// become small can no longer turn: half of Poisson5D's 64 did that, for good.
//
// With Momentum μ the damping pulls to μ times the last step in place of 0, as in SPRING:
//
//	s = μs₀ − (J̃ᵀJ̃ + λD)⁻¹ J̃ᵀ(r̃ + μJ̃s₀)
//
// It is a train.Optimizer; the Task must have an *Objective of this package.
//
// Sources: M. K. Transtrum and J. P. Sethna, Improvements to the Levenberg–Marquardt
// algorithm for nonlinear least-squares minimization, arXiv:1201.5885; D. W. Marquardt, An
// algorithm for least-squares estimation of nonlinear parameters, J. SIAM 11 (1963); G. Goldshlager,
// N. Abrahamsen and L. Lin, A Kaczmarz-inspired approach to accelerate the optimization of
// neural network wavefunctions, J. Comput. Phys. 516 (2024), for SPRING.
type LevenbergMarquardt struct {
	// Damping is the first λ; 0 takes 0.3 times the curvature along the gradient.
	Damping float64

	// MinDamping is the least λ; 0 is 1e-11 of the first one.
	MinDamping float64

	// Momentum is μ, at least 0 and below 1.
	Momentum float64

	// Straight leaves out the acceleration.
	Straight bool

	lm lmState

	obj     *Objective
	theta   []float64 // where J, r and the product are
	version int
	kept    int // of obj, whose chunks keep what bend needs
	valid   bool
	loss    float64
	trial   []float64
	r, j, v []float64 // the columns of j are multiplied by unit
	g, s, a []float64
	unit    []float64 // D^-½
	hat     []float64 // D^½s
	system  normal
}

// lmState is what the next step depends on.
type lmState struct {
	lambda, first, floor float64
	raised               bool      // by the last step
	last                 []float64 // the last step, for the momentum
}

var (
	// lower and raise are the factors of the damping after a step taken and one not
	// taken, and gentle that after a step taken with a damping that had just been raised: to
	// lower it as far again would only have it raised again. A step not taken costs a
	// factorization of a matrix that is there already, far less than a new Jacobian and its
	// product, so that it pays to be greedy. Of (0.1, 4), (0.1, 8), (0.2, 3) and (0.3, 2) for
	// the first two, and then of 0.2, 0.5 and 0.7 for gentle, these took the least time to an
	// error of 1e-6 on Poisson2D and Heat1D with 64 units, three seeds.
	lower  = 0.2
	raise  = 3.0
	gentle = 0.7

	// stretch is the factor by which a step that lowers the loss is tried longer, up to
	// stretches times and as long as the loss falls.
	stretch   = 1.5
	stretches = 3
)

const (
	// firstDamping is λ over the curvature along the gradient at the start.
	firstDamping = 0.3

	// sharpest is the greatest 2‖a‖/‖s‖ of a step that is made: Transtrum and Sethna's.
	sharpest = 0.75

	// leastScale is the least element of D. Of 0, 1e-4, 0.01, 0.1, 1 and infinity it is the only
	// one with which four seeds of Poisson5D came below a loss of 1e-8; at 0 none of three got
	// anywhere. Heat1D takes fewer steps with it than with infinity, Poisson2D as many.
	leastScale = 0.1

	// leastDamping is the least λ over the first one where no other is set: the steps
	// that find the last digits have it that small.
	leastDamping = 1e-11

	// greatestDamping, over the first λ, is where the search for a step that lowers the
	// loss is given up: it is then below rounding.
	greatestDamping = 1e16
)

// Name is "lm".
func (o *LevenbergMarquardt) Name() string { return "lm" }

// Step implements train.Optimizer.
func (o *LevenbergMarquardt) Step(t *train.Task) (train.Info, error) {
	nan := math.NaN()
	info := train.Info{Loss: nan, After: nan, Gradient: nan, Damping: nan, Radius: nan, Ratio: nan, Length: nan, Stretch: nan, Negative: -1}
	obj, ok := t.Objective.(*Objective)
	if !ok {
		return info, fmt.Errorf("pde: this Levenberg–Marquardt needs an Objective of a differential equation, not a %T", t.Objective)
	}
	if err := o.linearize(t, obj); err != nil {
		return info, err
	}
	st := &o.lm
	if len(st.last) != 0 && len(st.last) != len(o.g) {
		return info, fmt.Errorf("pde: the state has a step of %d parameters; the network has %d", len(st.last), len(o.g))
	}
	info.Loss, info.After, info.Gradient = o.loss, o.loss, vec.Norm2(o.g)
	if info.Gradient == 0 {
		return info, &train.StalledError{Optimizer: o.Name()}
	}
	if st.lambda == 0 {
		o.begin()
	}
	info.Damping, info.Factorizations = st.lambda, 1
	if !o.system.factor(st.lambda) {
		return o.reject(info)
	}
	o.solve()
	info.Length = vec.Norm2(o.s)
	curved := !o.Straight && o.accelerate()
	if !o.Straight && !curved {
		return o.reject(info)
	}
	alpha, after := o.search(t, curved)
	info.Ratio = (o.loss - after) / o.predicted()
	if alpha == 0 {
		t.Net.SetParams(o.theta)
		return o.reject(info)
	}
	info.After, info.Accepted, info.Stretch = after, true, alpha
	if o.Momentum > 0 {
		st.last = append(st.last[:0], o.trial...)
		vec.Axpy(st.last, -1, o.theta)
	}
	change := lower
	if st.raised {
		change = gentle
	}
	st.lambda, st.raised = math.Max(st.lambda*change, st.floor), false
	return info, nil
}

// linearize goes to the parameters and points of the task.
func (o *LevenbergMarquardt) linearize(t *train.Task, obj *Objective) error {
	if err := obj.take(t.Net); err != nil {
		return err
	}
	p, q := t.Net.NumParams(), obj.Rows()
	if o.obj != obj {
		if o.obj != nil {
			o.lm = lmState{}
		}
		o.obj, o.valid = obj, false
		for _, x := range []*[]float64{&o.theta, &o.trial, &o.g, &o.s, &o.a, &o.unit, &o.hat} {
			*x = make([]float64, p)
		}
		o.r, o.v, o.j = make([]float64, q), make([]float64, q), make([]float64, q*p)
	}
	t.Net.ParamsTo(o.trial)
	if o.valid && o.version == t.Version && o.kept == obj.kept && slices.Equal(o.trial, o.theta) {
		return nil
	}
	copy(o.theta, o.trial)
	o.valid, o.version = false, t.Version
	var err error
	if o.loss, err = obj.linearize(o.r, o.j, o.theta); err != nil {
		return err
	}
	o.valid, o.kept = true, obj.kept
	obj.kernels.Gemv(blas.Trans, q, p, 1, o.j, p, o.r, 0, o.g)
	o.rescale(q, p)
	o.system.reset(obj.kernels, q, p, o.j)
	return nil
}

// rescale takes D of the Jacobian, and multiplies its columns by D^-½.
func (o *LevenbergMarquardt) rescale(q, p int) {
	clear(o.unit)
	for a := range q {
		row := o.j[a*p : (a+1)*p]
		vec.MulAdd(o.unit, row, row)
	}
	mean := 0.0
	for _, v := range o.unit {
		mean += v / float64(p)
	}
	if mean == 0 {
		return // J is zero, and so is the gradient
	}
	for i, v := range o.unit {
		o.unit[i] = 1 / math.Sqrt(v/mean+leastScale)
	}
	for a := range q {
		row := o.j[a*p : (a+1)*p]
		vec.Mul(row, row, o.unit)
	}
}

// begin chooses the first damping and the least one.
func (o *LevenbergMarquardt) begin() {
	st := &o.lm
	st.lambda = o.Damping
	if st.lambda <= 0 {
		q, p := len(o.r), len(o.g)
		vec.Mul(o.hat, o.unit, o.g)
		o.obj.kernels.Gemv(blas.NoTrans, q, p, 1, o.j, p, o.hat, 0, o.v)
		st.lambda = firstDamping * vec.Dot(o.v, o.v) / vec.Dot(o.hat, o.hat)
	}
	st.first, st.floor = st.lambda, o.MinDamping
	if st.floor <= 0 {
		st.floor = leastDamping * st.lambda
	}
}

// solve stores the step in s and hat.
func (o *LevenbergMarquardt) solve() {
	st := &o.lm
	copy(o.v, o.r)
	if st.last != nil {
		o.intoHat(st.last)
		o.obj.kernels.Gemv(blas.NoTrans, len(o.r), len(o.g), o.Momentum, o.j, len(o.g), o.hat, 1, o.v)
	}
	vec.Scale(o.v, -1, o.v)
	o.system.solve(o.s, o.v, st.lambda)
	vec.Mul(o.s, o.unit, o.s)
	if st.last != nil {
		vec.Axpy(o.s, o.Momentum, st.last)
	}
	o.intoHat(o.s)
}

// intoHat stores D^½x in hat.
func (o *LevenbergMarquardt) intoHat(x []float64) {
	for i, v := range x {
		o.hat[i] = v / o.unit[i]
	}
}

// accelerate stores the acceleration in a, and reports whether the step is short enough
// for it.
func (o *LevenbergMarquardt) accelerate() bool {
	o.obj.bend(o.v, o.theta, o.s)
	vec.Scale(o.v, -1, o.v)
	o.system.solve(o.a, o.v, o.lm.lambda)
	short := 2*vec.Norm2(o.a) <= sharpest*vec.Norm2(o.hat)
	vec.Mul(o.a, o.unit, o.a)
	return short
}

// predicted is the decrease of the loss that the linear residuals promise for s.
func (o *LevenbergMarquardt) predicted() float64 {
	copy(o.v, o.r)
	o.obj.kernels.Gemv(blas.NoTrans, len(o.r), len(o.g), 1, o.j, len(o.g), o.hat, 1, o.v)
	return o.loss - 0.5*vec.Dot(o.v, o.v)
}

// to stores θ + αs + ½α²a in trial.
func (o *LevenbergMarquardt) to(alpha float64, curved bool) {
	copy(o.trial, o.theta)
	vec.Axpy(o.trial, alpha, o.s)
	if curved {
		vec.Axpy(o.trial, 0.5*alpha*alpha, o.a)
	}
}

// lossAt is the loss at θ + αs + ½α²a, +∞ where it cannot be evaluated.
func (o *LevenbergMarquardt) lossAt(alpha float64, curved bool) float64 {
	o.to(alpha, curved)
	loss, err := o.obj.loss(o.trial)
	if err != nil {
		return math.Inf(1)
	}
	return loss
}

// search looks along the step for a point below, and goes there; alpha is 0 if there is
// none.
func (o *LevenbergMarquardt) search(t *train.Task, curved bool) (alpha, after float64) {
	after = o.lossAt(1, curved)
	if !(after < o.loss) {
		return 0, after
	}
	alpha = 1
	for range stretches {
		next := o.lossAt(stretch*alpha, curved)
		if !(next < after) {
			break
		}
		alpha, after = stretch*alpha, next
	}
	o.to(alpha, curved)
	t.Net.SetParams(o.trial)
	return alpha, after
}

// reject raises the damping after a step not taken.
func (o *LevenbergMarquardt) reject(info train.Info) (train.Info, error) {
	st := &o.lm
	st.lambda *= raise
	st.last, st.raised = nil, true
	if !(st.lambda <= greatestDamping*math.Max(st.first, st.floor)) {
		return info, &train.StalledError{Optimizer: o.Name(), Gradient: info.Gradient}
	}
	return info, nil
}

// State implements train.Optimizer.
func (o *LevenbergMarquardt) State() train.State {
	st := &o.lm
	raised := 0.0
	if st.raised {
		raised = 1
	}
	return train.State{"damping": {st.lambda, st.first, st.floor, raised}, "last": slices.Clone(st.last)}
}

// SetState implements train.Optimizer.
func (o *LevenbergMarquardt) SetState(s train.State) error {
	d, last := s["damping"], s["last"]
	if len(s) != 2 || len(d) != 4 {
		return fmt.Errorf("pde: the state is not one of Levenberg–Marquardt's method")
	}
	o.obj, o.valid = nil, false
	o.lm = lmState{lambda: d[0], first: d[1], floor: d[2], raised: d[3] != 0}
	if len(last) > 0 {
		o.lm.last = slices.Clone(last)
	}
	return nil
}

var _ train.Optimizer = (*LevenbergMarquardt)(nil)
var _ train.Objective = (*Objective)(nil)
