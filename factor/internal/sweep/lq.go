package sweep

import (
	"math"

	"costate/la/vec"
)

// lq factors the m×n matrix a, stored by rows, by Householder reflections:
//
//	A = U Qᵀ,      U m×r lower trapezoidal,      Qᵀ r×n with orthonormal rows,      r = min(m, n)
//
// whatever the rank of A. It overwrites a, and tau and w are scratch of r and m words. Rows
// are taken one by one, each with all rows below it.
//
// Source: G. Golub and C. Van Loan, Matrix Computations, 4th ed. (2013), section 5.2.
func lq(m, n int, a, u, qt, tau, w []float64) {
	r := min(m, n)
	for j := range r {
		v := a[j*n+j : (j+1)*n]
		u[j*r+j], tau[j] = reflection(v)
		if j+1 < m {
			reflect(m-j-1, a[(j+1)*n+j:], n, v, tau[j], w)
		}
	}
	for i := range m {
		row := u[i*r : (i+1)*r]
		copy(row[:min(i, r)], a[i*n:])
		if i < r {
			clear(row[i+1:])
		}
	}
	// The first rows of the identity times the reflections, from the last of these on.
	clear(qt[:r*n])
	for j := r - 1; j >= 0; j-- {
		v := a[j*n+j : (j+1)*n]
		if j+1 < r {
			reflect(r-j-1, qt[(j+1)*n+j:], n, v, tau[j], w)
		}
		row := qt[j*n+j : (j+1)*n]
		vec.Scale(row, -tau[j], v)
		row[0]++
	}
}

// reflection replaces x with the v of the reflection I − τ v vᵀ that takes x to a multiple
// of the first unit vector, and returns the multiple and τ. v begins with 1; τ is 0 where x
// is a multiple already.
func reflection(x []float64) (multiple, tau float64) {
	first, rest := x[0], x[1:]
	s := vec.Dot(rest, rest)
	square := first*first + s
	e := 0
	if !(s > 0x1p-900 && square < 0x1p900) {
		// Squares of such numbers may under- or overflow.
		size := vec.MaxMagnitude(rest)
		if size == 0 {
			x[0] = 1
			return first, 0
		}
		_, e = math.Frexp(max(math.Abs(first), size))
		for i, c := range x {
			x[i] = math.Ldexp(c, -e)
		}
		first, size = x[0], vec.Norm2(rest)
		square = first*first + size*size
	}
	multiple = -math.Copysign(math.Sqrt(square), first)
	vec.Scale(rest, 1/(first-multiple), rest)
	x[0] = 1
	tau = (multiple - first) / multiple
	if e != 0 {
		multiple = math.Ldexp(multiple, e)
	}
	return multiple, tau
}

// reflect multiplies m rows of a, of len(v) words, by I − τ v vᵀ from the right. w is scratch
// of m words.
func reflect(m int, a []float64, ld int, v []float64, tau float64, w []float64) {
	w = w[:m]
	vec.Dots(w, a, ld, v)
	vec.Scale(w, tau, w)
	vec.SubProduct(a, ld, w, 1, 0, v, 0, m, len(v), 1)
}
