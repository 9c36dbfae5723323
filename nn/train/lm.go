package train

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// LevenbergMarquardt makes exact damped Gauss–Newton steps
//
//	s = −(G + λI)⁻¹ g
//
// with the Gauss–Newton matrix G of the batch, factored by whatever counts
// fewest flops: in the space of the outputs, along the chain of layers, or as a
// dense matrix. The step is tried on the batch that it was made for, and taken
// if it lowers the loss.
//
// A factorization is worth many evaluations of the loss, so that more is made of
// it than one trial. Along the curve
//
//	θ + αs + ½α²a,     (G + λI) a = −Jᵀ Hℓ z″
//
// α is 1, 1.5, 1.5², … as long as the loss falls, or else ½, ¼, ⅛. a is the step's
// geodesic acceleration, which follows a bent valley: z″ is the second derivative
// of the network's outputs along s, Hℓ the Hessian of the loss in the outputs. It
// is left out where 2‖a‖ > ¾‖s‖ or where the loss is lower without it; the more
// often that happens, the more seldom it is tried. On a least-squares problem it can save most of the steps.
//
// After a step of α ≥ 1 the damping is divided by ten, after a shorter one multiplied by
// 1/α, and after one not taken by eight. It falls as long as steps lower the loss at
// all, even if by much less than the model predicts. In the narrow bent valleys of
// deep networks this gets on where rules that keep the model accurate come to a
// standstill. Nielsen's rule is one of these and can be chosen. It goes by the gain
// ratio
//
//	ρ = (ℓ(θ) − ℓ(θ+s)) / (½ (λ‖s‖² − gᵀs))
//
// of the decrease to that of the model: after a step taken
// λ ← λ max(⅓, 1 − (2ρ−1)³), after others λ ← νλ with ν = 2, 4, 8, … .
//
// Where each step has another batch (Task.Version changes) a search on one of them is
// not worth its price: α is 1 and a is 0, and the damping is divided by three after a
// step taken and doubled otherwise. With Nielsen's rule α is 1 and a is 0 on every batch.
//
// With Task.Curvature the gradient and the test are of the batch, and G is of the
// other, smaller one. With CG that factorization is a preconditioner only, and
// the system of the whole batch is solved by conjugate gradients, with products
// in parallel over parts of the batch.
//
// Sources: K. Levenberg, A method for the solution of certain non-linear problems in
// least squares, Quart. Appl. Math. 2 (1944); D. W. Marquardt, An algorithm for
// least-squares estimation of nonlinear parameters, J. SIAM 11 (1963); M. K. Transtrum and J. P. Sethna,
// Improvements to the Levenberg–Marquardt algorithm for nonlinear least-squares
// minimization, arXiv:1201.5885, for the acceleration and the default rule ("delayed gratification");
// H. B. Nielsen, Damping parameter in Marquardt's method, IMM-REP-1999-05, DTU
// (1999); J. Martens, Deep learning via Hessian-free optimization, ICML (2010),
// section 4.
type LevenbergMarquardt struct {
	// Damping is the first λ; 0 takes 0.3 times the curvature along the gradient,
	// gᵀGg/gᵀg.
	Damping float64

	// MinDamping is the least λ that is used; 0 is 1e-12 of the first one.
	MinDamping float64

	// Nielsen takes Nielsen's rule for the damping, and tries nothing but the step
	// itself.
	Nielsen bool

	// Memory is between 0 and 1: how much of its logarithm the damping keeps
	// from one batch to the next, against the noise of mini-batches.
	Memory float64

	// CG solves the system of the whole batch; see ConjugateGradients. It
	// needs Task.Curvature for its preconditioner.
	CG *ConjugateGradients

	// Backend has the dense kernels; nil is blas.Native().
	Backend blas.Backend

	owner owner
	state lmState

	at       point
	small    point // of the curvature batch
	parts    parts
	solver   factor.Auto
	product  *system.Product // of the Gauss–Newton matrix at the point
	grad     []float64
	loss     float64 // of the whole batch, with a sub-sample
	w        []float64
	rhs, sol mat.VecDense

	path curve
	bend bend
	acc  mat.VecDense
}

// lmState is what the damping remembers from step to step.
type lmState struct {
	lambda, nu   float64
	first, floor float64 // λ of the first step and the least one
	kept         float64 // λ of the batch before, for Memory
	version      int
	steady       bool // whether the batch is the first one, or that of the last step taken
}

// Name is "lm".
func (o *LevenbergMarquardt) Name() string { return "lm" }

const (
	// lowerTextbook and raiseTextbook are lower and raise for a textbook step: the
	// bounds of Nielsen's rule.
	lowerTextbook = 1.0 / 3
	raiseTextbook = 2.0

	// leastDamping is the least λ over the first one where no other is set. A matrix with
	// it has a condition number of at most 1e13 or so: its solutions still have digits.
	leastDamping = 1e-12
	// greatestDamping, over that curvature, is where the search for a step
	// that lowers the loss is given up: the step is then below rounding.
	greatestDamping = 1e16
)

var (
	// lower and raise are the factors of the damping after a step of full length or
	// more and after one that is not taken. TestCalibration compares them with others.
	lower = 0.1
	raise = 8.0

	// firstDamping is λ over the curvature along the gradient at the start.
	// TestCalibration compares it with others.
	firstDamping = 0.3
)

// Step implements Optimizer.
func (o *LevenbergMarquardt) Step(t *Task) (Info, error) {
	info := unknown()
	if err := o.needs(t); err != nil {
		return info, err
	}
	if o.owner.changes(t.Net) {
		o.state, o.bend = lmState{}, bend{}
	}
	st := &o.state
	sub := t.Curvature != nil
	p := &o.at
	if sub {
		p = &o.small
	}
	loss, moved, err := o.linearize(t, p)
	if err != nil {
		return info, err
	}
	info.Loss, info.After, info.Gradient = loss, loss, vec.Norm2(o.grad)
	if info.Gradient == 0 {
		return info, &StalledError{Optimizer: o.Name()}
	}
	if st.lambda == 0 {
		o.begin()
	}
	o.renew(t, moved)
	info.Damping = st.lambda
	if err := o.solver.Factorize(st.lambda); err != nil {
		var singular *factor.SingularError
		if !errors.As(err, &singular) {
			return info, err
		}
		return o.reject(info)
	}
	info.Factorizations = 1
	predicted, err := o.solve(t, p, sub, &info)
	if err != nil {
		return info, err
	}
	s := o.sol.RawVector().Data
	vec.Scale(s, -1, s)
	info.Length = vec.Norm2(s)
	alpha, after, err := o.try(t, p, s, loss)
	if err != nil {
		p.back(t.Net)
		return info, err
	}
	info.Ratio = (loss - after) / predicted
	if !(alpha > 0 && predicted > 0) {
		p.back(t.Net)
		info.Ratio = math.Min(info.Ratio, 0)
		return o.reject(info)
	}
	info.After, info.Accepted, info.Stretch = after, true, alpha
	st.lambda = math.Max(st.lambda*o.change(alpha, info.Ratio), st.floor)
	st.nu, st.steady = 2, true
	return info, nil
}

// needs is the error of a task that lacks something.
func (o *LevenbergMarquardt) needs(t *Task) error {
	if t.Curvature != nil {
		return t.needsSamples(o.Name())
	}
	return t.needsBatch(o.Name())
}

// renew fits the damping to a new batch.
func (o *LevenbergMarquardt) renew(t *Task, moved bool) {
	st := &o.state
	if moved && o.Memory > 0 && t.Version != st.version && st.kept > 0 {
		st.lambda = math.Exp(o.Memory*math.Log(st.kept) + (1-o.Memory)*math.Log(st.lambda))
		st.nu = 2
	}
	if t.Version != st.version {
		st.steady = st.version == 0
		st.version, st.kept = t.Version, st.lambda
	}
}

// textbook reports whether nothing but the step itself is tried on the batch.
func (o *LevenbergMarquardt) textbook() bool { return o.Nielsen || !o.state.steady }

// reject raises the damping after a step not taken.
func (o *LevenbergMarquardt) reject(info Info) (Info, error) {
	st := &o.state
	switch {
	case o.Nielsen:
		st.lambda *= st.nu
		st.nu *= 2
	case o.textbook():
		st.lambda *= raiseTextbook
	default:
		st.lambda *= raise
	}
	if !(st.lambda <= greatestDamping*math.Max(st.first, st.floor)) {
		return info, &StalledError{Optimizer: o.Name(), Gradient: info.Gradient}
	}
	return info, nil
}

// change is the factor of the damping after a step taken: of α times the model's
// length, with gain ratio r.
func (o *LevenbergMarquardt) change(alpha, r float64) float64 {
	switch {
	case o.Nielsen:
		r = 2*r - 1
		return math.Max(1.0/3, 1-r*r*r)
	case o.textbook():
		return lowerTextbook
	case alpha < 1:
		return 1 / alpha
	}
	return lower
}

// linearize brings the factorization to the point of the task, and returns the
// loss of the batch with its gradient in o.grad.
func (o *LevenbergMarquardt) linearize(t *Task, p *point) (loss float64, moved bool, err error) {
	curvature := t.Batch
	if t.Curvature != nil {
		curvature = t.Curvature
	}
	p.lin.GaussNewton = true
	moved, reshaped, err := p.at(t.Net, curvature, t.Version)
	if err != nil {
		return 0, moved, err
	}
	if moved {
		gn := p.gaussNewton()
		// A solution need not be exact to the last digit to be a good step:
		// what does not lower the loss is not taken.
		if reshaped || o.solver.Method() == nil {
			err = o.solver.Analyse(gn, &factor.Options{Backend: o.Backend, Tolerance: stepTolerance})
		} else {
			err = o.solver.Update(gn)
		}
		if err != nil {
			p.valid = false
			return 0, moved, err
		}
		if o.product == nil {
			o.product = system.NewProduct(gn, orNative(o.Backend))
		} else {
			o.product.Reset(gn)
		}
	}
	if t.Curvature == nil {
		o.grad = p.lin.Gradient
		return p.lin.Loss, moved, nil
	}
	if moved {
		if o.loss, o.grad, err = o.large(t).linearize(t, o.CG != nil); err != nil {
			p.valid = false
			return 0, moved, err
		}
	}
	return o.loss, moved, nil
}

// large is what evaluates the whole batch where the curvature is that of a sub-sample.
func (o *LevenbergMarquardt) large(t *Task) largeBatch {
	if t.Shards != nil {
		return shardedBatch{t.Shards}
	}
	return &o.parts
}

// stepTolerance is the backward error asked of a step: far below what changes the loss
// that it leads to, and reached without refinement.
const stepTolerance = 1e-10

// begin chooses the first damping and the least one.
func (o *LevenbergMarquardt) begin() {
	st := &o.state
	st.nu = 2
	st.lambda = o.Damping
	if st.lambda <= 0 {
		hg := make([]float64, len(o.grad))
		o.product.HessVec(hg, o.grad)
		st.lambda = firstDamping * vec.Dot(hg, o.grad) / vec.Dot(o.grad, o.grad)
		if !(st.lambda > 0) {
			st.lambda = 1
		}
	}
	st.first, st.floor = st.lambda, o.MinDamping
	if st.floor <= 0 {
		st.floor = leastDamping * st.lambda
	}
}

// solve stores (G+λI)⁻¹g in o.sol and returns the decrease of the loss that the
// model predicts for the step against it.
func (o *LevenbergMarquardt) solve(t *Task, p *point, sub bool, info *Info) (predicted float64, err error) {
	n, lambda := len(o.grad), o.state.lambda
	if o.sol.Len() != n {
		o.sol, o.rhs, o.acc = *mat.NewVecDense(n, nil), *mat.NewVecDense(n, nil), *mat.NewVecDense(n, nil)
	}
	x := o.sol.RawVector().Data
	if gram, ok := o.solver.Method().(*factor.Gram); ok && !sub {
		c := t.Net.Outputs()
		o.w = space.Resize(o.w, t.Batch.N*c)
		t.Net.OutputGradient(o.w, t.Batch, p.lin.Outputs)
		err = gram.SolveOutputsTo(&o.sol, o.w)
	} else if sub && o.CG != nil {
		var r float64
		info.Products, r, err = o.CG.solve(o.large(t), &o.solver, lambda, x, o.grad)
		if err != nil {
			return 0, err
		}
		return 0.5 * (vec.Dot(o.grad, x) + r + lambda*vec.Dot(x, x)), nil
	} else {
		copy(o.rhs.RawVector().Data, o.grad)
		err = o.solver.SolveVecTo(&o.sol, &o.rhs)
	}
	if err = tolerable(err); err != nil {
		return 0, err
	}
	return 0.5 * (vec.Dot(o.grad, x) + lambda*vec.Dot(x, x)), nil
}

// tolerable drops the error of a solution that is less accurate than asked: as a
// step it is judged by the loss.
func tolerable(err error) error {
	var inaccurate *factor.AccuracyError
	if errors.As(err, &inaccurate) {
		return nil
	}
	return err
}

// State implements Optimizer.
func (o *LevenbergMarquardt) State() State {
	st := &o.state
	steady := 0.0
	if st.steady {
		steady = 1
	}
	return State{
		"damping": {st.lambda, st.nu, st.first, st.floor, st.kept, float64(st.version), steady},
		"bend":    {float64(o.bend.wait), float64(o.bend.idle)},
	}
}

// SetState implements Optimizer.
func (o *LevenbergMarquardt) SetState(s State) error {
	d, b := s["damping"], s["bend"]
	if len(s) != 2 || len(d) != 7 || len(b) != 2 {
		return badState(o.Name())
	}
	o.owner.release()
	o.state = lmState{lambda: d[0], nu: d[1], first: d[2], floor: d[3], kept: d[4], version: int(d[5]), steady: d[6] != 0}
	o.bend.wait, o.bend.idle = int(b[0]), int(b[1])
	return nil
}

var _ Optimizer = (*LevenbergMarquardt)(nil)
