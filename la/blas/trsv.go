package blas

import "costate/la/vec"

// vector solves T x = b for one contiguous vector, four rows of A at a time.
func (t *triangular) vector(m int, b []float64) {
	switch {
	case t.unit && t.lower && !t.trans:
		vec.SolveUnit(b[:m], t.a, t.lda)
	case t.unit && t.trans && !t.lower:
		vec.SolveUnitTrans(b[:m], t.a, t.lda)
	case t.trans && t.lower:
		t.vectorTrans(m, b, 0, 4)
	case t.trans:
		t.vectorTrans(m, b, (m-1)&^3, -4)
	case t.lower:
		t.vectorDots(m, b, 0, 4)
	default:
		t.vectorDots(m, b, (m-1)&^3, -4)
	}
}

// vectorDots is vector for T = A: what is known times the rows of a block,
// then the block.
func (t *triangular) vectorDots(m int, b []float64, first, by int) {
	var s [4]float64
	a, lda := t.a, t.lda
	for i := first; i >= 0 && i < m; i += by {
		h := min(4, m-i)
		x := b[i : i+h]
		lo, hi := 0, i
		if !t.lower {
			lo, hi = i+h, m
		}
		if lo < hi {
			vec.Dots(s[:h], a[i*lda+lo:], lda, b[lo:hi])
			for r := range x {
				x[r] -= s[r]
			}
		}
		for q := range x {
			r, from, to := q, 0, q
			if !t.lower {
				r = h - 1 - q
				from, to = r+1, h
			}
			row := a[(i+r)*lda+i:]
			v := x[r]
			for j := from; j < to; j++ {
				v -= row[j] * x[j]
			}
			if !t.unit {
				v /= row[r]
			}
			x[r] = v
		}
	}
}

// vectorTrans is vector for T = Aᵀ, the rows of A being columns of T: a block,
// then its contribution to what is not yet known.
func (t *triangular) vectorTrans(m int, b []float64, first, by int) {
	var s [4]float64
	a, lda := t.a, t.lda
	for i := first; i >= 0 && i < m; i += by {
		h := min(4, m-i)
		x := b[i : i+h]
		for q := range x {
			r, from, to := q, q+1, h
			if !t.lower {
				r = h - 1 - q
				from, to = 0, r
			}
			row := a[(i+r)*lda+i:]
			v := x[r]
			if !t.unit {
				v /= row[r]
				x[r] = v
			}
			s[r] = -v
			for j := from; j < to; j++ {
				x[j] -= row[j] * v
			}
		}
		lo, hi := i+h, m
		if !t.lower {
			lo, hi = 0, i
		}
		if lo < hi {
			vec.Combine(b[lo:hi], s[:h], a[i*lda+lo:], lda)
		}
	}
}
