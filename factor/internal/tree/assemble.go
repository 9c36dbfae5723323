package tree

import (
	"costate/factor/internal/space"
	"costate/la/blas"
)

// assemble writes the columns of front k: the entries of the matrix, the shift,
// and the parts of the children's contributions that belong to them.
func (e *Engine) assemble(k int, f *front, w []float64, p int, shift float64) {
	clear(w)
	e.entries.add(k, w, p, f.own)
	if shift != 0 {
		for i := range f.own {
			s := shift
			if len(e.squares) > 0 {
				s *= e.squares[f.first+i]
			}
			w[i*p+i] += s
		}
	}
	delayed := f.own
	for _, c := range f.children {
		g := &e.fronts[c]
		r := g.delayed() + len(g.rows)
		if r == 0 {
			continue
		}
		local, s := e.localise(f, g, delayed)
		delayed += g.delayed()
		addColumns(w, p, g.c, r, local, s, g.delayed() == 0)
	}
}

// localise finds the rows of child g's contribution in front f, whose columns
// from place on are those that g delayed. The first s of them are columns.
func (e *Engine) localise(f, g *front, place int) (local []int32, s int) {
	nd := g.delayed()
	e.local = space.Resize(e.local, nd+len(g.rows))
	local = e.local
	for i := range nd {
		local[i] = int32(place + i)
	}
	s = nd
	shift := int32(f.p - f.own)
	if shift == 0 && nd == 0 {
		for s < len(g.up) && int(g.up[s]) < f.own {
			s++
		}
		return g.up, s
	}
	for i, u := range g.up {
		if int(u) < f.own {
			s++
			local[nd+i] = u
		} else {
			local[nd+i] = u + shift
		}
	}
	return local, s
}

// addColumns adds the first s columns of the contribution c, of order r, to the
// front w with p columns. The rows ascend in the front if sorted.
func addColumns(w []float64, p int, c []float64, r int, local []int32, s int, sorted bool) {
	for i := range r {
		row := c[i*r : i*r+min(i+1, s)]
		at := int(local[i])
		if sorted || i >= s {
			out := w[at*p : at*p+p]
			for j, v := range row {
				out[local[j]] += v
			}
			continue
		}
		for j, v := range row {
			if to := int(local[j]); to <= at {
				w[at*p+to] += v
			} else {
				w[to*p+at] += v
			}
		}
	}
}

// addRows adds what addColumns leaves to the contribution out of the parent, of
// order ro, where row p of the front is row nd.
func addRows(out []float64, ro int, c []float64, r int, local []int32, s, p, nd int) {
	for i := s; i < r; i++ {
		row := c[i*r+s : i*r+i+1]
		dst := out[(int(local[i])-p+nd)*ro:]
		to := local[s : s+len(row)]
		for j, v := range row {
			dst[int(to[j])-p+nd] += v
		}
	}
}

// contribute makes the contribution of front k, which has been factored, and
// gives back those of its children. y is what is below L, times D.
func (e *Engine) contribute(k int, f *front, w, y []float64) {
	p, q, nd := f.p, len(f.rows), f.delayed()
	r := nd + q
	f.c, f.stacked = nil, false
	if r > 0 {
		if nd == 0 {
			f.c = e.stacks[f.parity].push(r * r)
			f.stacked = f.c != nil
		}
		if f.c == nil {
			f.out = space.Resize(f.out, r*r)
			f.c = f.out
		}
		if nd > 0 {
			for i := range r {
				n := min(i+1, nd)
				copy(f.c[i*r:i*r+n], w[(f.ne+i)*p+f.ne:])
			}
		}
		if q > 0 {
			e.backend.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, q, f.ne, -1, w[p*p:], p, y[nd*f.ne:], max(f.ne, 1), 0, f.c[nd*r+nd:], r)
		}
	}
	place := f.own
	for _, c := range f.children {
		g := &e.fronts[c]
		rc := g.delayed() + len(g.rows)
		if rc > 0 && q > 0 {
			local, s := e.localise(f, g, place)
			addRows(f.c, r, g.c, rc, local, s, p, nd)
		}
		place += g.delayed()
		if g.stacked {
			e.stacks[g.parity].top -= rc * rc
		}
		g.c = nil
	}
}
