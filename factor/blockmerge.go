package factor

const (
	// mergeBelow is an order to which blocks may always be merged; beyond it
	// the limit is three times the widest block.
	mergeBelow = 64

	// mergeGrowth is the growth over ‖A‖ from which blocks are merged: what is
	// lost to it, u·mergeGrowth, is recovered by one or two steps of refinement.
	mergeGrowth = 1e6
)

// A part is a block of the source inside a merged block.
type part struct {
	q, b, off int
	rows      []int
}

// merge makes one block of blocks k and k+1, so that pivots singular in block
// k alone find partners in block k+1, and reports whether it did. Blocks stay
// merged until the next analysis. It allocates.
func (c *core) merge(k int) bool {
	if k < 0 || k+1 >= len(c.blocks) {
		return false
	}
	a, n := &c.blocks[k], &c.blocks[k+1]
	if a.h > 0 || n.h > 0 || a.q+n.q > c.limit {
		return false
	}
	m := coreBlock{
		q: a.q + n.q, first: a.first, src: a.src, lead: a.q + n.lead,
		b: n.b, off: n.off, rows: n.rows, cols: n.cols, before: a.before,
	}
	for _, b := range []*coreBlock{a, n} {
		if b.parts != nil {
			m.parts = append(m.parts, b.parts...)
		} else {
			m.parts = append(m.parts, part{b.q, b.b, b.off, b.rows})
		}
	}
	m.f, m.e, m.perm = make([]float64, m.q*m.q), make([]float64, m.q), make([]int, m.q)
	m.x, m.bc = make([]float64, m.rank()*m.q), make([]float64, m.b*len(m.cols))
	c.blocks[k] = m
	c.blocks = append(c.blocks[:k+1], c.blocks[k+2:]...)
	c.workspace()
	return true
}

// again goes back to block k, just merged: it loads it and applies the update
// of the block before.
func (c *core) again(src source, k int) {
	c.stats = c.blocks[k].before
	c.load(src, k)
	if k > 0 && c.blocks[k-1].b > 0 && c.blocks[k-1].q > 0 {
		c.schur(k - 1)
	}
}

// loadMerged writes the lower triangle of a merged block: the diagonal blocks
// and the couplings of its parts.
func (c *core) loadMerged(src source, b *coreBlock) {
	clear(b.f)
	at := 0
	for i, p := range b.parts {
		src.diagonal(b.src+i, b.f[at*b.q+at:], b.q)
		next := at + p.q
		if i+1 < len(b.parts) && p.b > 0 {
			raw := c.xd[:p.b*p.q]
			src.coupling(b.src+i, raw)
			for j := range p.b {
				row := p.off + j
				if p.rows != nil {
					row = p.rows[j]
				}
				copy(b.f[(next+row)*b.q+at:][:p.q], raw[j*p.q:])
			}
		}
		at = next
	}
}
