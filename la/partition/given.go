package partition

import (
	"fmt"

	"costate/la"
)

// Given returns the assembly tree whose nodes the caller knows: node k
// eliminates the unknowns p[i], i in block k of part. Any pattern works; if the
// permuted matrix is block tridiagonal and its blocks couple, the tree is a path
// and keeps p and part. Otherwise the blocks are put in an order that eliminates
// subtree by subtree and makes the same fill. A nil p is the identity.
//
// Rows are those that the nodes have if their own columns are dense: exact for
// single entries, not only for blocks.
//
// An error says that p is no permutation, or that it or part do not have the
// length of the matrix.
func Given(a *la.Sym, p Perm, part Partition) (*Tree, error) {
	if a == nil {
		return nil, fmt.Errorf("partition: no matrix")
	}
	low := a.RawLower()
	if p == nil {
		p = Identity(low.N)
	}
	if len(p) != low.N || part.Len() != low.N {
		return nil, fmt.Errorf("partition: permutation of %d and partition of %d for %d unknowns", len(p), part.Len(), low.N)
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	// The unknowns are one vertex each, and blocks are vertices of a quotient
	// graph, whose elimination tree is the assembly tree.
	ptr, adj := fullPattern(low)
	full := &wgraph{ptr: ptr, adj: adj, weight: ones(low.N)}
	order := make([]int32, low.N)
	for i, v := range p {
		order[i] = int32(v)
	}
	g := full.ordered(order)
	blocks := part.Blocks()
	s := &supernodes{of: make([]int32, low.N), cols: make([]int32, blocks), rows: make([]int32, blocks)}
	first := make([]int32, blocks+1)
	for k := range blocks {
		first[k+1] = int32(part.first[k+1])
		s.cols[k] = first[k+1] - first[k]
		for i := first[k]; i < first[k+1]; i++ {
			s.of[i] = int32(k)
		}
	}
	own := identity(low.N)
	quotients := g.contracted(s.of, first, own)
	s.parent = eliminationTree(&quotients, identity(blocks))
	parent := make([]int, blocks)
	for k, up := range s.parent {
		parent[k] = int(up)
	}
	walkRows(g, own, s.of, parent, func(_, k int32) { s.rows[k]++ })
	singles := &quotient{member: order, first: identity(low.N + 1)}
	t := assemble(g, s, singles, own)
	for _, up := range eliminationTree(g, own) {
		if up < 0 {
			t.Components++
		}
	}
	return t, nil
}
