package nn

import (
	"slices"

	"costate/la/vec"
)

// A recipe makes the derivatives of a step's ops without products of matrices. With the
// ops before and after it fixed, each of them is a sum of elements of the one Jacobian
// that depends on the sample, and of a constant.
type recipe struct {
	op      int // the one that depends on the sample, -1 if none does
	j, pass portion
}

// A portion is what a recipe makes of a map: of each block, which begins as constant.
type portion struct {
	constant []float64
	terms    []term
}

// A term adds v times n elements of the Jacobian, beginning with from, to those of what a
// block stores that begin with to.
type term struct {
	to, from, n int
	v           float64
}

// varying returns the op whose Jacobian depends on the sample, -1 if there is none. ok
// is false if there are several, or with second derivatives, which need more.
func (s *step) varying(second bool) (at int, ok bool) {
	at = -1
	for i := range s.inner {
		if s.inner[i].linear() {
			continue
		}
		if at >= 0 || second {
			return at, false
		}
		at = i
	}
	return at, true
}

// A cell is an element of a row of a sparse matrix.
type cell struct {
	col int
	v   float64
}

// identityCells is an identity by rows.
func identityCells(n int) [][]cell {
	rows := make([][]cell, n)
	for i := range rows {
		rows[i] = []cell{{i, 1}}
	}
	return rows
}

// compose returns A J for the rows of A, where jac is the Jacobian of o's map.
func (o *op) compose(rows [][]cell, jac []float64) [][]cell {
	out, sum, seen := make([][]cell, len(rows)), make([]float64, o.before()), make([]bool, o.before())
	for i, row := range rows {
		var cols []int
		add := func(col int, v float64) {
			if !seen[col] {
				seen[col] = true
				cols = append(cols, col)
			}
			sum[col] += v
		}
		for _, c := range row {
			o.composeCell(c, jac, add)
		}
		for _, col := range cols {
			out[i] = append(out[i], cell{col, sum[col]})
			sum[col], seen[col] = 0, false
		}
	}
	return out
}

// composeCell adds row c.col of J, times c.v.
func (o *op) composeCell(c cell, jac []float64, add func(col int, v float64)) {
	front := o.after() - o.rest
	switch {
	case c.col >= front:
		add(c.col-front+o.before()-o.rest, c.v)
	case o.kind == pushOp:
		add(c.col%o.in, c.v)
	case o.kind == addOp:
		add(c.col, c.v)
		add(o.in+c.col, c.v)
	default:
		for k, v := range jac[c.col*o.in : (c.col+1)*o.in] {
			if v != 0 {
				add(k, c.v*v)
			}
		}
	}
}

// fixed is the Jacobian of an op's map that is the same everywhere, in jac.
func (o *op) fixed(jac []float64) []float64 {
	if o.kind == mapOp {
		o.m.Jacobian(jac[:o.out*o.in], make([]float64, o.in))
	}
	return jac
}

// newRecipe returns the recipe for the ops of s, of which op at varies; jac has room for
// any of their Jacobians. In f's maps the tail is there already.
func (f *fullMaps) newRecipe(s *step, at int, jac []float64) *recipe {
	r := &recipe{op: at}
	r.j.constant = append([]float64(nil), storage(&f.j, 0)...)
	if !f.passJ.IsZero() {
		r.pass.constant = append([]float64(nil), storage(&f.passJ, 0)...)
	}
	left := identityCells(f.front)
	for i := len(s.inner) - 1; i > at; i-- {
		left = s.inner[i].compose(left, s.inner[i].fixed(jac))
	}
	if at < 0 {
		for i, row := range left {
			for _, c := range row {
				if p, to := f.place(r, i, c.col); p != nil {
					p.constant[to] += c.v
				}
			}
		}
		return r
	}
	right := identityCells(s.inner[at].before())
	for i := at - 1; i >= 0; i-- {
		right = s.inner[i].compose(right, s.inner[i].fixed(jac))
	}
	f.multiply(r, &s.inner[at], left, right, jac)
	return r
}

// multiply adds the product of left, the Jacobian of o and right to r.
func (f *fullMaps) multiply(r *recipe, o *op, left, right [][]cell, jac []float64) {
	o.structure(jac)
	for i, row := range left {
		for _, l := range row {
			if l.col >= o.out { // carried around the map
				for _, c := range right[l.col-o.out+o.in] {
					if p, to := f.place(r, i, c.col); p != nil {
						p.constant[to] += l.v * c.v
					}
				}
				continue
			}
			for m, v := range jac[l.col*o.in : (l.col+1)*o.in] {
				if v == 0 {
					continue
				}
				for _, c := range right[m] {
					if p, to := f.place(r, i, c.col); p != nil {
						p.add(to, l.col*o.in+m, l.v*c.v)
					}
				}
			}
		}
	}
}

// add adds a term of one element, to the last one where it goes on with it.
func (p *portion) add(to, from int, v float64) {
	if last := len(p.terms) - 1; last >= 0 {
		if t := &p.terms[last]; t.to+t.n == to && t.from+t.n == from && t.v == v {
			t.n++
			return
		}
	}
	p.terms = append(p.terms, term{to, from, 1, v})
}

// place is where the element in row i and column col of the derivatives in
// [φ(u) | kept] is stored, nil for those in kept numbers of a first stage.
func (f *fullMaps) place(r *recipe, i, col int) (p *portion, to int) {
	m, p := &f.j, &r.j
	if col >= f.pre {
		m, p, col = &f.passJ, &r.pass, f.kept+col-f.pre
		if m.IsZero() {
			return nil, 0
		}
	}
	if m.Pattern == nil {
		return p, i*m.Cols + col
	}
	lo, hi := m.Pattern.Ptr[i], m.Pattern.Ptr[i+1]
	at, _ := slices.BinarySearch(m.Pattern.Col[lo:hi], col)
	return p, lo + at
}

// follow stores the derivatives of sample n, for φ' d1, nil for ones, and the Jacobian
// jac of the op that varies.
func (f *fullMaps) follow(r *recipe, d1, jac []float64, n int) {
	j := storage(&f.j, n)
	r.j.store(j, jac)
	if r.pass.constant != nil {
		r.pass.store(storage(&f.passJ, n), jac)
	}
	switch {
	case d1 == nil:
	case f.j.Pattern != nil:
		for at, c := range f.j.Pattern.Col {
			j[at] *= d1[c]
		}
	default:
		for at := 0; at < len(j); at += f.pre {
			vec.Mul(j[at:at+f.pre], j[at:at+f.pre], d1)
		}
	}
}

// store stores the portion in a block.
func (p *portion) store(block, jac []float64) {
	copy(block, p.constant)
	for _, t := range p.terms {
		vec.Axpy(block[t.to:t.to+t.n], t.v, jac[t.from:])
	}
}
