package partition

// assemble makes the tree of nodes s over a graph. order has its vertices in the order of
// elimination, by which the nodes name them, q the unknowns of each vertex.
func assemble(g *wgraph, s *supernodes, q *quotient, order []int32) *Tree {
	post, peak := s.byStack()
	number := positions(post)
	nodes := s.len()
	t := &Tree{Parent: make([]int, nodes), Stack: peak, Cost: s.cost()}
	t.Nodes.first = make([]int, nodes+1)
	for k, old := range post {
		t.Parent[k] = none
		if p := s.parent[old]; p >= 0 {
			t.Parent[k] = int(number[p])
		}
		t.Nodes.first[k+1] = t.Nodes.first[k] + int(s.cols[old])
	}
	// Vertices node by node, each node's in the order that they have.
	n := g.len()
	node := make([]int32, n)  // of each vertex of the graph
	first := make([]int32, n) // position of its first unknown
	at := make([]int32, nodes+1)
	next := make([]int32, nodes)
	for k := range nodes {
		next[k] = int32(t.Nodes.first[k])
	}
	t.Perm = make(Perm, len(q.member))
	for v, u := range order {
		k := number[s.of[v]]
		node[u], first[u] = k, next[k]
		at[k+1]++
		for _, i := range q.member[q.first[u]:q.first[u+1]] {
			t.Perm[next[k]] = int(i)
			next[k]++
		}
	}
	for k := range nodes {
		at[k+1] += at[k]
	}
	sorted := make([]int32, n)
	for _, u := range order {
		k := node[u]
		sorted[at[k]] = u
		at[k]++
	}
	room := make([]int32, nodes)
	for k, old := range post {
		room[k] = s.rows[old]
	}
	t.Rows = rowsOf(g, sorted, node, first, t.Parent, room)
	return t
}

// rowsOf lists the rows of each node. A vertex is a row of the nodes of
// its entries to the left, and from there of every node up to its own: the row
// subtree of the vertex, walked only where it was not yet. Going through the
// vertices in order leaves the lists ascending.
//
// sorted has the vertices of g in elimination order, node and first the node and
// the first position of each, parent and room the parent and the rows of each
// node. Time is linear in the entries of g and the rows.
//
// Source: J. W. H. Liu, A compact row storage scheme for Cholesky factors using
// elimination trees, ACM Trans. Math. Softw. 12 (1986), 127–148.
func rowsOf(g *wgraph, sorted, node, first []int32, parent []int, room []int32) [][]int32 {
	total := 0
	for _, r := range room {
		total += int(r)
	}
	store := make([]int32, total)
	rows := make([][]int32, len(room))
	for k, r := range room {
		rows[k], store = store[:0:r], store[r:]
	}
	walkRows(g, sorted, node, parent, func(v, k int32) {
		for i := range g.weight[v] {
			rows[k] = append(rows[k], first[v]+i)
		}
	})
	return rows
}

// walkRows calls fn for each vertex v in order and each node k that has it as a
// row.
func walkRows(g *wgraph, sorted, node []int32, parent []int, fn func(v, k int32)) {
	seen := make([]int32, len(parent)) // the last vertex that is a row of the node
	for k := range seen {
		seen[k] = none
	}
	for _, v := range sorted {
		own := node[v]
		for _, u := range g.neighbours(v) {
			for k := node[u]; k < own && seen[k] != v; k = int32(parent[k]) {
				seen[k] = v
				fn(v, k)
			}
		}
	}
}
