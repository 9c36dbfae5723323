package certify

import (
	"math"

	"costate/la/vec"
)

// nullSteps bounds the steps of inverse iteration. Factors of A + δI bring down
// the other eigenvectors by δ/|λ| a step.
const nullSteps = 8

// NullSpace finds k orthonormal vectors v, one a row, for which ‖A v‖ is as small
// as inverse iteration makes it, and the largest ‖A v‖ among them. The engine
// must hold factors of A + σI with a small σ, or of A.
//
// Source: G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed. (2013),
// sections 7.6.1 and 8.2.4.
func (j *Judge) NullSpace(k int) (v []float64, worst float64) {
	n := j.n
	w := j.space(1)
	defer j.pool.Put(w)
	v = make([]float64, k*n)
	for i := range k {
		w.random(v[i*n:(i+1)*n], i)
	}
	orthonormalise(v, n)
	r, best := make([]float64, n), append([]float64(nil), v...)
	before := math.Inf(1)
	for range nullSteps {
		j.engine.Solve(v, k)
		orthonormalise(v, n)
		worst = 0
		for i := range k {
			j.op.MulTo(r, v[i*n:(i+1)*n])
			worst = max(worst, vec.Norm2(r))
		}
		if !(worst < before) {
			break
		}
		copy(best, v)
		slow := worst > before/4
		before = worst
		if slow || worst == 0 {
			break
		}
	}
	return best, before
}

// orthonormalise makes the rows of length n of v orthonormal, by Gram and Schmidt
// twice.
func orthonormalise(v []float64, n int) {
	for i := 0; i < len(v); i += n {
		x := v[i : i+n]
		if m := vec.MaxMagnitude(x); m > 0 && m-m == 0 {
			vec.Scale(x, 1/m, x)
		}
		for range 2 {
			for j := 0; j < i; j += n {
				y := v[j : j+n]
				vec.Axpy(x, -vec.Dot(y, x), y)
			}
			if s := vec.Norm2(x); s > 0 {
				vec.Scale(x, 1/s, x)
			}
		}
	}
}

// remove takes the components along the rows of v, orthonormal, out of x.
func remove(x, v []float64) {
	n := len(x)
	for range 2 {
		for i := 0; i < len(v); i += n {
			y := v[i : i+n]
			vec.Axpy(x, -vec.Dot(y, x), y)
		}
	}
}

// null is the basis of the null space of a matrix found singular, made once.
func (j *Judge) null() []float64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.basis == nil {
		j.basis, _ = j.NullSpace(j.counts.Zero)
	}
	return j.basis
}

// least solves a singular system for which x, refined, is not good enough: the
// part of b outside the range of A is left out, and so are null vectors in x. What
// is left is the least residual, and its x of least norm.
func (j *Judge) least(w *workspace, x, b []float64, nb float64, o *Outcome) {
	v := j.null()
	c := append([]float64(nil), b...)
	remove(c, v)
	y := append([]float64(nil), c...)
	j.engine.Solve(y, 1)
	remove(y, v)
	if nc := vec.Norm2(c); nc > 0 {
		j.improve(w, y, c, nc)
		remove(y, v)
	}
	e := j.residual(w.d, y, b, nb)
	if e == e && !(e > 2*o.Reached) {
		copy(x, y)
		o.Reached = e
	}
}
