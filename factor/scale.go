package factor

import (
	"math"

	"costate/la"
)

// An equilibration is a symmetric scaling S A S that makes the largest element
// of every row about 1, by powers of two: scaling and its reverse are exact.
//
// Source: D. Ruiz, A scaling algorithm to equilibrate both rows and columns
// norms in matrices, RAL-TR-2001-034 (2001), with the largest elements as norms.
type equilibration struct {
	exp   []int     // of two, for each row
	s     []float64 // 2^exp
	row   []float64 // largest element of each row
	total int       // sum of exp
	plain bool      // nothing is scaled
}

const (
	scalingSweeps = 8
	scalingLimit  = 500 // of exponents: products of two stay finite

	// Rows whose largest elements are within a factor of scalingRange of each
	// other need no scaling.
	scalingRange = 0x1p8
)

func (q *equilibration) resize(n int) {
	q.s, q.row = resize(q.s, n), resize(q.row, n)
	if cap(q.exp) < n {
		q.exp = make([]int, n)
	}
	q.exp = q.exp[:n]
}

// measure finds the scaling of a, which is finite. A row of zeros stays as it
// is. It allocates nothing.
func (q *equilibration) measure(a *la.Sym) {
	for i := range q.s {
		q.exp[i], q.s[i] = 0, 1
	}
	q.total, q.plain = 0, true
	for sweep := range scalingSweeps {
		q.largest(a)
		low, high := math.Inf(1), 0.0
		for _, m := range q.row {
			if m != 0 {
				low, high = math.Min(low, m), math.Max(high, m)
			}
		}
		if sweep == 0 && high <= scalingRange*low && high < 0x1p300 && low > 0x1p-300 {
			return
		}
		if high <= 2 && low >= 0.25 {
			break
		}
		q.plain = false
		for i, m := range q.row {
			if m == 0 {
				continue
			}
			_, e := math.Frexp(m) // m = f 2^e, f in [0.5, 1)
			// Halves of odd exponents are rounded alternately up and down.
			h := e >> 1
			if e&1 == 1 && i&1 == 1 {
				h++
			}
			q.exp[i] = max(-scalingLimit, min(scalingLimit, q.exp[i]-h))
			q.s[i] = math.Ldexp(1, q.exp[i])
		}
	}
	for _, e := range q.exp {
		q.total += e
	}
}

// largest finds the largest element of each row of the scaled matrix.
func (q *equilibration) largest(a *la.Sym) {
	low := a.RawLower()
	clear(q.row)
	for i := range low.N {
		si, m := q.s[i], q.row[i]
		lo, hi := low.Ptr[i], low.Ptr[i+1]
		col, val := low.Col[lo:hi], low.Val[lo:hi]
		for t, j := range col {
			v := math.Abs(val[t] * (si * q.s[j]))
			if v > m {
				m = v
			}
			if v > q.row[j] {
				q.row[j] = v
			}
		}
		q.row[i] = m
	}
}

// apply writes the values of S A S to dst, which has the pattern of a.
func (q *equilibration) apply(dst, a *la.Sym) {
	low, out := a.RawLower(), dst.RawLower().Val
	if q.plain {
		copy(out, low.Val)
		return
	}
	for i := range low.N {
		si := q.s[i]
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			out[t] = low.Val[t] * (si * q.s[low.Col[t]])
		}
	}
}

// logDet is what the scaling adds to the logarithm of |det A| over that of the
// scaled matrix.
func (q *equilibration) logDet() float64 { return -2 * math.Ln2 * float64(q.total) }
