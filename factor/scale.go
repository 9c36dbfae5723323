package factor

import (
	"math"

	"costate/internal/space"
	"costate/la"
	"costate/la/vec"
)

// An equilibration is a symmetric scaling S A S by powers of two, so that scaling
// and its reverse are exact, after which the rows are of like magnitude. A matrix
// whose rows are so is left as it is.
//
// Source: A. R. Curtis and J. K. Reid, On the automatic scaling of matrices for
// Gaussian elimination, J. Inst. Maths Applics 10 (1972), for the means; D. Ruiz, A
// scaling algorithm to equilibrate both rows and columns norms in matrices,
// RAL-TR-2001-034 (2001), for the norms.
type equilibration struct {
	exp   []int     // of two, for each row
	s     []float64 // 2^exp
	row   []float64 // norm of each row
	count []float64 // of elements in each row
	work  [2][]float64
	plain bool  // nothing is scaled
	start []int // exponents to scale from, of a matching; nil for none

	size float64 // of the scaled matrix: the largest norm of a row

	// shift is added to the diagonal of the matrix that is scaled.
	shift float64
}

const (
	// Each sweep by norms takes the square root of what rows differ by: eight take a factor
	// of 1e300 to 2^4. Means by conjugate gradients converge in about ten steps, by Curtis
	// and Reid; the bound is for patterns that are far from theirs.
	maxSweeps = 8
	meanSteps = 100

	// Exponents of scales stay within this. Products of two may overflow, and
	// are then formed one after the other with what they scale; see scaled.
	scalingLimit = 1000

	// Rows whose norms are within a factor of scalingRange of each other need
	// no scaling.
	scalingRange = 0x1p8
)

func (q *equilibration) resize(n int) {
	q.s, q.row = space.Resize(q.s, n), space.Resize(q.row, n)
	q.count, q.work = space.Resize(q.count, n), [2][]float64{space.Resize(q.work[0], n), space.Resize(q.work[1], n)}
	if cap(q.exp) < n {
		q.exp = make([]int, n)
	}
	q.exp = q.exp[:n]
}

// measure finds the scaling of a and returns the largest 2-norm of a column of a;
// that of the scaled matrix is left in q.size. Where squares would over- or underflow, largest elements
// stand for norms. A row of zeros stays as it is. It allocates nothing. The error
// is a *la.NotFiniteError if a holds a NaN or an infinity.
func (q *equilibration) measure(a *la.Sym) (norm float64, err error) {
	q.unscale()
	norm = q.survey(a)
	if norm-norm != 0 {
		return norm, a.CheckFinite("A")
	}
	q.sweep(a)
	q.size = norm
	if !q.plain {
		q.size = q.survey(a)
	}
	return norm, nil
}

// unscale goes back to no scaling.
func (q *equilibration) unscale() {
	for i := range q.s {
		q.exp[i], q.s[i] = 0, 1
	}
	q.plain = true
}

// sweep scales until rows are alike: first by their elements' mean orders of
// magnitude, which undoes any scaling that the matrix came with, then, where
// that leaves rows apart, by their norms.
func (q *equilibration) sweep(a *la.Sym) {
	low, high := spread(q.row)
	if q.start == nil && high <= scalingRange*low && high < 0x1p300 && low > 0x1p-300 {
		return
	}
	q.scale(a)
}

// force scales a matrix whose rows are alike, and reports whether that changes
// it. Large elements may hide that the small ones of a row are small by scaling
// only.
func (q *equilibration) force(a *la.Sym) (changed bool) {
	q.scale(a)
	low, high := q.exp[0], q.exp[0]
	for _, e := range q.exp {
		low, high = min(low, e), max(high, e)
	}
	q.size = q.survey(a)
	return low < high
}

// scale scales by means, then by norms.
func (q *equilibration) scale(a *la.Sym) {
	q.plain = false
	if q.start != nil {
		for i, e := range q.start {
			q.s[i] = powerOfTwo(max(-scalingLimit, min(scalingLimit, e)))
		}
	} else {
		q.means(a)
	}
	for range maxSweeps {
		q.survey(a)
		if low, high := spread(q.row); high <= scalingRange*low {
			break
		}
		q.divide(q.row)
	}
	for i, v := range q.s {
		e := exponent(v * math.Sqrt2)
		q.exp[i], q.s[i] = e, powerOfTwo(e)
	}
}

// divide divides the scale of each row by the square root of its size.
func (q *equilibration) divide(size []float64) {
	for i, m := range size {
		if m > 0 {
			q.s[i] = max(0x1p-1000, min(0x1p1000, q.s[i]/math.Sqrt(m)))
		}
	}
}

// spread returns the smallest element that is not zero, and the largest.
func spread(x []float64) (low, high float64) {
	low = math.Inf(1)
	for _, v := range x {
		if v < low && v != 0 {
			low = v
		}
	}
	return low, vec.MaxMagnitude(x)
}

// survey leaves the norm of each row of the scaled matrix in q.row, and returns
// the largest. It is NaN or infinite if a holds a NaN or an infinity.
func (q *equilibration) survey(a *la.Sym) float64 {
	low := a.RawLower()
	if low.N == 0 {
		return 0
	}
	sq := q.row
	clear(sq)
	for i := range low.N {
		lo, hi := low.Ptr[i], low.Ptr[i+1]
		col, val := low.Col[lo:hi], low.Val[lo:hi]
		if len(col) == 0 {
			v := scaled(q.shift, q.s[i], q.s[i])
			sq[i] += v * v
			continue
		}
		si, sum := q.s[i], 0.0
		if k := len(col) - 1; int(col[k]) == i {
			v := scaled(val[k]+q.shift, si, si)
			sum = v * v
			col, val = col[:k], val[:k]
		} else if q.shift != 0 {
			v := scaled(q.shift, si, si)
			sum = v * v
		}
		if q.plain {
			for t, j := range col {
				w := val[t] * val[t]
				sum += w
				sq[j] += w
			}
		} else {
			for t, j := range col {
				v := scaled(val[t], si, q.s[j])
				w := v * v
				sum += w
				sq[j] += w
			}
		}
		sq[i] += sum
	}
	low2, high2 := math.Inf(1), vec.MaxMagnitude(sq)
	for _, v := range sq {
		if v < low2 {
			low2 = v
		}
	}
	if !(low2 > 1e-280 && high2 < 1e280) { // squares may have under- or overflowed
		return q.largest(a)
	}
	for i, v := range sq {
		sq[i] = math.Sqrt(v)
	}
	return math.Sqrt(high2)
}

// scaled is v a b for scales a and b, whose product may be out of range where all
// three together are not.
func scaled(v, a, b float64) float64 {
	if p := a * b; p > 0 && p <= math.MaxFloat64 {
		return v * p
	}
	return v * a * b
}

// element is element (i, j) of the matrix that is scaled.
func (q *equilibration) element(v float64, i, j int) float64 {
	if i == j {
		return v + q.shift
	}
	return v
}

// largest is survey with largest elements for norms.
func (q *equilibration) largest(a *la.Sym) float64 {
	low := a.RawLower()
	clear(q.row)
	high := 0.0
	for i := range low.N {
		si := q.s[i]
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			j := low.Col[t]
			v := math.Abs(scaled(q.element(low.Val[t], i, int(j)), si, q.s[j]))
			q.row[i], q.row[j] = max(q.row[i], v), max(q.row[j], v)
			high = max(high, v)
		}
	}
	return high
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
			out[t] = scaled(low.Val[t], si, q.s[low.Col[t]])
		}
	}
}
