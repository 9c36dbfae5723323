package system

import (
	"slices"
	"sync"

	"costate/la/vec"
)

// A rowGroup is consecutive rows lo to hi of a Pattern of one kind.
type rowGroup struct {
	lo, hi int
	kind   groupKind
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
			if last := len(p.groups) - 1; last >= 0 && g.kind == loose && p.groups[last].kind == loose {
				p.groups[last].hi = g.hi
			} else {
				p.groups = append(p.groups, g)
			}
			lo = g.hi
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
	if hi-lo >= groupRows && len(first) >= groupColumns {
		return rowGroup{lo, hi, together}
	}
	if len(first) == 1 {
		end := lo + 1
		for end < rows && p.Ptr[end+1] == p.Ptr[end]+1 && p.Col[p.Ptr[end]] == first[0]+end-lo {
			end++
		}
		if end-lo >= groupRows {
			return rowGroup{lo, end, diagonal}
		}
	}
	return rowGroup{lo, lo + 1, loose}
}

// columns are the columns of row i.
func (p *Pattern) columns(i int) []int { return p.Col[p.Ptr[i]:p.Ptr[i+1]] }

// groupSpace is the workspace of a product with a group: many goroutines multiply at
// once, and no product is kept for them.
type groupSpace struct{ hi, lo []float64 }

var groupSpaces = sync.Pool{New: func() any { return new(groupSpace) }}

// pair is n numbers of any value, and their low parts.
func (w *groupSpace) pair(n int) vec.Pair {
	w.hi, w.lo = resize(w.hi, n), resize(w.lo, n)
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
			gathered, sums := t.Hi[:len(cols)], t.Lo[:rows]
			for i, c := range cols {
				gathered[i] = x[c]
			}
			vec.Dots(sums, v, len(cols), gathered)
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
	w := groupSpaces.Get().(*groupSpace)
	defer groupSpaces.Put(w)
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
