package factor

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/la"
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
	guard
	method krylovMethod
	spaces pool[iterativeSpace]
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
	*solveSpace
	x, b, r []float64
	v       [6][]float64
	best    []float64
}

func (f *iterative) analyse(m krylovMethod, c *system.Chain, opts *Options) error {
	f.method = m
	err := f.begin(stored{f}, c, opts)
	if err == nil {
		err = f.plan("an iterative solve", f.kernel.cost())
	}
	if err != nil {
		f.kernel = nil
		return err
	}
	if f.opts.MaxIterations <= 0 {
		f.opts.MaxIterations = 10 * max(f.n, 1)
	}
	return nil
}

// Update takes a new point; see Factorization.
func (f *iterative) Update(c *system.Chain) error { return f.point(c) }

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

// SolveVecTo solves (H + εI) x = b; see Factorization.
func (f *iterative) SolveVecTo(dst *mat.VecDense, b mat.Vector) error {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if b.Len() != f.n {
		panic(ErrShape)
	}
	if dst.IsEmpty() {
		dst.ReuseAsVec(f.n)
	} else if dst.Len() != f.n {
		panic(ErrShape)
	}
	w := f.lend()
	defer f.giveBack(w)
	for i := range w.b {
		w.b[i] = b.AtVec(i)
	}
	reached, iterations, err := f.column(w, 0)
	f.note(reached, iterations)
	if written(err) {
		for i, v := range w.x {
			dst.SetVec(i, v)
		}
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
	if r != f.n {
		panic(ErrShape)
	}
	if dst.IsEmpty() {
		dst.ReuseAs(r, nrhs)
	} else if dr, dc := dst.Dims(); dr != r || dc != nrhs {
		panic(ErrShape)
	}
	for j := range nrhs {
		for i := range r {
			if v := b.At(i, j); v-v != 0 {
				return &la.NotFiniteError{Where: "right-hand side", Index: i, Value: v}
			}
		}
	}
	w := f.lend()
	defer f.giveBack(w)
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
	f.report.BackwardError, f.report.Refinements, f.report.NormH = reached, iterations, f.norm
	f.mu.Unlock()
}

func (f *iterative) lend() *iterativeSpace {
	w := f.spaces.get()
	w.solveSpace = f.space(1)
	n := f.n
	w.x, w.b, w.r = w.solveSpace.x, w.solveSpace.b, w.solveSpace.d
	w.best = w.solveSpace.best
	for i := range w.v {
		w.v[i] = resize(w.v[i], n)
	}
	return w
}

func (f *iterative) giveBack(w *iterativeSpace) {
	f.guard.pool.put(w.solveSpace)
	w.solveSpace = nil
	f.spaces.put(w)
}

// column solves for w.b into w.x, starting from zero. The method stops where
// its own recurrence says that the backward error is met; the residual is then
// measured, and if it does not agree the method starts again from there.
func (f *iterative) column(w *iterativeSpace, j int) (reached float64, iterations int, err error) {
	for i, v := range w.b {
		if v-v != 0 {
			return 0, 0, &la.NotFiniteError{Where: "right-hand side", Index: i, Value: v}
		}
	}
	clear(w.x)
	nb := norm2(w.b)
	if nb == 0 {
		return 0, 0, nil
	}
	norm := f.estimateNorm()
	copy(w.r, w.b)
	copy(w.best, w.x)
	reached = 1
	for iterations < f.opts.MaxIterations {
		n, stop := f.method.iterate(f, w, f.opts.MaxIterations-iterations, nb, norm)
		iterations += n
		now := f.residual(w.solveSpace, w.r, w.x, w.b, nb, norm)
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

// met reports whether a residual norm is small enough for the tolerance.
func (f *iterative) met(r float64, x []float64, nb, norm float64) bool {
	return r <= 0.9*f.opts.Tolerance*(norm*norm2(x)+nb)
}

// stored is the kernel of an iterative method: it keeps ε and nothing else.
type stored struct{ f *iterative }

func (s stored) factor([]float64) pivots {
	return pivots{finite: true, tiny: math.Inf(1), scale: 1}
}

func (s stored) solve([]float64, int) {}

// cost counts one iteration as the solve.
func (s stored) cost() Cost {
	c := Cost{Solve: s.f.chain.ProductFlops()}
	states := int64(0)
	for _, stage := range s.f.chain.Stages {
		states += int64(stage.States() + stage.Outputs())
	}
	c.Solve += 20 * int64(s.f.n)
	c.Bytes = 8 * (12*int64(s.f.n) + states)
	return c
}
