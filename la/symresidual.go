package la

import (
	"sync"

	"costate/la/vec"
)

// ResidualTo computes r = b − (A + shift I) x in twice the working precision: it
// takes the elements of A, b and x and the shift as exact and rounds once, at the
// end. The error of an element of r is at most 2u|r| plus a small multiple of u²
// times the same expression with absolute values throughout, so that r is right
// to nearly all its digits even where x solves the system as well as float64 can.
//
// r, b and x have the order of the matrix as length; r may be b or x. Elements of
// r are NaN where a number on the way is not finite or overflows. The workspace
// comes from a pool: nothing is allocated in the long run, and many goroutines
// may call at once.
//
// Source: T. Ogita, S. M. Rump and S. Oishi, Accurate sum and dot product, SIAM
// Journal on Scientific Computing 26 (2005).
func (a *Sym) ResidualTo(r, b, x []float64, shift float64) {
	checkResidual(a.n, r, b, x)
	w := residuals.Get().(*residualWork)
	defer residuals.Put(w)
	y := w.start(b, x, shift)
	for i, xi := range x {
		lo, hi := a.ptr[i], a.ptr[i+1]
		if lo == hi {
			continue
		}
		col := a.col[lo:hi]
		val := a.val[lo:hi]
		var s twice
		last := len(col) - 1
		if int(col[last]) == i {
			s = s.plus(-val[last], xi)
			col, val = col[:last], val[:last]
		}
		for t, j := range col {
			v := -val[t]
			s = s.plus(v, x[j])
			y[j] = y[j].plus(v, xi)
		}
		h, e := vec.TwoSum(y[i].h, s.h)
		y[i].h = h
		y[i].l += e + s.l
	}
	for i := range r {
		r[i] = y[i].h + y[i].l
	}
}

// A twice is the sum of two numbers, the second of the size of the rounding
// errors of the first.
type twice struct{ h, l float64 }

// plus is t + v x.
func (t twice) plus(v, x float64) twice {
	p, e := vec.TwoProd(v, x)
	s, d := vec.TwoSum(t.h, p)
	return twice{s, t.l + (d + e)}
}

// residualWork holds the sums of a residual: of a sparse matrix with both parts
// of an element together, of dense blocks apart.
type residualWork struct {
	y    []twice
	pair vec.Pair
}

var residuals = sync.Pool{New: func() any { return new(residualWork) }}

// start returns b − shift x.
func (w *residualWork) start(b, x []float64, shift float64) []twice {
	n := len(b)
	if cap(w.y) < n {
		w.y = make([]twice, n)
	}
	y := w.y[:n]
	for i, v := range b {
		y[i] = twice{h: v}
	}
	if shift != 0 {
		for i, v := range x {
			y[i] = y[i].plus(-shift, v)
		}
	}
	return y
}

// checkResidual panics unless r, b and x have length n.
func checkResidual(n int, r, b, x []float64) {
	if len(r) != n || len(b) != n || len(x) != n {
		panic(ErrLength)
	}
}
