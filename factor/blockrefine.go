package factor

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/la"
)

// SolveVecTo solves A x = b. An empty dst is resized; dst may be b. The error is
// an *AccuracyError if the measured backward error stays above the tolerance
// (dst then holds the best solution reached), or a *la.NotFiniteError if b holds
// a NaN or an infinity (dst is then not written).
func (f *Block) SolveVecTo(dst *mat.VecDense, b mat.Vector) error {
	n := f.check(b.Len())
	sizeVec(dst, n)
	w := f.space(1)
	defer f.pool.put(w)
	for i := range w.b {
		w.b[i] = b.AtVec(i)
	}
	err := f.solve(w, 1)
	if written(err) {
		for i, v := range w.x {
			dst.SetVec(i, v)
		}
	}
	return err
}

// SolveTo solves A X = B, the columns of B being right-hand sides; otherwise
// it is like SolveVecTo.
func (f *Block) SolveTo(dst *mat.Dense, b mat.Matrix) error {
	r, nr := b.Dims()
	n := f.check(r)
	sizeDense(dst, n, nr)
	w := f.space(nr)
	defer f.pool.put(w)
	for i := range n {
		for j := range nr {
			w.b[i*nr+j] = b.At(i, j)
		}
	}
	err := f.solve(w, nr)
	if written(err) {
		for i := range n {
			for j := range nr {
				dst.Set(i, j, w.x[i*nr+j])
			}
		}
	}
	return err
}

// SolveRaw overwrites the nr right-hand sides in x, stored by rows (element i
// of right-hand side j at i*nr+j), with the solution as the factors give it:
// no refinement, no check. With a shift in Report the factors are those of
// A + shift·I. It is meant for use as a preconditioner, or where the
// refinement happens elsewhere.
func (f *Block) SolveRaw(x []float64, nr int) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if nr < 0 || len(x) != f.core.order*nr {
		panic(ErrShape)
	}
	f.core.solve(x, nr)
}

func (f *Block) check(n int) int {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if n != f.core.order {
		panic(ErrShape)
	}
	return n
}

func (f *Block) space(nr int) *blockSpace {
	w, n := f.pool.get(), f.core.order
	w.x, w.b = resize(w.x, n*nr), resize(w.b, n*nr)
	w.xc, w.bc, w.r, w.best = resize(w.xc, n), resize(w.bc, n), resize(w.r, n), resize(w.best, n)
	return w
}

// solve solves for the right-hand sides in w.b, by rows, into w.x.
func (f *Block) solve(w *blockSpace, nr int) error {
	for i, v := range w.b {
		if v-v != 0 {
			return &la.NotFiniteError{Where: "right-hand side", Index: i / nr, Value: v}
		}
	}
	copy(w.x, w.b)
	f.core.solve(w.x, nr)
	var failed error
	worst, most := 0.0, 0
	for j := range nr {
		for i := range w.xc {
			w.xc[i], w.bc[i] = w.x[i*nr+j], w.b[i*nr+j]
		}
		reached, steps := f.refine(w)
		for i, v := range w.xc {
			w.x[i*nr+j] = v
		}
		worst, most = math.Max(worst, reached), max(most, steps)
		if !(reached <= f.opts.Tolerance) && failed == nil {
			failed = &AccuracyError{Reached: reached, Wanted: f.opts.Tolerance, Column: j}
		}
	}
	f.mu.Lock()
	f.report.BackwardError, f.report.Refinements = worst, most
	f.mu.Unlock()
	return failed
}

// refine improves w.xc as a solution for w.bc until its backward error meets
// the tolerance or stops falling.
func (f *Block) refine(w *blockSpace) (reached float64, steps int) {
	x, b, r := w.xc, w.bc, w.r
	nb := norm2(b)
	if nb == 0 {
		clear(x)
		return 0, 0
	}
	reached = f.residual(r, x, b, nb)
	limit := f.opts.MaxRefinements
	if f.shift != 0 {
		limit *= 10 // a shift makes refinement slow where A is ill conditioned
	}
	for reached > f.opts.Tolerance && steps < limit {
		copy(w.best, x)
		f.core.solve(r, 1)
		addTo(x, r)
		steps++
		next := f.residual(r, x, b, nb)
		if !(next < reached) {
			copy(x, w.best)
			break
		}
		reached = next
	}
	return reached, steps
}

// residual writes r = b − A x and returns the normwise backward error of x.
func (f *Block) residual(r, x, b []float64, nb float64) float64 {
	f.a.MulVecTo(r, x)
	for i, v := range r {
		r[i] = b[i] - v
	}
	e := norm2(r) / (f.norm*norm2(x) + nb)
	if math.IsNaN(e) {
		return math.Inf(1)
	}
	return e
}

// Cond returns an estimate of the condition number ‖A‖₁‖A⁻¹‖₁, rarely less
// than a third of it and never more: a few solves, made once for a factorization.
//
// Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd
// ed. (2002), algorithm 15.1.
func (f *Block) Cond() float64 {
	if !f.known {
		panic(ErrNotFactorized)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.invNorm < 0 {
		f.invNorm = f.estimateInverse()
	}
	return f.normOne * f.invNorm
}

// estimateInverse estimates ‖A⁻¹‖₁ by Higham's form of Hager's method.
func (f *Block) estimateInverse() float64 {
	n := f.core.order
	if n == 0 {
		return 0
	}
	w := f.space(1)
	defer f.pool.put(w)
	x, z := w.xc, w.r
	for i := range x {
		x[i] = 1 / float64(n)
	}
	est := 0.0
	at := -1
	for range 5 {
		copy(z, x)
		f.core.solve(z, 1) // z = A⁻¹ x
		next := norm1(z)
		if math.IsNaN(next) {
			return math.Inf(1)
		}
		if at >= 0 && next <= est {
			break
		}
		est = next
		for i, v := range z {
			z[i] = math.Copysign(1, v)
		}
		f.core.solve(z, 1)
		j, zx := 0, 0.0
		for i, v := range z {
			zx += v * x[i]
			if math.Abs(v) > math.Abs(z[j]) {
				j = i
			}
		}
		if j == at || at >= 0 && math.Abs(z[j]) <= zx {
			break
		}
		at = j
		clear(x)
		x[j] = 1
	}
	// A vector against cancellation in the above.
	for i := range z {
		z[i] = 1 + float64(i)/math.Max(1, float64(n-1))
		if i%2 == 1 {
			z[i] = -z[i]
		}
	}
	f.core.solve(z, 1)
	return math.Max(est, 2*norm1(z)/(3*float64(n)))
}

func norm1(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += math.Abs(v)
	}
	return s
}
