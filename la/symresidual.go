package la

import "costate/la/vec"

// ResidualTo computes r = b − (A + shift I) x in twice the working precision: it
// takes the elements of A, b and x and the shift as exact and rounds once, at the
// end. The error of an element of r is at most 2u|r| plus a small multiple of u²
// times the same expression with absolute values throughout, so that r is right
// to nearly all its digits even where x solves the system as well as float64 can.
//
// r, b and x have the order of the matrix as length; r may be b or x. work is
// scratch of twice that length, apart from them. Elements of r are NaN where a
// number on the way is not finite or overflows. Nothing is allocated.
//
// Source: T. Ogita, S. M. Rump and S. Oishi, Accurate sum and dot product, SIAM
// Journal on Scientific Computing 26 (2005), algorithm 5.3.
func (a *Sym) ResidualTo(r, work, b, x []float64, shift float64) {
	checkResidual(a.n, r, work, b, x)
	y := work[:2*len(x)] // both parts of an element side by side
	for i, v := range b {
		y[2*i], y[2*i+1] = v, 0
	}
	a.SubProduct(y, x, shift)
	for i := range r {
		r[i] = y[2*i] + y[2*i+1]
	}
}

// SubProduct computes y ← y − (A + shift I) x in twice the working precision, where element
// i of y is the unevaluated sum of y[2i] and y[2i+1], a rounding error of the first: what a
// residual is before it is rounded, for matrices that are the sum of several. x has the
// order of the matrix as length and y twice that; they must not overlap. See ResidualTo.
func (a *Sym) SubProduct(y, x []float64, shift float64) {
	if len(x) != a.n || len(y) != 2*a.n {
		panic(ErrLength)
	}
	for i, xi := range x {
		s, l := plusProduct(0, 0, -shift, xi)
		lo, hi := a.ptr[i], a.ptr[i+1]
		col, val := a.col[lo:hi], a.val[lo:hi]
		if last := len(col) - 1; last >= 0 && int(col[last]) == i {
			s, l = plusProduct(s, l, -val[last], xi)
			col, val = col[:last], val[:last]
		}
		for t, j := range col {
			v := -val[t]
			s, l = plusProduct(s, l, v, x[j])
			p := y[2*j : 2*j+2]
			p[0], p[1] = plusProduct(p[0], p[1], v, xi)
		}
		h, e := vec.TwoSum(y[2*i], s)
		y[2*i] = h
		y[2*i+1] += e + l
	}
}

// plusProduct is h + l + v x in twice the working precision.
func plusProduct(h, l, v, x float64) (float64, float64) {
	p, e := vec.TwoProd(v, x)
	s, d := vec.TwoSum(h, p)
	return s, l + (d + e)
}

// checkResidual panics unless r, b and x have length n, and work twice that.
func checkResidual(n int, r, work, b, x []float64) {
	if len(r) != n || len(b) != n || len(x) != n || len(work) != 2*n {
		panic(ErrLength)
	}
	if n > 0 && (&work[0] == &r[0] || &work[0] == &b[0] || &work[0] == &x[0]) {
		panic(ErrAlias)
	}
}
