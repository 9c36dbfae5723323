package partition

import (
	"fmt"

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
	mark := make([]int32, n) // node, from 1, whose front has the position
	inverse := t.Perm.Inverse()
	low := a.RawLower()
	entries := make([][]int32, n)
	for i := range n {
		for _, j := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
			r, c := int32(inverse[i]), inverse[j]
			if int(r) < c {
				r, c = int32(c), int(r)
			}
			entries[c] = append(entries[c], r)
		}
	}
	for k := nodes - 1; k >= 0; k-- {
		p := t.Parent[k]
		if p != -1 && (p <= k || p >= nodes) {
			return fmt.Errorf("partition: node %d has node %d as its parent", k, p)
		}
		last := t.Nodes.First(k) + t.Nodes.Size(k) - 1
		if p >= 0 {
			for i := range t.Nodes.Size(p) {
				mark[t.Nodes.First(p)+i] = int32(k + 1)
			}
			for _, r := range t.Rows[p] {
				mark[r] = int32(k + 1)
			}
		}
		before := int32(last)
		for _, r := range t.Rows[k] {
			if r <= before || int(r) >= n || p < 0 || mark[r] != int32(k+1) {
				return fmt.Errorf("partition: row %d of node %d is not in its parent", r, k)
			}
			before = r
		}
		for i := range t.Nodes.Size(k) {
			mark[t.Nodes.First(k)+i] = int32(-k - 1)
		}
		for _, r := range t.Rows[k] {
			mark[r] = int32(-k - 1)
		}
		for i := range t.Nodes.Size(k) {
			for _, r := range entries[t.Nodes.First(k)+i] {
				if mark[r] != int32(-k-1) {
					return fmt.Errorf("partition: an entry in row %d of the order is missing from node %d", r, k)
				}
			}
		}
	}
	return nil
}
