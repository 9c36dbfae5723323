package partition

// A etree is the elimination tree of a graph under an order of its vertices: the
// parent of a column of L is the row of its first entry below the diagonal.
// Vertices are named by their positions in the order.
type etree struct {
	given  *wgraph // the graph
	order  []int32 // the vertex of the graph that is at each position
	parent []int32 // -1 for a root
	count  []int32 // unknowns in the column of L of each vertex, its own included
	weight []int32 // of each vertex
}

// newETree returns the elimination tree of g under an order that makes the same fill
// as the given one and is a postorder of the tree, with exact counts.
// Nearly linear in the number of edges.
//
// Source: J. W. H. Liu, The role of elimination trees in sparse factorization,
// SIAM J. Matrix Anal. Appl. 11 (1990), section 5.
func newETree(g *wgraph, order []int32) *etree {
	return newETreeOf(g, order, eliminationTree(g, order))
}

// newETreeOf is newETree where the parents are known.
func newETreeOf(g *wgraph, order, parent []int32) *etree {
	post, number := postorder(parent)
	n := len(order)
	t := &etree{given: g, order: make([]int32, n), parent: make([]int32, n), weight: make([]int32, n)}
	for i, k := range post {
		v := order[k]
		t.order[i], t.weight[i] = v, g.weight[v]
		if p := parent[k]; p >= 0 {
			t.parent[i] = number[p]
		} else {
			t.parent[i] = none
		}
	}
	t.columnCounts()
	return t
}

// positions returns the inverse of an order.
func positions(order []int32) []int32 {
	at := make([]int32, len(order))
	for i, v := range order {
		at[v] = int32(i)
	}
	return at
}

// ordered returns g with its vertex order[i] named i.
func (g *wgraph) ordered(order []int32) *wgraph {
	n := len(order)
	at := positions(order)
	h := &wgraph{ptr: make([]int, n+1), adj: make([]int32, len(g.adj)), weight: make([]int32, n)}
	to := 0
	for i, v := range order {
		h.weight[i] = g.weight[v]
		for _, u := range g.neighbours(v) {
			h.adj[to] = at[u]
			to++
		}
		h.ptr[i+1] = to
	}
	return h
}

// eliminationTree returns the parent of each position, -1 for a root. Paths to
// the root of what is built are shortened as they are walked.
func eliminationTree(g *wgraph, order []int32) []int32 {
	// By vertices, since their positions would have to be looked up at every edge. above is an
	// ancestor, the nearest known to the root, and parent the position of the parent.
	n := len(order)
	parent, above := make([]int32, n), make([]int32, n)
	const ahead = -2 // of a vertex that is not yet in the tree
	for v := range above {
		parent[v], above[v] = none, ahead
	}
	for k, v := range order {
		above[v] = none
		for _, u := range g.neighbours(v) {
			for up := above[u]; up != ahead && up != v; up = above[u] {
				above[u] = v
				if up == none {
					parent[u] = int32(k)
					break
				}
				u = up
			}
		}
	}
	byPosition := above
	for k, v := range order {
		byPosition[k] = parent[v]
	}
	return byPosition
}

// leastEntries bounds from below the entries of L beside its diagonal blocks for the order of
// the vertices, whose elimination tree is given: the row of a vertex has the longest of the paths
// that lead up to it from its neighbours.
func (g *wgraph) leastEntries(parent []int32) float64 {
	n := len(parent)
	above := make([]int32, n) // the weight of the path from a vertex to its root
	for v := n - 1; v >= 0; v-- {
		above[v] = g.weight[v]
		if p := parent[v]; p >= 0 {
			above[v] += above[p]
		}
	}
	entries := 0.0
	for v := range int32(n) {
		most := above[v]
		for _, u := range g.neighbours(v) {
			if u < v {
				most = max(most, above[u])
			}
		}
		entries += float64(g.weight[v]) * float64(most-above[v])
	}
	return entries
}

// postorder returns a postorder of a forest whose parents come after their
// children: the node at each place, and the place of each node. Children and
// roots stay in their order.
func postorder(parent []int32) (post, number []int32) {
	n := len(parent)
	// Sizes of subtrees place them without a walk: nodes come from the
	// roots down, and each takes the end of what is left of its parent's run.
	size, end := make([]int32, n), make([]int32, n)
	total := int32(n)
	for k := range n {
		size[k]++
		if p := parent[k]; p >= 0 {
			size[p] += size[k]
		}
	}
	post, number = make([]int32, n), make([]int32, n)
	for k := n - 1; k >= 0; k-- {
		var last int32
		if p := parent[k]; p >= 0 {
			last = end[p]
			end[p] -= size[k]
		} else {
			last = total
			total -= size[k]
		}
		number[k] = last - 1
		post[last-1] = int32(k)
		end[k] = last - 1
	}
	return post, number
}
