// Package newton is Newton's method for gonum's optimize.Minimize where the
// Hessian is sparse. The Hessian of an optimize.Problem is a dense matrix; here
// the method asks for a sparse one itself and factors that, so that the work of
// a step is linear in the unknowns if the Hessian is long and narrow.
//
// Source: J. Nocedal and S. J. Wright, Numerical Optimization, 2nd ed. (2006),
// section 3.4 and algorithm 3.3.
package newton

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"costate/factor"
	"costate/la"
)

var (
	_ optimize.Method          = (*Method)(nil)
	_ optimize.Statuser        = (*Method)(nil)
	_ optimize.NextDirectioner = (*Method)(nil)
)

// ErrNoHess is the panic of a Method without Hess.
const ErrNoHess = factor.Error("newton: Method.Hess is nil")

// A Method steps along
//
//	(H + τI) d = −g
//
// to a point that a line search chooses. τ is zero where the inertia of H says
// that it is positive definite, and otherwise grows until that of H + τI does:
// each trial is one factorization. It satisfies optimize.Method, and needs the
// gradient of the problem but not its Hess, which stays nil; evaluations of the
// Hessian are not in the statistics of the result. Where rounding of the function
// would hide the decrease still to be had, it ends with optimize.MethodConverge.
//
// A Method is used by one Minimize at a time.
type Method struct {
	// Hess returns the Hessian at x, all of its lower triangle. It must not
	// keep or change x. It may return the same matrix each time with other
	// values; as long as the pattern stays, it is analysed once.
	Hess func(x []float64) *la.Sym

	// Linesearcher chooses the step along the direction; the default is
	// optimize.Bisection.
	Linesearcher optimize.Linesearcher

	// GradStopThreshold ends the optimization where no element of the gradient
	// is larger. 0 means 1e-12; NaN means that it is not used.
	GradStopThreshold float64

	// Options of the factorization; nil means the defaults.
	Options *factor.Options

	status optimize.Status
	err    error
	failed error // in a direction
	atRest bool  // rounding hides the decrease still to be had
	search optimize.LinesearchMethod

	f    factor.Sparse
	h    *la.Sym // the last Hessian
	tau  float64 // last one that was not zero
	used float64
	dir  mat.VecDense
}

// Damping returns τ of the last direction.
func (m *Method) Damping() float64 { return m.used }

// Status tells why the method ended, see optimize.Statuser.
func (m *Method) Status() (optimize.Status, error) { return m.status, m.err }

// Uses asks for the gradient.
func (m *Method) Uses(has optimize.Available) (uses optimize.Available, err error) {
	if !has.Grad {
		return optimize.Available{}, optimize.ErrMissingGrad
	}
	return optimize.Available{Grad: true}, nil
}

// Init prepares for a problem: one task at a time.
func (m *Method) Init(dim, tasks int) int {
	if m.Hess == nil {
		panic(ErrNoHess)
	}
	m.status, m.err, m.failed = optimize.NotTerminated, nil, nil
	m.tau, m.used, m.atRest = 0, 0, false
	m.search = optimize.LinesearchMethod{NextDirectioner: m, Linesearcher: m.Linesearcher}
	if m.Linesearcher == nil {
		m.search.Linesearcher = &optimize.Bisection{}
	}
	return 1
}

// Run optimizes, see optimize.Method.
func (m *Method) Run(operation chan<- optimize.Task, result <-chan optimize.Task, tasks []optimize.Task) {
	task := tasks[0]
	ended := false
	do := func(op optimize.Operation) {
		task.Op = op
		operation <- task
		task = <-result
		ended = task.Op == optimize.PostIteration
	}
	do((optimize.FuncEvaluation | optimize.GradEvaluation) &^ task.Op)
	if !ended {
		m.status, m.err = m.start(task.Location)
	}
	if !ended && m.status == optimize.NotTerminated {
		do(optimize.MajorIteration)
	}
	for first := true; !ended && m.status == optimize.NotTerminated; first = false {
		if task.Op == optimize.MajorIteration && m.converged(task.Gradient) {
			m.status = optimize.GradientThreshold
			break
		}
		step := m.search.Iterate
		if first {
			step = m.search.Init
		}
		op, err := step(task.Location)
		if m.atRest {
			m.status = optimize.MethodConverge
			break
		}
		if err = errors.Join(m.failed, err); err != nil {
			m.status, m.err = optimize.Failure, err
			break
		}
		do(op)
	}
	if !ended {
		task.Op = optimize.MethodDone
		operation <- task
	}
	for range result {
	}
	close(operation)
}

// start judges the first point.
func (m *Method) start(at *optimize.Location) (optimize.Status, error) {
	if math.IsNaN(at.F) || math.IsInf(at.F, 1) {
		return optimize.Failure, optimize.ErrFunc(at.F)
	}
	for i, g := range at.Gradient {
		if g-g != 0 {
			return optimize.Failure, optimize.ErrGrad{Grad: g, Index: i}
		}
	}
	return optimize.NotTerminated, nil
}

func (m *Method) converged(gradient []float64) bool {
	limit := m.GradStopThreshold
	if limit == 0 {
		limit = 1e-12
	}
	return floats.Norm(gradient, math.Inf(1)) < limit
}

// InitDirection is NextDirection for the first step.
func (m *Method) InitDirection(at *optimize.Location, dir []float64) (step float64) {
	return m.NextDirection(at, dir)
}

// NextDirection writes the direction at a point and returns 1, the step to try
// first. If the Hessian cannot be factored it ends the run with that error.
func (m *Method) NextDirection(at *optimize.Location, dir []float64) (step float64) {
	floats.ScaleTo(dir, -1, at.Gradient) // if all else fails
	a := m.Hess(at.X)
	if a.SymmetricDim() != len(at.X) {
		panic(factor.ErrShape)
	}
	largest := m.take(a)
	if !m.definite(largest) {
		return 1
	}
	g := mat.NewVecDense(len(dir), at.Gradient)
	err := m.f.SolveVecTo(&m.dir, g)
	var accuracy *factor.AccuracyError
	if err != nil && !errors.As(err, &accuracy) {
		m.failed = err
		return 1
	}
	d := m.dir.RawVector().Data
	if fall := floats.Dot(d, at.Gradient); fall > 0 {
		m.atRest = fall < 0x1p-50*math.Abs(at.F) // some units in its last place
		floats.ScaleTo(dir, -1, d)
	}
	return 1
}

// take takes the Hessian, and returns the largest element of its diagonal.
func (m *Method) take(a *la.Sym) (largest float64) {
	n, low := a.SymmetricDim(), a.RawLower()
	if m.h == nil || !m.h.SamePattern(a) {
		m.f.Reset()
		m.dir.Reset()
	}
	m.h = a
	for i := range n {
		if end := low.Ptr[i+1]; end > low.Ptr[i] && int(low.Col[end-1]) == i {
			largest = math.Max(largest, math.Abs(low.Val[end-1]))
		}
	}
	return largest
}

// definite factors H + τI with a τ that makes it positive definite. The first τ above 0 is
// 1e-3 of the diagonal, β of algorithm 3.3; each next one is four times as large, in place
// of twice, since a trial is a factorization.
func (m *Method) definite(scale float64) bool {
	if !(scale > 0) {
		scale = 1
	}
	n := m.h.SymmetricDim()
	const trials = 60
	tau := 0.0
	for range trials {
		err := m.factorize(tau)
		var singular *factor.SingularError
		switch {
		case err == nil:
			if in := m.f.Inertia(); in.Certain && in.Positive == n {
				if m.used = tau; tau > 0 {
					m.tau = tau
				}
				return true
			}
		case !errors.As(err, &singular):
			m.failed = err
			return false
		}
		// From a sixteenth of the last direction's, so that it may shrink.
		tau = math.Max(4*tau, math.Max(m.tau/16, 1e-3*scale))
	}
	m.used = math.Inf(1)
	return false
}

// factorize factors H + τI.
func (m *Method) factorize(tau float64) error {
	if m.f.IsEmpty() {
		if err := m.f.Analyse(m.h, m.Options); err != nil {
			return err
		}
	}
	return m.f.FactorizeShifted(m.h, -tau)
}
