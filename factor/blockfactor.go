package factor

import (
	"math"

	"costate/la/blas"
)

// A source gives a core its numbers, block by block. The destinations hold
// anything on entry.
type source interface {
	// diagonal writes the lower triangle of block k's states' block (with
	// pairs) or rest (without), with leading dimension ld.
	diagonal(k int, dst []float64, ld int)
	// rest writes the lower triangle of the rest of a block with pairs.
	rest(k int, dst []float64)
	// coupling writes what couples block k's boundary to its rest, b×q.
	coupling(k int, dst []float64)
	// constraints writes the values of the pairs of block k: E and A.
	constraints(k int, t *pairs)
}

// A halter is a source that can find out that its numbers are of no use.
type halter interface{ halted() error }

// factor factors the matrix of src plus, on the diagonal of the rest of block
// k, shift and damping[k]; a nil damping stands for zeros. It returns a
// *SingularError if a pivot is zero or not finite; stats then tell what was met
// up to that block.
func (c *core) factor(src source, shift float64, damping []float64) error {
	c.shift, c.damping = shift, damping
	c.stats = coreStats{sign: 1, tiny: math.Inf(1)}
	if len(c.blocks) > 0 {
		c.load(src, 0)
	}
	halt, _ := src.(halter)
	for k := 0; k < len(c.blocks); k++ {
		if halt != nil {
			if err := halt.halted(); err != nil {
				return err
			}
		}
		c.blocks[k].before = c.stats
		if c.blocks[k].h > 0 {
			c.substitute(src, k)
		}
		size := c.inspect(k)
		if !(size <= c.growth) && c.merge(k-1) {
			c.again(src, k-1)
			k -= 2
			continue
		}
		err := c.pivot(k, size)
		if err != nil && c.blocks[k].b > 0 && c.merge(k) {
			c.again(src, k)
			k--
			continue
		}
		b := &c.blocks[k]
		if err != nil && (b.b > 0 || err.notFinite) {
			return &err.SingularError
		}
		if k+1 < len(c.blocks) {
			c.load(src, k+1)
		}
		if b.h > 0 && b.b > 0 {
			c.substituteNext(k)
		}
		if b.b > 0 && b.q > 0 {
			c.couple(src, k)
			c.schur(k)
		}
	}
	c.stats.complete = true
	if c.stats.zero > 0 {
		return c.singular()
	}
	return nil
}

// load writes block k's part of the matrix to where the update of the block
// before it is added.
func (c *core) load(src source, k int) {
	dst, ld := c.target(k)
	b := &c.blocks[k]
	if b.parts == nil {
		src.diagonal(b.src, dst, ld)
	} else {
		c.loadMerged(src, b)
	}
	if b.h == 0 {
		c.damp(k, dst)
	}
}

// damp adds the damping of block k to the diagonal of its rest.
func (c *core) damp(k int, a []float64) {
	eps := c.shift
	if c.damping != nil {
		eps += c.damping[k]
	}
	if eps == 0 {
		return
	}
	n := c.blocks[k].q
	for i := range n {
		a[i*n+i] += eps
	}
}

// A pivotError is a SingularError, or an overflow.
type pivotError struct {
	SingularError
	notFinite bool
}

// inspect returns the largest element of pivot block k.
func (c *core) inspect(k int) float64 {
	b, s := &c.blocks[k], &c.stats
	size := largestLower(b.q, b.f, b.q)
	if !(size <= s.largest) {
		s.largest = size
	}
	if k == 0 {
		s.front = size
	}
	return size
}

// pivot factors the rest of block k, whose largest element is size, and counts.
func (c *core) pivot(k int, size float64) *pivotError {
	b, s := &c.blocks[k], &c.stats
	if b.q == 0 {
		return nil
	}
	if math.IsNaN(size) || math.IsInf(size, 0) {
		s.largest = math.Inf(1)
		return &pivotError{SingularError{Block: k}, true}
	}
	zero := c.backend.Sytrf(b.q, b.f, b.q, b.e, b.perm, c.pivwork)
	neg, zeros, pos := blas.DInertia(b.q, b.f, b.q, b.e)
	log, sign := blas.DLogDet(b.q, b.f, b.q, b.e)
	s.negative, s.zero, s.positive = s.negative+neg, s.zero+zeros, s.positive+pos
	s.log, s.sign = s.log+log, s.sign*sign
	if math.IsNaN(log) || math.IsInf(log, 1) || neg+zeros+pos != b.q {
		return &pivotError{SingularError{Block: k}, true}
	}
	at, least := smallestPivot(b.q, b.f, b.q, b.e)
	if r := least / (float64(b.q) * unit * size); !(r >= s.tiny) {
		s.tiny, s.block, s.at = r, k, b.perm[at]
		if size == 0 {
			s.tiny = 0
		}
	}
	if zero >= 0 || zeros > 0 {
		return &pivotError{SingularError{Block: k, Pivot: b.perm[at]}, false}
	}
	return nil
}

// singular names the first block with a zero pivot.
func (c *core) singular() error {
	for k := range c.blocks {
		b := &c.blocks[k]
		if at, least := smallestPivot(b.q, b.f, b.q, b.e); b.q > 0 && least == 0 {
			return &SingularError{Block: k, Pivot: b.perm[at]}
		}
	}
	return nil
}

// smallestPivot finds the smallest absolute eigenvalue of D.
func smallestPivot(n int, f []float64, ld int, e []float64) (at int, least float64) {
	least = math.Inf(1)
	for k := 0; k < n; k++ {
		v := math.Abs(f[k*ld+k])
		if e[k] != 0 && k+1 < n {
			// Eigenvalues of [a e; e d] with e scaled to 1: the smaller one is
			// the determinant over the larger one.
			a, d := f[k*ld+k]/e[k], f[(k+1)*ld+k+1]/e[k]
			half := (a + d) / 2
			large := math.Abs(half) + math.Hypot((a-d)/2, 1)
			v = math.Abs(a*d-1) / large * math.Abs(e[k])
			if v < least {
				at, least = k, v
			}
			k++
			continue
		}
		if v < least {
			at, least = k, v
		}
	}
	return at, least
}

// couple computes X of block k from its coupling and its factor.
func (c *core) couple(src source, k int) {
	b := &c.blocks[k]
	n := b.q - b.lead
	raw := c.xd[:b.b*n]
	if b.h == 0 {
		src.coupling(b.src+max(0, len(b.parts)-1), raw)
	}
	if b.cols == nil {
		permuteCols(b.b, n, b.perm, b.lead, raw, b.x)
	} else {
		for i := range b.b {
			for j, col := range b.cols {
				b.bc[i*len(b.cols)+j] = raw[i*n+col]
			}
		}
		inv := c.inverse[:b.q]
		for i, p := range b.perm {
			inv[p] = i
		}
		clear(b.x)
		for i, col := range b.cols {
			b.x[i*b.q+inv[b.lead+col]] = 1
		}
	}
	c.backend.Trsm(blas.Right, blas.Lower, blas.Trans, blas.Unit, b.rank(), b.q, 1, b.f, b.q, b.x, b.q)
}

// schur subtracts X D⁻¹ Xᵀ from the boundary's part of the next block.
func (c *core) schur(k int) {
	b := &c.blocks[k]
	r := b.rank()
	xd := c.xd[:r*b.q]
	d, o := c.pivwork[:b.q], c.pivwork[b.q:2*b.q]
	invertPivots(b.q, b.f, b.e, d, o)
	scaleRows(r, b.q, d, o, b.x, xd)
	left, right, inner := xd, b.x, b.q
	if b.cols != nil {
		g, m := c.mid[:r*r], c.mid[r*r:r*r+b.b*r]
		c.backend.Gemm(blas.NoTrans, blas.Trans, r, r, b.q, 1, xd, b.q, b.x, b.q, 0, g, r)
		c.backend.Gemm(blas.NoTrans, blas.NoTrans, b.b, r, r, 1, b.bc, r, g, r, 0, m, r)
		left, right, inner = m, b.bc, r
	}
	dst, ld := c.target(k + 1)
	if b.rows == nil {
		at := b.off*ld + b.off
		c.backend.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, b.b, inner, -1, left, inner, right, inner, 1, dst[at:], ld)
		return
	}
	u := c.u[:b.b*b.b]
	c.backend.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, b.b, inner, -1, left, inner, right, inner, 0, u, b.b)
	for i, ri := range b.rows {
		for j, rj := range b.rows[:i+1] {
			dst[ri*ld+rj] += u[i*b.b+j]
		}
	}
}

// permuteCols computes dst = [0 src] Pᵀ, with lead columns of zeros before the
// n of src.
func permuteCols(rows, n int, perm []int, lead int, src, dst []float64) {
	for i := range rows {
		s, d := src[i*n:][:n], dst[i*len(perm):][:len(perm)]
		if lead == 0 {
			for j, p := range perm {
				d[j] = s[p]
			}
			continue
		}
		for j, p := range perm {
			d[j] = 0
			if p >= lead {
				d[j] = s[p-lead]
			}
		}
	}
}

// invertPivots writes D⁻¹, which has the pattern of D: its diagonal to d and
// what stands beside it to o, both of length n.
func invertPivots(n int, f, e, d, o []float64) {
	for k := 0; k < n; k++ {
		o[k] = 0
		if e[k] == 0 || k+1 == n {
			d[k] = 1 / f[k*n+k]
			continue
		}
		d21 := e[k]
		p, q := f[(k+1)*n+k+1]/d21, f[k*n+k]/d21
		t := 1 / (p*q - 1) / d21
		d[k], d[k+1], o[k], o[k+1] = t*p, t*q, -t, 0
		k++
	}
}

// scaleRows computes dst = x D⁻¹ for the rows×n matrix x, from invertPivots.
func scaleRows(rows, n int, d, o, x, dst []float64) {
	d, o = d[:n], o[:n]
	for i := range rows {
		r, w := x[i*n:][:n], dst[i*n:][:n]
		for k := 0; k < n; k++ {
			if o[k] == 0 {
				w[k] = r[k] * d[k]
				continue
			}
			w[k], w[k+1] = d[k]*r[k]+o[k]*r[k+1], o[k]*r[k]+d[k+1]*r[k+1]
			k++
		}
	}
}
