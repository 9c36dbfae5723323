package partition

// supernodes are columns of L grouped into nodes, with the forest that they form.
// Nodes are named by an order in which parents come after their children.
type supernodes struct {
	of     []int32 // the node of each vertex of the graph
	parent []int32 // -1 for a root
	cols   []int32 // unknowns that a node eliminates
	rows   []int32 // unknowns that it leaves to its parent
}

func (s *supernodes) len() int { return len(s.parent) }

// fundamental returns the fundamental supernodes: vertex j+1 joins j if it is its
// parent, has no other child, and L's columns have the same rows.
//
// Source: J. W. H. Liu, E. G. Ng and B. W. Peyton, On finding supernodes for
// sparse matrix computations, SIAM J. Matrix Anal. Appl. 14 (1993), section 2.
func (t *etree) fundamental() *supernodes {
	n := len(t.parent)
	children := make([]int32, n)
	for _, p := range t.parent {
		if p >= 0 {
			children[p]++
		}
	}
	room := n/2 + 1
	s := &supernodes{of: make([]int32, n), cols: make([]int32, 0, room), rows: make([]int32, 0, room)}
	last := make([]int32, 0, room) // vertex of each node
	for j := range int32(n) {
		rest := t.count[j] - t.weight[j]
		if j > 0 && t.parent[j-1] == j && children[j] == 1 && t.count[j-1]-t.weight[j-1] == t.count[j] {
			k := len(last) - 1
			last[k] = j
			s.cols[k] += t.weight[j]
			s.rows[k] = rest
		} else {
			last = append(last, j)
			s.cols = append(s.cols, t.weight[j])
			s.rows = append(s.rows, rest)
		}
		s.of[j] = int32(len(last) - 1)
	}
	s.parent = make([]int32, len(last))
	for k, j := range last {
		s.parent[k] = none
		if p := t.parent[j]; p >= 0 {
			s.parent[k] = s.of[p]
		}
	}
	return s
}

// cost is that of factoring the nodes.
func (s *supernodes) cost() Cost {
	var c Cost
	for k, p := range s.cols {
		c.addFront(int(p), int(s.rows[k]))
	}
	return c
}
