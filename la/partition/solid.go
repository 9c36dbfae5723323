package partition

const (
	// A mesh of a solid has vertices of solidDegree neighbours or more in the mean, and
	// none that has over evenDegree times the mean.
	solidDegree = 5
	evenDegree  = 3

	// It takes leastSteps to cross it at least, whose cube is at most solidSteps times the
	// number of vertices: 27 for a cube of seven-point stars from corner to corner, against
	// 8 √n for a square. A quarter of the way has met at most the part solidBall of
	// them: 1/9 for a square, 1/4 for a bar, 1/14 for the cube.
	leastSteps = 10
	solidSteps = 40
	solidBall  = 0.1

	// solidFlops is how many times the square of the number of unknowns minimum degree takes
	// flops on such meshes: 8 on the cube of 40×40×40.
	solidFlops = 5
)

// solid reports whether g is like a mesh of a solid, on which nested dissection makes less
// than half the flops of minimum degree: connected, its vertices alike, and balls in it
// growing with the cube of their radius. Bars, chains, surfaces, networks with hubs
// and expanders are not. It takes two breadth first searches, from a vertex that is far from
// others.
func (g *wgraph) solid() bool {
	n := g.len()
	mean := float64(len(g.adj)) / float64(max(n, 1))
	if mean < solidDegree {
		return false
	}
	for v := range n {
		if float64(g.ptr[v+1]-g.ptr[v]) > evenDegree*mean {
			return false
		}
	}
	s := bfs{graph: g, step: make([]int32, n), queue: make([]int32, 0, n)}
	s.from(0)
	if len(s.queue) < n {
		return false
	}
	s.from(s.queue[n-1])
	steps := s.step[s.queue[n-1]]
	if k := float64(steps); k < leastSteps || k*k*k > solidSteps*float64(n) {
		return false
	}
	ball := 0
	for ball < n && s.step[s.queue[ball]] <= steps/4 {
		ball++
	}
	return float64(ball) <= solidBall*float64(n)
}

// A bfs is a breadth first search.
type bfs struct {
	graph *wgraph
	step  []int32 // of each vertex, from 0
	queue []int32 // the vertices that are met, in this order
}

func (s *bfs) from(root int32) {
	for v := range s.step {
		s.step[v] = none
	}
	s.step[root] = 0
	queue := append(s.queue[:0], root)
	for head := 0; head < len(queue); head++ {
		v := queue[head]
		for _, u := range s.graph.neighbours(v) {
			if s.step[u] == none {
				s.step[u] = s.step[v] + 1
				queue = append(queue, u)
			}
		}
	}
	s.queue = queue
}
