package partition

import "math"

// columnCounts finds the unknowns in each column of L, without L. Row i of L
// is a subtree of the elimination tree, pruned at its leaves; to count it in the
// columns is to add its weight at each leaf, to subtract it where the paths of two
// leaves that follow each other meet, and above the root, and to sum over
// subtrees. In a postorder, column j is a leaf of row i if no earlier entry of
// the row is below j. Nearly linear in the number of edges.
//
// Source: J. R. Gilbert, E. G. Ng and B. W. Peyton, An efficient algorithm to
// compute row and column counts for sparse Cholesky factorization, SIAM J.
// Matrix Anal. Appl. 15 (1994), figure 3.
func (t *etree) columnCounts() {
	n := len(t.parent)
	first := make([]int32, n) // the first descendant of each vertex
	for j := range first {
		first[j] = int32(j)
	}
	count := make([]int32, n)
	for j, p := range t.parent {
		if first[j] == int32(j) {
			count[j] = t.weight[j]
		}
		if p >= 0 {
			first[p] = min(first[p], first[j])
			count[p] -= t.weight[j]
		}
	}
	// before is the last leaf found in each row, by vertices of the graph, and out of reach
	// for those that are behind; up an ancestor that leads to the root of the tree built so far.
	const behind = math.MaxInt32
	before, up := make([]int32, n), make([]int32, n)
	for j := range before {
		before[j], up[j] = none, int32(j)
	}
	weight := t.given.weight
	for j, v := range t.order {
		before[v] = behind
		low, sum := first[j], int32(0)
		for _, u := range t.given.neighbours(v) {
			b := before[u]
			if b >= low {
				continue // there is an earlier entry below j
			}
			sum += weight[u]
			if b != none {
				count[meet(up, b)] -= weight[u]
			}
			before[u] = int32(j)
		}
		count[j] += sum
		if p := t.parent[j]; p >= 0 {
			up[j] = p
		}
	}
	for j, p := range t.parent {
		if p >= 0 {
			count[p] += count[j]
		}
	}
	t.count = count
}

// meet returns the end of the path from j, and halves the path.
func meet(up []int32, j int32) int32 {
	for up[j] != j {
		up[j] = up[up[j]]
		j = up[j]
	}
	return j
}
