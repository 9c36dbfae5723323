package system

import (
	"slices"

	"costate/internal/space"
	"costate/la/vec"
)

// A rowGroup is consecutive rows lo to hi of a Pattern of one kind.
type rowGroup struct {
	lo, hi int
	kind   groupKind
	run    bool // rows that are together: their columns follow each other
}

type groupKind uint8

const (
	loose    groupKind = iota // any rows
	together                  // the rows have equal columns: their elements are a matrix
	diagonal                  // a column each, one after the other
)

// Groups of fewer rows or columns than these are faster element by element.
const (
	groupRows    = 4
	groupColumns = 4
)

// rowGroups returns the groups of p, which are found when they are first asked for.
func (p *Pattern) rowGroups() []rowGroup {
	p.once.Do(func() {
		for lo := 0; lo < len(p.Ptr)-1; {
			g := p.groupAt(lo)
			lo = g.hi
			last := len(p.groups) - 1
			switch {
			case p.Ptr[g.lo] == p.Ptr[g.hi]: // nothing to multiply with
			case last >= 0 && g.kind == loose && p.groups[last].kind == loose && p.groups[last].hi == g.lo:
				p.groups[last].hi = g.hi
			default:
				p.groups = append(p.groups, g)
			}
		}
	})
	return p.groups
}

// groupAt returns the longest group that begins with row lo.
func (p *Pattern) groupAt(lo int) rowGroup {
	rows, first := len(p.Ptr)-1, p.columns(lo)
	hi := lo + 1
	for hi < rows && slices.Equal(first, p.columns(hi)) {
		hi++
	}
	if n := len(first); n == 0 || hi-lo >= groupRows && n >= groupColumns {
		return rowGroup{lo, hi, together, n > 0 && first[n-1] == first[0]+n-1}
	}
	if len(first) == 1 {
		end := lo + 1
		for end < rows && p.Ptr[end+1] == p.Ptr[end]+1 && p.Col[p.Ptr[end]] == first[0]+end-lo {
			end++
		}
		if end-lo >= groupRows {
			return rowGroup{lo, end, diagonal, false}
		}
	}
	return rowGroup{lo, lo + 1, loose, false}
}

// columns are the columns of row i.
func (p *Pattern) columns(i int) []int { return p.Col[p.Ptr[i]:p.Ptr[i+1]] }

// groupSpace is the workspace of a product with a group. The pattern lends it, since many
// goroutines multiply at once and keep nothing between products.
type groupSpace struct{ hi, lo []float64 }

// pair is n numbers of any value, and their low parts.
func (w *groupSpace) pair(n int) vec.Pair {
	w.hi, w.lo = space.Resize(w.hi, n), space.Resize(w.lo, n)
	return vec.Pair{Hi: w.hi, Lo: w.lo}
}

// sparseAdd computes dst += M x for block n of a sparse map.
func (m *SampleMap) sparseAdd(w *groupSpace, dst, x []float64, n int) {
	p, val := m.Pattern, m.block(n)
	for _, g := range p.rowGroups() {
		cols, rows, v := p.columns(g.lo), g.hi-g.lo, val[p.Ptr[g.lo]:p.Ptr[g.hi]]
		switch g.kind {
		case together:
			t := w.pair(max(len(cols), rows))
			in, sums := t.Hi[:len(cols)], t.Lo[:rows]
			if g.run {
				in = x[cols[0]:][:len(cols)]
			} else {
				for i, c := range cols {
					in[i] = x[c]
				}
			}
			vec.Dots(sums, v, len(cols), in)
			for i, s := range sums {
				dst[g.lo+i] += s
			}
		case diagonal:
			vec.MulAdd(dst[g.lo:g.hi], v, x[cols[0]:])
		default:
			for i := g.lo; i < g.hi; i++ {
				s := 0.0
				v := val[p.Ptr[i]:p.Ptr[i+1]]
				for t, c := range p.columns(i) {
					s += v[t] * x[c]
				}
				dst[i] += s
			}
		}
	}
}

// sparseTransAdd computes dst += Mᵀ x for block n of a sparse map.
func (m *SampleMap) sparseTransAdd(w *groupSpace, dst, x []float64, n int) {
	p, val := m.Pattern, m.block(n)
	for _, g := range p.rowGroups() {
		cols, rows, v := p.columns(g.lo), x[g.lo:g.hi], val[p.Ptr[g.lo]:p.Ptr[g.hi]]
		switch g.kind {
		case together:
			if g.run {
				vec.Combine(dst[cols[0]:][:len(cols)], rows, v, len(cols))
				break
			}
			t := w.pair(len(cols)).Hi
			clear(t)
			vec.Combine(t, rows, v, len(cols))
			for i, c := range cols {
				dst[c] += t[i]
			}
		case diagonal:
			vec.MulAdd(dst[cols[0]:][:len(v)], v, rows)
		default:
			p.looseTransAdd(dst, x, val, g)
		}
	}
}

// looseTransAdd is sparseTransAdd for one group, for the elements val of the block.
func (p *Pattern) looseTransAdd(dst, x, val []float64, g rowGroup) {
	for i := g.lo; i < g.hi; i++ {
		v, xi := val[p.Ptr[i]:p.Ptr[i+1]], x[i]
		for t, c := range p.columns(i) {
			dst[c] += v[t] * xi
		}
	}
}

// RowsTimesAdd computes D += A M for block n of a sparse map: row i of D begins at
// dst[i·ldd], and row i of A at a[i·lda].
func (m *SampleMap) RowsTimesAdd(dst []float64, ldd int, a []float64, lda, rows, n int) {
	p, val := m.Pattern, m.block(n)
	w := p.spaces.Get()
	defer p.spaces.Put(w)
	for _, g := range p.rowGroups() {
		cols, v := p.columns(g.lo), val[p.Ptr[g.lo]:p.Ptr[g.hi]]
		switch g.kind {
		case together:
			m.groupTimesAdd(w, dst, ldd, a, lda, rows, g, v)
		case diagonal:
			for i := range rows {
				vec.MulAdd(dst[i*ldd+cols[0]:][:len(v)], v, a[i*lda+g.lo:])
			}
		default:
			for i := range rows {
				p.looseTransAdd(dst[i*ldd:][:m.Cols], a[i*lda:][:m.Rows], val, g)
			}
		}
	}
}

// groupTimesAdd is RowsTimesAdd for one group of rows that are together, whose elements are v.
func (m *SampleMap) groupTimesAdd(w *groupSpace, dst []float64, ldd int, a []float64, lda, rows int, g rowGroup, v []float64) {
	cols, k := m.Pattern.columns(g.lo), g.hi-g.lo
	wide := len(cols)
	if g.run && wide%4 == 0 {
		vec.AddSmall(dst[cols[0]:], ldd, a[g.lo:], lda, 1, v, wide, rows, wide/4, k, 0)
		return
	}
	t := w.pair(rows * wide).Hi
	vec.SetSmall(t, wide, a[g.lo:], lda, 1, v, wide, rows, wide/4, k, 0)
	for i := range rows {
		x, d, s := a[i*lda+g.lo:][:k], dst[i*ldd:][:m.Cols], t[i*wide:][:wide]
		for j := wide &^ 3; j < wide; j++ {
			s[j] = 0
			for l, f := range x {
				s[j] += f * v[l*wide+j]
			}
		}
		for j, c := range cols {
			d[c] += s[j]
		}
	}
}
