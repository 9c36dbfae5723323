package partition

// A matcher finds out by pattern whether a group of unknowns has a pivot for
// each of them: its own diagonal entry, or one that it shares with another
// unknown of the group in a pivot of order two. Unknowns without diagonal
// entry, such as multipliers, need a partner of their own.
type matcher struct {
	g       *graph
	partner []int32 // -1: none
	pivot   []int16 // exponent of the entry that a vertex pivots on
	seen    []int32
	clock   int32
	open    []int32
	steps   int
}

func newMatcher(g *graph) *matcher {
	return &matcher{g: g, partner: make([]int32, g.n), seen: make([]int32, g.n), pivot: make([]int16, g.n)}
}

// match pairs the vertices of component id that have no diagonal entry with
// others that have one, by augmenting paths, or failing that with each other.
// It returns those that stay open.
//
// Source: H. W. Kuhn, The Hungarian method for the assignment problem, Naval
// Res. Logist. Quart. 2 (1955), without weights.
func (m *matcher) match(nodes, comp []int32, id int32) (open []int32) {
	g := m.g
	lacking := 0
	for _, v := range nodes {
		m.partner[v], m.pivot[v] = -1, g.own[v]
		if g.own[v] == noEntry {
			lacking++
		}
	}
	if lacking == 0 {
		return nil
	}
	m.open = m.open[:0]
	for _, v := range nodes {
		if g.own[v] == noEntry && !m.greedy(v, comp, id) {
			m.open = append(m.open, v)
		}
	}
	// An augmentation may visit all edges of the component; all together get
	// as many steps as a few hundred vertices' worth of that.
	m.steps = 0
	limit := 1000 + 64*len(nodes)*min(len(nodes), 64)
	left := m.open[:0]
	for _, v := range m.open {
		m.clock++
		if m.steps > limit || !m.augment(v, comp, id) {
			left = append(left, v)
		}
	}
	// Open vertices may pair among themselves.
	open = left[:0]
	for _, v := range left {
		if m.partner[v] < 0 && !m.together(v, comp, id) {
			open = append(open, v)
		}
	}
	still := open[:0]
	for _, v := range open {
		if m.partner[v] < 0 {
			still = append(still, v)
		}
	}
	return still
}

// greedy pairs v with the free vertex to which it has the largest entry.
func (m *matcher) greedy(v int32, comp []int32, id int32) bool {
	g := m.g
	best, with := int16(noEntry), int32(-1)
	for t := g.ptr[v]; t < g.ptr[v+1]; t++ {
		u := g.adj[t]
		if g.mag[t] > best && comp[u] == id && g.own[u] != noEntry && m.partner[u] < 0 {
			best, with = g.mag[t], u
		}
	}
	if with < 0 {
		return false
	}
	m.join(v, with, best)
	return true
}

func (m *matcher) join(v, u int32, mag int16) {
	m.partner[v], m.partner[u] = u, v
	m.pivot[v], m.pivot[u] = mag, mag
}

// augment pairs v with a vertex u, if need be by finding another partner for
// the one that u has.
func (m *matcher) augment(v int32, comp []int32, id int32) bool {
	g := m.g
	for t := g.ptr[v]; t < g.ptr[v+1]; t++ {
		u := g.adj[t]
		m.steps++
		if comp[u] != id || g.own[u] == noEntry || g.mag[t] == noEntry || m.seen[u] == m.clock {
			continue
		}
		m.seen[u] = m.clock
		w := m.partner[u]
		if w < 0 || m.augment(w, comp, id) {
			m.join(v, u, g.mag[t])
			return true
		}
	}
	return false
}

// together pairs v with another open vertex.
func (m *matcher) together(v int32, comp []int32, id int32) bool {
	g := m.g
	for t := g.ptr[v]; t < g.ptr[v+1]; t++ {
		u := g.adj[t]
		if comp[u] == id && g.own[u] == noEntry && m.partner[u] < 0 && g.mag[t] != noEntry {
			m.join(v, u, g.mag[t])
			return true
		}
	}
	return false
}
