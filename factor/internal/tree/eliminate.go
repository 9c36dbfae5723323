package tree

import (
	"math"

	"costate/factor/internal/pivot"
	"costate/la/blas"
	"costate/la/vec"
)

// zeroBy is how many times the rounding error of the largest element met in the
// subtree of a node some element of a column must exceed for the column not to
// be zero. It is small: a column that is rounding error and passes is a tiny
// pivot, which the caller is told of, and a column that is lost is wrong.
const zeroBy = 2

// node assembles and eliminates front k. It returns false where the
// factorization has to stop; see tally.stop.
func (w *worker) node(k int) bool {
	e := w.e
	f := &e.fronts[k]
	if e.opts.Interrupt != nil && e.opts.Interrupt() {
		return w.halt(k, f, Interrupted)
	}
	if !w.columns(k, f) {
		return false
	}
	p, q := int(f.p), int(f.q)
	w.assemble(k, f)
	_, largest := vec.Peak(f.w[:(p+q)*p])
	if largest-largest != 0 {
		return w.notFinite(k, f)
	}
	f.size = max(largest, e.noise(f))
	tol := zeroBy * pivot.Unit * f.size
	ldc := int(f.ldc)
	d := f.offDiagonal()
	perm := w.perm[:p]
	var c []float64
	if q > 0 && f.base < 0 {
		c = w.block(f)
	}
	ne, finite := 1, true
	if !single(f, d, perm, c, e.u, tol) {
		ne, _, finite = blas.Ldlfront(w.backend, p+q, p, f.w, p, e.u, tol, q == 0, d, perm, c, ldc, w.work)
	}
	if !finite {
		return w.notFinite(k, f)
	}
	f.ne = int32(ne)
	if f.base >= 0 && ne > 0 {
		blas.LdlSchur(w.backend, q, ne, f.w, p, d, f.below(), 1, w.block(f), ldc, w.work)
	}
	if q > 0 {
		c = w.block(f)
		for at := f.child; at >= 0; at = e.fronts[at].next {
			if g := &e.fronts[at]; g.summed < g.q && at != f.base {
				e.addRows(c, ldc, g, w.block(g))
			}
		}
	}
	w.order(f, perm)
	return w.count(k, f, largest)
}

// singleRows is the number of rows up to which single is worth its plain loops.
const singleRows = 24

// single eliminates a front of one column whose pivot can be taken, in place of
// Ldlfront. It returns false and does nothing for others.
func single(f *front, d []float64, perm []int, c []float64, u, tol float64) bool {
	if f.p != 1 || f.q > singleRows {
		return false
	}
	x := f.w[1 : 1+f.q]
	v := f.w[0]
	a, most := math.Abs(v), 0.0
	for _, y := range x {
		most = max(most, math.Abs(y))
	}
	if !(a > tol && a >= u*most) {
		return false
	}
	d[0], perm[0] = 0, 0
	at := 0
	for i, y := range x {
		l := y / v
		row := c[at : at+i+1]
		for j, z := range x[:i] {
			row[j] = -l * (v * z)
		}
		row[i] = -l * y
		x[i] = l
		at += int(f.ldc)
	}
	return true
}

// noise is the largest element met in the subtrees of f's children, of whose
// rounding errors f may hold what a cancellation left.
func (e *Engine) noise(f *front) (size float64) {
	for c := f.child; c >= 0; c = e.fronts[c].next {
		size = max(size, e.fronts[c].size)
	}
	return size
}

// columns counts the columns of front k and makes room for them.
func (w *worker) columns(k int, f *front) bool {
	e := w.e
	nd := 0
	for c := f.child; c >= 0; c = e.fronts[c].next {
		nd += int(e.fronts[c].p - e.fronts[c].ne)
	}
	p := int(f.own) + nd
	if limit := e.opts.DelayLimit; limit > 0 && w.delayed+nd > limit {
		return w.halt(k, f, OutOfWork)
	}
	if need := words(p, int(f.q)); need > cap(f.w) || p > cap(f.cols) {
		if !w.grow(f, p) {
			return w.halt(k, f, OutOfMemory)
		}
	}
	f.w, f.cols = f.w[:words(p, int(f.q))], f.cols[:p]
	f.p, f.ne = int32(p), 0
	if nd > 0 {
		if !w.reserve(p, int(f.q)) {
			return w.halt(k, f, OutOfMemory)
		}
		w.delayed += nd
		w.extra += frontFlops(p, int(f.q)) - frontFlops(int(f.own), int(f.q))
		if limit := e.opts.WorkLimit; limit > 0 && w.extra > (limit-1)*e.memory.flops {
			return w.halt(k, f, OutOfWork)
		}
	}
	return true
}

// frontFlops counts the elimination of p columns with q rows below.
func frontFlops(p, q int) float64 {
	x, y := float64(p), float64(q)
	return x*x*x/3 + x*x*y + x*y*y
}

// order names the columns in the order in which they were eliminated.
func (w *worker) order(f *front, perm []int) {
	e := w.e
	if f.p == f.own {
		for i, j := range perm {
			f.cols[i] = f.first + int32(j)
		}
		return
	}
	names := w.names[:0]
	for i := range f.own {
		names = append(names, f.first+i)
	}
	for c := f.child; c >= 0; c = e.fronts[c].next {
		g := &e.fronts[c]
		names = append(names, g.cols[g.ne:]...)
	}
	for i, j := range perm {
		f.cols[i] = names[j]
	}
}
