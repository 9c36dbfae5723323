package certify

import (
	"math"

	"costate/factor/internal/pivot"
	"costate/la/blas"
	"costate/la/vec"
)

// nullSteps bounds the steps of inverse iteration. Factors of A + σI bring down
// the other eigenvectors by σ/|λ| a step.
const nullSteps = 8

// vanishes reports whether a vector is found that A takes to rounding errors, by
// inverse iteration in the form of NullSpace with factors of A + σI.
func (j *Judge) vanishes() bool {
	w := j.space(1)
	defer j.pool.Put(w)
	x := w.x
	if j.null != nil {
		copy(x, j.null)
	} else {
		w.random(x, 0)
		j.engine.Solve(x, 1)
	}
	before := math.Inf(1)
	for range nullSteps {
		vec.Scale(x, 1/vec.Norm2(x), x)
		e := j.image(w, x)
		if e <= vanishing {
			j.null = append(j.null[:0], x...)
			return true
		}
		if !(e < before/2) {
			return false
		}
		before = e
		j.engine.Solve(w.d, 1)
		vec.Axpy(x, 1, w.d)
	}
	return false
}

// image writes −Ax to w.d and returns ‖Ax‖/(u‖A‖‖x‖), or the same in the units
// of the engine's scaling if that is larger: a matrix whose rows are only of
// different sizes is not singular.
func (j *Judge) image(w *workspace, x []float64) float64 {
	factored, asked := j.magnitude(j.stats)
	clear(w.b)
	j.op.ResidualTo(w.d, w.b, x)
	r := vec.Norm2(w.d)
	if r == 0 {
		return 0
	}
	e := r / asked / vec.Norm2(x)
	if scale := j.scale(); scale != nil {
		for i, s := range scale {
			w.b[i], w.h[i] = s*w.d[i], x[i]/s
		}
		e = max(e, vec.Norm2(w.b)/factored/vec.Norm2(w.h))
	}
	return e / pivot.Unit
}

// NullSpace finds k orthonormal vectors v, one a row, for which ‖A v‖ is as small
// as inverse iteration makes it, and the largest ‖A v‖ among them. The engine
// must hold factors of A + σI with a small σ, or of A.
//
// With F = A + σI a step is σF⁻¹v = v − F⁻¹Av. It is taken in the form on the
// right: rounding errors of the factors then act on a correction alone, and the
// vectors come out as well as numbers of their size can be written down.
//
// Source: G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed. (2013),
// sections 7.6.1 and 8.2.4.
func (j *Judge) NullSpace(k int) (v []float64, worst float64) {
	n := j.n
	w := j.space(1)
	defer j.pool.Put(w)
	v = make([]float64, k*n)
	if k <= len(j.missing) {
		return v, j.nullVectors(v)
	}
	for i := range k {
		w.random(v[i*n:(i+1)*n], i)
	}
	best, r := append([]float64(nil), v...), make([]float64, k*n)
	worst = math.Inf(1)
	for step := range nullSteps {
		if step == 0 || j.finding.Shift == 0 {
			copy(r, v)
			j.solveInRange(v, r, k)
		} else {
			j.engine.Solve(r, k)
			vec.Axpy(v, 1, r)
		}
		j.orthonormalise(v)
		now := j.images(r, v)
		slow := !(now <= worst/2)
		if now < worst {
			copy(best, v)
			worst = now
		}
		if slow && !j.finding.Scaled || worst == 0 {
			break
		}
	}
	if math.IsInf(worst, 1) { // no step came out finite
		j.orthonormalise(best)
		worst = j.images(r, best)
	}
	return best, worst
}

// solveInRange solves for the k rows of b, times a power of two where the solutions would
// overflow: only their directions count.
func (j *Judge) solveInRange(x, b []float64, k int) {
	for scale := 1.0; scale > 0; scale *= 0x1p-300 {
		vec.Scale(x, scale, b)
		j.engine.Solve(x, k)
		if vec.FirstNotFinite(x) < 0 {
			return
		}
	}
}

// nullBasis is an orthonormal basis of the null space, of as many vectors as are
// counted.
func (j *Judge) nullBasis() []float64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.basis == nil {
		j.basis, _ = j.NullSpace(j.counts.Zero)
	}
	return j.basis
}

// images writes −A v to the rows of r for the rows v, and returns the norm of the
// largest.
func (j *Judge) images(r, v []float64) (worst float64) {
	w := j.space(1)
	defer j.pool.Put(w)
	clear(w.b)
	for i := 0; i < len(v); i += j.n {
		j.op.ResidualTo(r[i:i+j.n], w.b, v[i:i+j.n])
		if t := vec.Norm2(r[i : i+j.n]); !(t <= worst) {
			worst = t
		}
	}
	return worst
}

// panel is the number of vectors that are orthonormalised against those before them at
// once, by matrix products: what Gram and Schmidt do among themselves, one by one, is
// then a small part.
const panel = 32

// orthonormalise makes the rows of v orthonormal, by Gram and Schmidt twice, in panels.
//
// Source: G. W. Stewart, Block Gram–Schmidt orthogonalization, SIAM J. Sci. Comput. 31
// (2008).
func (j *Judge) orthonormalise(v []float64) {
	n := j.n
	k := len(v) / max(n, 1)
	var c []float64
	for from := 0; from < k; from += panel {
		m := min(panel, k-from)
		p := v[from*n : (from+m)*n]
		for i := range m {
			x := p[i*n : (i+1)*n]
			if t := vec.MaxMagnitude(x); t > 0 && t-t == 0 {
				vec.Scale(x, 1/t, x)
			}
		}
		for range 2 {
			if from > 0 {
				if c == nil {
					c = make([]float64, panel*k)
				}
				b := j.set.Backend
				b.Gemm(blas.NoTrans, blas.Trans, m, from, n, 1, p, n, v, n, 0, c, from)
				b.Gemm(blas.NoTrans, blas.NoTrans, m, n, from, -1, c, from, v, n, 1, p, n)
			}
			orthonormaliseRows(p, n)
		}
	}
}

// orthonormaliseRows does so for a few rows of length n.
func orthonormaliseRows(v []float64, n int) {
	for i := 0; i < len(v); i += n {
		x := v[i : i+n]
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

// remove takes the part in the null space out of x. It is what stays of x under
// steps of inverse iteration with factors of A + σI, in the form of NullSpace. z
// and r are scratch. With a shift of the scaled matrix these steps lead to a vector
// of the null space that is not the closest to x: then a basis is made, once.
func (j *Judge) remove(x, z, r []float64) {
	if j.finding.Scaled {
		v := j.nullBasis()
		for range 2 {
			for i := 0; i < len(v); i += j.n {
				y := v[i : i+j.n]
				vec.Axpy(x, -vec.Dot(y, x), y)
			}
		}
		return
	}
	copy(z, x)
	j.engine.Solve(z, 1)
	vec.Scale(z, j.finding.Shift, z)
	before := math.Inf(1)
	for range nullSteps {
		now := j.images(r, z)
		// Parts along eigenvalues that are orders beyond σ fall by as much a step. What does not
		// fall to a quarter is rounding, or so close to σ that it is counted as zero.
		if !(now < before/4) || vec.Norm2(z) <= pivot.Unit*vec.Norm2(x) {
			break
		}
		before = now
		j.engine.Solve(r, 1)
		vec.Axpy(z, 1, r)
	}
	vec.Axpy(x, -1, z)
}

// least solves a singular system for which x, refined, is not good enough: the
// part of b outside the range of A is left out, and so are null vectors in x. What
// is left is the least residual, and its x of least norm.
func (j *Judge) least(w *workspace, x, b []float64, nb float64, o *Outcome) {
	z, r := make([]float64, j.n), make([]float64, j.n)
	remove := func(x []float64) { j.remove(x, z, r) }
	if j.missing != nil {
		remove = j.project
	}
	c := append([]float64(nil), b...)
	remove(c)
	y := append([]float64(nil), c...)
	j.engine.Solve(y, 1)
	remove(y)
	if nc := vec.Norm2(c); nc > 0 {
		j.improve(w, y, c, nc)
		remove(y)
	}
	better := false
	if j.missing != nil { // a large x has a small backward error, whatever its residual
		j.op.ResidualTo(r, b, x)
		j.op.ResidualTo(z, b, y)
		better = vec.Norm2(z) < vec.Norm2(r)
	}
	e := j.residual(w.d, y, b, nb)
	if e == e && (better || !(e > 2*o.Reached)) {
		copy(x, y)
		o.Reached = e
	}
}
