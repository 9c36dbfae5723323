package tree

import "costate/la/vec"

// assemble writes the columns of front k: the entries of the matrix, the shift,
// and the parts of the children's contributions that belong to them, child after
// child.
func (w *worker) assemble(k int, f *front) {
	e := w.e
	p, own := int(f.p), int(f.own)
	m := p + int(f.q)
	if !e.blank {
		clear(f.w[:m*p])
	}
	x := f.w[p*p : m*p]
	e.source.Front(k, f.w[:p*p], x, p)
	if e.shift != 0 || e.even != 0 {
		e.addShift(f)
	}
	at := own
	for c := f.child; c >= 0; c = e.fronts[c].next {
		g := &e.fronts[c]
		if g.ne < g.p {
			e.addDelayed(f, g, at)
			at += int(g.p - g.ne)
		}
		if g.summed > 0 {
			e.addColumns(f.w, x, p, g, w.block(g))
		}
	}
}

// addShift adds the shifts to the diagonal of a front's own columns.
func (e *Engine) addShift(f *front) {
	p := int(f.p)
	if len(e.squares) == 0 {
		for i := range int(f.own) {
			f.w[i*p+i] += e.shift + e.even
		}
		return
	}
	for i, s := range e.squares[f.first : f.first+f.own] {
		f.w[i*p+i] += e.shift*s + e.even
	}
}

// addDelayed makes the columns that g has delayed columns of f, from column at
// on. Rows of g that are columns of f come before them.
func (e *Engine) addDelayed(f, g *front, at int) {
	p, pg, ne := int(f.p), int(g.p), int(g.ne)
	nd := pg - ne
	for i := range nd {
		copy(f.w[(at+i)*p+at:(at+i)*p+at+i+1], g.w[(ne+i)*pg+ne:])
	}
	up := e.up[g.at : g.at+int(g.q)]
	x, xg := f.below(), g.below()
	for r, u := range up[:g.summed] {
		for j, v := range xg[r*pg+ne : r*pg+pg] {
			f.w[(at+j)*p+int(u)] = v
		}
	}
	for r := int(g.summed); r < len(up); r++ {
		copy(x[int(up[r])*p+at:int(up[r])*p+at+nd], xg[r*pg+ne:])
	}
}

// addColumns adds the part of g's contribution c that belongs to columns of its
// parent, F in w and X in x with leading dimension p.
func (e *Engine) addColumns(w, x []float64, p int, g *front, c []float64) {
	up := e.up[g.at : g.at+int(g.q)]
	s, ld := int(g.summed), int(g.ldc)
	cols := up[:s]
	if s == 1 {
		u := int(cols[0])
		w[u*p+u] += c[0]
		at := 0
		for _, r := range up[1:] {
			at += ld
			x[int(r)*p+u] += c[at]
		}
		return
	}
	for i, u := range cols {
		row := c[i*ld : i*ld+i+1]
		if g.columnRun {
			add(w[int(u)*p+int(cols[0]):], row)
			continue
		}
		out := w[int(u)*p : int(u)*p+p]
		for j, v := range row {
			out[cols[j]] += v
		}
	}
	for i := s; i < len(up); i++ {
		row := c[i*ld : i*ld+s]
		at := int(up[i]) * p
		if g.columnRun {
			add(x[at+int(cols[0]):], row)
			continue
		}
		out := x[at : at+p]
		for j, v := range row {
			out[cols[j]] += v
		}
	}
}

// addRows adds what addColumns leaves of g's contribution to that of its parent.
func (e *Engine) addRows(out []float64, ldo int, g *front, c []float64) {
	up := e.up[g.at : g.at+int(g.q)]
	s, ld := int(g.summed), int(g.ldc)
	rows := up[s:]
	for i, u := range rows {
		row := c[(s+i)*ld+s : (s+i)*ld+s+i+1]
		if g.rowRun {
			add(out[int(u)*ldo+int(rows[0]):], row)
			continue
		}
		dst := out[int(u)*ldo : int(u)*ldo+int(u)+1]
		for j, v := range row {
			dst[rows[j]] += v
		}
	}
}

// add adds x to the beginning of y.
func add(y, x []float64) {
	y = y[:len(x)]
	if len(x) >= 16 {
		vec.Axpy(y, 1, x)
		return
	}
	for i, v := range x {
		y[i] += v
	}
}
