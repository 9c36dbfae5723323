package partition

// A search numbers vertices by their distance from a set of roots. Its memory
// serves one search after the other.
type search struct {
	g     *graph
	level []int32 // distance, -1 for vertices not reached
	order []int32 // vertices reached, by distance
	start []int   // of each distance in order, and the end
}

func newSearch(g *graph) *search {
	s := &search{g: g, level: make([]int32, g.n), order: make([]int32, 0, g.n)}
	for v := range s.level {
		s.level[v] = -1
	}
	return s
}

// run searches from the roots, having forgotten the search before. Within a
// level the order is that of Cuthill and McKee: the neighbours of a vertex
// follow each other by ascending degree.
func (s *search) run(roots ...int32) {
	for _, v := range s.order {
		s.level[v] = -1
	}
	s.order, s.start = s.order[:0], append(s.start[:0], 0)
	for _, v := range roots {
		s.level[v] = 0
		s.order = append(s.order, v)
	}
	g := s.g
	for head, depth := 0, int32(1); head < len(s.order); depth++ {
		end := len(s.order)
		for ; head < end; head++ {
			v := s.order[head]
			for _, u := range g.adj[g.ptr[v]:g.ptr[v+1]] {
				if s.level[u] < 0 {
					s.level[u] = depth
					s.order = append(s.order, u)
				}
			}
		}
		s.start = append(s.start, end)
	}
}

// height is the number of levels.
func (s *search) height() int { return len(s.start) - 1 }

// levels returns what has been found, shared with s.
func (s *search) levels() levels { return levels{s.level, s.order, s.start} }

func (s *search) last() []int32 { return s.levels().last() }
func (s *search) lowest() int32 { return s.levels().lowest(s.g) }

// pseudoPeripheral searches from two far ends of the component of v: it goes to
// a vertex of least degree in the last level and searches from there, and
// again, until that leads back or a few searches have not made more levels.
//
// Source: A. George and J. W. H. Liu, An implementation of a pseudoperipheral
// node finder, ACM Trans. Math. Software 5 (1979).
func pseudoPeripheral(a, b *search, v int32) {
	const patience = 3
	b.run(v)
	for height, tries := 0, 0; tries < patience; tries++ {
		a.run(b.lowest())
		if a.lowest() == b.order[0] {
			return
		}
		b.run(a.lowest())
		if b.lowest() == a.order[0] {
			return
		}
		if h := max(a.height(), b.height()); h > height {
			height, tries = h, 0
		}
	}
}
