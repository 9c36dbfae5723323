package partition

import "slices"

// groups are the components of the levels of a level structure.
type groups struct {
	coupled []int   // of each level, unknowns that couple to the level before
	level   []int   // where the components of each level start in ptr
	nodes   []int32 // vertices component by component
	ptr     []int   // where components start in nodes
	outside []int32 // of a component, unknowns that it couples to
	kept    []bool  // of each of nodes: stays in the chain though its level goes
}

func (p groups) clone() groups {
	return groups{slices.Clone(p.coupled), slices.Clone(p.level), slices.Clone(p.nodes), slices.Clone(p.ptr), slices.Clone(p.outside), slices.Clone(p.kept)}
}

// A splitter finds the components of levels, and what it costs to eliminate
// them. Its memory serves one level structure after the other.
type splitter struct {
	groups
	g     *graph
	pair  *matcher
	comp  []int32 // component of a vertex, -1 outside
	stays []bool  // vertex is kept
	stamp []int32 // of the last component that met a vertex as a neighbour
	clock int32
}

func newSplitter(g *graph) *splitter {
	s := &splitter{g: g, pair: newMatcher(g), comp: make([]int32, g.n), stays: make([]bool, g.n), stamp: make([]int32, g.n)}
	for v := range s.comp {
		s.comp[v] = -1
	}
	return s
}

// split finds the components of all levels and counts in each level the
// unknowns that couple to the level before. For each component outside is then
// the most unknowns that a vertex of it couples to.
func (s *splitter) split(l levels) {
	g := s.g
	for _, v := range s.nodes {
		s.comp[v], s.stays[v] = -1, false
	}
	h := len(l.start) - 1
	s.coupled = append(s.coupled[:0], make([]int, h)...)
	s.nodes, s.ptr, s.level, s.outside = s.nodes[:0], append(s.ptr[:0], 0), s.level[:0], s.outside[:0]
	for k := range h {
		s.level = append(s.level, len(s.ptr)-1)
		for _, root := range l.order[l.start[k]:l.start[k+1]] {
			if s.comp[root] >= 0 {
				continue
			}
			id := int32(len(s.ptr) - 1)
			s.comp[root] = id
			head := len(s.nodes)
			s.nodes = append(s.nodes, root)
			most := int32(0)
			for ; head < len(s.nodes); head++ {
				v := s.nodes[head]
				before, out := false, int32(0)
				for _, u := range g.adj[g.ptr[v]:g.ptr[v+1]] {
					if d := l.level[u] - int32(k); d != 0 {
						out += g.weight[u]
						before = before || d < 0
					} else if s.comp[u] < 0 {
						s.comp[u] = id
						s.nodes = append(s.nodes, u)
					}
				}
				most = max(most, out)
				if before {
					s.coupled[k] += int(g.weight[v])
				}
			}
			s.ptr = append(s.ptr, len(s.nodes))
			s.outside = append(s.outside, most)
		}
	}
	s.level = append(s.level, len(s.ptr)-1)
	s.kept = append(s.kept[:0], make([]bool, len(s.nodes))...)
}

// bound bounds what survey returns from below.
func (s *splitter) bound(k int) (time float64, stay int) {
	for id := s.level[k]; id < s.level[k+1]; id++ {
		nodes := s.nodes[s.ptr[id]:s.ptr[id+1]]
		switch n := s.g.total(nodes); {
		case n > groupLimit:
			stay += n
		case len(nodes) > 1 || s.g.own[nodes[0]] != noEntry:
			time += groupTime(1, int(s.outside[id]))
		default:
			stay += n
		}
	}
	return time, stay
}

// survey returns the time of condensing level k, and how many of its unknowns
// stay in the chain: those of components that are too large, and those without
// a pivot inside their component.
func (s *splitter) survey(k int) (time float64, stay int) {
	for id := s.level[k]; id < s.level[k+1]; id++ {
		lo, hi := s.ptr[id], s.ptr[id+1]
		nodes := s.nodes[lo:hi]
		open, n := nodes, s.g.total(nodes)
		if n <= groupLimit {
			open = s.pair.match(nodes, s.comp, int32(id))
		}
		for _, v := range open {
			s.stays[v] = true
		}
		for i, v := range nodes {
			s.kept[lo+i] = s.stays[v]
		}
		left := s.g.total(open)
		stay += left
		if left == n {
			continue
		}
		q, weak := s.couplings(nodes, int32(id))
		s.outside[id] = int32(q)
		time += groupTime(n-left, q) * (1 + weaknessWeight*weak)
	}
	return time, stay
}

// couplings counts the unknowns outside the group that nodes form without those
// that stay. weak is how many decimal digits, in the mean over the group, the
// entries to pivot on are smaller than those that lead out of the group. It
// tells groupings apart that are alike in their pattern; what is stable, only
// the numbers can say.
func (s *splitter) couplings(nodes []int32, id int32) (q int, weak float64) {
	g := s.g
	s.clock++
	bits, count := 0, 0
	for _, v := range nodes {
		if s.stays[v] {
			continue
		}
		largest := int16(noEntry)
		for t := g.ptr[v]; t < g.ptr[v+1]; t++ {
			u := g.adj[t]
			if s.comp[u] == id && !s.stays[u] {
				continue
			}
			largest = max(largest, g.mag[t])
			if s.stamp[u] != s.clock {
				s.stamp[u] = s.clock
				q += int(g.weight[u])
			}
		}
		count++
		if pivot := s.pair.pivot[v]; largest > pivot {
			bits += int(largest) - int(pivot)
		}
	}
	return q, 0.30103 * float64(bits) / float64(count)
}
