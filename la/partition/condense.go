package partition

import "math"

// A condenser looks for groups of unknowns that can be eliminated ahead of the
// chain (static condensation). In a level structure, an edge joins vertices of
// one level or of neighbouring levels. A level that falls apart into small
// components, once the others are taken away, can go first:
//
//	level   l-1    l    l+1               l-1   l+1
//	         ●    ╱▪╲    ●                 ●─────●
//	         ●───╱ ▪ ╲───●       ⇒         ●─────●       and many small groups ▪
//	         ●    ╲▪╱    ●                 ●─────●
//
// because each component couples to levels l-1 and l+1 only; these become
// neighbours. Which levels go, no two of them neighbours, is found by dynamic
// programming over the time that is left.
type condenser struct {
	g     *graph
	stamp []int32 // of the last component that met a vertex as a neighbour
	clock int32
	comp  []int32 // component of a vertex, -1 outside
	kept  []bool  // vertex stays in the chain although its component goes
	pair  matcher
	nodes []int32 // component by component
	ptr   []int   // where components start in nodes
	out   []int32 // of a component, the most neighbours that a vertex has outside
	level []int   // where levels start in ptr
}

func newCondenser(g *graph) *condenser {
	c := &condenser{g: g, stamp: make([]int32, g.n), comp: make([]int32, g.n), kept: make([]bool, g.n)}
	for v := range c.comp {
		c.comp[v] = -1
	}
	c.pair.init(g)
	return c
}

// Limits of condensation.
const (
	groupLimit  = 1024 // largest group
	groupCharge = 500  // time for a group besides its flops

	// A digit of weakness counts as much as this share of the time more.
	weaknessWeight = 0.25
)

// groupTime is the Time of eliminating a group of order n that couples to q
// unknowns, and of adding its update.
func groupTime(n, q int) float64 {
	x, y := float64(n), float64(q)
	return (x*x*x/3+x*x*y+x*y*y)*(1+halfSpeed/x) + 2*y*y + groupCharge
}

// A condensation says which levels go, and what time is left.
type condensation struct {
	levels
	gone []bool
	time float64
}

// choose finds the levels of l to condense. It gives up, with ok false, as soon
// as it knows that the time is not below limit.
func (c *condenser) choose(l levels, limit float64) (res condensation, ok bool) {
	coupled := c.split(l)
	h := len(l.start) - 1
	stay, cond := make([]int, h), make([]float64, h)
	for k := range h {
		cond[k], stay[k] = c.levelBound(k)
	}
	if c.alternate(l, coupled, stay, cond).time >= limit {
		return res, false
	}
	for k := range h {
		cond[k], stay[k] = c.levelTime(k)
	}
	res = c.alternate(l, coupled, stay, cond)
	return res, res.time < limit
}

// alternate finds which levels go, given for each how many unknowns couple to
// the level before, how many stay if it goes, and what that costs.
func (c *condenser) alternate(l levels, coupled, stay []int, cond []float64) condensation {
	h := len(l.start) - 1
	width := make([]int, h)
	for k := range h {
		width[k] = c.g.total(l.order[l.start[k]:l.start[k+1]])
	}
	// best[k][b]: least time before level k, which stays, where b = 1 means
	// that level k-1 goes.
	best := make([][2]float64, h)
	from := make([][2]int8, h)
	block := func(k, b, m int) float64 {
		n := width[k]
		if b == 1 && k > 0 {
			n += stay[k-1]
		}
		if n == 0 {
			return 0
		}
		return blockTime(n, m)
	}
	rows := func(k, b int) int {
		if b == 1 {
			return coupled[k] + stay[k-1]
		}
		return coupled[k]
	}
	inf := math.Inf(1)
	for k := range h {
		for b := range 2 {
			best[k][b] = inf
			p := k - 1 - b
			switch {
			case p == -1 && b == 0:
				best[k][b] = 0
			case p == -1:
				best[k][b] = cond[0]
			case p >= 0:
				for pb := range 2 {
					t := best[p][pb] + block(p, pb, rows(k, b))
					if b == 1 {
						t += cond[k-1]
					}
					if t < best[k][b] {
						best[k][b], from[k][b] = t, int8(pb)
					}
				}
			}
		}
	}
	res := condensation{levels: l, gone: make([]bool, h), time: inf}
	at, b := h-1, 0
	for pb := range 2 {
		if t := best[h-1][pb] + block(h-1, pb, 0); t < res.time {
			res.time, at, b = t, h-1, pb
		}
	}
	tail := 0.0 // the block that is left of the last level
	if stay[h-1] > 0 {
		tail = blockTime(stay[h-1], 0)
	}
	if h == 1 {
		if t := cond[0] + tail; t < res.time {
			res.time = t
			res.gone[0] = true
		}
		return res
	}
	for pb := range 2 {
		if t := best[h-2][pb] + block(h-2, pb, stay[h-1]) + cond[h-1] + tail; t < res.time {
			res.time, at, b = t, h-2, pb
		}
	}
	if at == h-2 {
		res.gone[h-1] = true
	}
	for at >= 0 {
		next := int(from[at][b])
		if b == 1 {
			res.gone[at-1] = true
		}
		at, b = at-1-b, next
	}
	return res
}

// split finds the components of all levels and counts in each level the
// unknowns that couple to the level before.
func (c *condenser) split(l levels) (coupled []int) {
	g := c.g
	for _, v := range c.nodes {
		c.comp[v], c.kept[v] = -1, false
	}
	h := len(l.start) - 1
	coupled = make([]int, h)
	c.nodes, c.ptr, c.level = c.nodes[:0], append(c.ptr[:0], 0), c.level[:0]
	c.out = c.out[:0]
	for k := range h {
		c.level = append(c.level, len(c.ptr)-1)
		for _, root := range l.order[l.start[k]:l.start[k+1]] {
			if c.comp[root] >= 0 {
				continue
			}
			id := int32(len(c.ptr) - 1)
			c.comp[root] = id
			head := len(c.nodes)
			c.nodes = append(c.nodes, root)
			most := int32(0)
			for ; head < len(c.nodes); head++ {
				v := c.nodes[head]
				before, out := false, int32(0)
				for _, u := range g.adj[g.ptr[v]:g.ptr[v+1]] {
					if d := l.level[u] - int32(k); d == 0 {
						if c.comp[u] < 0 {
							c.comp[u] = id
							c.nodes = append(c.nodes, u)
						}
					} else {
						out += g.weight[u]
						before = before || d < 0
					}
				}
				most = max(most, out)
				if before {
					coupled[k] += int(g.weight[v])
				}
			}
			c.ptr = append(c.ptr, len(c.nodes))
			c.out = append(c.out, most)
		}
	}
	c.level = append(c.level, len(c.ptr)-1)
	return coupled
}

// levelBound bounds the time of levelTime, and how many unknowns stay, from
// below.
func (c *condenser) levelBound(k int) (time float64, stay int) {
	for id := c.level[k]; id < c.level[k+1]; id++ {
		nodes := c.nodes[c.ptr[id]:c.ptr[id+1]]
		switch n := c.g.total(nodes); {
		case n > groupLimit:
			stay += n
		case len(nodes) > 1 || c.g.own[nodes[0]] != noEntry:
			time += groupTime(1, int(c.out[id]))
		default:
			stay += n
		}
	}
	return time, stay
}

// levelTime is the time of condensing level k, and how many of its unknowns
// stay in the chain: those of components that are too large, and those without
// a pivot inside their component.
func (c *condenser) levelTime(k int) (time float64, stay int) {
	for id := c.level[k]; id < c.level[k+1]; id++ {
		nodes := c.nodes[c.ptr[id]:c.ptr[id+1]]
		open, n := nodes, c.g.total(nodes)
		if n <= groupLimit {
			open = c.pair.match(nodes, c.comp, int32(id))
		}
		for _, v := range open {
			c.kept[v] = true
		}
		left := c.g.total(open)
		stay += left
		if left == n {
			continue
		}
		q := c.boundary(nodes, int32(id))
		time += groupTime(n-left, q) * (1 + weaknessWeight*c.pair.weakness(nodes, c.comp, int32(id), c.kept))
	}
	return time, stay
}

// boundary counts the unknowns outside the group that nodes form, without
// those that are kept.
func (c *condenser) boundary(nodes []int32, id int32) int {
	g := c.g
	c.clock++
	q := 0
	for _, v := range nodes {
		if c.kept[v] {
			continue
		}
		for _, u := range g.adj[g.ptr[v]:g.ptr[v+1]] {
			if c.stamp[u] != c.clock && (c.comp[u] != id || c.kept[u]) {
				c.stamp[u] = c.clock
				q += int(g.weight[u])
			}
		}
	}
	return q
}
