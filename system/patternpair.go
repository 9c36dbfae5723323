package system

import (
	"math"

	"costate/la/vec"
)

// sparsePair computes dst += M x in twice the working precision, for a sparse m.
func (m *SampleMap) sparsePair(dst, x vec.Pair) {
	p := m.Pattern
	w := p.spaces.Get()
	defer p.spaces.Put(w)
	for n := range m.Batch {
		in, val := x.Slice(n*m.Cols, (n+1)*m.Cols), m.block(n)
		for _, g := range p.rowGroups() {
			if g.kind != together {
				for i := g.lo; i < g.hi; i++ {
					h, l := p.dotPair(i, val, in)
					addTo(dst, n*m.Rows+i, h, l)
				}
				continue
			}
			cols := p.columns(g.lo)
			t := in.Slice(cols[0], cols[0]+len(cols))
			if !g.run {
				t = w.pair(len(cols))
				for i, c := range cols {
					t.Hi[i], t.Lo[i] = in.Hi[c], in.Lo[c]
				}
			}
			for i := g.lo; i < g.hi; i++ {
				h, l := vec.DotPair(val[p.Ptr[i]:p.Ptr[i+1]], t)
				addTo(dst, n*m.Rows+i, h, l)
			}
		}
	}
}

// dotPair is the product of row i of a block, whose elements are val, with x.
func (p *Pattern) dotPair(i int, val []float64, x vec.Pair) (h, l float64) {
	v := val[p.Ptr[i]:p.Ptr[i+1]]
	for t, c := range p.columns(i) {
		u, e := vec.TwoProd(v[t], x.Hi[c])
		s, f := vec.TwoSum(h, u)
		h = s
		l += f + math.FMA(v[t], x.Lo[c], e)
	}
	return h, l
}

// sparseTransPair is sparsePair with Mᵀ.
func (m *SampleMap) sparseTransPair(dst, x vec.Pair) {
	p := m.Pattern
	w := p.spaces.Get()
	defer p.spaces.Put(w)
	for n := range m.Batch {
		in, out, val := x.Slice(n*m.Rows, (n+1)*m.Rows), dst.Slice(n*m.Cols, (n+1)*m.Cols), m.block(n)
		for _, g := range p.rowGroups() {
			if g.kind != together {
				for i := g.lo; i < g.hi; i++ {
					p.axpyPair(out, i, val, in.Hi[i], in.Lo[i])
				}
				continue
			}
			cols := p.columns(g.lo)
			if g.run {
				vec.CombinePair(out.Slice(cols[0], cols[0]+len(cols)), in.Slice(g.lo, g.hi), 1, vec.Pair{Hi: val[p.Ptr[g.lo]:p.Ptr[g.hi]]}, len(cols), g.hi-g.lo)
				continue
			}
			t := w.pair(len(cols))
			t.Clear()
			vec.CombinePair(t, in.Slice(g.lo, g.hi), 1, vec.Pair{Hi: val[p.Ptr[g.lo]:p.Ptr[g.hi]]}, len(cols), g.hi-g.lo)
			for i, c := range cols {
				addTo(out, c, t.Hi[i], t.Lo[i])
			}
		}
	}
}

// axpyPair adds x times row i of a block, whose elements are val, to dst.
func (p *Pattern) axpyPair(dst vec.Pair, i int, val []float64, hi, lo float64) {
	v := val[p.Ptr[i]:p.Ptr[i+1]]
	for t, c := range p.columns(i) {
		u, e := vec.TwoProd(v[t], hi)
		addTo(dst, c, u, math.FMA(v[t], lo, e))
	}
}
