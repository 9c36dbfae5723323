package partition

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// minDegree returns an order of the vertices of g in which little fills in:
// each step eliminates a vertex of approximately the least degree, in unknowns, of
// what is left. The graph that is left is kept as a quotient graph: an
// eliminated vertex becomes an element, whose list holds the vertices that it
// made neighbours of each other, and elements that its list contains
// disappear in it. Vertices that have become indistinguishable are eliminated as one.
//
// Vertices of more than 10 √n neighbours are set aside and come last, by
// degree: they would be touched in almost every step and gain nothing from waiting.
//
// Near linear in the number of edges for graphs from practice, in memory always.
//
// Sources: P. R. Amestoy, T. A. Davis and I. S. Duff, An approximate minimum
// degree ordering algorithm, SIAM J. Matrix Anal. Appl. 17 (1996), sections
// 2–5; dense rows: the same, Algorithm 837: AMD, ACM Trans. Math. Softw. 30
// (2004).
func minDegree(g *wgraph) []int32 {
	m := newMinimumDegree(g)
	for m.left > 0 {
		m.eliminate(m.least())
	}
	return m.order()
}

// none ends a list.
const none = -1

// A minimumDegree is a graph on the way to be eliminated. A vertex is live,
// eliminated (it is an element then, until another absorbs it), or part of
// another one, its host.
type minimumDegree struct {
	n int

	// The list of a live vertex: its elements, then its neighbours that no
	// element shows. That of an element: its vertices. Lists are runs of
	// space; what is dead is only cut away when the list is walked.
	space    []int32
	free     int     // where space is unused from
	at       []int   // start of the list
	length   []int32 // of the list
	elements []int32 // of a vertex's list; -1 for what is no live vertex

	weight []int32 // of a live vertex, negative while it is in the new element; of an element, that of its pivots
	degree []int32 // of a vertex, not counting itself; of an element, the weight of its vertices
	stamp  []uint32
	clock  uint32 // stamps below are of the past; 0 is an absorbed element
	left   int    // weight of what is live
	large  uint32 // largest degree of an element

	// Vertices by degree: lists linked both ways. minimum bounds the least degree
	// from below.
	head, next, prev []int32
	minimum          int

	// Vertices of the new element by a hash of their lists; chain links the
	// vertices of a bucket.
	bucket, chain []int32
	hash          []uint32

	// The order: what is eliminated with a vertex is linked behind it.
	pivots       []int32
	behind, tail []int32
	dense        []int32
}

// newMinimumDegree copies g into lists with room to spare.
func newMinimumDegree(g *wgraph) *minimumDegree {
	n := g.len()
	m := &minimumDegree{
		n: n, space: make([]int32, len(g.adj)+len(g.adj)/5+n+1), at: make([]int, n),
		length: make([]int32, n), elements: make([]int32, n), weight: make([]int32, n), degree: make([]int32, n),
		stamp: make([]uint32, n), clock: 2,
		next: make([]int32, n), prev: make([]int32, n),
		bucket: make([]int32, 1<<bits.Len(uint(n))), chain: make([]int32, n), hash: make([]uint32, n),
		pivots: make([]int32, 0, n), behind: make([]int32, n), tail: make([]int32, n),
	}
	copy(m.weight, g.weight)
	for b := range m.bucket {
		m.bucket[b] = none
	}
	m.left = g.total()
	limit := max(16, 10*math.Sqrt(float64(m.left)))
	top := 0
	for v := range n {
		d := 0
		for _, u := range g.neighbours(int32(v)) {
			d += int(g.weight[u])
		}
		m.degree[v] = int32(d)
		m.stamp[v] = 1
		m.behind[v], m.tail[v] = none, int32(v)
		if float64(d) > limit {
			m.dense = append(m.dense, int32(v))
			m.weight[v], m.elements[v] = 0, none
		}
		top = max(top, d)
	}
	for _, v := range m.dense {
		m.left -= int(g.weight[v])
	}
	m.head = make([]int32, m.left+1)
	for d := range m.head {
		m.head[d] = none
	}
	m.minimum = min(top, m.left)
	for v := range int32(n) {
		m.at[v] = m.free
		if m.weight[v] == 0 {
			continue
		}
		for _, u := range g.neighbours(v) {
			if m.weight[u] > 0 {
				m.space[m.free] = u
				m.free++
			} else {
				m.degree[v] -= g.weight[u]
			}
		}
		m.length[v] = int32(m.free - m.at[v])
		m.enter(v, m.degree[v])
	}
	return m
}

// enter adds v to the vertices of degree d.
func (m *minimumDegree) enter(v, d int32) {
	w := m.head[d]
	m.next[v], m.prev[v] = w, none
	if w != none {
		m.prev[w] = v
	}
	m.head[d] = v
	m.minimum = min(m.minimum, int(d))
}

// leave takes v from the vertices of its degree.
func (m *minimumDegree) leave(v int32) {
	p, q := m.prev[v], m.next[v]
	if q != none {
		m.prev[q] = p
	}
	if p != none {
		m.next[p] = q
	} else {
		m.head[m.degree[v]] = q
	}
}

// least takes away a vertex of least degree.
func (m *minimumDegree) least() int32 {
	for m.head[m.minimum] == none {
		m.minimum++
	}
	v := m.head[m.minimum]
	m.leave(v)
	return v
}

// eliminate makes the live vertex e an element, and brings everything around it
// up to date.
func (m *minimumDegree) eliminate(e int32) {
	m.pivots = append(m.pivots, e)
	m.left -= int(m.weight[e])
	m.gather(e)
	m.compare(e)
	m.update(e)
	m.advance(m.large)
	m.unite(e)
	m.release(e)
}

// gather makes the list of element e: the neighbours of e and the vertices of its
// elements, which it absorbs. Their weights turn negative.
func (m *minimumDegree) gather(e int32) {
	weight, total := m.weight, int32(0)
	own := m.at[e]
	shown := m.elements[e]
	end := own + int(m.length[e])
	m.weight[e] = -weight[e]
	m.elements[e] = none
	if shown == 0 { // in place
		space, to := m.space, own
		for _, v := range space[own:end] {
			if w := weight[v]; w > 0 {
				total += w
				weight[v] = -w
				space[to] = v
				to++
				m.leave(v)
			}
		}
		m.length[e], m.degree[e] = int32(to-own), total
		return
	}
	need := int(m.length[e] - shown)
	for _, f := range m.space[own : own+int(shown)] {
		need += int(m.length[f])
	}
	if m.free+min(need, m.n) > len(m.space) {
		m.compact()
		own = m.at[e]
		end = own + int(m.length[e])
	}
	space, start := m.space, m.free
	to := start
	take := func(list []int32) {
		for _, v := range list {
			if w := weight[v]; w > 0 {
				total += w
				weight[v] = -w
				space[to] = v
				to++
				m.leave(v)
			}
		}
	}
	for _, f := range space[own : own+int(shown)] {
		take(space[m.at[f] : m.at[f]+int(m.length[f])])
		m.stamp[f], m.length[f] = 0, 0
	}
	take(space[own+int(shown) : end])
	m.free = to
	m.at[e], m.length[e], m.degree[e] = start, int32(to-start), total
}

// compact moves the lists to the front of space, in the order in which they lie.
// The first entry of each makes room for the owner's number meanwhile.
func (m *minimumDegree) compact() {
	first := m.chain // unused now
	for v, n := range m.length {
		if n > 0 {
			at := m.at[v]
			first[v] = m.space[at]
			m.space[at] = ^int32(v)
		}
	}
	to := 0
	for from := 0; from < m.free; {
		if m.space[from] >= 0 {
			from++
			continue
		}
		v := ^m.space[from]
		n := int(m.length[v])
		m.space[from] = first[v]
		copy(m.space[to:to+n], m.space[from:from+n])
		m.at[v] = to
		to += n
		from += n
	}
	m.free = to
}

// compare finds for each element f that shares vertices with e how much of
// it lies outside: stamp[f] - clock is the weight of f \ e.
func (m *minimumDegree) compare(e int32) {
	stamp, degree, clock := m.stamp, m.degree, m.clock
	for _, v := range m.list(e) {
		n := m.elements[v]
		if n <= 0 {
			continue
		}
		at := m.at[v]
		w := uint32(-m.weight[v])
		for _, f := range m.space[at : at+int(n)] {
			switch s := stamp[f]; {
			case s >= clock:
				stamp[f] = s - w
			case s != 0:
				stamp[f] = uint32(degree[f]) + clock - w
			}
		}
	}
}

// list returns the list of v.
func (m *minimumDegree) list(v int32) []int32 { return m.space[m.at[v] : m.at[v]+int(m.length[v])] }

// update rewrites the list of each vertex of e, bounds its degree, and finds its
// bucket. Elements inside e are absorbed, also where e did not replace
// them; vertices without neighbours outside e are eliminated at once.
func (m *minimumDegree) update(e int32) {
	stamp, weight, space, clock := m.stamp, m.weight, m.space, m.clock
	at, length, elements, degree := m.at, m.length, m.elements, m.degree
	bucket, mask := m.bucket, uint32(len(m.bucket)-1)
	for _, v := range m.list(e) {
		start := at[v]
		mid := start + int(elements[v])
		end := start + int(length[v])
		// The list gains e and loses something, at the latest e's own number
		// among the neighbours: e takes the first place, and what stood there the
		// place between elements and neighbours.
		to, outside, hash := start, 0, uint32(0)
		for _, f := range space[start:mid] {
			s := stamp[f]
			if s == 0 {
				continue
			}
			if s == clock {
				stamp[f], length[f] = 0, 0
				continue
			}
			outside += int(s - clock)
			hash += uint32(f)
			space[to] = f
			to++
		}
		border := to
		for _, u := range space[mid:end] {
			if w := weight[u]; w > 0 {
				outside += int(w)
				hash += uint32(u)
				space[to] = u
				to++
			}
		}
		if to == start {
			w := -weight[v]
			degree[e] -= w
			weight[e] -= w
			m.left -= int(w)
			m.vanish(v, e)
			continue
		}
		degree[v] = int32(min(int(degree[v]), outside))
		space[to] = space[border]
		space[border] = space[start]
		space[start] = e
		elements[v] = int32(border-start) + 1
		length[v] = int32(to-start) + 1
		m.hash[v] = hash
		b := hash & mask
		m.chain[v] = bucket[b]
		bucket[b] = v
	}
	m.large = max(m.large, uint32(degree[e]))
}

// vanish makes v part of host.
func (m *minimumDegree) vanish(v, host int32) {
	m.weight[v], m.elements[v], m.length[v] = 0, none, 0
	m.behind[m.tail[host]] = v
	m.tail[host] = m.tail[v]
}

// advance moves the clock by d, so that all stamps are of the past.
func (m *minimumDegree) advance(d uint32) {
	if m.clock < math.MaxUint32-math.MaxInt32-d {
		m.clock += d + 1
		return
	}
	for v, s := range m.stamp {
		if s != 0 {
			m.stamp[v] = 1
		}
	}
	m.clock = 2
}

// unite finds vertices of e with the same list, and makes them one.
func (m *minimumDegree) unite(e int32) {
	for _, i := range m.list(e) {
		if m.weight[i] == 0 {
			continue
		}
		b := m.hash[i] & uint32(len(m.bucket)-1)
		v := m.bucket[b]
		m.bucket[b] = none // the first of a bucket does for all
		for ; v != none && m.chain[v] != none; v = m.chain[v] {
			marked := false
			last := v
			for u := m.chain[v]; u != none; u = m.chain[u] {
				if m.hash[u] != m.hash[v] || m.length[u] != m.length[v] || m.elements[u] != m.elements[v] {
					last = u
					continue
				}
				if !marked {
					marked = true
					for _, w := range m.list(v)[1:] {
						m.stamp[w] = m.clock
					}
				}
				if !allStamped(m.list(u)[1:], m.stamp, m.clock) {
					last = u
					continue
				}
				m.weight[v] += m.weight[u]
				m.vanish(u, v)
				m.chain[last] = m.chain[u]
			}
			if marked {
				m.advance(0)
			}
		}
	}
}

// allStamped reports whether all of a list have the stamp.
func allStamped(list []int32, stamp []uint32, s uint32) bool {
	for _, v := range list {
		if stamp[v] != s {
			return false
		}
	}
	return true
}

// release makes the vertices of e live again, with their new degrees.
func (m *minimumDegree) release(e int32) {
	list, to, all := m.list(e), 0, m.degree[e]
	for _, v := range list {
		w := -m.weight[v]
		if w == 0 {
			continue
		}
		m.weight[v] = w
		d := min(int(m.degree[v])+int(all-w), m.left-int(w))
		m.degree[v] = int32(d)
		m.enter(v, int32(d))
		list[to] = v
		to++
	}
	m.length[e] = int32(to)
	if to == 0 {
		m.stamp[e] = 0
	}
}

// order lists the vertices: each pivot with what was eliminated with it.
func (m *minimumDegree) order() []int32 {
	sortByDegree(m.dense, m.degree)
	order := make([]int32, 0, m.n)
	for _, e := range m.pivots {
		for v := e; v != none; v = m.behind[v] {
			order = append(order, v)
		}
	}
	return append(order, m.dense...)
}

// sortByDegree sorts vertices by degree, and those of the same by number.
func sortByDegree(list, degree []int32) {
	slices.SortFunc(list, func(a, b int32) int {
		if c := cmp.Compare(degree[a], degree[b]); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
}
