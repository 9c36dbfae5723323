package factor

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor/internal/certify"
	"costate/internal/space"
	"costate/la"
	"costate/la/vec"
	"costate/system"
)

// A NegativeCurvatureError says that the method of conjugate gradients met a
// direction d along which the matrix A = H + εI is not positive definite:
// dᵀAd ≤ 0. MINRES and the direct methods solve such systems.
type NegativeCurvatureError struct {
	Curvature float64 // dᵀAd / dᵀd: an upper bound of the least eigenvalue
	Iteration int     // from 1
	Column    int     // right-hand side
}

func (e *NegativeCurvatureError) Error() string {
	return fmt.Sprintf("factor: the matrix is not positive definite: iteration %d on column %d met a direction of curvature %.3g; a damping larger by more than that, or MINRES, would do", e.Iteration, e.Column, e.Curvature)
}

// iterative is what CG and MINRES share: a Factorization that only keeps ε,
// and solves by products with H.
type iterative struct {
	judged
	method krylovMethod
	spaces space.Pool[iterativeSpace]
}

// A krylovMethod runs one method from w.x, with the residual w.r = b − A x on
// entry, until its own recurrence for the norm of the residual is small enough
// (see met; nb is ‖b‖, norm is ‖H‖), or it cannot go on, or it has used limit
// iterations.
type krylovMethod interface {
	iterate(f *iterative, w *iterativeSpace, limit int, nb, norm float64) (iterations int, err error)
}

// iterativeSpace is the workspace of one solve.
type iterativeSpace struct {
	x, b, r []float64
	v       [6][]float64
	best    []float64
}

func (f *iterative) analyse(m krylovMethod, c *system.Chain, opts *Options) error {
	f.method = m
	if err := f.begin(c, opts); err != nil {
		return err
	}
	return f.planIterations(iterationCost(c))
}

// planIterations is the end of an analysis.
func (f *iterative) planIterations(c Cost) error {
	if err := f.plan("an iterative solve", c); err != nil {
		return err
	}
	if f.opts.MaxIterations <= 0 {
		f.opts.MaxIterations = 10 * max(f.matrix.n, 1)
	}
	f.ready = true
	return nil
}

// Update takes a new point; see Factorization.
func (f *iterative) Update(c *system.Chain) error {
	if f.matrix.given != nil {
		panic(ErrShape)
	}
	return f.point(c)
}

// Factorize keeps ε; see Factorization.
func (f *iterative) Factorize(eps float64) error { return f.keep(f.dampAll(eps)) }

// FactorizeStages keeps the dampings; see Factorization.
func (f *iterative) FactorizeStages(eps []float64) error { return f.keep(f.dampStages(eps)) }

// keep is all that is left to do, unless there was an error.
func (f *iterative) keep(err error) error {
	if err == nil {
		f.report = Report{Eps: f.matrix.eps[0], Bytes: f.planned.Bytes}
		f.factored = true
	}
	return err
}

// Inertia is not known to an iterative method: it is not certain and counts
// nothing.
func (f *iterative) Inertia() la.Inertia {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	return la.Inertia{}
}

// LogDet is not known to an iterative method: it returns NaN twice.
func (f *iterative) LogDet() (log, sign float64) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	return math.NaN(), math.NaN()
}

// Cond is not known to an iterative method: it returns NaN.
func (f *iterative) Cond() float64 {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	return math.NaN()
}

// SolveVecTo solves (H + εI) x = b; see Factorization.
func (f *iterative) SolveVecTo(dst *mat.VecDense, b mat.Vector) error {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if b.Len() != f.matrix.n {
		panic(ErrShape)
	}
	sizeVec(dst, f.matrix.n)
	w := f.lend()
	defer f.spaces.Put(w)
	gatherVec(w.b, b)
	if err := finiteColumns(w.b, f.matrix.n); err != nil {
		return err
	}
	reached, iterations, err := f.column(w, 0)
	f.note(reached, iterations)
	for i, v := range w.x {
		dst.SetVec(i, v)
	}
	return err
}

// SolveTo solves (H + εI) X = B, column after column; see Factorization. All
// columns are solved for; the error is that of the first that failed.
func (f *iterative) SolveTo(dst *mat.Dense, b mat.Matrix) error {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	r, nrhs := b.Dims()
	if r != f.matrix.n {
		panic(ErrShape)
	}
	sizeDense(dst, r, nrhs)
	for j := range nrhs {
		for i := range r {
			if v := b.At(i, j); v-v != 0 {
				return &NotFiniteError{Where: "right-hand side", Index: i, Value: v}
			}
		}
	}
	w := f.lend()
	defer f.spaces.Put(w)
	var failed error
	worst, most := 0.0, 0
	for j := range nrhs {
		for i := range w.b {
			w.b[i] = b.At(i, j)
		}
		reached, iterations, err := f.column(w, j)
		worst, most = math.Max(worst, reached), max(most, iterations)
		if err != nil && failed == nil {
			failed = err
		}
		for i, v := range w.x {
			dst.Set(i, j, v)
		}
	}
	f.note(worst, most)
	return failed
}

func (f *iterative) note(reached float64, iterations int) {
	f.mu.Lock()
	f.report.BackwardError, f.report.Refinements, f.report.Norm = reached, iterations, f.matrix.Norm()
	f.mu.Unlock()
}

func (f *iterative) lend() *iterativeSpace {
	w := f.spaces.Get()
	n := f.matrix.n
	w.x, w.b, w.r, w.best = space.Resize(w.x, n), space.Resize(w.b, n), space.Resize(w.r, n), space.Resize(w.best, n)
	for i := range w.v {
		w.v[i] = space.Resize(w.v[i], n)
	}
	return w
}

// column solves for w.b into w.x, starting from zero. The method stops where
// its own recurrence says that the backward error is met; the residual is then
// measured, and if it does not agree the method starts again from there.
func (f *iterative) column(w *iterativeSpace, j int) (reached float64, iterations int, err error) {
	clear(w.x)
	nb := vec.Norm2(w.b)
	if nb == 0 {
		return 0, 0, nil
	}
	norm := f.matrix.estimate()
	copy(w.r, w.b)
	copy(w.best, w.x)
	reached = 1
	for iterations < f.opts.MaxIterations {
		n, stop := f.method.iterate(f, w, f.opts.MaxIterations-iterations, nb, norm)
		iterations += n
		now := certify.BackwardError(&f.matrix, w.r, w.x, w.b, nb, f.opts.Tolerance)
		before := reached
		if now < reached {
			reached = now
			copy(w.best, w.x)
		}
		if reached <= f.opts.Tolerance {
			return reached, iterations, nil
		}
		if stop != nil {
			if e, ok := stop.(*NegativeCurvatureError); ok {
				e.Iteration, e.Column = iterations, j
			}
			return reached, iterations, stop
		}
		if n == 0 || !(now < before/2) {
			break // as far as rounding lets it go
		}
	}
	copy(w.x, w.best)
	return reached, iterations, &AccuracyError{Reached: reached, Wanted: f.opts.Tolerance, Column: j}
}

// met reports whether a residual norm is small enough for the tolerance. The tenth that is
// kept back is for the rounding by which a recurrence leaves the residual that is measured.
func (f *iterative) met(r float64, x []float64, nb, norm float64) bool {
	return r <= 0.9*f.opts.Tolerance*(norm*vec.Norm2(x)+nb)
}

// iterationCost counts one iteration as the solve: a product, and ten sums or products of
// vectors.
func iterationCost(c *system.Chain) Cost {
	n, states := int64(c.Params()), int64(0)
	for _, s := range c.Stages {
		states += int64(s.States() + s.Outputs())
	}
	return Cost{Solve: c.ProductFlops() + 20*n, Bytes: 8 * (12*n + states)}
}
