package factor

import "costate/la/blas"

// An inverseSpace is the workspace of a selected inverse. Besides q, r and b of
// the block at hand, n is the order of the next block.
type inverseSpace struct {
	sink inverseSink

	m, dm []float64 // q×q: L⁻¹, D⁻¹L⁻¹
	low   []float64 // q×q: the pivoted block of the inverse, lower triangle
	d, o  []float64 // D⁻¹
	y, t  []float64 // r×q: X D⁻¹ L⁻¹, and W times that
	w     []float64 // r×r: the next block of the inverse, as X meets it
	mid   []float64 // max(b,n)×r
	rows  []float64 // b×n: rows of the next block at the boundary
	v     []float64 // n×q: the block below the diagonal
	off   []float64 // the same in the order of the matrix
	z, zn []float64 // q×q and n×n: blocks of the inverse, both triangles
	zr    []float64 // b×b: the next block at the boundary
	mr    []float64 // q×b, twice, and r×b, twice: columns of m, dm, y, t
	diag  []float64
	pos   []int
}

// fit makes the buffers large enough for c, of which all blocks or only the
// diagonal are wanted.
func (w *inverseSpace) fit(c *core, all bool) {
	var q, r, b, rq, rr, br, bn, nq, nr, bb, bq, b1r, fill int
	for k := range c.blocks {
		p := &c.blocks[k]
		q, r, b = max(q, p.q), max(r, p.rank()), max(b, p.b)
		rq, rr, br, bb = max(rq, p.rank()*p.q), max(rr, p.rank()*p.rank()), max(br, p.b*p.rank()), max(bb, p.b*p.b)
		if k > 0 {
			before := &c.blocks[k-1]
			bq, b1r = max(bq, before.b*p.q), max(b1r, before.b*p.rank())
			bn, nq, nr = max(bn, before.b*p.q), max(nq, p.q*before.q), max(nr, p.q*before.rank())
		}
		if all || !c.sparing(k) {
			fill = max(fill, p.q*p.q)
		}
	}
	w.m, w.dm, w.d, w.o, w.diag = resize(w.m, q*q), resize(w.dm, q*q), resize(w.d, q), resize(w.o, q), resize(w.diag, q)
	w.y, w.t, w.w, w.mid, w.zr = resize(w.y, rq), resize(w.t, rq), resize(w.w, rr), resize(w.mid, max(br, nr)), resize(w.zr, bb)
	w.low, w.z = resize(w.low, fill), resize(w.z, fill)
	if cap(w.pos) < q {
		w.pos = make([]int, q)
	}
	if all {
		w.zn, w.rows, w.v, w.off = resize(w.zn, fill), resize(w.rows, bn), resize(w.v, nq), resize(w.off, nq)
	} else {
		w.mr = resize(w.mr, 2*bq+2*b1r)
	}
}

// invert computes the blocks of the inverse, last to first, into the sink of w.
// With C = Pᵀ L D Lᵀ P, M = L⁻¹ and X = B Pᵀ L⁻ᵀ of the factorization,
//
//	P Z_{k,k} Pᵀ = Mᵀ D⁻¹ M + Yᵀ W Y       Y = X D⁻¹ M
//	Z_{k+1,k} Pᵀ = −Z_{k+1,k+1} Y          W = Z_{k+1,k+1}
//
// in rows and columns of the boundary only. Where X stands for chosen columns of
// the coupling B = B' E, W is B'ᵀ Z_{k+1,k+1} B'.
func (c *core) invert(w *inverseSpace) {
	all := w.sink.blocks()
	w.fit(c, all)
	for k := len(c.blocks) - 1; k >= 0; k-- {
		b := &c.blocks[k]
		q, r := b.q, b.rank()
		c.invertFactor(b, w)
		if b.b > 0 {
			c.invertCoupling(b, w, all, k)
		}
		if !all && c.sparing(k) {
			c.invertSparing(k, w)
			continue
		}

		const panel = 64
		low := w.low[:q*q]
		for i := 0; i < q; i += panel {
			n := min(panel, q-i)
			c.backend.Gemm(blas.Trans, blas.NoTrans, n, i+n, q-i, 1, w.m[i*q+i:], q, w.dm[i*q:], q, 0, low[i*q:], q)
		}
		if b.b > 0 {
			c.backend.Gemmt(blas.Lower, blas.Trans, blas.NoTrans, q, r, 1, w.y, q, w.t, q, 1, low, q)
		}
		z := w.z[:q*q]
		for i, pi := range b.perm {
			for j, pj := range b.perm[:i+1] {
				v := low[i*q+j]
				z[pi*q+pj], z[pj*q+pi] = v, v
			}
		}
		if all {
			w.sink.part(b.first, b.first, q, q, z)
			if b.b > 0 {
				n := c.blocks[k+1].q
				w.sink.part(b.first+q, b.first, n, q, w.off[:n*q])
			} else if w.sink.dst != nil && k+1 < len(c.blocks) {
				n := c.blocks[k+1].q
				off := w.off[:n*q]
				clear(off)
				w.sink.part(b.first+q, b.first, n, q, off)
			}
			w.z, w.zn = w.zn, w.z
			continue
		}
		for i := range q {
			w.diag[i] = z[i*q+i]
		}
		w.sink.diagonal(b.first, w.diag[:q])
		c.blocks[k-1].gather(w.zr, z, q) // block 0 is always sparing
	}
}

// invertFactor computes M = L⁻¹, D⁻¹ and D⁻¹M of a block.
func (c *core) invertFactor(b *coreBlock, w *inverseSpace) {
	q := b.q
	for i := range q {
		row := w.m[i*q:][:q]
		copy(row, b.f[i*q:i*q+i])
		row[i] = 1
		clear(row[i+1:])
	}
	c.invertUnit(q, w.m, q)
	invertPivots(q, b.f, b.e, w.d, w.o)
	for i := 0; i < q; i++ {
		row, out := w.m[i*q:][:q], w.dm[i*q:][:q]
		d, o := w.d[i], w.o[i]
		if o == 0 {
			for j, v := range row[:i+1] {
				out[j] = d * v
			}
			clear(out[i+1:])
			continue
		}
		next, out1, d1 := w.m[(i+1)*q:][:q], w.dm[(i+1)*q:][:q], w.d[i+1]
		for j, v := range row[:i+2] {
			u := next[j]
			out[j], out1[j] = d*v+o*u, o*v+d1*u
		}
		clear(out[i+2:])
		clear(out1[i+2:])
		i++
	}
}

// invertUnit overwrites a unit lower triangular matrix, stored with its ones,
// with its inverse: n³/3 flops, in halves.
func (c *core) invertUnit(n int, a []float64, ld int) {
	const base = 24
	if n <= base {
		var row [base]float64
		for i := 1; i < n; i++ {
			x := a[i*ld:][:i]
			copy(row[:], x)
			clear(x)
			for l, v := range row[:i] {
				if v == 0 {
					continue
				}
				for j, u := range a[l*ld:][:l+1] {
					x[j] -= v * u
				}
			}
		}
		return
	}
	h := (n/2 + 7) &^ 7
	low, right := a[h*ld:], a[h*ld+h:]
	c.backend.Trsm(blas.Right, blas.Lower, blas.NoTrans, blas.Unit, n-h, h, -1, a, ld, low, ld)
	c.backend.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, n-h, h, 1, right, ld, low, ld)
	c.invertUnit(h, a, ld)
	c.invertUnit(n-h, right, ld)
}

// invertCoupling computes Y, W and T = W Y of block k, from the next block of
// the inverse, and with all the block below the diagonal.
func (c *core) invertCoupling(b *coreBlock, w *inverseSpace, all bool, k int) {
	q, r := b.q, b.rank()
	be := c.backend
	y, t, m := w.y[:r*q], w.t[:r*q], w.w[:r*r]
	scaleRows(r, q, w.d, w.o, b.x, y)
	be.Trsm(blas.Right, blas.Lower, blas.NoTrans, blas.Unit, r, q, 1, b.f, q, y, q)
	zr := w.zr[:b.b*b.b]
	n := c.blocks[k+1].q
	if all {
		b.gather(zr, w.zn[:n*n], n)
	}
	if b.cols == nil {
		copy(m, zr)
	} else {
		mid := w.mid[:b.b*r]
		be.Gemm(blas.NoTrans, blas.NoTrans, b.b, r, b.b, 1, zr, b.b, b.bc, r, 0, mid, r)
		be.Gemm(blas.Trans, blas.NoTrans, r, r, b.b, 1, b.bc, r, mid, r, 0, m, r)
	}
	be.Gemm(blas.NoTrans, blas.NoTrans, r, q, r, 1, m, r, y, q, 0, t, q)
	if !all {
		return
	}

	rows := w.zn[b.off*n:]
	if b.rows != nil {
		rows = w.rows
		for i, p := range b.rows {
			copy(rows[i*n:][:n], w.zn[p*n:])
		}
	}
	v := w.v[:n*q]
	if b.cols == nil {
		be.Gemm(blas.Trans, blas.NoTrans, n, q, b.b, -1, rows, n, y, q, 0, v, q)
	} else {
		mid := w.mid[:n*r]
		be.Gemm(blas.Trans, blas.NoTrans, n, r, b.b, 1, rows, n, b.bc, r, 0, mid, r)
		be.Gemm(blas.NoTrans, blas.NoTrans, n, q, r, -1, mid, r, y, q, 0, v, q)
	}
	off := w.off[:n*q]
	for i := range n {
		s, d := v[i*q:][:q], off[i*q:][:q]
		for j, p := range b.perm {
			d[p] = s[j]
		}
	}
}

// gather writes the rows and columns at the boundary of b from z, the next
// block of order n, to dst.
func (b *coreBlock) gather(dst, z []float64, n int) {
	for i := range b.b {
		row := z[(b.off+i)*n:]
		if b.rows == nil {
			copy(dst[i*b.b:][:b.b], row[b.off:])
			continue
		}
		row = z[b.rows[i]*n:]
		for j, p := range b.rows {
			dst[i*b.b+j] = row[p]
		}
	}
}

// sparing reports whether for the diagonal of the inverse it is cheaper to
// compute of block k the diagonal and the rows and columns at the boundary of
// the block before, and no more.
func (c *core) sparing(k int) bool {
	if k == 0 {
		return true
	}
	b, n := float64(c.blocks[k-1].b), float64(c.blocks[k].q)
	r := float64(c.blocks[k].rank())
	return 2*b*b*(n+r) < n*n*(n/3+r)
}

// invertSparing computes those.
func (c *core) invertSparing(k int, w *inverseSpace) {
	b := &c.blocks[k]
	q, r := b.q, b.rank()
	diag := w.diag[:q]
	clear(diag)
	for i := range q {
		m, dm := w.m[i*q:][:i+1], w.dm[i*q:][:i+1]
		for j, v := range m {
			diag[j] += v * dm[j]
		}
	}
	for i := range r {
		y, t := w.y[i*q:][:q], w.t[i*q:][:q]
		for j, v := range y {
			diag[j] += v * t[j]
		}
	}
	// To the order of the matrix, where D⁻¹ is not needed any more.
	out := w.d[:q]
	pos := w.pos[:q]
	for i, p := range b.perm {
		out[p], pos[p] = diag[i], i
	}
	w.sink.diagonal(b.first, out)

	if k == 0 || c.blocks[k-1].b == 0 {
		return
	}
	before := &c.blocks[k-1]
	nb := before.b
	mr := w.mr[:q*nb]
	dr := w.mr[q*nb : 2*q*nb]
	yr := w.mr[2*q*nb : (2*q+r)*nb]
	tr := w.mr[(2*q+r)*nb : (2*q+2*r)*nb]
	for j := range nb {
		p := before.off + j
		if before.rows != nil {
			p = before.rows[j]
		}
		p = pos[p]
		for i := range q {
			mr[i*nb+j], dr[i*nb+j] = w.m[i*q+p], w.dm[i*q+p]
		}
		for i := range r {
			yr[i*nb+j], tr[i*nb+j] = w.y[i*q+p], w.t[i*q+p]
		}
	}
	zr := w.zr[:nb*nb]
	c.backend.Gemm(blas.Trans, blas.NoTrans, nb, nb, q, 1, mr, nb, dr, nb, 0, zr, nb)
	if r > 0 {
		c.backend.Gemm(blas.Trans, blas.NoTrans, nb, nb, r, 1, yr, nb, tr, nb, 1, zr, nb)
	}
	// Rounding differs across the diagonal.
	for i := range nb {
		for j := range i {
			v := (zr[i*nb+j] + zr[j*nb+i]) / 2
			zr[i*nb+j], zr[j*nb+i] = v, v
		}
	}
}

// inverseFlops counts the work of invert.
func (c *core) inverseFlops(all bool) int64 {
	var flops int64
	for k := range c.blocks {
		p := &c.blocks[k]
		q, r, b := int64(p.q), int64(p.rank()), int64(p.b)
		flops += q*q*q/3 + q*q
		if b > 0 {
			n := int64(c.blocks[k+1].q)
			flops += r*q + r*q*q + 2*r*r*q
			if p.cols != nil {
				flops += 2*b*b*r + 2*b*r*r
			}
			switch {
			case all && p.cols != nil:
				flops += 2*n*b*r + 2*n*r*q
			case all:
				flops += 2 * n * b * q
			}
		}
		if !all && c.sparing(k) {
			var b int64
			if k > 0 {
				b = int64(c.blocks[k-1].b)
			}
			flops += q*q + 2*r*q + 2*b*b*(q+r)
			continue
		}
		flops += q*q*q/3 + q*q*r
	}
	return flops
}
