// Package scaling scales symmetric matrices by their sums of rows, also where several
// holders have parts of one.
package scaling

import (
	"math"

	"costate/la"
)

const (
	// limit bounds the exponents of scales: the product of two is in range.
	limit = 500

	// normSweeps by largest elements come first: each takes the square root of what rows
	// differ by. sumSweeps by sums follow, at most, until no sum of a row is farther than a
	// factor of alike from 1. The augmented system of a thousand layers takes 10 sweeps at a
	// damping of 1e-3 and 40 at 1e-10; a factor of 4 for alike then leaves ten times the delayed
	// pivots, one of 1.1 as many.
	normSweeps = 4
	sumSweeps  = 100
	alike      = 1.5
)

// Rows are the sizes of the rows of S A S. Each function overwrites the sizes in rows.
type Rows struct {
	Largest func(rows []float64)      // the largest magnitudes
	Sums    func(rows []float64)      // the sums of magnitudes
	Most    func(far float64) float64 // the most of what the holders have found; nil for one holder
}

// Sums finds the diagonal s of S for which the sums of magnitudes of the rows of S A S are
// about 1. That is so only where large elements stand in all rows and columns at once, as a
// matching would choose them, so that threshold pivoting finds its pivots there. Rows whose
// largest elements are alike need not be so: in an augmented system a small damping beside
// derivatives of order 1 then puts off all parameters, up to the root. rows is scratch of the
// length of s.
//
// Sources: P. R. Amestoy, I. S. Duff, D. Ruiz and B. Uçar, A parallel matrix scaling
// algorithm, VECPAR 2008, LNCS 5336; P. A. Knight, D. Ruiz and B. Uçar, A symmetry preserving
// algorithm for matrix scaling, SIAM J. Matrix Anal. Appl. 35 (2014).
func Sums(s, rows []float64, of Rows) {
	for i := range s {
		s[i] = 1
	}
	for range normSweeps {
		of.Largest(rows)
		divide(s, rows)
	}
	for range sumSweeps {
		of.Sums(rows)
		far := divide(s, rows)
		if of.Most != nil {
			far = of.Most(far)
		}
		if far <= alike {
			break
		}
	}
}

// divide divides the scale of each row by the root of its size, and returns the largest
// factor by which a size differs from 1.
func divide(s, rows []float64) (far float64) {
	far = 1
	for i, v := range rows {
		if v > 0 && v <= math.MaxFloat64 {
			far = max(far, v, 1/v)
			s[i] = max(0x1p-500, min(0x1p500, s[i]/math.Sqrt(v)))
		}
	}
	return far
}

// RowSums writes the sums of magnitudes of the rows of S A S to rows, for the lower
// triangle low of A.
func RowSums(rows, s []float64, low la.Lower) {
	clear(rows)
	for i := range low.N {
		si, own := s[i], 0.0
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			j := low.Col[t]
			v := math.Abs(low.Val[t] * (si * s[j]))
			own += v
			if int(j) != i {
				rows[j] += v
			}
		}
		rows[i] += own
	}
}

// RowMaxima is RowSums with the largest magnitudes in place of the sums.
func RowMaxima(rows, s []float64, low la.Lower) {
	clear(rows)
	for i := range low.N {
		si, own := s[i], rows[i]
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			j := low.Col[t]
			v := math.Abs(low.Val[t] * (si * s[j]))
			own = max(own, v)
			rows[j] = max(rows[j], v)
		}
		rows[i] = own
	}
}

// RoundAugmented rounds the scales of an augmented system of so many parameters and states to
// powers of two. The element -1 between a state and its costate, where it is one of the
// large ones of its rows, stays as it is.
func RoundAugmented(s []float64, params, states int) {
	const large = 0.25
	for i := range params {
		s[i] = math.Ldexp(1, exponent(s[i]))
	}
	y, m := s[params:params+states], s[params+states:]
	for i := range y {
		e, f := exponent(y[i]), exponent(m[i])
		if y[i]*m[i] >= large {
			e = exponent(math.Sqrt(y[i] / m[i]))
			f = -e
		}
		y[i], m[i] = math.Ldexp(1, e), math.Ldexp(1, f)
	}
}

// exponent is the power of two nearest to v, by its logarithm.
func exponent(v float64) int {
	f, e := math.Frexp(v) // v = f 2^e, f in [0.5, 1)
	if f < math.Sqrt2/2 {
		e--
	}
	return max(-limit, min(limit, e))
}
