package certify

import (
	"math"

	"costate/internal/space"
	"costate/la/vec"
)

const (
	// krylovLength is the number of basis vectors between restarts, and krylovCycles that of
	// restarts. Factors of A + σI leave as many eigenvalues of AF⁻¹ away from 1 as A has
	// of the size of σ: a few. Where thirty vectors do not meet them twice more will not.
	krylovLength = 30
	krylovCycles = 3

	// further is the part of the tolerance at which a cycle ends: the residual that the
	// recurrence knows is not quite the one that is measured afterwards.
	further = 0.1
)

// krylovSpace is the workspace of gmres.
type krylovSpace struct {
	v    []float64 // (krylovLength+1)×n: orthonormal basis
	h    [krylovLength + 1][krylovLength]float64
	c, s [krylovLength]float64 // Givens rotations
	y    [krylovLength + 1]float64
}

// gmres improves x by restarted GMRES on A F⁻¹ u = r, x += F⁻¹u, where F are
// the factors at hand, and returns the number of iterations. It keeps the best
// x, whose backward error it leaves in reached.
//
// Source: Y. Saad and M. H. Schultz, GMRES: a generalized minimal residual
// algorithm for solving nonsymmetric linear systems, SIAM J. Sci. Stat.
// Comput. 7 (1986).
func (j *Judge) gmres(w *workspace, x, b []float64, nb float64, reached *float64) (steps int) {
	n := j.n
	k := &w.krylov
	k.v = space.Resize(k.v, (krylovLength+1)*n)
	if math.IsInf(*reached, 1) {
		clear(x) // nothing worth improving
	}
	for range krylovCycles {
		start := *reached
		copy(w.best, x)
		first := k.v[:n]
		j.residual(first, x, b, nb)
		beta := vec.Norm2(first)
		if beta == 0 || beta-beta != 0 {
			return steps
		}
		vec.Scale(first, 1/beta, first)
		m := j.arnoldi(w, beta, nb)
		steps += m
		j.combine(w, m)
		vec.Axpy(x, 1, w.h)
		e := j.residual(first, x, b, nb)
		if !(e < start) {
			copy(x, w.best)
			return steps
		}
		*reached = e
		if e <= j.set.Tolerance || e > start/2 {
			return steps
		}
	}
	return steps
}

// arnoldi extends the basis from its first vector and reduces the least-squares
// problem by rotations; it returns the number of columns.
func (j *Judge) arnoldi(w *workspace, beta, nb float64) (m int) {
	n, k := j.n, &w.krylov
	basis := func(i int) []float64 { return k.v[i*n : (i+1)*n] }
	k.h = [krylovLength + 1][krylovLength]float64{}
	k.y = [krylovLength + 1]float64{beta}
	for m < min(krylovLength, n) {
		copy(w.h, basis(m))
		j.engine.Solve(w.h, 1)
		next := basis(m + 1)
		j.op.MulTo(next, w.h)
		for range 2 { // orthogonalised twice, so that it stays orthogonal
			for i := range m + 1 {
				t := vec.Dot(basis(i), next)
				vec.Axpy(next, -t, basis(i))
				k.h[i][m] += t
			}
		}
		t := vec.Norm2(next)
		if t-t != 0 {
			return m
		}
		k.h[m+1][m] = t
		if t > 0 {
			vec.Scale(next, 1/t, next)
		}
		for i := range m {
			k.h[i][m], k.h[i+1][m] = k.c[i]*k.h[i][m]+k.s[i]*k.h[i+1][m], k.c[i]*k.h[i+1][m]-k.s[i]*k.h[i][m]
		}
		r := math.Hypot(k.h[m][m], t)
		if r == 0 {
			return m
		}
		k.c[m], k.s[m] = k.h[m][m]/r, t/r
		k.h[m][m] = r
		k.y[m], k.y[m+1] = k.c[m]*k.y[m], -k.s[m]*k.y[m]
		m++
		if math.Abs(k.y[m]) <= further*j.set.Tolerance*nb || t == 0 {
			break
		}
	}
	return m
}

// combine leaves F⁻¹ V y in w.h, where y solves the reduced problem of m columns.
func (j *Judge) combine(w *workspace, m int) {
	n, k := j.n, &w.krylov
	for i := m - 1; i >= 0; i-- {
		for l := i + 1; l < m; l++ {
			k.y[i] -= k.h[i][l] * k.y[l]
		}
		k.y[i] /= k.h[i][i]
	}
	clear(w.h)
	for i := range m {
		vec.Axpy(w.h, k.y[i], k.v[i*n:(i+1)*n])
	}
	j.engine.Solve(w.h, 1)
}
