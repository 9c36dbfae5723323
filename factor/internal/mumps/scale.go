//go:build cgo && mumps

package mumps

import (
	"math"

	"costate/internal/space"
	"costate/la/ranks"
)

const (
	// scaleLimit bounds the exponents of scales: the product of two is in range.
	scaleLimit = 500

	// normSweeps by largest elements come first: each takes the square root of what rows
	// differ by. sumSweeps by sums follow, at most, until no sum of a row is farther than a
	// factor of alike from 1. K of a thousand layers takes 10 sweeps at a damping of 1e-3
	// and 40 at 1e-10; a factor of 4 for alike then leaves ten times the delayed pivots, one of 1.1 as
	// many.
	normSweeps = 4
	sumSweeps  = 100
	alike      = 1.5
)

// scale finds S, powers of two, for K as it is damped: the sums of magnitudes of the rows of
// S K S are about 1. That is so only where large elements stand in all rows and columns at
// once, as a matching would choose them, so that threshold pivoting finds its pivots there.
// Rows whose largest elements are alike need not be so: a small damping beside derivatives of
// order 1 then puts off all parameters, up to the root.
//
// The sums and maxima are over all ranks, and each rank has all of S.
//
// Sources: P. R. Amestoy, I. S. Duff, D. Ruiz and B. Uçar, A parallel matrix scaling
// algorithm, VECPAR 2008, LNCS 5336; P. A. Knight, D. Ruiz and B. Uçar, A symmetry preserving
// algorithm for matrix scaling, SIAM J. Matrix Anal. Appl. 35 (2014).
func (s *share) scale() {
	n := s.k.Order()
	s.s = space.Resize(s.s, n)
	for i := range s.s {
		s.s[i] = 1
	}
	rows := s.scratch(1)
	for range normSweeps {
		s.largest(rows)
		ranks.Max(rows)
		s.divide(rows)
	}
	for range sumSweeps {
		s.sums(rows)
		ranks.Sum(rows)
		// Ranks need not have the same last bits of a sum, but of a maximum they have.
		far := []float64{s.divide(rows)}
		if ranks.Max(far); far[0] <= alike {
			break
		}
	}
	ranks.Broadcast(s.s)
	s.round()
}

// sums leaves in rows the sums of magnitudes of what this rank has of S K S.
func (s *share) sums(rows []float64) {
	clear(rows)
	low := s.k.K.RawLower()
	for i := range low.N {
		si, own := s.s[i], 0.0
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			j := low.Col[t]
			v := math.Abs(low.Val[t] * (si * s.s[j]))
			own += v
			if int(j) != i {
				rows[j] += v
			}
		}
		rows[i] += own
	}
}

// largest is sums with the largest magnitudes in place of the sums.
func (s *share) largest(rows []float64) {
	clear(rows)
	low := s.k.K.RawLower()
	for i := range low.N {
		si, own := s.s[i], rows[i]
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			j := low.Col[t]
			v := math.Abs(low.Val[t] * (si * s.s[j]))
			own = max(own, v)
			rows[j] = max(rows[j], v)
		}
		rows[i] = own
	}
}

// divide divides the scale of each row by the root of its size, and returns the largest
// factor by which a size differs from 1.
func (s *share) divide(rows []float64) (far float64) {
	far = 1
	for i, v := range rows {
		if v > 0 && v <= math.MaxFloat64 {
			far = max(far, v, 1/v)
			s.s[i] = max(0x1p-500, min(0x1p500, s.s[i]/math.Sqrt(v)))
		}
	}
	return far
}

// round rounds scales to powers of two. The element -1 between a state and its costate, where
// it is one of the large ones of its rows, stays as it is.
func (s *share) round() {
	const large = 0.25
	n, states := s.k.Params(), s.k.States()
	for i := range n {
		s.s[i] = math.Ldexp(1, exponent(s.s[i]))
	}
	y, m := s.s[n:n+states], s.s[n+states:]
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
	return max(-scaleLimit, min(scaleLimit, e))
}
