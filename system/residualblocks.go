package system

import (
	"math"

	"costate/la/vec"
)

// backPair is BlockStage.back in twice the working precision; x and h are apart.
// turned has room for the elements of C.
func (s *BlockStage) backPair(h vec.Pair, x []float64, y, lambda, prev vec.Pair, turned []float64) {
	exact := vec.Pair{Hi: x}
	prev.Clear()
	h.Clear()
	if s.A != nil {
		s.A.mulTransAddPair(h, exact) // A is symmetric
	}
	if s.G != nil {
		s.G.mulTransAddPair(h, lambda)
	}
	if y.Hi == nil {
		return
	}
	if s.C != nil {
		s.C.mulAddPair(h, y, turned)
		s.C.mulTransAddPair(prev, exact)
	}
	if s.Q != nil {
		s.Q.mulTransAddPair(prev, y) // so is Q
	}
	if s.F != nil {
		s.F.mulTransAddPair(prev, lambda)
	}
}

// mulAddPair computes dst += M x in twice the working precision. turned has room
// for the elements of M, or is nil.
func (m *Matrix) mulAddPair(dst, x vec.Pair, turned []float64) {
	if m.isFull() && turned != nil {
		// Sums of columns keep more of them in flight than a sum a row.
		t := turned[:len(m.Val)]
		vec.Transpose(t, m.Rows, m.Val, m.Cols, m.Rows, m.Cols)
		vec.CombinePair(dst, x, 1, vec.Pair{Hi: t}, m.Rows, m.Cols)
		return
	}
	for i := range m.Rows {
		lo, hi := m.Ptr[i], m.Ptr[i+1]
		if hi-lo == m.Cols {
			h, l := vec.DotPair(m.Val[lo:hi], x)
			addTo(dst, i, h, l)
			continue
		}
		h, l := 0.0, 0.0
		for t, j := range m.Col[lo:hi] {
			v := m.Val[lo+t]
			p, e := vec.TwoProd(v, x.Hi[j])
			s, d := vec.TwoSum(h, p)
			h = s
			l += d + e
			if x.Lo != nil {
				l = math.FMA(v, x.Lo[j], l)
			}
		}
		addTo(dst, i, h, l)
	}
}

// mulTransAddPair computes dst += Mᵀ x in twice the working precision.
func (m *Matrix) mulTransAddPair(dst, x vec.Pair) {
	if m.isFull() {
		vec.CombinePair(dst, x, 1, vec.Pair{Hi: m.Val}, m.Cols, m.Rows)
		return
	}
	for i := range m.Rows {
		lo, hi := m.Ptr[i], m.Ptr[i+1]
		if hi-lo == m.Cols {
			vec.CombinePair(dst, x.Slice(i, i+1), 1, vec.Pair{Hi: m.Val[lo:hi]}, m.Cols, 1)
			continue
		}
		xh, xl := x.Hi[i], 0.0
		if x.Lo != nil {
			xl = x.Lo[i]
		}
		for t, j := range m.Col[lo:hi] {
			v := m.Val[lo+t]
			p, e := vec.TwoProd(v, xh)
			addTo(dst, j, p, math.FMA(v, xl, e))
		}
	}
}

// mulAddPair is mulAdd in twice the working precision: dst += M x, and nothing
// for the zero value.
func (m *SampleMap) mulAddPair(dst, x vec.Pair) {
	switch {
	case m.Diag != nil:
		vec.MulAddPair(dst, m.Diag, x)
	case m.Sparse != nil:
		m.sparsePair(dst, x)
	case m.Full != nil:
		for r := range m.Batch * m.Rows {
			first := r / m.Rows * m.Cols
			h, l := vec.DotPair(m.Full[r*m.Cols:][:m.Cols], x.Slice(first, first+m.Cols))
			addTo(dst, r, h, l)
		}
	}
}

// mulPair computes dst = M x in twice the working precision; here the zero value
// is the identity.
func (m *SampleMap) mulPair(dst, x vec.Pair) {
	if m.IsZero() {
		copy(dst.Hi, x.Hi)
		copy(dst.Lo, x.Lo)
		return
	}
	dst.Clear()
	m.mulAddPair(dst, x)
}

// mulTransPair is mulPair with Mᵀ.
func (m *SampleMap) mulTransPair(dst, x vec.Pair) {
	if !m.HasBlocks() {
		m.mulPair(dst, x)
		return
	}
	dst.Clear()
	m.mulTransAddPair(dst, x)
}

// mulTransAddPair is mulAddPair with Mᵀ.
func (m *SampleMap) mulTransAddPair(dst, x vec.Pair) {
	if !m.HasBlocks() {
		m.mulAddPair(dst, x)
		return
	}
	if m.Sparse != nil {
		m.sparseTransPair(dst, x)
		return
	}
	size := m.Rows * m.Cols
	for n := range m.Batch {
		vec.CombinePair(dst.Slice(n*m.Cols, (n+1)*m.Cols), x.Slice(n*m.Rows, (n+1)*m.Rows), 1,
			vec.Pair{Hi: m.Full[n*size : (n+1)*size]}, m.Cols, m.Rows)
	}
}

// addTo adds h + l to element i of dst.
func addTo(dst vec.Pair, i int, h, l float64) {
	s, e := vec.TwoSum(dst.Hi[i], h)
	dst.Hi[i] = s
	dst.Lo[i] += e + l
}
