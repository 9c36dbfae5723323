package factor

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/la"
)

// Cond returns an estimate of the condition number ‖A‖₁‖A⁻¹‖₁, rarely less
// than a third of it and never more: a few solves, made once for a
// factorization. It is infinite for a matrix without inverse. As in
// gonum, a matrix whose condition number is above mat.ConditionTolerance counts as
// singular: the error of Factorize then wraps a mat.Condition.
//
// Source: N. J. Higham and F. Tisseur, A block algorithm for matrix 1-norm
// estimation, SIAM J. Matrix Anal. Appl. 21 (2000), with blocks of one column;
// N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002),
// algorithm 15.1.
func (f *Sparse) Cond() float64 {
	if !f.known {
		panic(ErrNotFactorized)
	}
	if !f.factored {
		return math.Inf(1)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.eq.plain {
		return f.scaledCondLocked()
	}
	if f.cond < 0 {
		f.cond = f.estimateCond(f.kept, f.apply)
	}
	return f.cond
}

// scaledCond is the same of S A S.
func (f *Sparse) scaledCond() float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.scaledCondLocked()
}

func (f *Sparse) scaledCondLocked() float64 {
	if f.condS < 0 {
		f.condS = f.estimateCond(f.s, f.applyScaled)
	}
	return f.condS
}

// estimateCond estimates the condition number of a, whose inverse is what apply
// applies, by Higham's form of Hager's method.
func (f *Sparse) estimateCond(a *la.Sym, apply func(w *sparseSpace, x []float64, nr int)) float64 {
	n := f.kept.SymmetricDim()
	if n == 0 {
		return 0
	}
	w := f.space(1)
	defer f.pool.put(w)
	x, z := w.best, w.r
	for i := range x {
		x[i] = 1 / float64(n)
	}
	est, at := 0.0, -1
	for range 5 {
		copy(z, x)
		apply(w, z, 1)
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
		apply(w, z, 1)
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
	apply(w, z, 1)
	return normOne(a, x) * math.Max(est, 2*norm1(z)/(3*float64(n)))
}

// NullVector writes to dst a vector of norm 1 for which A x is as small as
// inverse iteration makes it, and returns ‖A x‖ / ‖A‖: about the rounding error
// if the matrix is singular to working accuracy, larger if it is not. It may be
// called after Factorize has returned nil or a *SingularError, in which case it
// factors anew with a small shift. An empty dst is resized. Where the null
// space has more dimensions, one vector of it is found.
//
// Source: G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed. (2013),
// section 7.6.1.
func (f *Sparse) NullVector(dst *mat.VecDense) (residual float64, err error) {
	if !f.known {
		panic(ErrNotFactorized)
	}
	n := f.kept.SymmetricDim()
	if dst.IsEmpty() && n > 0 {
		dst.ReuseAsVec(n)
	} else if dst.Len() != n {
		panic(ErrShape)
	}
	if n == 0 {
		return 0, nil
	}
	if !f.factored {
		scale := f.scaled
		if scale == 0 {
			scale = 1
		}
		delta := 4 * unit * scale * math.Sqrt(float64(n))
		for err = f.eliminate(delta); err != nil || f.alarming(delta); err = f.eliminate(delta) {
			if delta *= 8; delta > 1e-4*scale {
				return math.NaN(), f.place(f.stats.block, f.stats.at, math.Inf(1))
			}
		}
		f.cond, f.condS, f.defect = -1, -1, -1
	}
	w := f.space(1)
	defer f.pool.put(w)
	x := w.x
	irregular(x)
	residual = math.Inf(1)
	for range 8 {
		f.apply(w, x, 1)
		big := largestAbs(x)
		if !(big > 0) || math.IsInf(big, 1) {
			break
		}
		for i := range x {
			x[i] /= big
		}
		nx := norm2(x)
		f.kept.MulVecTo(w.r, x)
		r := norm2(w.r) / nx
		if f.norm > 0 {
			r /= f.norm
		}
		if !(r < residual) {
			break
		}
		done := r > residual/4
		residual = r
		for i, v := range x {
			dst.SetVec(i, v/nx)
		}
		if done {
			break
		}
	}
	return residual, nil
}
