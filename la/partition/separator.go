package partition

const (
	// seeds is how often a separator is grown on the coarsest level. Four and eight find
	// none that make less fill, on average.
	seeds = 2

	// passes is how often a separator is refined on a level at most: twelve times find
	// nothing that makes less fill, on average. patience is after how many moves without
	// success a pass ends, unless the separator is larger: on a mesh of 40×40×40, one of
	// 1600 vertices, to let all of it move saves a quarter of the flops.
	passes   = 4
	patience = 300

	// slight is the part of the cost that a pass must save to count: what meshes save by
	// less than it costs as much time and no fill.
	slight = 0.01
)

// A separator finds separators, in memory of its own.
type separator struct {
	coarsener
	bytes arena[int8]
	bools arena[bool]

	// What a separation lends while it is used.
	queue          gainBuckets
	middle, pulled []int32
	log            []move
}

// separate finds a separator of a connected graph, and returns the side of each
// vertex. The result is valid until the next call.
//
// The graph is coarsened, the coarsest graph is separated, and the separator is taken
// back level by level, refined on each.
//
// Source: G. Karypis and V. Kumar, A fast and high quality multilevel scheme for
// partitioning irregular graphs, SIAM J. Sci. Comput. 20 (1998), section 3.
func (p *separator) separate(g *level) (side []int8, weigh [3]int) {
	p.kept.release(mark{})
	p.bytes.release(mark{})
	p.bools.release(mark{})
	levels := p.coarsen(g, max(3*g.total/(2*coarsest), 1))
	s := p.initial(levels[len(levels)-1])
	for k := len(levels) - 2; k >= 0; k-- {
		s = p.finer(levels[k], s)
	}
	return s.side, s.weigh
}

// coarsen returns g and coarser levels of it, down to one of few vertices if possible.
func (p *separator) coarsen(g *level, limit int) []*level {
	levels := []*level{g}
	for l := g; l.len() > coarsest; {
		if l = p.coarser(l, limit); l == nil {
			break
		}
		levels = append(levels, l)
	}
	return levels
}

// initial returns the best of several separators of the coarsest level.
func (p *separator) initial(l *level) *separation {
	n := l.len()
	best := p.bytes.take(n)
	s := p.separation(l)
	var bestCost float64
	for k := range seeds {
		s.grow(int32(p.rng.Uint64() % uint64(n)))
		s.refine()
		if c := s.cost(); k == 0 || c < bestCost {
			bestCost = c
			copy(best, s.side)
		}
	}
	copy(s.side, best)
	s.start()
	p.finish(s)
	return s
}

// finer takes a separation of the next level to l, and refines it.
func (p *separator) finer(l *level, s *separation) *separation {
	f := p.separation(l)
	for v, u := range l.coarse {
		f.side[v] = s.side[u]
	}
	f.start()
	f.refine()
	p.finish(f)
	return f
}
