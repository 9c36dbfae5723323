package partition

import "math/rand/v2"

// A level is a graph in a hierarchy of coarser and coarser ones.
type level struct {
	ptr, adj []int32
	edge     []int32 // edges of the finest graph in each edge; nil: one each
	weight   []int32
	total    int     // of the weights
	coarse   []int32 // of each vertex, the one of the next level that it is part of
}

func (l *level) len() int { return len(l.weight) }

func (l *level) neighbours(v int32) []int32 { return l.adj[l.ptr[v]:l.ptr[v+1]] }

// A coarsener makes levels, from memory of its own.
type coarsener struct {
	kept, scratch arena[int32]
	rng           *rand.PCG
}

const (
	// coarsest is the number of vertices at which coarsening ends: few enough for several
	// separators to be grown from different starts in no time.
	coarsest = 100

	// stalled is the ratio of the sizes of two levels at which coarsening gives up: levels
	// that shrink by less would cost more than twelve times the finest one together.
	stalled = 0.92

	// lonely is the share of vertices without partner from which on partners are
	// also looked for at distance two.
	lonely = 0.1

	// On the finest level of graphs that have manyNeighbours in the mean, where contracting
	// takes most of the time, extraMates join a pair: the next level has then a third of the
	// vertices. With few neighbours separators are worse for it.
	manyNeighbours = 10
	extraMates     = 2
)

// coarser returns the level after l: pairs of vertices, or clusters of a few, become one,
// neighbours over heavy edges if possible. It returns nil if little would be gained. No vertex gets
// heavier than limit.
//
// Sources: G. Karypis and V. Kumar, A fast and high quality multilevel scheme for
// partitioning irregular graphs, SIAM J. Sci. Comput. 20 (1998), section 3.1
// (heavy edges first; contraction); B. Hendrickson and E. Rothberg, Improving
// the run time and quality of nested dissection ordering, SIAM J. Sci. Comput. 20
// (1998), section 3.
func (c *coarsener) coarser(l *level, limit int) *level {
	n := l.len()
	here := c.scratch.mark()
	defer c.scratch.release(here)
	mate := c.scratch.take(n)
	count := n - c.match(l, mate, limit)
	if float64(count) > stalled*float64(n) {
		return nil
	}
	// Numbering clusters by their first parts keeps near what is near.
	l.coarse = c.kept.take(n)
	for v := range l.coarse {
		l.coarse[v] = none
	}
	first := c.scratch.take(count)
	next := int32(0)
	for v := range int32(n) {
		if l.coarse[v] != none {
			continue
		}
		l.coarse[v] = next
		for u := mate[v]; u != v; u = mate[u] {
			l.coarse[u] = next
		}
		first[next] = v
		next++
	}
	return c.contract(l, mate, first)
}

// match makes pairs and clusters of vertices, and returns by how many vertices they are
// fewer. The mates of a cluster form a ring; those that are alone are their own mates. Vertices of low degree, which have the least choice,
// come first, and otherwise in random order.
func (c *coarsener) match(l *level, mate []int32, limit int) int {
	n := l.len()
	here := c.scratch.mark()
	visit := c.visit(l)
	for v := range mate {
		mate[v] = none
	}
	crowded := l.edge == nil && float64(len(l.adj)) > manyNeighbours*float64(n)
	joined, alone := 0, 0
	for _, v := range visit {
		if mate[v] != none {
			continue
		}
		best := c.partner(l, mate, v, int32(max(0, limit-int(l.weight[v]))))
		if best == none {
			alone++
			continue
		}
		mate[v], mate[best] = best, v
		joined++
		if crowded {
			joined += c.join(l, mate, v, limit-int(l.weight[v])-int(l.weight[best]))
		}
	}
	if float64(alone) > lonely*float64(n) {
		joined += c.matchFar(l, mate, visit, limit)
	}
	for v, u := range mate {
		if u == none {
			mate[v] = int32(v)
		}
	}
	c.scratch.release(here)
	return joined
}

// join takes neighbours of v that weigh room at most together into its ring, and returns how
// many.
func (c *coarsener) join(l *level, mate []int32, v int32, room int) int {
	for k := range extraMates {
		u := c.partner(l, mate, v, int32(max(0, room)))
		if u == none {
			return k
		}
		mate[u], mate[v] = mate[v], u
		room -= int(l.weight[u])
	}
	return extraMates
}

// partner returns the neighbour of v that has no mate, weighs room at most, and
// shares the heaviest edge with it, among equals the lightest.
func (c *coarsener) partner(l *level, mate []int32, v, room int32) int32 {
	best, heaviest, lightest := int32(none), int32(0), int32(0)
	lo, hi := l.ptr[v], l.ptr[v+1]
	if l.edge == nil {
		for _, u := range l.adj[lo:hi] {
			if mate[u] == none {
				if w := l.weight[u]; w <= room && (best == none || w < lightest) {
					if w == 1 {
						return u // there are none lighter
					}
					best, lightest = u, w
				}
			}
		}
		return best
	}
	edge := l.edge[lo:hi]
	for k, u := range l.adj[lo:hi] {
		if e := edge[k]; e >= heaviest && mate[u] == none {
			if w := l.weight[u]; w <= room && (e > heaviest || w < lightest) {
				best, heaviest, lightest = u, e, w
			}
		}
	}
	return best
}

// matchFar pairs vertices that have a neighbour in common, and are without mate: the
// leaves of stars, mostly.
//
// Source: D. LaSalle et al., Improving graph partitioning for modern graphs and
// architectures, IA3 (2015), section 3 (two-hop matching).
func (c *coarsener) matchFar(l *level, mate, visit []int32, limit int) int {
	here := c.scratch.mark()
	waits := c.scratch.take(l.len())
	for v := range waits {
		waits[v] = none
	}
	pairs := 0
	for _, v := range visit {
		if mate[v] != none {
			continue
		}
		for _, h := range l.neighbours(v)[:min(2, l.ptr[v+1]-l.ptr[v])] {
			u := waits[h]
			if u == none || mate[u] != none {
				waits[h] = v
				continue
			}
			if u != v && int(l.weight[u])+int(l.weight[v]) <= limit {
				mate[v], mate[u] = u, v
				waits[h] = none
				pairs++
				break
			}
		}
	}
	c.scratch.release(here)
	return pairs
}

// visit returns the vertices by rising degree, those of the same in random order.
// Degrees far above the mean count as the same.
func (c *coarsener) visit(l *level) []int32 {
	n := l.len()
	visit := c.scratch.take(n)
	here := c.scratch.mark()
	shuffled := c.scratch.take(n)
	for v := range shuffled {
		shuffled[v] = int32(v)
	}
	c.shuffle(shuffled)
	top := int32(len(l.adj)/max(n, 1)) + 2
	var start [64]int32
	top = min(top, int32(len(start))-2)
	for v := range n {
		start[min(l.ptr[v+1]-l.ptr[v], top)+1]++
	}
	for d := range top + 1 {
		start[d+1] += start[d]
	}
	for _, v := range shuffled {
		d := min(l.ptr[v+1]-l.ptr[v], top)
		visit[start[d]] = v
		start[d]++
	}
	c.scratch.release(here)
	return visit
}

// shuffle permutes a list.
func (c *coarsener) shuffle(list []int32) {
	for n := len(list); n > 1; n-- {
		r := c.rng.Uint64()
		k := int((r >> 32) * uint64(n) >> 32)
		list[n-1], list[k] = list[k], list[n-1]
	}
}

// contract makes the level in which rings of mates are one; first has the first part
// of each coarse vertex.
func (c *coarsener) contract(l *level, mate, first []int32) *level {
	count := len(first)
	h := &level{total: l.total, ptr: c.kept.take(count + 1), weight: c.kept.take(count)}
	// slot[x] is where x is in the list being made, if it is there: a stale value
	// shows in what it points to.
	slot := c.scratch.take(count)
	clear(slot)
	adj, edge := c.kept.take(len(l.adj)), c.scratch.take(len(l.adj))
	at := int32(0)
	h.ptr[0] = 0
	for k := range int32(count) {
		begin := at
		v := first[k]
		h.weight[k] = l.weight[v]
		at = l.appendTo(adj, edge, slot, k, v, begin, at)
		for u := mate[v]; u != v; u = mate[u] {
			h.weight[k] += l.weight[u]
			at = l.appendTo(adj, edge, slot, k, u, begin, at)
		}
		h.ptr[k+1] = at
	}
	h.adj = c.kept.trim(adj, int(at))
	h.edge = c.kept.take(int(at))
	copy(h.edge, edge)
	return h
}

// appendTo adds the neighbours of v to the list of the coarse vertex k, which
// is adj[begin:at], and returns its new end.
func (l *level) appendTo(adj, edge, slot []int32, k, v, begin, at int32) int32 {
	lo, hi := l.ptr[v], l.ptr[v+1]
	var edges []int32
	if l.edge != nil {
		edges = l.edge[lo:hi]
	}
	for t, u := range l.adj[lo:hi] {
		x := l.coarse[u]
		if x == k {
			continue
		}
		e := int32(1)
		if edges != nil {
			e = edges[t]
		}
		if s := slot[x]; s >= begin && s < at && adj[s] == x {
			edge[s] += e
			continue
		}
		slot[x] = at
		adj[at], edge[at] = x, e
		at++
	}
	return at
}
