package tree

import (
	"slices"

	"costate/factor/internal/space"
)

// NullTo writes to x, of the length of the matrix, a vector of the null space
// of the factors, for zero pivot i of those that Zeros lists. With v = L⁻ᵀ e, e
// the unit vector of that pivot,
//
//	L D Lᵀ v = L D e = 0,      (A + shift·I) x = 0      for x = S v
//
// The vectors of all zero pivots are a basis. They are not orthogonal; each is
// one at its pivot (times the scaling) and zero at those of the others.
func (e *Engine) NullTo(x []float64, i int) {
	w := e.pool.Get()
	defer e.pool.Put(w)
	w.z = space.Resize(w.z, e.n)
	clear(w.z)
	k, at := e.find(e.zeros[i])
	w.z[at] = 1
	for ; k >= 0; k-- {
		e.backwardOne(w, &e.fronts[k], e.tree.Rows[k], false)
	}
	e.store(w, x, 1)
}

// find returns the node in which an unknown was eliminated, and its position.
func (e *Engine) find(unknown int32) (node int, at int32) {
	at = int32(slices.Index(e.tree.Perm, int(unknown)))
	k := e.tree.Nodes.BlockOf(int(at))
	for { // its own node, or where it was delayed to
		f := &e.fronts[k]
		if slices.Contains(f.cols[:f.ne], at) {
			return k, at
		}
		k = int(f.parent)
	}
}
