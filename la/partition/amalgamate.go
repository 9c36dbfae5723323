package partition

// fewZeros reports whether a node of so many columns and rows may have so many
// zeros. Small nodes cost more by being there than by zeros. The numbers are those that
// CHOLMOD has by default (nrelax and zrelax), below.
func fewZeros(cols, rows int, zeros float64) bool {
	p, q := float64(cols), float64(rows)
	entries := p*(p+1)/2 + p*q
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

// mergeLoss is the predicted Time that a child may lose when it goes into its
// parent: nodes that are fewer are worth a little. Without this bound, small
// children of a large root would take on all of its rows, and factoring
// matrices with a large root would take twice the time.
const mergeLoss = 20000

// leafColumns is the largest number of columns of leaves that are merged for
// having the same rows. They do not couple to each other: most of a larger block would be
// zero.
const leafColumns = 8

// amalgamations is how often all nodes are gone through at most: children that are too
// many zeros for a part of their parent may be few for all of it. Each pass but the last
// takes a sixteenth of the nodes away, so the second is the last almost always.
const amalgamations = 4

// amalgamated merges nodes where this stores few zeros and takes hardly more
// time: children into their parents, from the leaves up and of the children of a
// node the last first, and the children that these have left; and leaves with each other that have the same rows, all columns
// and rows of their parent, or none. An arrow with a million leaves is so a tree of fewer.
//
// Sources: C. Ashcraft and R. Grimes, The influence of relaxed supernode
// partitions on the multifrontal method, ACM Trans. Math. Softw. 15 (1989);
// the shares of zeros are those of Y. Chen, T. A. Davis, W. W. Hager and S.
// Rajamanickam, Algorithm 887: CHOLMOD, ACM Trans. Math. Softw. 35 (2008),
// section 3.2.
func (s *supernodes) amalgamated() *supernodes {
	zeros := make([]float64, s.len())
	for range amalgamations {
		before := s.len()
		if s, zeros = s.merged(zeros); s.len() > before-before/16 {
			break
		}
	}
	return s
}

// merged is one pass of amalgamated over nodes that hold so many zeros each.
func (s *supernodes) merged(zeros []float64) (*supernodes, []float64) {
	n := s.len()
	m := &amalgamation{s: s, host: identity(n), zeros: zeros, inner: make([]bool, n)}
	m.cols, m.tried = append([]int32(nil), s.cols...), make([]uint8, n)
	child, sibling := make([]int32, n), make([]int32, n) // lists, the last child first
	for k := range child {
		child[k] = none
	}
	roots := int32(none)
	for k := range int32(n) {
		front := s.cols[k] + s.rows[k]
		last := int32(none) // leaf whose rows are the front
		for c := child[k]; c != none; c = sibling[c] {
			if m.intoParent(c, k) {
				m.adopt(c, child, sibling)
				continue
			}
			m.inner[k] = true
			if s.parent[c] == k && s.rows[c] == front && !m.inner[c] && !(last != none && m.intoLeaf(c, last)) {
				last = c
			}
		}
		if up := s.parent[k]; up >= 0 {
			sibling[k] = child[up]
			child[up] = k
		} else {
			sibling[k] = roots
			roots = k
		}
	}
	last := int32(none)
	for c := roots; c != none; c = sibling[c] {
		if !m.inner[c] && !(last != none && m.intoLeaf(c, last)) {
			last = c
		}
	}
	if m.merged == 0 {
		return s, zeros
	}
	return m.result()
}

// An amalgamation is under way on the nodes s.
type amalgamation struct {
	s      *supernodes
	host   []int32   // what each node is part of, itself or a later one
	cols   []int32   // of each node with what is part of it
	zeros  []float64 // likewise, entries that are zero
	inner  []bool    // has children that are no part of it
	tried  []uint8   // with how many hosts of its parent
	merged int
}

// intoParent merges c into its parent k, if that is good.
func (m *amalgamation) intoParent(c, k int32) bool {
	x, y, q, r := m.cols[c], m.cols[k], m.s.rows[k], m.s.rows[c]
	zeros := m.zeros[c] + m.zeros[k] + float64(x)*float64(y+q-r)
	if !fewZeros(int(x+y), int(q), zeros) ||
		frontTime(int(x+y), int(q)) > frontTime(int(x), int(r))+frontTime(int(y), int(q))+mergeLoss {
		return false
	}
	m.merge(c, k, zeros)
	return true
}

// adoptions is with how many hosts of its parent a node is tried.
const adoptions = 8

// adopt lists the children that c has left after c, which has gone into its parent: what
// would be too many zeros for a small node may be few for a large one, and a large
// contribution is saved.
func (m *amalgamation) adopt(c int32, child, sibling []int32) {
	for d := child[c]; d != none; {
		next := sibling[d]
		if m.host[d] == d && m.tried[d] < adoptions {
			m.tried[d]++
			sibling[d], sibling[c] = sibling[c], d
		}
		d = next
	}
}

// intoLeaf merges the leaf c into the leaf k that has the same rows, if that
// is good.
func (m *amalgamation) intoLeaf(c, k int32) bool {
	x, y, q := m.cols[c], m.cols[k], m.s.rows[k]
	zeros := m.zeros[c] + m.zeros[k] + float64(x)*float64(y)
	if x+y > leafColumns || !fewZeros(int(x+y), int(q), zeros) ||
		frontTime(int(x+y), int(q)) > frontTime(int(x), int(q))+frontTime(int(y), int(q)) {
		return false
	}
	m.merge(c, k, zeros)
	return true
}

func (m *amalgamation) merge(c, k int32, zeros float64) {
	m.host[c] = k
	m.cols[k] += m.cols[c]
	m.zeros[k] = zeros
	m.inner[k] = m.inner[k] || m.inner[c]
	m.merged++
}

// result numbers what is left.
func (m *amalgamation) result() (*supernodes, []float64) {
	s := m.s
	left := s.len() - m.merged
	zeros := make([]float64, left)
	number := make([]int32, s.len())
	r := &supernodes{
		of: make([]int32, len(s.of)), parent: make([]int32, left), cols: make([]int32, left), rows: make([]int32, left),
	}
	for k := s.len() - 1; k >= 0; k-- {
		if h := m.host[k]; int(h) != k {
			number[k] = number[h]
			continue
		}
		left--
		number[k] = int32(left)
		r.cols[left], r.rows[left], r.parent[left] = m.cols[k], s.rows[k], none
		zeros[left] = m.zeros[k]
		if up := s.parent[k]; up >= 0 {
			r.parent[left] = number[up]
		}
	}
	for v, k := range s.of {
		r.of[v] = number[k]
	}
	return r, zeros
}
