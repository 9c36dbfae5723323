package partition

// A Tree says how to factor a sparse symmetric matrix by fronts: which columns
// are eliminated together, in which order, and where what they leave goes. It
// is an assembly tree. Node k eliminates the p columns Nodes.First(k) …
// Nodes.Last(k) of the permuted matrix, and leaves a symmetric contribution of
// order q = len(Rows[k]) to its parent:
//
//	[ F   Xᵀ ]   p      F  p×p   the node's own columns
//	[ X   C  ]   q      X  q×p   the rows below them that are not zero
//
// A path is the tree with Parent[k] = k+1; a dense row is the root.
//
// Source: J. W. H. Liu, The multifrontal method for sparse matrix solution:
// theory and practice, SIAM Review 34 (1992).
type Tree struct {
	// Perm is the elimination order; the nodes are runs of it.
	Perm Perm

	// Nodes has the columns of node k as its block k.
	Nodes Partition

	// Parent is the parent of each node, greater than the node itself, and -1
	// for a root. The nodes are in postorder: a subtree is a run of nodes.
	Parent []int

	// Rows are, for each node, the positions in the elimination order of its
	// rows below its columns, ascending. They are columns or rows of the
	// parent.
	Rows [][]int32

	// Components is the number of connected components of the matrix.
	Components int

	// Ordering is what the order came from; OrderAuto if it was given.
	Ordering Ordering

	// Stack is the largest number of elements of contribution blocks that are
	// alive at once if nodes are eliminated in order: that of node k is made
	// while those of its children are there.
	Stack int

	// Cost estimates the factorization without delayed pivots.
	Cost Cost
}

// Path reports whether the tree is a path of one component: every node but the
// last is the child of the next.
func (t *Tree) Path() bool {
	for k, p := range t.Parent {
		if p != k+1 && !(p == -1 && k == len(t.Parent)-1) {
			return false
		}
	}
	return true
}

// LargestFront is the order of the largest front: columns and rows.
func (t *Tree) LargestFront() int {
	n := 0
	for k, rows := range t.Rows {
		n = max(n, t.Nodes.Size(k)+len(rows))
	}
	return n
}
