package factor

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/la"
)

// sparseSpace is the workspace of solves.
type sparseSpace struct {
	x, b    []float64 // n×nr, by columns
	chain   []float64 // by rows
	r, t, v []float64 // n
	best    []float64
	small   []float64
}

func (f *Sparse) space(nr int) *sparseSpace {
	w, n := f.pool.get(), f.kept.SymmetricDim()
	w.x, w.b, w.chain = resize(w.x, n*nr), resize(w.b, n*nr), resize(w.chain, f.core.order*nr)
	w.r, w.t, w.v, w.best = resize(w.r, n), resize(w.t, n), resize(w.v, n), resize(w.best, n)
	if f.lead != nil {
		w.small = resize(w.small, len(f.lead.d))
	}
	return w
}

// SolveVecTo solves A x = b. An empty dst is resized; dst may be b. The error is
// an *AccuracyError if the measured backward error stays above the tolerance
// (dst then holds the best solution reached), or a *la.NotFiniteError if b holds
// a NaN or an infinity (dst is then not written).
func (f *Sparse) SolveVecTo(dst *mat.VecDense, b mat.Vector) error {
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
func (f *Sparse) SolveTo(dst *mat.Dense, b mat.Matrix) error {
	r, nr := b.Dims()
	n := f.check(r)
	sizeDense(dst, n, nr)
	w := f.space(nr)
	defer f.pool.put(w)
	for j := range nr {
		for i := range n {
			w.b[j*n+i] = b.At(i, j)
		}
	}
	err := f.solve(w, nr)
	if written(err) {
		for j := range nr {
			for i := range n {
				dst.Set(i, j, w.x[j*n+i])
			}
		}
	}
	return err
}

func (f *Sparse) check(n int) int {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if n != f.kept.SymmetricDim() {
		panic(ErrShape)
	}
	return n
}

// solve solves for the right-hand sides in w.b into w.x.
func (f *Sparse) solve(w *sparseSpace, nr int) error {
	n := f.kept.SymmetricDim()
	for i, v := range w.b {
		if v-v != 0 {
			return &la.NotFiniteError{Where: "right-hand side", Index: i % n, Value: v}
		}
	}
	copy(w.x, w.b)
	f.apply(w, w.x, nr)
	var failed error
	worst, most := 0.0, 0
	for j := range nr {
		reached, steps := f.refine(w, w.x[j*n:(j+1)*n], w.b[j*n:(j+1)*n])
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

// apply overwrites the nr columns of x with (S A S + shift)⁻¹ in the place of
// A⁻¹: x ← S (S A S + shift)⁻¹ S x.
func (f *Sparse) apply(w *sparseSpace, x []float64, nr int) {
	f.scaleVectors(x, nr)
	f.applyScaled(w, x, nr)
	f.scaleVectors(x, nr)
}

func (f *Sparse) scaleVectors(x []float64, nr int) {
	if f.eq.plain {
		return
	}
	n := f.kept.SymmetricDim()
	for j := range nr {
		v := x[j*n : (j+1)*n]
		for i, s := range f.eq.s {
			v[i] *= s
		}
	}
}

// applyScaled overwrites the columns of x with (S A S + shift)⁻¹ times them:
//
//	c ← (A_c − C G⁻¹ Cᵀ)⁻¹ (c − C G⁻¹ g)        chain
//	g ← G⁻¹ (g − Cᵀ c)                          leaves
//
// The products with C and Cᵀ are products of the whole matrix with vectors that
// are zero elsewhere.
func (f *Sparse) applyScaled(w *sparseSpace, x []float64, nr int) {
	n, lead, m := f.kept.SymmetricDim(), f.leading(), f.core.order
	perm := f.plan.Perm
	leaf, chain := perm[:lead], perm[lead:]
	for j := range nr {
		v := x[j*n : (j+1)*n]
		f.leafProduct(w, v)
		for i, p := range chain {
			c := v[p]
			if lead > 0 {
				c -= w.t[p]
			}
			w.chain[i*nr+j] = c
		}
	}
	f.core.solve(w.chain[:m*nr], nr)
	for j := range nr {
		v := x[j*n : (j+1)*n]
		if lead == 0 {
			for i, p := range chain {
				v[p] = w.chain[i*nr+j]
			}
			continue
		}
		clear(w.v)
		for i, p := range chain {
			w.v[p] = w.chain[i*nr+j]
		}
		if m > 0 {
			f.s.MulVecTo(w.t, w.v)
		} else {
			clear(w.t)
		}
		for i, p := range leaf {
			w.v[i] = v[p] - w.t[p]
		}
		f.lead.solve(w.v[:lead], w.small)
		for i, p := range leaf {
			v[p] = w.v[i]
		}
		for i, p := range chain {
			v[p] = w.chain[i*nr+j]
		}
	}
}

// leafProduct leaves C G⁻¹ g in the chain's part of w.t.
func (f *Sparse) leafProduct(w *sparseSpace, x []float64) {
	lead := f.leading()
	if lead == 0 || f.core.order == 0 {
		return
	}
	leaf := f.plan.Perm[:lead]
	for i, p := range leaf {
		w.t[i] = x[p]
	}
	f.lead.solve(w.t[:lead], w.small)
	clear(w.v)
	for i, p := range leaf {
		w.v[p] = w.t[i]
	}
	f.s.MulVecTo(w.t, w.v)
}

// refine improves x as a solution for b until its backward error meets the
// tolerance or stops falling.
func (f *Sparse) refine(w *sparseSpace, x, b []float64) (reached float64, steps int) {
	nb := norm2(b)
	if nb == 0 {
		clear(x)
		return 0, 0
	}
	r := w.r
	reached = f.residual(r, x, b, nb)
	limit := f.opts.MaxRefinements
	if f.shift != 0 {
		limit *= 10 // a shift makes refinement slow where A is ill conditioned
	}
	for reached > f.opts.Tolerance && steps < limit {
		copy(w.best, x)
		f.apply(w, r, 1)
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
func (f *Sparse) residual(r, x, b []float64, nb float64) float64 {
	f.kept.MulVecTo(r, x)
	for i, v := range r {
		r[i] = b[i] - v
	}
	e := norm2(r) / (f.norm*norm2(x) + nb)
	if math.IsNaN(e) {
		return math.Inf(1)
	}
	return e
}
