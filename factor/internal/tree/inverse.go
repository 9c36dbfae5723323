package tree

import (
	"costate/internal/space"
	"costate/la/blas"
)

// A Sink takes elements of the inverse. Either function may be nil.
type Sink struct {
	// Diagonal takes an element of the diagonal.
	Diagonal func(unknown int, z float64)

	// Front takes what a node has without delayed columns: at returns element
	// (i, j), j one of the node's columns, i a column or, from their number on, a
	// row below. It is good until Front returns.
	Front func(k int, at func(i, j int) float64)
}

// Invert computes the inverse on the pattern of the factors, from the roots of
// the tree down, and hands what is asked for to the sink. From Z of the rows R of
// a node that of its columns C follows, with G = L21 L11⁻¹,
//
//	Z_RC = −Z_RR G          Z_CC = L11⁻ᵀ D⁻¹ L11⁻¹ − Gᵀ Z_RC
//
// and R is part of the rows and columns of the parent. The Z_RR of children lie on
// a stack, from which the last child takes its own first: it is no higher than
// that of the contributions.
//
// Elements are as accurate as solves without refinement, or worse by the growth
// that |L| ≤ 1/u allows. The factors must be those of a regular matrix. It may be
// called by several goroutines, and allocates.
//
// Sources: K. Takahashi, J. Fagan and M.-S. Chen, Formation of a sparse bus
// impedance matrix and its application to short circuit study, 8th PICA
// conference (1973); A. M. Erisman and W. F. Tinney, On computing certain
// elements of the inverse of a sparse matrix, Comm. ACM 18 (1975); L. Lin, C.
// Yang, J. C. Meza, J. Lu, L. Ying and W. E, SelInv, ACM Trans. Math. Softw. 37
// (2011), section 3.
func (e *Engine) Invert(s Sink) {
	v := e.newInverse()
	for k := len(e.fronts) - 1; k >= 0; k-- {
		f := &e.fronts[k]
		v.front(f, e.tree.Rows[k])
		v.hand(k, s)
		for c := f.child; c >= 0; c = e.fronts[c].next {
			v.push(&e.fronts[c], e.tree.Rows[c])
		}
	}
}

// An inverse is the state of Invert.
type inverse struct {
	e     *Engine
	stack []float64 // Z_RR of nodes to come
	top   int
	z     []float64 // m×m: Z of the node at hand, both triangles
	m     int
	index []int32 // positions of its rows and columns
	place []int32 // of a position in index
	local []int32
	g, t  []float64
}

// rank is the number of rows of f below L11.
func (f *front) rank() int { return int(f.p - f.ne + f.q) }

// front completes Z of a front, on the rows of which it lies on top of the stack.
func (v *inverse) front(f *front, rows []int32) {
	p, ne, r := int(f.p), int(f.ne), f.rank()
	m := ne + r
	v.m, v.index = m, append(append(v.index[:0], f.cols...), rows...)
	for i, at := range v.index {
		v.place[at] = int32(i)
	}
	if f.parent >= 0 {
		v.top -= r * r
		zr := v.stack[v.top:]
		for i := range r {
			copy(v.z[(ne+i)*m+ne:(ne+i+1)*m], zr[i*r:])
		}
	}
	switch {
	case ne == 1:
		v.one(f.w, p, r)
	case ne > 0:
		v.columns(f, r)
	}
}

// hand gives elements of the front at hand to the sink, unscaled.
func (v *inverse) hand(k int, s Sink) {
	e, f, m := v.e, &v.e.fronts[k], v.m
	if s.Diagonal != nil {
		for i, c := range f.cols[:f.ne] {
			u := e.scaleOf(c)
			s.Diagonal(e.tree.Perm[c], v.z[i*m+i]*u*u)
		}
	}
	if s.Front == nil {
		return
	}
	own, rows := int(f.own), e.tree.Rows[k]
	position := func(i int) int32 {
		if i < own {
			return f.first + int32(i)
		}
		return rows[i-own]
	}
	s.Front(k, func(i, j int) float64 {
		r, c := position(i), position(j)
		return v.z[int(v.place[r])*m+int(v.place[c])] * (e.scaleOf(r) * e.scaleOf(c))
	})
}

// scaleOf is the scale of the unknown at a position.
func (e *Engine) scaleOf(position int32) float64 {
	if e.scale == nil {
		return 1
	}
	return e.scale[e.tree.Perm[position]]
}

// newInverse makes workspace, for which it runs through the tree once.
func (e *Engine) newInverse() *inverse {
	high, top, order := 0, 0, 0
	for k := len(e.fronts) - 1; k >= 0; k-- {
		f := &e.fronts[k]
		if f.parent >= 0 {
			top -= f.rank() * f.rank()
		}
		for c := f.child; c >= 0; c = e.fronts[c].next {
			r := e.fronts[c].rank()
			top += r * r
		}
		high, order = max(high, top), max(order, int(f.p+f.q))
	}
	return &inverse{
		e:     e,
		stack: make([]float64, high), place: make([]int32, e.n),
		z: make([]float64, order*order), index: make([]int32, 0, order), local: make([]int32, order),
	}
}

// push puts the part of Z that child g starts from on the stack.
func (v *inverse) push(g *front, rows []int32) {
	r := g.rank()
	local := v.local[:0]
	for _, at := range g.cols[g.ne:] {
		local = append(local, v.place[at])
	}
	for _, at := range rows {
		local = append(local, v.place[at])
	}
	dst := v.stack[v.top : v.top+r*r]
	v.top += r * r
	for i, a := range local {
		row, src := dst[i*r:(i+1)*r], v.z[int(a)*v.m:int(a+1)*v.m]
		for j, b := range local {
			row[j] = src[b]
		}
	}
}

// one is columns for one column.
func (v *inverse) one(w []float64, p, r int) {
	m := r + 1
	v.g, v.t = space.Resize(v.g, r), space.Resize(v.t, r)
	g, t := v.g, v.t
	for i := range g {
		g[i] = w[(1+i)*p]
	}
	d := 1 / w[0]
	for i := range t {
		t[i] = -dot(g, v.z[(1+i)*m+1:(2+i)*m])
		v.z[1+i], v.z[(1+i)*m] = t[i], t[i]
	}
	v.z[0] = d - dot(g, t)
}

// columns completes z, of which the rows and columns from f.ne on are there.
func (v *inverse) columns(f *front, r int) {
	b := v.e.backend
	p, ne, m := int(f.p), int(f.ne), v.m
	v.g, v.t = space.Resize(v.g, max(r, ne)*ne), space.Resize(v.t, max(r, ne)*ne)
	// L11⁻ᵀ D⁻¹ L11⁻¹.
	t := v.t[:ne*ne]
	clear(t)
	for i := range ne {
		t[i*ne+i] = 1
	}
	b.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, ne, ne, 1, f.w, p, t, ne)
	blas.DSolve(ne, ne, f.w, p, f.offDiagonal(), t, ne)
	b.Trsm(blas.Left, blas.Lower, blas.Trans, blas.Unit, ne, ne, 1, f.w, p, t, ne)
	for i := range ne {
		copy(v.z[i*m:i*m+ne], t[i*ne:])
	}
	if r > 0 {
		g, t := v.g[:r*ne], v.t[:r*ne]
		for i := range r {
			copy(g[i*ne:(i+1)*ne], f.w[(ne+i)*p:])
		}
		b.Trsm(blas.Right, blas.Lower, blas.NoTrans, blas.Unit, r, ne, 1, f.w, p, g, ne)
		b.Gemm(blas.NoTrans, blas.NoTrans, r, ne, r, -1, v.z[ne*m+ne:], m, g, ne, 0, t, ne)
		b.Gemm(blas.Trans, blas.NoTrans, ne, ne, r, -1, g, ne, t, ne, 1, v.z, m)
		for i := range r {
			for j, x := range t[i*ne : (i+1)*ne] {
				v.z[(ne+i)*m+j], v.z[j*m+ne+i] = x, x
			}
		}
	}
	// One value for both triangles.
	for i := range ne {
		for j := range i {
			v.z[j*m+i] = v.z[i*m+j]
		}
	}
}
