package system

import "math"

// A pairs is a vector in twice the working precision: element i is hi[i] + lo[i].
//
// Source: T. Ogita, S. M. Rump and S. Oishi, Accurate sum and dot product, SIAM
// J. Sci. Comput. 26 (2005), Algorithms 3.1 (TwoSum), 3.5 (TwoProductFMA) and
// 5.3 (Dot2), whose sums of corrections lo has.
type pairs struct{ hi, lo []float64 }

func (p *pairs) resize(n int) { p.hi, p.lo = resize(p.hi, n), resize(p.lo, n) }

// slice is the part from lo to hi.
func (p pairs) slice(lo, hi int) pairs { return pairs{p.hi[lo:hi], p.lo[lo:hi]} }

func (p pairs) clear() {
	clear(p.hi)
	clear(p.lo)
}

// copyFrom copies q.
func (p pairs) copyFrom(q pairs) {
	copy(p.hi, q.hi)
	copy(p.lo, q.lo)
}

// add adds h + l to element i.
func (p pairs) add(i int, h, l float64) {
	s := p.hi[i] + h
	z := s - p.hi[i]
	p.lo[i] += (p.hi[i] - (s - z)) + (h - z) + l
	p.hi[i] = s
}

// addScaled is p += a x, elementwise.
func (p pairs) addScaled(a float64, x pairs) {
	n := len(p.hi)
	ph, pl, xh, xl := p.hi[:n], p.lo[:n], x.hi[:n], x.lo[:n]
	for i, v := range xh {
		m := a * v
		e := math.FMA(a, v, -m)
		old := ph[i]
		s := old + m
		z := s - old
		pl[i] += (old - (s - z)) + (m - z) + math.FMA(a, xl[i], e)
		ph[i] = s
	}
}

// addTimes is p += (h + l) x for a vector x in working precision.
func (p pairs) addTimes(h, l float64, x []float64) {
	n := len(p.hi)
	ph, pl := p.hi[:n], p.lo[:n]
	for i, v := range x[:n] {
		m := h * v
		e := math.FMA(h, v, -m)
		old := ph[i]
		s := old + m
		z := s - old
		pl[i] += (old - (s - z)) + (m - z) + math.FMA(l, v, e)
		ph[i] = s
	}
}

// dot2 is Σ a_i x_i.
func dot2(a []float64, x pairs) (h, l float64) {
	n := len(a)
	xh, xl := x.hi[:n], x.lo[:n]
	for i, v := range a {
		m := v * xh[i]
		e := math.FMA(v, xh[i], -m)
		s := h + m
		z := s - h
		l += (h - (s - z)) + (m - z) + math.FMA(v, xl[i], e)
		h = s
	}
	return h, l
}

// dot1 is dot2 for a vector x in working precision.
func dot1(a, x []float64) (h, l float64) {
	x = x[:len(a)]
	for i, v := range a {
		m := v * x[i]
		e := math.FMA(v, x[i], -m)
		s := h + m
		z := s - h
		l += (h - (s - z)) + (m - z) + e
		h = s
	}
	return h, l
}

// scaled is a (h + l), again as a pair.
func scaled(a, h, l float64) (float64, float64) {
	m := a * h
	e := math.FMA(a, h, -m) + a*l
	s := m + e
	return s, e - (s - m)
}

// normalise makes every lo small against its hi.
func (p pairs) normalise() {
	for i, h := range p.hi {
		s := h + p.lo[i]
		p.lo[i] -= s - h
		p.hi[i] = s
	}
}

// mulAdd2 is dst += M x, sample by sample.
func (m *SampleMap) mulAdd2(dst, x pairs) {
	switch {
	case m.Diag != nil:
		for i, d := range m.Diag {
			h, l := scaled(d, x.hi[i], x.lo[i])
			dst.add(i, h, l)
		}
	case m.Full != nil:
		for r := range m.Batch * m.Rows {
			first := r / m.Rows * m.Cols
			h, l := dot2(m.Full[r*m.Cols:][:m.Cols], x.slice(first, first+m.Cols))
			dst.add(r, h, l)
		}
	}
}

// mulTransAdd2 is dst += Mᵀ x.
func (m *SampleMap) mulTransAdd2(dst, x pairs) {
	if m.Diag != nil {
		m.mulAdd2(dst, x)
		return
	}
	for r := range m.Batch * m.Rows {
		if m.Full != nil {
			first := r / m.Rows * m.Cols
			dst.slice(first, first+m.Cols).addTimes(x.hi[r], x.lo[r], m.Full[r*m.Cols:][:m.Cols])
		}
	}
}

// mulAdd2 is dst += M x; mulTransAdd2 is dst += Mᵀ x. A nil M is zero.
func (m *Matrix) mulAdd2(dst, x pairs) {
	if m == nil {
		return
	}
	for i := range m.Rows {
		for p := m.Ptr[i]; p < m.Ptr[i+1]; p++ {
			j, v := m.Col[p], m.Val[p]
			h, l := scaled(v, x.hi[j], x.lo[j])
			dst.add(i, h, l)
		}
	}
}

func (m *Matrix) mulTransAdd2(dst, x pairs) {
	if m == nil {
		return
	}
	for i := range m.Rows {
		for p := m.Ptr[i]; p < m.Ptr[i+1]; p++ {
			h, l := scaled(m.Val[p], x.hi[i], x.lo[i])
			dst.add(m.Col[p], h, l)
		}
	}
}
