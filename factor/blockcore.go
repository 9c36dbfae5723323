package factor

import (
	"math"

	"costate/la/blas"
)

// A core is the block LDLᵀ factorization of a symmetric matrix whose pivot
// blocks form a path: block k couples to block k+1 only, through the unknowns
// of block k+1 that are called its boundary. Eliminating block k,
//
//	[ S   Bᵀ ]        P S Pᵀ = L D Lᵀ           Bunch–Kaufman
//	[ B   A' ]        X = B Pᵀ L⁻ᵀ              boundary × order of S
//	                  A' − B S⁻¹ Bᵀ = A' − X D⁻¹ Xᵀ
//
// changes the boundary's part of the next block only.
//
// A block may begin with pairs: states s and costates m, as many of one as of
// the other, where m has a zero block of its own and s couples to nothing but
// itself, m and the blocks before. They are eliminated by substitution, see
// pairs. The other unknowns of the block are its rest. A block without pairs
// is all rest.
//
// The numbers come from a source, so that dense blocks and entries of a sparse
// matrix go straight to where they are factored.
type core struct {
	backend blas.Backend
	blocks  []coreBlock
	order   int // unknowns of all rests: the length of a right-hand side

	// Workspace of factor, one for all blocks.
	p       []float64 // states' block, h×h
	g, gt   []float64 // P T and its transpose
	u       []float64 // update of a boundary that is not contiguous
	xd      []float64 // X D⁻¹
	mid     []float64 // X D⁻¹ Xᵀ between the columns of the coupling
	pivwork []float64 // of Sytrf; then D⁻¹
	inverse []int

	shift   float64   // of the factorization at hand
	damping []float64 // nil or one a block
	growth  float64   // largest element that is not avoided by merging
	limit   int       // largest order of a merged block, 0: none is made
	stats   coreStats
	pool    pool[coreSpace]
}

// A coreBlock is the shape and the factor of one block.
type coreBlock struct {
	h, q   int       // pairs; order of the rest
	first  int       // of the rest in a right-hand side
	src    int       // its number in the source, of the first part if merged
	parts  []part    // of a merged block, otherwise nil
	lead   int       // unknowns of all parts but the last: not coupled to the next block
	before coreStats // of factor when it came here

	// Boundary: b unknowns of the next block, counted inside its states if it
	// has pairs and inside its rest otherwise: off, off+1, … if rows is nil.
	b    int
	off  int
	rows []int

	// Columns of the coupling that are not zero, where working with these is
	// cheaper than with its rows: X then stands for E Pᵀ L⁻ᵀ, where E selects
	// the columns, and the coupling is bc E with bc of b×len(cols). Otherwise
	// cols is nil. Columns are counted from lead.
	cols []int
	bc   []float64

	f    []float64 // q×q: L and the diagonal of D
	e    []float64 // q: off-diagonal of D
	perm []int     // q
	x    []float64 // X

	t *pairs // nil without pairs
}

// rank is the number of rows of X.
func (b *coreBlock) rank() int {
	if b.cols != nil {
		return len(b.cols)
	}
	return b.b
}

// A coreStats tells what a factorization met.
type coreStats struct {
	negative, zero, positive int
	log, sign                float64
	largest                  float64 // element met in the pivot blocks
	front                    float64 // largest element of the first pivot block
	tiny                     float64 // smallest |eigenvalue of a pivot| over the rounding errors of its block
	block, at                int     // where that was: block, and unknown of its rest
	complete                 bool    // all blocks have been factored
}

// A coreSize counts what a core holds.
type coreSize struct {
	elements, ints      int // of all factors
	p, g, u, xd, mid, q int // of the workspace: the largest over the blocks
	pairs               int64
}

func (c *core) size() coreSize {
	var s coreSize
	for k := range c.blocks {
		b := &c.blocks[k]
		r := b.rank()
		s.elements += b.q*b.q + b.q + r*b.q + b.b*len(b.cols)
		s.ints += b.q
		if b.cols != nil {
			s.mid = max(s.mid, r*r+b.b*r)
		}
		if b.rows != nil {
			s.u = max(s.u, b.b*b.b)
		}
		s.xd, s.q = max(s.xd, r*b.q, b.b*b.q), max(s.q, b.q)
		if b.h > 0 {
			s.p, s.g = max(s.p, b.h*b.h), max(s.g, b.h*(b.q+b.b))
		}
		if b.t != nil {
			s.pairs += b.t.bytes()
		}
	}
	return s
}

// cost counts the flops and bytes of factor and solve from the shapes of the
// blocks; nothing needs to be allocated yet.
func (c *core) cost() Cost {
	var cost Cost
	for k := range c.blocks {
		b := &c.blocks[k]
		q, r, n := int64(b.q), int64(b.rank()), int64(b.b)
		cost.Factor += q*q*q/3 + q*q*r + q*r + q*r*r
		cost.Solve += 2*q*q + 4*q*r
		if b.cols != nil {
			cost.Factor += q*r*r + 2*n*r*r + n*n*r
			cost.Solve += 4 * n * r
		}
		if b.t != nil {
			cost.Factor += b.t.flops
			cost.Solve += 4 * int64(len(b.t.val))
		}
	}
	s := c.size()
	work := s.p + 2*s.g + s.u + s.xd + s.mid + s.q + c.backend.SytrfWork(s.q) + 2*c.order
	cost.Bytes = 8*int64(s.elements+s.ints+work) + s.pairs
	return cost
}

// alloc makes the memory of all blocks.
func (c *core) alloc() {
	s := c.size()
	numbers, indices := make([]float64, s.elements), make([]int, s.ints)
	take := func(n int) []float64 {
		part := numbers[:n:n]
		numbers = numbers[n:]
		return part
	}
	for k := range c.blocks {
		b := &c.blocks[k]
		b.f, b.e = take(b.q*b.q), take(b.q)
		b.x, b.bc = take(b.rank()*b.q), take(b.b*len(b.cols))
		b.perm, indices = indices[:b.q:b.q], indices[b.q:]
	}
	c.workspace()
	c.pool.reset()
}

// workspace makes what factor needs of scratch memory, where it is not there.
func (c *core) workspace() {
	s := c.size()
	c.p, c.g, c.gt = resize(c.p, s.p), resize(c.g, s.g), resize(c.gt, s.g)
	c.u, c.xd, c.mid = resize(c.u, s.u), resize(c.xd, s.xd), resize(c.mid, s.mid)
	c.pivwork = resize(c.pivwork, max(2*s.q, c.backend.SytrfWork(s.q)))
	if cap(c.inverse) < s.q {
		c.inverse = make([]int, s.q)
	}
	c.inverse = c.inverse[:s.q]
}

// target is where block k receives the update of the block before: the lower
// triangle of its states' block or of its rest.
func (c *core) target(k int) (a []float64, ld int) {
	b := &c.blocks[k]
	if b.h > 0 {
		return c.p[:b.h*b.h], b.h
	}
	return b.f, b.q
}

// setRows stores boundary positions, as a range if they are contiguous.
func (b *coreBlock) setRows(rows []int) {
	b.b, b.off, b.rows = len(rows), 0, rows
	if len(rows) == 0 {
		b.rows = nil
		return
	}
	if rows[len(rows)-1]-rows[0] == len(rows)-1 {
		b.off, b.rows = rows[0], nil
	}
}

// A coreSpace is the workspace of one solve.
type coreSpace struct{ buf []float64 }

// largestLower is the largest absolute value in the lower triangle of an n×n
// matrix; NaN if it holds a NaN.
func largestLower(n int, a []float64, ld int) float64 {
	m := 0.0
	for i := range n {
		if v := largestAbs(a[i*ld : i*ld+i+1]); !(v <= m) {
			m = v
			if math.IsNaN(v) {
				break
			}
		}
	}
	return m
}

// largestAbs is the largest absolute value in x; NaN if x holds a NaN. Numbers
// without their sign are ordered as their bits are, infinities and NaN last.
func largestAbs(x []float64) float64 {
	const magnitude = 1<<63 - 1
	var a, b, c, d uint64
	for len(x) >= 4 {
		a = max(a, math.Float64bits(x[0])&magnitude)
		b = max(b, math.Float64bits(x[1])&magnitude)
		c = max(c, math.Float64bits(x[2])&magnitude)
		d = max(d, math.Float64bits(x[3])&magnitude)
		x = x[4:]
	}
	for _, v := range x {
		a = max(a, math.Float64bits(v)&magnitude)
	}
	return math.Float64frombits(max(a, b, c, d))
}
