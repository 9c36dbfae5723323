package factor

import (
	"costate/la"
	"costate/la/blas"
)

// A tridiagSource gives a core the blocks of a block-tridiagonal matrix. It
// has no pairs.
type tridiagSource struct{ a *la.BlockTridiag }

func (s *tridiagSource) diagonal(k int, dst []float64, ld int) {
	d, n := s.a.Diag(k)
	for i := range n {
		copy(dst[i*ld:i*ld+i+1], d[i*n:i*n+i+1])
	}
}

func (s *tridiagSource) coupling(k int, dst []float64) {
	b, n := s.a.Sub(k)
	for i, r := range s.a.SubRows(k) {
		copy(dst[i*n:i*n+n], b[r*n:])
	}
}

func (s *tridiagSource) rest(int, []float64)     {}
func (s *tridiagSource) constraints(int, *pairs) {}

// shape makes the core's blocks those of a, choosing for each coupling its
// rows or its columns.
func (c *core) shape(a *la.BlockTridiag, backend blas.Backend) {
	*c = core{backend: backend, blocks: make([]coreBlock, a.Blocks()), order: a.SymmetricDim()}
	for k := range c.blocks {
		b := &c.blocks[k]
		b.src, b.q, b.first = k, a.BlockSize(k), a.BlockFirst(k)
		c.limit = max(c.limit, mergeBelow, 3*b.q)
		if k+1 == len(c.blocks) {
			break
		}
		b.setCoupling(a.SubRows(k), a.SubCols(k))
	}
}
