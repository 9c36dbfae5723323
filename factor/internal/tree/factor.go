package tree

import (
	"math"

	"costate/factor/internal/pivot"
	"costate/factor/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// Factor factors S (A + shift·I) S.
func (e *Engine) Factor(shift float64) pivot.Stats {
	e.alloc()
	e.stats, e.delayed, e.zeros = pivot.Empty(), 0, e.zeros[:0]
	e.stats.Scale = e.size
	e.stacks[0].top, e.stacks[1].top = 0, 0
	for k := range e.fronts {
		e.node(k, shift)
		if !e.stats.Finite {
			break
		}
	}
	if e.stats.Zero == 0 {
		e.stats.LogAbs -= e.logDet
	}
	return e.stats
}

// node assembles and eliminates node k.
func (e *Engine) node(k int, shift float64) {
	f := &e.fronts[k]
	e.columns(f)
	p, q := f.p, len(f.rows)
	m := p + q
	w := f.w[:m*p]
	e.assemble(k, f, w, p, shift)
	largest := vec.MaxLower(p, w, p)
	largest = max(largest, vec.MaxMagnitude(w[p*p:]))
	e.stats.Growth = max(e.stats.Growth, largest)
	if largest-largest != 0 {
		e.stats.Finite, e.stats.Block, e.stats.Row = false, k, e.unknown(f.first)
		return
	}
	tol := float64(e.n) * pivot.Unit * e.size
	good := false
	y := e.y[:q*p]
	if q > 0 {
		zero := e.backend.Sytrf(p, w, p, f.e, f.perm, e.work)
		if zero < 0 {
			worst := blas.LdlBelow(e.backend, q, p, w, p, f.e, f.perm, w[p*p:], p, y, p, nil)
			good = worst <= 1/e.u && e.regular(f, w, p, tol)
		}
		if !good {
			e.assemble(k, f, w, p, shift)
		}
	}
	f.ne = p
	if !good {
		ne, zero, finite := blas.Ldlpart(e.backend, m, p, w, p, e.u, tol, q == 0, f.e, f.perm, e.work)
		if !finite {
			e.stats.Finite, e.stats.Block, e.stats.Row = false, k, e.unknown(f.first)
			return
		}
		f.ne = ne
		e.delayed += p - ne
		e.stats.Zero += zero
		if m > ne {
			e.y = space.Resize(e.y, max(len(e.y), (m-ne)*ne))
			blas.DMulRows(m-ne, ne, w, p, f.e, w[ne*p:], p, e.y, max(ne, 1))
		}
		y = e.y
	}
	e.positions(f)
	e.count(k, f, w, p, largest)
	e.contribute(k, f, w, y)
}

// regular reports whether no pivot of a block that Bunch–Kaufman has factored is
// as small as rounding.
func (e *Engine) regular(f *front, w []float64, p int, tol float64) bool {
	for i := 0; i < p; i++ {
		if f.e[i] != 0 {
			i++
		} else if !(math.Abs(w[i*p+i]) > tol) {
			return false
		}
	}
	return true
}

// columns counts the columns of the front. Where its children have delayed some
// it lists them, and gives the front memory of its own, which it keeps.
func (e *Engine) columns(f *front) {
	delayed := 0
	for _, c := range f.children {
		g := &e.fronts[c]
		delayed += g.delayed()
	}
	f.p = f.own + delayed
	if delayed == 0 {
		f.w = f.plan
		return
	}
	q := len(f.rows)
	f.big = space.Resize(f.big, (f.p+q)*f.p)
	f.w = f.big
	f.e, f.perm = space.Resize(f.e, f.p), space.Resize(f.perm, f.p)
	e.reserve(f.p+q, f.p, f.p*(f.p+q))
	f.cols = f.cols[:0]
	for i := range f.own {
		f.cols = append(f.cols, int32(f.first+i))
	}
	for _, c := range f.children {
		g := &e.fronts[c]
		f.cols = append(f.cols, g.down[:g.delayed()]...)
	}
}

// unknown is the row of the matrix at a position.
func (e *Engine) unknown(position int) int { return e.tree.Perm[position] }

// position is that of column i of the front.
func (f *front) position(i int) int32 {
	if f.p > f.own {
		return f.cols[i]
	}
	return int32(f.first + i)
}

// positions lists the eliminated columns in order of L, and the rows below.
func (e *Engine) positions(f *front) {
	p := f.p
	f.elim = space.Resize(f.elim, f.ne)
	for i := range f.elim {
		f.elim[i] = f.position(f.perm[i])
	}
	if f.ne == p {
		f.down = f.rows
		return
	}
	if len(f.down) == len(f.rows) && len(f.rows) > 0 && &f.down[0] == &f.rows[0] {
		f.down = nil
	}
	f.down = f.down[:0]
	for _, j := range f.perm[f.ne:p] {
		f.down = append(f.down, f.position(j))
	}
	f.down = append(f.down, f.rows...)
}

// count adds the pivots of a front.
func (e *Engine) count(k int, f *front, w []float64, p int, largest float64) {
	for i := 0; i < f.ne; i++ {
		d := w[i*p+i]
		if f.e[i] == 0 {
			if d == 0 {
				e.zeros = append(e.zeros, int32(e.unknown(int(f.elim[i]))))
				continue
			}
			e.pivot(d, p, largest, k, f.elim[i])
			continue
		}
		o, c := f.e[i], w[(i+1)*p+i+1]
		mean, half := (d+c)/2, math.Hypot((d-c)/2, o)
		l1 := mean + math.Copysign(half, mean)
		l2 := (d/l1)*c - (o/l1)*o
		e.pivot(l1, p, largest, k, f.elim[i])
		e.pivot(l2, p, largest, k, f.elim[i+1])
		i++
	}
}

func (e *Engine) pivot(d float64, p int, largest float64, k int, at int32) {
	s := &e.stats
	tiny := s.Tiny
	s.Add(d, p, largest, k, 0)
	if s.Tiny < tiny {
		s.Row = e.unknown(int(at))
	}
}
