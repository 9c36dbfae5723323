package vec

import "math"

// combinePair_g is the twin of CombinePair, to the last bit.
func combinePair_g(y, c Pair, inc int, w Pair, ld, k int) {
	n := len(y.Hi)
	yh, yl := y.Hi, y.Lo[:n]
	for j := range k {
		a := c.Hi[j*inc]
		row := w.Hi[j*ld : j*ld+n]
		switch {
		case c.Lo != nil:
			low := c.Lo[j*inc]
			for i, v := range row {
				yl[i] = math.FMA(low, v, yl[i])
			}
		case w.Lo != nil:
			for i, v := range w.Lo[j*ld : j*ld+n] {
				yl[i] = math.FMA(a, v, yl[i])
			}
		}
		for i, v := range row {
			p, e := TwoProd(a, v)
			s, t := TwoSum(yh[i], p)
			yh[i] = s
			yl[i] += t + e
		}
	}
}

// mulAddPair_g is the twin of MulAddPair, to the last bit.
func mulAddPair_g(y Pair, d []float64, x Pair) {
	for i, v := range d {
		l := math.FMA(v, x.Lo[i], y.Lo[i])
		p, e := TwoProd(v, x.Hi[i])
		s, t := TwoSum(y.Hi[i], p)
		y.Hi[i], y.Lo[i] = s, l+(t+e)
	}
}

// dotPair_g is the twin of DotPair, to the last bit: eight sums, of which four go
// on alone over the last vector, and one over the last words.
func dotPair_g(s *[2]float64, w []float64, x Pair) {
	n := len(w)
	xh, xl := x.Hi[:n], x.Lo
	var h, l [9]float64
	add := func(q, i int) {
		if xl != nil {
			l[q] = math.FMA(w[i], xl[i], l[q])
		}
		p, e := TwoProd(w[i], xh[i])
		t, d := TwoSum(h[q], p)
		h[q] = t
		l[q] += d + e
	}
	i := 0
	for ; i+8 <= n; i += 8 {
		for q := range 8 {
			add(q, i+q)
		}
	}
	if i+4 <= n {
		for q := range 4 {
			add(q, i+q)
		}
		i += 4
	}
	for ; i < n; i++ {
		add(8, i)
	}
	fold := func(to, from int) {
		t, d := TwoSum(h[to], h[from])
		h[to] = t
		l[to] += d + l[from]
	}
	for _, half := range []int{4, 2, 1} {
		for q := range half {
			fold(q, q+half)
		}
	}
	fold(0, 8)
	s[0], s[1] = h[0], l[0]
}

// subtractPair_g is the twin of SubtractPair, to the last bit.
func subtractPair_g(r, b []float64, f float64, h Pair, e float64, x []float64) {
	n := len(r)
	b, x = b[:n], x[:n]
	hh, hl := h.Hi[:n], h.Lo[:n]
	for i := range r {
		s, ds := TwoSum(b[i], -float64(f*hh[i]))
		q, dq := TwoProd(e, x[i])
		v, dv := TwoSum(s, -q)
		r[i] = v + (((ds + dv) - float64(f*hl[i])) - dq)
	}
}
