package certify

import (
	"math"

	"costate/factor/internal/pivot"
	"costate/la/vec"
)

// A principal submatrix A_RR of A that is regular and has the rank of A says all about it:
// with U for the other unknowns
//
//	A = [ A_RR  A_RU ]      A_UU = A_UR A_RR⁻¹ A_RU,      null space: N = [ −A_RR⁻¹ A_RU ]
//	    [ A_UR  A_UU ]                                                    [      I       ]
//
// and the inertia of A is that of A_RR and a zero for each of U (E. V. Haynsworth,
// Determination of the inertia of a partitioned Hermitian matrix, Linear Algebra Appl. 1
// (1968)). Where the pattern of A bounds its rank that is exact: the engine factors A_RR,
// which has none of the columns that find no pivot anywhere.

// Deficient settles a matrix of which the engine has factored A_RR alone: missing are the
// unknowns of U, for which Solve gives zero. c are the counts of A, s what the engine met.
func (j *Judge) Deficient(missing []int, c Counts, s pivot.Stats) {
	j.null, j.Count = nil, 1
	for j.op.Sharpen() {
	}
	j.settle(s, Finding{Kind: Singular, Block: -1, Row: missing[0], Suggest: clearOf * ShiftBy * j.op.Norm()})
	j.missing = missing
	j.disown(c)
}

// nullVectors writes the columns of N for the first unknowns that are missing to the
// orthonormal rows v, as many as there is room for, and returns the largest ‖A v‖.
func (j *Judge) nullVectors(v []float64) (worst float64) {
	n := j.n
	r := make([]float64, len(v))
	for unit := 1.0; unit > 0; unit *= 0x1p-300 { // a smaller one where they would overflow
		clear(v)
		for i := range len(v) / n {
			v[i*n+j.missing[i]] = unit
		}
		for range 2 { // the second time corrects what the first one has rounded
			j.images(r, v)
			j.engine.Solve(r, len(v)/n)
			vec.Axpy(v, 1, r)
		}
		if vec.FirstNotFinite(v) < 0 {
			break
		}
	}
	j.orthonormalise(v)
	return j.images(r, v)
}

// projections bounds the steps of conjugate gradients in project: each takes two solves, and
// N seldom needs more.
const projections = 200

// project takes the part of x in the null space out of it,
//
//	x − N y,      NᵀN y = Nᵀx,
//
// by conjugate gradients: the eigenvalues of NᵀN are at least 1, and few are large.
//
// Source: M. R. Hestenes and E. Stiefel, Methods of conjugate gradients for solving linear
// systems, J. Res. Nat. Bur. Standards 49 (1952).
func (j *Judge) project(x []float64) {
	m := len(j.missing)
	t, z := make([]float64, j.n), make([]float64, j.n)
	r, p, q, y := make([]float64, m), make([]float64, m), make([]float64, m), make([]float64, m)
	j.rowsOfNull(r, x, t)
	copy(p, r)
	rho := vec.Dot(r, r)
	enough := pivot.Unit * pivot.Unit * rho
	for range min(projections, 4*m) {
		if !(rho > enough) {
			break
		}
		j.columnsOfNull(z, p, t)
		j.rowsOfNull(q, z, t)
		pq := vec.Dot(p, q)
		if !(pq > 0) || math.IsInf(pq, 1) {
			break
		}
		alpha := rho / pq
		vec.Axpy(y, alpha, p)
		vec.Axpy(r, -alpha, q)
		next := vec.Dot(r, r)
		beta := next / rho
		rho = next
		for i, v := range r {
			p[i] = v + beta*p[i]
		}
	}
	j.columnsOfNull(z, y, t)
	vec.Axpy(x, -1, z)
}

// columnsOfNull computes z = N y; t is scratch.
func (j *Judge) columnsOfNull(z, y, t []float64) {
	clear(z)
	for i, u := range j.missing {
		z[u] = y[i]
	}
	j.op.MulTo(t, z)
	j.engine.Solve(t, 1)
	vec.Axpy(z, -1, t)
}

// rowsOfNull computes y = Nᵀ x; t is scratch.
func (j *Judge) rowsOfNull(y, x, t []float64) {
	copy(t, x)
	j.engine.Solve(t, 1)
	j.op.MulTo(t, t)
	for i, u := range j.missing {
		y[i] = x[u] - t[u]
	}
}
