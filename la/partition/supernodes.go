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
	s := &supernodes{of: make([]int32, n)}
	last := make([]int32, 0, n/2+1) // vertex of each node
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

// mergeable reports whether a node of so many columns may have a share of zeros
// among its entries. Small nodes cost more by being there than by zeros.
func mergeable(cols int, zeros, entries float64) bool {
	switch {
	case cols <= 4:
		return true
	case cols <= 16:
		return zeros < 0.8*entries
	case cols <= 48:
		return zeros < 0.1*entries
	default:
		return zeros < 0.05*entries
	}
}

// amalgamated merges children into their parents where this stores few zeros, from the
// leaves up and of the children of a node the last first.
//
// Sources: C. Ashcraft and R. Grimes, The influence of relaxed supernode
// partitions on the multifrontal method, ACM Trans. Math. Softw. 15 (1989);
// the shares are those of Y. Chen, T. A. Davis, W. W. Hager and S.
// Rajamanickam, Algorithm 887: CHOLMOD, ACM Trans. Math. Softw. 35 (2008),
// section 3.2.
func (s *supernodes) amalgamated() *supernodes {
	n := s.len()
	host := make([]int32, n) // the node that this one is part of
	zeros := make([]float64, n)
	cols := append([]int32(nil), s.cols...)
	child, sibling := make([]int32, n), make([]int32, n) // lists, the last child first
	for k := range child {
		child[k] = none
	}
	merged := 0
	for k := range int32(n) {
		host[k] = k
		p, q := float64(cols[k]), float64(s.rows[k])
		for c := child[k]; c != none; c = sibling[c] {
			x := float64(cols[c])
			z := zeros[k] + zeros[c] + x*(p+q-float64(s.rows[c]))
			if y := p + x; mergeable(int(y), z, y*(y+1)/2+y*q) {
				host[c] = k
				cols[k] += cols[c]
				zeros[k], p = z, y
				merged++
			}
		}
		if up := s.parent[k]; up >= 0 {
			sibling[k] = child[up]
			child[up] = k
		}
	}
	if merged == 0 {
		return s
	}
	number := make([]int32, n)
	m := n - merged
	r := &supernodes{of: make([]int32, len(s.of)), parent: make([]int32, m), cols: make([]int32, m), rows: make([]int32, m)}
	for k := n - 1; k >= 0; k-- {
		if h := host[k]; h != int32(k) {
			number[k] = number[h]
			continue
		}
		m--
		number[k] = int32(m)
		r.cols[m], r.rows[m], r.parent[m] = cols[k], s.rows[k], none
		if up := s.parent[k]; up >= 0 {
			r.parent[m] = number[up]
		}
	}
	for v, k := range s.of {
		r.of[v] = number[k]
	}
	return r
}

// cost is that of factoring the nodes.
func (s *supernodes) cost() Cost {
	var c Cost
	for k, p := range s.cols {
		c.addFront(int(p), int(s.rows[k]))
	}
	return c
}
