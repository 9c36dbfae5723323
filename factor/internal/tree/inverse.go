package tree

import (
	"costate/factor/internal/space"
	"costate/la/blas"
)

// A Sink takes elements of the inverse: at the entries of the pattern, by the
// index of their values, and on the diagonal, by unknown. Either may be nil.
type Sink struct {
	Entry    func(at int, z float64)
	Diagonal func(unknown int, z float64)
}

// A block of the inverse on the rows and columns of one front, in the order of
// elimination: eliminated columns, then what is below.
type inverseFront struct {
	node  int
	z     []float64 // m×m
	place []int32   // of local column i of the front, in z
	at    []int32   // of what is below, in the block of the parent
}

// Invert computes the inverse on the pattern of the factors, from the roots of
// the tree down,
//
//	Z_RC = −Z_RR G,   Z_CC = C⁻¹ + Gᵀ Z_RR G,   G = L31 L11⁻¹
//
// where C are the columns eliminated in a front and R what is below, and hands
// what is asked for to the sink. The factors must be those of a regular matrix.
//
// Sources: K. Takahashi, J. Fagan and M.-S. Chen, Formation of a sparse bus
// impedance matrix and its application to short circuit study, 8th PICA
// conference (1973); A. M. Erisman and W. F. Tinney, On computing certain
// elements of the inverse of a sparse matrix, Comm. ACM 18 (1975).
func (e *Engine) Invert(s Sink) {
	var path []*inverseFront // from a root to the node at work
	var free []*inverseFront
	var g, t []float64
	for k := len(e.fronts) - 1; k >= 0; k-- {
		f := &e.fronts[k]
		for len(path) > 0 && path[len(path)-1].node != f.parent {
			free = append(free, path[len(path)-1])
			path = path[:len(path)-1]
		}
		var top *inverseFront
		if len(path) > 0 {
			top = path[len(path)-1]
		}
		var own *inverseFront
		if n := len(free); n > 0 {
			own, free = free[n-1], free[:n-1]
		} else {
			own = new(inverseFront)
		}
		g, t = space.Resize(g, len(f.down)*f.ne), space.Resize(t, max(f.ne*f.ne, len(f.down)*f.ne))
		e.invertFront(own, top, k, g, t)
		e.hand(own, k, s)
		path = append(path, own)
	}
}

// invertFront computes the inverse on the front of node k, given that on the
// front of its parent. g and t are scratch of below×ne and, at least, ne×ne.
func (e *Engine) invertFront(own, parent *inverseFront, k int, g, t []float64) {
	f := &e.fronts[k]
	ne, r := f.ne, len(f.down)
	m := ne + r
	own.node, own.z, own.place = k, space.Resize(own.z, m*m), space.Resize(own.place, f.p)
	z := own.z
	for i, from := range f.perm[:f.p] {
		own.place[from] = int32(i)
	}
	// Z_RR from the parent.
	if r > 0 {
		pm := e.fronts[parent.node].ne + len(e.fronts[parent.node].down)
		at := e.inParent(own, f, parent)
		for i := range r {
			src, dst := parent.z[int(at[i])*pm:], z[(ne+i)*m+ne:]
			for j := range r {
				dst[j] = src[at[j]]
			}
		}
	}
	if ne == 0 {
		return
	}
	// C⁻¹ = L⁻ᵀ D⁻¹ L⁻¹.
	c := t[:ne*ne]
	clear(c)
	for i := range ne {
		c[i*ne+i] = 1
	}
	e.backend.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, ne, ne, 1, f.w, f.p, c, ne)
	f.divide(c, ne)
	e.backend.Trsm(blas.Left, blas.Lower, blas.Trans, blas.Unit, ne, ne, 1, f.w, f.p, c, ne)
	for i := range ne {
		for j := range i + 1 {
			v := (c[i*ne+j] + c[j*ne+i]) / 2
			z[i*m+j], z[j*m+i] = v, v
		}
	}
	if r == 0 {
		return
	}
	e.inverseBelow(f, g)
	e.backend.Gemm(blas.NoTrans, blas.NoTrans, r, ne, r, -1, z[ne*m+ne:], m, g, ne, 0, z[ne*m:], m)
	e.backend.Gemmt(blas.Lower, blas.Trans, blas.NoTrans, ne, r, -1, g, ne, z[ne*m:], m, 1, z, m)
	for i := range ne {
		for j := range i {
			z[j*m+i] = z[i*m+j]
		}
		for j := range r {
			z[i*m+ne+j] = z[(ne+j)*m+i]
		}
	}
}

// inParent finds the rows below f in the block of its parent.
func (e *Engine) inParent(own *inverseFront, f *front, parent *inverseFront) []int32 {
	p := &e.fronts[parent.node]
	nd := f.delayed()
	own.at = space.Resize(own.at, nd+len(f.rows))
	at := own.at
	for i := range nd {
		at[i] = parent.place[f.place+i]
	}
	for i, u := range f.up {
		if int(u) < p.own {
			at[nd+i] = parent.place[u]
		} else {
			at[nd+i] = u + int32(p.p-p.own)
		}
	}
	return at
}

// hand gives elements of the block to the sink, unscaled.
func (e *Engine) hand(own *inverseFront, k int, s Sink) {
	f := &e.fronts[k]
	m := f.ne + len(f.down)
	scale := func(position int32) float64 {
		if e.scale == nil {
			return 1
		}
		return e.scale[e.tree.Perm[position]]
	}
	if s.Diagonal != nil {
		for i, at := range f.elim {
			v := scale(at)
			s.Diagonal(e.tree.Perm[at], own.z[i*m+i]*v*v)
		}
	}
	if s.Entry == nil {
		return
	}
	for t := e.entries.ptr[k]; t < e.entries.ptr[k+1]; t++ {
		c := e.entries.col[t]
		r := e.entries.row[t]
		i, j := int(r)+f.p-f.own, int(own.place[c])
		at := f.rowPosition(int(r))
		if int(r) < f.own {
			i = int(own.place[r])
		}
		s.Entry(int(e.entries.from[t]), own.z[i*m+j]*scale(at)*scale(int32(f.first)+c))
	}
}

// rowPosition is the position of row r of the front without delays.
func (f *front) rowPosition(r int) int32 {
	if r < f.own {
		return int32(f.first + r)
	}
	return f.rows[r-f.own]
}
