package blas

import (
	"math"

	"costate/la/vec"
)

// A pivotRule says which pivots a partial factorization takes.
type pivotRule struct {
	u     float64 // 1/u bounds L
	tol   float64 // a column that is nowhere greater is zero
	final bool    // by Bunch and Kaufman instead of the threshold
}

// A pivotKind is what becomes of a candidate column.
type pivotKind int8

const (
	pivotFails   pivotKind = iota
	pivotZero              // the column is zero
	pivotOne               // its diagonal element
	pivotPartner           // the diagonal element of its partner
	pivotTwo               // the 2×2 block of both
	pivotNaN               // something is not finite
)

// A column is one column of the trailing front, from the first row that
// remains: F's rows before n, then those of X. c is the row of its diagonal
// element.
type column struct {
	v []float64
	n int
	c int
}

// most is the greatest magnitude of the column apart from its diagonal
// element, over all rows, and t the fully summed row that has the greatest
// one of those, or -1; m is NaN if the column holds one.
func (a column) most() (t int, m float64) {
	t, m = vec.Peak(a.v[:a.c])
	at, v := vec.Peak(a.v[a.c+1 : a.n])
	if v > m {
		t = a.c + 1 + at
	}
	_, w := vec.Peak(a.v[a.n:])
	return t, max(m, v, w)
}

// apart is the greatest magnitude of the column apart from two rows, over all
// rows; NaN if there is one among them.
func (a column) apart(i, j int) float64 {
	if j < i {
		i, j = j, i
	}
	_, x := vec.Peak(a.v[:i])
	_, y := vec.Peak(a.v[i+1 : j])
	_, z := vec.Peak(a.v[j+1:])
	return max(x, y, z)
}

// one judges a column from its own elements: m and t are what most returns.
// It is pivotFails if its partner, which is t then, must be seen.
func (r pivotRule) one(d float64, t int, m float64) pivotKind {
	d = math.Abs(d)
	switch {
	case !(d <= math.MaxFloat64 && m <= math.MaxFloat64):
		return pivotNaN
	case d <= r.tol && m <= r.tol:
		return pivotZero
	case r.final:
		if d > 0 && d >= bkAlpha*m {
			return pivotOne
		}
	case d > 0 && d >= r.u*m:
		return pivotOne
	}
	return pivotFails
}

// two judges column a, which one has not taken, of which the greatest fully
// summed element is in row b.c, with its partner b. m is the greatest
// magnitude of a apart from its diagonal element.
func (r pivotRule) two(a, b column, m float64) pivotKind {
	t := b.c
	d11, d21, d22 := a.v[a.c], a.v[t], b.v[t]
	if r.final {
		_, rowmax := b.most()
		d := math.Abs(d11)
		switch {
		case !(rowmax <= math.MaxFloat64) || d22-d22 != 0:
			return pivotNaN
		case d > 0 && d >= bkAlpha*m*(m/rowmax) && m/d <= math.MaxFloat64:
			return pivotOne
		case math.Abs(d22) >= bkAlpha*rowmax:
			return pivotPartner
		}
		return pivotTwo
	}
	m1, m2 := a.apart(a.c, t), b.apart(a.c, t)
	if !(m2 <= math.MaxFloat64) || d22-d22 != 0 {
		return pivotNaN
	}
	// D⁻¹ = [p -1; -1 q] / (d21 (pq - 1)). Comparisons with a NaN, which
	// quotients that overflow can give, fail.
	p, q := math.Abs(d22/d21), math.Abs(d11/d21)
	pq := (d22 / d21) * (d11 / d21)
	det := math.Abs(pq - 1)
	if !(det >= 0.5*max(math.Abs(pq), 1)) || !(det <= math.MaxFloat64) {
		return pivotFails
	}
	// In units of d21, so that nothing overflows that need not.
	m1, m2 = m1/math.Abs(d21), m2/math.Abs(d21)
	if r.u*(p*m1+m2) <= det && r.u*(m1+q*m2) <= det {
		return pivotTwo
	}
	return pivotFails
}
