package tree

import (
	"costate/factor/internal/space"
	"costate/la/blas"
)

// A Sink takes elements of the inverse. Either function may be nil.
type Sink struct {
	// Diagonal takes an element of the diagonal.
	Diagonal func(unknown int, z float64)

	// Front takes what a node has without delayed columns: at returns element
	// (i, j), j one of the node's columns, i a column or, from their number on, a
	// row below.
	Front func(k int, at func(i, j int) float64)
}

// An inverseFront is the inverse on the rows and columns of one front, in the
// order of elimination: columns, then rows below.
type inverseFront struct {
	node int
	z    []float64 // (p+q)×(p+q)
}

// An inversion is one run of Invert.
type inversion struct {
	e     *Engine
	where []int32 // of a position, among the columns of the last front above that has it
	at    []int32 // of what is below a front, in that of its parent
	g, c  []float64
	own   *inverseFront
}

// Invert computes the inverse on the pattern of the factors, from the roots of
// the tree down,
//
//	Z_RC = −Z_RR G,   Z_CC = C⁻¹ + Gᵀ Z_RR G,   G = L31 L11⁻¹
//
// where C are the columns eliminated in a front and R what is below, and hands
// what is asked for to the sink. The factors must be those of a regular matrix.
// It may be called by several goroutines, and allocates.
//
// Sources: K. Takahashi, J. Fagan and M.-S. Chen, Formation of a sparse bus
// impedance matrix and its application to short circuit study, 8th PICA
// conference (1973); A. M. Erisman and W. F. Tinney, On computing certain
// elements of the inverse of a sparse matrix, Comm. ACM 18 (1975).
func (e *Engine) Invert(s Sink) {
	v := inversion{e: e, where: make([]int32, e.n)}
	var path, free []*inverseFront // from a root to the node at work; not in use
	for k := len(e.fronts) - 1; k >= 0; k-- {
		for len(path) > 0 && path[len(path)-1].node != int(e.fronts[k].parent) {
			free = append(free, path[len(path)-1])
			path = path[:len(path)-1]
		}
		var above *inverseFront
		if len(path) > 0 {
			above = path[len(path)-1]
		}
		if n := len(free); n > 0 {
			v.own, free = free[n-1], free[:n-1]
		} else {
			v.own = new(inverseFront)
		}
		v.front(k, above)
		v.hand(k, s)
		path = append(path, v.own)
	}
}

// front computes the inverse on front k, given that on its parent.
func (v *inversion) front(k int, above *inverseFront) {
	e, f := v.e, &v.e.fronts[k]
	p, q, ne := int(f.p), int(f.q), int(f.ne)
	m := p + q
	v.own.node, v.own.z = k, space.Resize(v.own.z, m*m)
	z := v.own.z
	r := m - ne
	if r > 0 {
		v.below(f, &e.fronts[above.node])
		pa := &e.fronts[above.node]
		ma := int(pa.p + pa.q)
		for i, from := range v.at {
			src, dst := above.z[int(from)*ma:], z[(ne+i)*m+ne:]
			for j, col := range v.at {
				dst[j] = src[col]
			}
		}
	}
	for i, c := range f.cols[:p] {
		v.where[c] = int32(i)
	}
	if ne == 0 {
		return
	}
	v.pivots(f, m)
	if r == 0 {
		return
	}
	v.g = space.Resize(v.g, r*ne)
	g := v.g
	for i := range r {
		copy(g[i*ne:(i+1)*ne], f.w[(ne+i)*p:])
	}
	be := e.serial
	be.Trsm(blas.Right, blas.Lower, blas.NoTrans, blas.Unit, r, ne, 1, f.w, p, g, ne)
	be.Gemm(blas.NoTrans, blas.NoTrans, r, ne, r, -1, z[ne*m+ne:], m, g, ne, 0, z[ne*m:], m)
	be.Gemmt(blas.Lower, blas.Trans, blas.NoTrans, ne, r, -1, g, ne, z[ne*m:], m, 1, z, m)
	for i := range ne {
		for j := range i {
			z[j*m+i] = z[i*m+j]
		}
		for j := range r {
			z[i*m+ne+j] = z[(ne+j)*m+i]
		}
	}
}

// below finds what is below front f in the front above.
func (v *inversion) below(f, above *front) {
	v.at = v.at[:0]
	for _, c := range f.cols[f.ne:f.p] {
		v.at = append(v.at, v.where[c])
	}
	for i, u := range v.e.up[f.at : f.at+int(f.q)] {
		if i < int(f.summed) {
			v.at = append(v.at, v.where[above.first+u])
		} else {
			v.at = append(v.at, above.p+u)
		}
	}
}

// pivots writes C⁻¹ = L⁻ᵀ D⁻¹ L⁻¹ to the first rows and columns of a block of
// order m.
func (v *inversion) pivots(f *front, m int) {
	ne, p, be := int(f.ne), int(f.p), v.e.serial
	v.c = space.Resize(v.c, ne*ne)
	c, z := v.c, v.own.z
	clear(c)
	for i := range ne {
		c[i*ne+i] = 1
	}
	be.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, ne, ne, 1, f.w, p, c, ne)
	f.divide(c, ne)
	be.Trsm(blas.Left, blas.Lower, blas.Trans, blas.Unit, ne, ne, 1, f.w, p, c, ne)
	for i := range ne {
		for j := range i + 1 {
			x := (c[i*ne+j] + c[j*ne+i]) / 2
			z[i*m+j], z[j*m+i] = x, x
		}
	}
}

// hand gives elements of the block to the sink, unscaled.
func (v *inversion) hand(k int, s Sink) {
	e, f, z := v.e, &v.e.fronts[k], v.own.z
	m := int(f.p + f.q)
	if s.Diagonal != nil {
		for i, c := range f.cols[:f.ne] {
			u := e.scaleOf(c)
			s.Diagonal(e.tree.Perm[c], z[i*m+i]*u*u)
		}
	}
	if s.Front == nil {
		return
	}
	own, rows := int(f.own), e.tree.Rows[k]
	index := func(i int) (at, position int32) {
		if i < own {
			position = f.first + int32(i)
			return v.where[position], position
		}
		return f.p + int32(i-own), rows[i-own]
	}
	s.Front(k, func(i, j int) float64 {
		r, pr := index(i)
		c, pc := index(j)
		return z[int(r)*m+int(c)] * e.scaleOf(pr) * e.scaleOf(pc)
	})
}

// scaleOf is the scale of the unknown at a position.
func (e *Engine) scaleOf(position int32) float64 {
	if e.scale == nil {
		return 1
	}
	return e.scale[e.tree.Perm[position]]
}
