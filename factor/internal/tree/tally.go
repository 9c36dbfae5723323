package tree

import (
	"math"

	"costate/factor/internal/pivot"
)

// A tally counts what a run of nodes met. Tallies are merged in the order of the
// nodes.
type tally struct {
	facts
	negative, zero int
	mantissa       float64 // the product of the pivots is mantissa · 2^exponent
	exponent       int
	rounding       float64 // relative error of the product, in units of the unit roundoff
	growth, spread float64
	tiny           float64
	block, row     int
}

func (t *tally) reset() { *t = tally{mantissa: 1, tiny: math.Inf(1)} }

// merge adds what later nodes met.
func (t *tally) merge(u *tally) {
	t.delayed += u.delayed
	t.extra += u.extra
	t.negative, t.zero = t.negative+u.negative, t.zero+u.zero
	t.mantissa, t.exponent = t.mantissa*u.mantissa, t.exponent+u.exponent
	t.normalise()
	t.rounding += u.rounding + 1
	t.growth, t.spread = max(t.growth, u.growth), max(t.spread, u.spread)
	if t.stop == Complete && (u.tiny < t.tiny || u.stop != Complete) {
		t.tiny, t.block, t.row, t.stop = u.tiny, u.block, u.row, u.stop
	}
}

func (t *tally) normalise() {
	if t.mantissa != 0 {
		f, e := math.Frexp(t.mantissa)
		t.mantissa, t.exponent = f, t.exponent+e
	}
}

// stats puts the tally into the words of package pivot.
func (t *tally) stats() pivot.Stats {
	t.normalise()
	s := pivot.Empty()
	s.Negative, s.Zero = t.negative, t.zero
	s.AddLog(math.Log(math.Abs(t.mantissa))+float64(t.exponent)*math.Ln2, t.rounding)
	if t.zero > 0 {
		s.LogAbs = math.Inf(-1)
	}
	s.Growth, s.Spread = t.growth, t.spread
	s.Tiny, s.Block, s.Row = t.tiny, t.block, t.row
	return s
}

// count adds the pivots of front k, the largest element of which was largest
// when it was assembled. It returns false if one of them is not finite.
func (w *worker) count(k int, f *front, largest float64) bool {
	t := &w.tally
	t.growth, t.spread = max(t.growth, largest), max(t.spread, f.size)
	p, d := int(f.p), f.offDiagonal()
	negative, mantissa := 0, 1.0
	least, at := math.Inf(1), 0
	for i := 0; i < int(f.ne); i++ {
		v := f.w[i*p+i]
		if d[i] == 0 {
			if v < 0 {
				negative++
			} else if v == 0 {
				t.zero++
				t.tiny, t.block, t.row = 0, k, w.e.tree.Perm[f.cols[i]]
				continue
			}
			a := math.Abs(v)
			if a < least {
				least, at = a, i
			}
			mantissa *= v
		} else {
			o, u := d[i], f.w[(i+1)*p+i+1]
			l1, l2 := eigenvalues2(v, o, u)
			if l1 < 0 {
				negative++
			}
			if l2 < 0 {
				negative++
			} else if l2 == 0 {
				t.zero++
				t.tiny, t.block, t.row = 0, k, w.e.tree.Perm[f.cols[i]]
				l2 = 1
			}
			if a := math.Abs(l2); a < least {
				least, at = a, i
			}
			t.rounding += pivot.Rounding2(v, o, u, l1, l2)
			mantissa *= l1
			t.scale(mantissa)
			mantissa = l2
			i++
		}
		t.scale(mantissa)
		mantissa = 1
	}
	t.negative += negative
	if t.mantissa-t.mantissa != 0 {
		return w.notFinite(k, f)
	}
	if f.ne > 0 {
		order := float64(f.p + f.q)
		if v := least / (order * pivot.Unit * f.size); v < t.tiny {
			t.tiny, t.block, t.row = v, k, w.e.tree.Perm[f.cols[at]]
		}
	}
	return true
}

// eigenvalues2 are those of [v o; o u], the smaller from the determinant.
func eigenvalues2(v, o, u float64) (larger, smaller float64) {
	mean, half := (v+u)/2, math.Hypot((v-u)/2, o)
	larger = mean + math.Copysign(half, mean)
	return larger, (v/larger)*u - (o/larger)*o
}

// scale multiplies the product of the pivots by d.
func (t *tally) scale(d float64) {
	m := t.mantissa * d
	t.rounding++
	if a := math.Abs(m); a > 0x1p400 || a < 0x1p-400 {
		f, e := math.Frexp(d)
		m = t.mantissa * f
		t.exponent += e
		f, e = math.Frexp(m)
		m = f
		t.exponent += e
	}
	t.mantissa = m
}

// notFinite stops at front k, which holds a NaN or an infinity.
func (w *worker) notFinite(k int, f *front) bool { return w.halt(k, f, NotFinite) }

// halt ends the factorization at front k.
func (w *worker) halt(k int, f *front, why Stop) bool {
	t := &w.tally
	t.facts.stop, t.tiny, t.block, t.row = why, 0, k, w.e.tree.Perm[f.first]
	return false
}
