package factor

import "costate/la/blas"

// solve overwrites the order×nr right-hand sides x, stored by rows, with the
// solution, without refinement. Rows belong to the rests of the blocks, in
// order; the right-hand side is zero on states and costates. It may be called
// by several goroutines at once.
func (c *core) solve(x []float64, nr int) {
	if nr == 0 || c.order == 0 {
		return
	}
	q, h, b, m := c.widest()
	space := c.pool.get()
	defer c.pool.put(space)
	space.buf = resize(space.buf, (q+2*h+b+m)*nr)
	w := space.buf
	tmp, s, other, bound, mid := w[:q*nr], w[q*nr:(q+h)*nr], w[(q+h)*nr:(q+2*h)*nr], w[(q+2*h)*nr:(q+2*h+b)*nr], w[(q+2*h+b)*nr:]
	clear(s)
	for k := range c.blocks {
		c.forward(k, nr, x, tmp, s, bound, mid)
	}
	for k := len(c.blocks) - 1; k >= 0; k-- {
		c.backward(k, nr, x, tmp, s, other, bound, mid)
		s, other = other, s
	}
}

func (c *core) widest() (q, h, b, m int) {
	for k := range c.blocks {
		p := &c.blocks[k]
		q, h, b, m = max(q, p.q), max(h, p.h), max(b, p.b), max(m, len(p.cols))
	}
	return q, h, b, m
}

// forward turns block k's right-hand side into L⁻¹P times it and subtracts
// its part from the next block's: in x, or in s for a block with pairs.
func (c *core) forward(k, nr int, x, tmp, s, bound, mid []float64) {
	p := &c.blocks[k]
	f := x[p.first*nr:][:p.q*nr]
	bound = bound[:p.b*nr]
	clear(bound)
	if p.t != nil {
		p.t.mulTrans(0, p.q, nr, s, f)
		p.t.mulTrans(p.q, p.q+p.b, nr, s, bound)
	}
	if p.q > 0 {
		blas.PermuteRows(p.perm, nr, f, nr, tmp, nr)
		tmp = tmp[:p.q*nr]
		c.backend.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, p.q, nr, 1, p.f, p.q, tmp, nr)
		copy(f, tmp)
		if p.b > 0 {
			blas.DSolve(p.q, nr, p.f, p.q, p.e, tmp, nr)
			c.subtract(p, nr, tmp, bound, mid)
		}
	}
	if p.b == 0 {
		if k+1 < len(c.blocks) {
			clear(s[:c.blocks[k+1].h*nr])
		}
		return
	}
	n := &c.blocks[k+1]
	dst := s[:n.h*nr]
	clear(dst)
	if n.h == 0 {
		dst = x[n.first*nr:][:n.q*nr]
	}
	if p.rows == nil {
		addTo(dst[p.off*nr:][:len(bound)], bound)
		return
	}
	for i, r := range p.rows {
		addTo(dst[r*nr:][:nr], bound[i*nr:][:nr])
	}
}

// backward finishes block k's solution, given those of the next block: in x,
// or in s for a block with pairs. It writes the states of block k to out.
func (c *core) backward(k, nr int, x, tmp, s, out, bound, mid []float64) {
	p := &c.blocks[k]
	f := x[p.first*nr:][:p.q*nr]
	bound = bound[:p.b*nr]
	if p.b > 0 {
		n := &c.blocks[k+1]
		src := s
		if n.h == 0 {
			src = x[n.first*nr:][:n.q*nr]
		}
		if p.rows == nil {
			copy(bound, src[p.off*nr:])
		} else {
			for i, r := range p.rows {
				copy(bound[i*nr:][:nr], src[r*nr:])
			}
		}
		if p.q > 0 {
			c.subtractTrans(p, nr, bound, f, mid)
		}
	}
	if p.q > 0 {
		blas.DSolve(p.q, nr, p.f, p.q, p.e, f, nr)
		c.backend.Trsm(blas.Left, blas.Lower, blas.Trans, blas.Unit, p.q, nr, 1, p.f, p.q, f, nr)
		tmp = tmp[:len(f)]
		copy(tmp, f)
		blas.UnpermuteRows(p.perm, nr, tmp, nr, f, nr)
	}
	if p.t != nil {
		p.t.states(nr, out, f, bound)
	}
}

// subtract computes bound −= X z.
func (c *core) subtract(p *coreBlock, nr int, z, bound, mid []float64) {
	if p.cols == nil {
		c.mul(blas.NoTrans, p.b, p.q, nr, -1, p.x, z, 1, bound)
		return
	}
	m := len(p.cols)
	c.mul(blas.NoTrans, m, p.q, nr, 1, p.x, z, 0, mid)
	c.mul(blas.NoTrans, p.b, m, nr, -1, p.bc, mid, 1, bound)
}

// subtractTrans computes f −= Xᵀ bound.
func (c *core) subtractTrans(p *coreBlock, nr int, bound, f, mid []float64) {
	if p.cols == nil {
		c.mul(blas.Trans, p.b, p.q, nr, -1, p.x, bound, 1, f)
		return
	}
	m := len(p.cols)
	c.mul(blas.Trans, p.b, m, nr, 1, p.bc, bound, 0, mid)
	c.mul(blas.Trans, m, p.q, nr, -1, p.x, mid, 1, f)
}

// mul computes y = alpha op(A) x + beta y for the rows×cols matrix A and nr
// columns.
func (c *core) mul(t blas.Transpose, rows, cols, nr int, alpha float64, a, x []float64, beta float64, y []float64) {
	if nr == 1 {
		c.backend.Gemv(t, rows, cols, alpha, a, cols, x, beta, y)
		return
	}
	m, n := rows, cols
	if t == blas.Trans {
		m, n = n, m
	}
	c.backend.Gemm(t, blas.NoTrans, m, nr, n, alpha, a, cols, x, nr, beta, y, nr)
}

func addTo(dst, src []float64) {
	for i, v := range src {
		dst[i] += v
	}
}
