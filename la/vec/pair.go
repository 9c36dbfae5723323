package vec

import "math"

// A Pair is a vector in twice the working precision: element i is the sum
// Hi[i] + Lo[i], not evaluated, where Lo[i] is of the size of the rounding errors
// of Hi[i]. Lo may be nil where a vector is only read: its elements are then
// exactly those of Hi.
//
// Sums and products of pairs take the errors of their additions (TwoSum) and of
// their multiplications (TwoProd) along: a sum of n products is as if computed
// with a unit roundoff u² and then rounded, with an error of at most
//
//	u |s| + (nu)² Σ |terms|
//
// The low parts are not normalised: sums that cancel may leave one that is
// greater than its high part.
//
// Source: T. Ogita, S. M. Rump and S. Oishi, Accurate sum and dot product, SIAM
// Journal on Scientific Computing 26 (2005), algorithms 3.1, 3.5 and 5.3.
type Pair struct{ Hi, Lo []float64 }

// TwoSum returns the rounded sum of a and b and its error: a + b = s + e, unless
// it overflows.
func TwoSum(a, b float64) (s, e float64) {
	s = a + b
	t := s - a
	return s, (a - (s - t)) + (b - t)
}

// TwoProd returns the rounded product of a and b and its error: a·b = p + e,
// unless it overflows or e is below the least number.
func TwoProd(a, b float64) (p, e float64) {
	p = float64(a * b)
	return p, math.FMA(a, b, -p)
}

// MakePair returns a zero vector of n elements.
func MakePair(n int) Pair {
	return Pair{Hi: make([]float64, n), Lo: make([]float64, n)}
}

// Clear sets x to zero.
func (x Pair) Clear() {
	clear(x.Hi)
	clear(x.Lo)
}

// Slice returns elements i to j of x, not including j, as a view.
func (x Pair) Slice(i, j int) Pair {
	if x.Lo == nil {
		return Pair{Hi: x.Hi[i:j]}
	}
	return Pair{Hi: x.Hi[i:j], Lo: x.Lo[i:j]}
}

// CombinePair adds k rows of a matrix w with leading dimension ld to y, in twice
// the working precision:
//
//	y[i] += Σ_j c[j*inc] w[j*ld+i]        j < k, i < len(y.Hi)
//
// At most one of c and w has low parts. y may not overlap w or c.
func CombinePair(y, c Pair, inc int, w Pair, ld, k int) {
	MulPair(y, 1, c, 0, inc, w, ld, k)
}

// MulPair adds a product of matrices to the m rows of y, of n elements each, in
// twice the working precision:
//
//	y[i*n+l] += Σ_j c[i*row+j*inc] w[j*ld+l]        j < k, i < m, l < n
//
// At most one of c and w has low parts. y may not overlap w or c.
func MulPair(y Pair, m int, c Pair, row, inc int, w Pair, ld, k int) {
	if m == 0 || k == 0 || len(y.Hi) == 0 {
		return
	}
	n := len(y.Hi) / m
	lastC, lastW := (m-1)*row+(k-1)*inc, (k-1)*ld+n-1
	_, _, _ = y.Lo[m*n-1], c.Hi[lastC], w.Hi[lastW]
	switch {
	case !assembly:
		for i := range m {
			combinePair_g(y.Slice(i*n, (i+1)*n), c.Slice(i*row, i*row+(k-1)*inc+1), inc, w, ld, k)
		}
	case c.Lo != nil:
		_ = c.Lo[lastC]
		combinePairCoef(&y.Hi[0], &y.Lo[0], m, n, &c.Hi[0], &w.Hi[0], &c.Lo[0], 8*row, 8*inc, 8*ld, k)
	case w.Lo != nil:
		_ = w.Lo[lastW]
		combinePairRows(&y.Hi[0], &y.Lo[0], m, n, &c.Hi[0], &w.Hi[0], &w.Lo[0], 8*row, 8*inc, 8*ld, k)
	default:
		combinePair(&y.Hi[0], &y.Lo[0], m, n, &c.Hi[0], &w.Hi[0], 8*row, 8*inc, 8*ld, k)
	}
}

// MulAddPair adds the products of numbers with the elements of a vector with low parts,
// in twice the working precision:
//
//	y[i] += d[i] x[i]        i < len(d)
//
// y may not overlap d or x.
func MulAddPair(y Pair, d []float64, x Pair) {
	n := len(d)
	if n == 0 {
		return
	}
	_, _, _, _ = y.Hi[n-1], y.Lo[n-1], x.Hi[n-1], x.Lo[n-1]
	if !assembly {
		mulAddPair_g(y, d, x)
		return
	}
	mulAddPair(&y.Hi[0], &y.Lo[0], &d[0], &x.Hi[0], &x.Lo[0], n)
}

// SubtractPair computes r = b − f h − e x, rounded once, for len(r) elements and a
// power of two f. r may be b or x.
func SubtractPair(r, b []float64, f float64, h Pair, e float64, x []float64) {
	n := len(r)
	if n == 0 {
		return
	}
	_, _, _, _ = b[n-1], h.Hi[n-1], h.Lo[n-1], x[n-1]
	if !assembly {
		subtractPair_g(r, b, f, h, e, x)
		return
	}
	subtractPair(&r[0], &b[0], &h.Hi[0], &h.Lo[0], &x[0], n, f, e)
}

// DotPair returns Σ w[i] x[i] in twice the working precision, for i < len(w).
func DotPair(w []float64, x Pair) (hi, lo float64) {
	n := len(w)
	if n == 0 {
		return 0, 0
	}
	_ = x.Hi[n-1]
	var s [2]float64
	switch {
	case !assembly:
		dotPair_g(&s, w, x)
	case x.Lo != nil:
		_ = x.Lo[n-1]
		dotPairLow(&s, &w[0], &x.Hi[0], &x.Lo[0], n)
	default:
		dotPair(&s, &w[0], &x.Hi[0], n)
	}
	return s[0], s[1]
}
