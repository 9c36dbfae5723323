package eigen

import (
	"math"

	"costate/la/vec"
)

// residual measures a pair.
func (l *Lanczos) residual(v []float64, value float64) float64 {
	r := l.space.w
	l.a.MulVecTo(r, v)
	for i, x := range v {
		r[i] -= value * x
	}
	if r := vec.Norm2(r); r != 0 {
		return r / l.norm
	}
	return 0
}

// sift drops the pairs whose residuals are too large and returns the least of
// these.
func (l *Lanczos) sift() (reached float64, dropped int) {
	n, good := l.space.n, 0
	reached = math.Inf(1)
	for i, value := range l.values {
		v := l.vecs[i*n:][:n]
		if r := l.residual(v, value); !(r <= l.tol) {
			reached = math.Min(reached, r)
			dropped++
			continue
		}
		copy(l.vecs[good*n:], v)
		l.values[good] = value
		good++
	}
	l.values, l.vecs = l.values[:good], l.vecs[:good*n]
	return reached, dropped
}

// certify counts the eigenvalues in an interval around the shift that ends in a
// gap between eigenvalues: after the k-th of those found, or else before. It
// returns how many are missing there.
func (l *Lanczos) certify(k int) (missing int) {
	n := l.a.SymmetricDim()
	res := countResolution * math.Max(l.scale(), vec.MaxMagnitude(l.values))
	if math.Abs(l.values[k-1]-l.shift) <= res {
		l.report.Interval, l.report.Certain = Interval{l.shift, l.shift}, true
		return 0
	}
	for inside := k; inside >= 0; inside-- {
		low, high := -res, 0.0
		if inside > 0 {
			low = math.Abs(l.values[inside-1] - l.shift)
		}
		switch {
		case inside < len(l.values):
			high = math.Abs(l.values[inside] - l.shift)
		case inside == n:
			high = low + 16*res // all were found: room for each part below
		default:
			high = l.far
		}
		// An end in the gap is then two resolutions from the eigenvalues on both sides.
		if high-low < 4*res {
			continue
		}
		// The values found are good to rounding, the next one beyond is only bounded: ends
		// near the former first, up to the middle.
		for _, part := range []float64{0.125, 0.25, 0.5} {
			r := low + math.Max(part*(high-low), 2*res)
			count, ok := l.between(l.shift-r, l.shift+r)
			if !ok {
				continue
			}
			found := 0
			for _, v := range l.values {
				if math.Abs(v-l.shift) < r {
					found++
				}
			}
			l.report.Interval, l.report.Inside = Interval{l.shift - r, l.shift + r}, count
			l.report.Certain = found == count
			return count - found
		}
	}
	return 0
}

// between counts the eigenvalues in [low, high). Of the side of the shift on
// which there are none it knows the count.
func (l *Lanczos) between(low, high float64) (n int, ok bool) {
	ends := [2]Count{{Shift: low, Certain: true}, {Shift: high, Below: l.a.SymmetricDim(), Certain: true}}
	for i := range ends {
		if i == 0 && l.side == left || i == 1 && l.side == right {
			continue
		}
		c, err := below(l.count, ends[i].Shift)
		if err != nil || !c.Certain {
			return 0, false
		}
		ends[i] = c
	}
	l.report.Counts = ends[:]
	return ends[1].Below - ends[0].Below, true
}
