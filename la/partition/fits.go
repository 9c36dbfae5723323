package partition

import (
	"fmt"
	"slices"

	"costate/la"
)

// Fits checks that t is a tree for the pattern of a: a permutation, nodes in
// postorder whose rows ascend and belong to their parents, and every entry of a
// in the front of its first column. The error says what does not fit.
func (t *Tree) Fits(a *la.Sym) error {
	n, nodes := a.SymmetricDim(), len(t.Parent)
	if len(t.Perm) != n || t.Nodes.Len() != n || t.Nodes.Blocks() != nodes || len(t.Rows) != nodes {
		return fmt.Errorf("partition: a tree of %d unknowns in %d nodes does not fit a matrix of order %d", len(t.Perm), nodes, n)
	}
	if err := t.Perm.Validate(); err != nil {
		return err
	}
	parent := make([]int32, nodes)
	for k, p := range t.Parent {
		if p != -1 && (p <= k || p >= nodes) {
			return fmt.Errorf("partition: node %d has node %d as its parent", k, p)
		}
		parent[k] = int32(p)
	}
	if _, number := postorder(parent); !ascending(number) {
		return fmt.Errorf("partition: the nodes are not in postorder: the subtree of each must be a run of nodes")
	}
	return t.fitsRows(a)
}

// fitsRows checks the rows of the nodes, whose parents are good. The children of a
// node follow from one mark of its front.
func (t *Tree) fitsRows(a *la.Sym) error {
	n, nodes := len(t.Perm), len(t.Parent)
	child, sibling := slices.Repeat([]int32{-1}, nodes), make([]int32, nodes)
	for k, p := range t.Parent {
		if p >= 0 {
			sibling[k], child[p] = child[p], int32(k)
		} else if len(t.Rows[k]) > 0 {
			return fmt.Errorf("partition: row %d of node %d is not in its parent", t.Rows[k][0], k)
		}
	}
	ptr, row := t.entries(a)
	mark := slices.Repeat([]int32{-1}, n) // node whose front has the position
	for k := range nodes {
		first, end := t.Nodes.First(k), t.Nodes.First(k)+t.Nodes.Size(k)
		for i := first; i < end; i++ {
			mark[i] = int32(k)
		}
		before := int32(end - 1)
		for _, r := range t.Rows[k] {
			if r <= before || int(r) >= n {
				return fmt.Errorf("partition: row %d of node %d does not ascend", r, k)
			}
			before, mark[r] = r, int32(k)
		}
		for c := child[k]; c >= 0; c = sibling[c] {
			for _, r := range t.Rows[c] {
				// Rows of a child that do not ascend were refused before: c < k.
				if mark[r] != int32(k) {
					return fmt.Errorf("partition: row %d of node %d is not in its parent", r, c)
				}
			}
		}
		for _, r := range row[ptr[first]:ptr[end]] {
			if mark[r] != int32(k) {
				return fmt.Errorf("partition: an entry in row %d of the order is missing from node %d", r, k)
			}
		}
	}
	return nil
}

// entries are the rows of the entries of a by columns, both in elimination order:
// those of column c are row[ptr[c]:ptr[c+1]].
func (t *Tree) entries(a *la.Sym) (ptr []int, row []int32) {
	inverse := t.Perm.Inverse()
	low := a.RawLower()
	ptr, row = make([]int, low.N+1), make([]int32, len(low.Val))
	each := func(visit func(r, c int)) {
		for i := range low.N {
			for _, j := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
				r, c := inverse[i], inverse[j]
				visit(max(r, c), min(r, c))
			}
		}
	}
	each(func(_, c int) { ptr[c+1]++ })
	for c := range low.N {
		ptr[c+1] += ptr[c]
	}
	next := slices.Clone(ptr)
	each(func(r, c int) {
		row[next[c]] = int32(r)
		next[c]++
	})
	return ptr, row
}

// ascending reports whether number is 0, 1, 2, …
func ascending(number []int32) bool {
	for k, v := range number {
		if int(v) != k {
			return false
		}
	}
	return true
}
