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
// Hubs, whose lists are long beside the others, are brought up to date seldom:
// see deferral.
//
// Near linear in the number of edges for graphs from practice, in memory always.
//
// Sources: P. R. Amestoy, T. A. Davis and I. S. Duff, An approximate minimum
// degree ordering algorithm, SIAM J. Matrix Anal. Appl. 17 (1996), sections
// 2–5; dense rows: the same, Algorithm 837: AMD, ACM Trans. Math. Softw. 30
// (2004).
func minDegree(g *wgraph) []int32 { return minDegreeByStage(g, nil) }

// minDegreeByStage is minDegree under a constraint: vertices of a stage come after
// those of lower stages, which are not negative. What is to come later counts in the
// degrees of what comes first. Vertices of a later stage still come earlier where
// that costs nothing: with one from which they are indistinguishable, or whose
// elimination leaves them no other neighbours. A nil slice is no constraint.
//
// Sources: F. Pellegrini, J. Roman and P. Amestoy, Hybridizing nested
// dissection and halo approximate minimum degree for efficient sparse matrix
// ordering, Concurrency: Pract. Exper. 12 (2000); C. Ashcraft and J. W. H. Liu,
// Robust ordering of sparse matrices using multisection, SIAM J. Matrix Anal.
// Appl. 19 (1998).
func minDegreeByStage(g *wgraph, stage []int32) []int32 {
	m := newMinimumDegree(g, stage)
	for k := 0; m.left > 0; k++ {
		if k%askEvery == 0 && g.interrupted() {
			return nil
		}
		m.eliminate(m.least())
	}
	return m.order()
}

// askEvery is how many eliminations there are from one question whether to give up to
// the next: milliseconds, where each takes microseconds.
const askEvery = 1024

// none ends a list.
const none = -1

// A minimumDegree is a graph on the way to be eliminated. A vertex is live,
// eliminated (it is an element then, until another absorbs it), or part of
// another one, its host.
type minimumDegree struct {
	n int

	// The lists are runs of space; what is dead in them is only cut away when a
	// list is walked.
	lists []vertexList
	space []int32
	free  int // where space is unused from

	weight []int32  // of a live vertex, negative while it is in the new element; of an element, that of its pivots
	degree []int32  // of a vertex, not counting itself; of an element, the weight of its vertices
	stamp  []uint32 // below clock it is of the past; 0 is an absorbed element
	clock  uint32
	left   int    // weight of what is live
	large  uint32 // largest degree of an element

	// The first vertex of each degree; minimum bounds the least degree from below, and
	// listed is how many vertices do not wait.
	head    []int32
	minimum int
	listed  int

	// The first vertex of the new element with each hash of lists.
	bucket []int32

	stages   // what waits for its stage
	deferral // what hubs have not seen yet

	// The order: what is eliminated with a vertex is linked behind it.
	pivots       []int32
	behind, tail []int32
	dense        []int32
}

// A vertexList has what is known of one vertex or element, together because it
// is used together.
type vertexList struct {
	// The list of a live vertex: its elements, then its neighbours that no
	// element shows. That of an element: its vertices.
	at       int
	length   int32
	elements int32 // -1 for what is no live vertex

	next, prev int32 // of the same degree
	hash       uint32
	chain      int32 // the next in the bucket
}

// newMinimumDegree copies g into lists with room to spare.
func newMinimumDegree(g *wgraph, stage []int32) *minimumDegree {
	n := g.len()
	m := &minimumDegree{
		n: n, lists: make([]vertexList, n), space: make([]int32, len(g.adj)+len(g.adj)/5+n+1),
		weight: make([]int32, n), degree: make([]int32, n), stamp: make([]uint32, n), clock: 2,
		bucket: make([]int32, 1<<bits.Len(uint(n))),
		pivots: make([]int32, 0, n), behind: make([]int32, n), tail: make([]int32, n),
	}
	m.stages.init(stage)
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
			m.weight[v], m.lists[v].elements = 0, none
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
	m.deferral.init(g)
	for v := range int32(n) {
		m.lists[v].at = m.free
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
		m.lists[v].length = int32(m.free - m.lists[v].at)
		m.enter(v, m.degree[v])
	}
	return m
}

// enter adds v to the vertices of degree d.
func (m *minimumDegree) enter(v, d int32) {
	l := &m.lists[v]
	if m.stage != nil && m.stage[v] > m.now {
		l.prev = waiting
		return
	}
	m.listed++
	w := m.head[d]
	l.next, l.prev = w, none
	if w != none {
		m.lists[w].prev = v
	}
	m.head[d] = v
	m.minimum = min(m.minimum, int(d))
}

// leave takes v from the vertices of its degree.
func (m *minimumDegree) leave(v int32) {
	l := &m.lists[v]
	p, q := l.prev, l.next
	if p == waiting {
		return
	}
	m.listed--
	if q != none {
		m.lists[q].prev = p
	}
	if p != none {
		m.lists[p].next = q
	} else {
		m.head[m.degree[v]] = q
	}
}

// least takes away a vertex of least degree.
func (m *minimumDegree) least() int32 {
	for m.listed == 0 {
		m.minimum = len(m.head) - 1
		m.nextStage()
	}
	for m.head[m.minimum] == none {
		m.minimum++
	}
	v := m.head[m.minimum]
	m.leave(v)
	return v
}

// compact moves the lists to the front of space, in the order in which they lie.
// The first entry of each makes room for the owner's number meanwhile.
func (m *minimumDegree) compact() {
	for v := range m.lists {
		if l := &m.lists[v]; l.length > 0 {
			l.chain = m.space[l.at] // chains are unused now
			m.space[l.at] = ^int32(v)
		}
	}
	to := 0
	for from := 0; from < m.free; {
		if m.space[from] >= 0 {
			from++
			continue
		}
		v := ^m.space[from]
		n := int(m.lists[v].length)
		m.space[from] = m.lists[v].chain
		copy(m.space[to:to+n], m.space[from:from+n])
		m.lists[v].at = to
		to += n
		from += n
	}
	m.free = to
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
