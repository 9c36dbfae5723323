package factor

import (
	"math"

	"costate/la"
)

// means sets the scale of row i to 2^x_i, where x minimises the sum over all
// elements that are not zero
//
//	Σ (log₂|a_ij| + x_i + x_j)²
//
// by conjugate gradients on (N + E) x = −l: N counts the elements of the rows, E
// is the pattern, l has the sums of the logarithms.
func (q *equilibration) means(a *la.Sym) {
	n := a.SymmetricDim()
	x, r, p, w := q.row, q.work[0], q.work[1], q.s
	count := q.count
	low := a.RawLower()
	q.logarithms(low, r)
	clear(x)
	rho := 0.0
	for i, c := range count {
		p[i] = 0
		if c > 0 {
			p[i] = r[i] / c
			rho += r[i] * p[i]
		}
	}
	for range meanSteps {
		if !(rho > float64(n)/16) { // a quarter of an octave in the mean
			break
		}
		q.patternTimes(w, low, p)
		pw := 0.0
		for i, v := range p {
			pw += v * w[i]
		}
		if !(pw > 0) {
			break
		}
		alpha, next := rho/pw, 0.0
		for i := range x {
			x[i] += alpha * p[i]
			r[i] -= alpha * w[i]
			if count[i] > 0 {
				next += r[i] * r[i] / count[i]
			}
		}
		beta := next / rho
		for i := range p {
			if count[i] > 0 {
				p[i] = r[i]/count[i] + beta*p[i]
			}
		}
		rho = next
	}
	for i, v := range x {
		q.s[i] = math.Exp2(max(-scalingLimit, min(scalingLimit, v)))
	}
}

// logarithms computes r = −l, and counts the elements of the rows.
func (q *equilibration) logarithms(low la.Lower, r []float64) {
	count := q.count
	clear(count)
	clear(r)
	for i := range low.N {
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			j := low.Col[t]
			v := q.element(low.Val[t], i, int(j))
			if v == 0 {
				continue
			}
			l := float64(exponent(v)) + 0.5
			r[i] -= l
			count[i]++
			if int(j) != i {
				r[j] -= l
				count[j]++
			}
		}
	}
}

// patternTimes computes w = (N + E) p.
func (q *equilibration) patternTimes(w []float64, low la.Lower, p []float64) {
	for i, v := range p {
		w[i] = q.count[i] * v
	}
	for i := range low.N {
		pi, s := p[i], w[i]
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			if low.Val[t] == 0 {
				continue
			}
			j := low.Col[t]
			s += p[j]
			if int(j) != i {
				w[j] += pi
			}
		}
		w[i] = s
	}
}

const fraction, bias, top = 52, 1023, 0x7ff // of the bits of a float64

// powerOfTwo is math.Ldexp(1, e) for normal numbers.
func powerOfTwo(e int) float64 { return math.Float64frombits(uint64(e+bias) << fraction) }

// exponent is math.Ilogb without a call for normal numbers.
func exponent(v float64) int {
	if e := int(math.Float64bits(v)>>fraction) & top; e != 0 && e != top {
		return e - bias
	}
	return math.Ilogb(v)
}
