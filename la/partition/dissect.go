package partition

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
)

const (
	// leastLeaf is the number of vertices up to which no part is taken apart: half of it
	// makes hardly less fill, twice of it more where the graph is small. Large graphs
	// have so many leaves that it does not matter if they are larger, up to mostLeaf.
	leastLeaf = 200
	mostLeaf  = 400
	manyLeafs = 150

	// worthless is the share of its weight that a separator of a part may have: graphs
	// that expand have no good ones, and minimum degree does as well.
	worthless = 0.35

	// wide is the share of its weight that the separator of the whole may have before others are
	// looked for, mostTries times. On graphs of circuits and of optimization, whose separators differ
	// much, the best of three saves a tenth of the flops, and that of parts little more.
	wide      = 0.03
	mostTries = 2

	// tooDeep is the depth from which on parts are leaves. Balance keeps the depth
	// logarithmic, but a few vertices of very large weight can prevent balance.
	tooDeep = 60
)

// leafSize is the number of vertices up to which parts of a graph of n are not taken apart.
func leafSize(n int) int { return min(max(leastLeaf, n/manyLeafs), mostLeaf) }

// dissect returns an order of the vertices of g by nested dissection: a small
// separator, whose removal leaves two parts of about the same weight, comes last, and
// the parts are ordered in the same way. Parts of a few vertices, and those that
// have no good separator, are ordered by minimum degree, one after another, with what is
// around them in sight. Vertices of very high degree come last.
//
//	a a a │ b b b          stages:  0 0 0 │ 1 1 1      a, b: parts
//	──s───t──u───          ───4───5───4──              s, u: their separators
//	a a a │ b b b          2 2 2  │  3 3 3             t: that of the whole
//
// Near linear in the number of edges times the logarithm of that of the vertices.
// Parts are taken apart side by side on all processors; as each has its own random
// numbers, the same graph gives the same order however many there are. Graphs of 2³¹ edge ends and more are left
// to minimum degree.
//
// Sources: A. George, Nested dissection of a regular finite element mesh, SIAM J.
// Numer. Anal. 10 (1973); G. Karypis and V. Kumar, SIAM J. Sci. Comput. 20 (1998),
// section 3; leaves: F. Pellegrini, J. Roman and P. Amestoy, Concurrency:
// Pract. Exper. 12 (2000). See separator and minDegreeByStage.
//
// Where the separator of the whole is wide it is the best of 1 + tries.
func dissect(g *wgraph, tries int) []int32 {
	if g.len() <= leastLeaf || len(g.adj) > math.MaxInt32 {
		return minDegree(g)
	}
	d := newDissection(g, tries)
	d.run(g.len())
	if g.interrupted() {
		return nil
	}
	return minDegreeByStage(g, d.stages())
}

// A part is a connected subgraph that waits to be taken apart.
type part struct {
	level
	vertex []int32 // the number of each vertex in the whole
	depth  int32
	seed   uint64 // of its random numbers: follows from its place among the parts
}

// A dissection is a graph being taken apart.
type dissection struct {
	depth   []int32 // of the part whose separator a vertex is in; inLeaf-r for those of the leaf that has vertex r
	deepest int32   // of the separators
	parts   []*part // that wait
	given   *wgraph // asked whether to give up before each part
	tries   int     // see dissect

	mutex sync.Mutex // of parts, deepest and busy, while workers run
	more  sync.Cond
	busy  int // workers that may find more parts
}

// inLeaf is the depth of vertices in the leaf that has vertex 0. Vertices of very high
// degree have -1.
const inLeaf = -2

// A dissector takes single parts apart, in memory of its own.
type dissector struct {
	separator
	leafSize int
	tries    int
	depth    []int32 // of the dissection: of other parts others write
	number   []int32 // of a vertex in its new part

	// The component that is being searched: its vertices in p, and its lists.
	queue, ptr, adj []int32

	best []int8 // the sides of the best separator
}

func newDissection(g *wgraph, tries int) *dissection {
	n := g.len()
	d := &dissection{depth: make([]int32, n), deepest: -1, given: g, tries: tries}
	d.more.L = &d.mutex
	whole := &part{level: level{ptr: make([]int32, n+1), adj: g.adj, weight: g.weight, total: g.total()}, depth: -1, seed: 1973}
	whole.vertex = identity(n)
	side := make([]int8, n)
	limit := max(16, 10*math.Sqrt(float64(whole.total)))
	for v := range n {
		whole.ptr[v+1] = int32(g.ptr[v+1])
		degree := 0
		for _, u := range g.neighbours(int32(v)) {
			degree += int(g.weight[u])
		}
		if float64(degree) > limit {
			d.depth[v] = -1
			side[v] = between
		}
	}
	d.parts = d.dissector().divide(whole, side)
	return d
}

func (d *dissection) dissector() *dissector {
	n := len(d.depth)
	w := &dissector{leafSize: leafSize(n), tries: d.tries, depth: d.depth, number: make([]int32, n)}
	w.rng = rand.NewPCG(0, 0)
	return w
}

const (
	// aloneUpTo is the number of vertices up to which one worker is done before others
	// would have started.
	aloneUpTo = 4000

	// manyWorkers would wait for the first few separators most of the time.
	manyWorkers = 8
)

// run takes all of a graph of n vertices apart.
func (d *dissection) run(n int) {
	var others sync.WaitGroup
	if n > aloneUpTo {
		for range min(runtime.GOMAXPROCS(0), manyWorkers) - 1 {
			others.Go(func() { d.work(d.dissector()) })
		}
	}
	d.work(d.dissector())
	others.Wait()
}

// work takes parts apart until there are no more.
func (d *dissection) work(w *dissector) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for {
		for len(d.parts) == 0 && d.busy > 0 {
			d.more.Wait()
		}
		if d.given.interrupted() {
			d.parts = nil
		}
		if len(d.parts) == 0 {
			return
		}
		p := d.pop()
		d.busy++
		d.mutex.Unlock()
		parts, apart := w.separate(p)
		d.mutex.Lock()
		d.busy--
		d.parts = append(d.parts, parts...)
		if apart {
			d.deepest = max(d.deepest, p.depth)
		}
		d.more.Broadcast()
	}
}

// pop takes a part off the stack.
func (d *dissection) pop() *part {
	k := len(d.parts) - 1
	p := d.parts[k]
	d.parts[k] = nil
	d.parts = d.parts[:k]
	return p
}

// separate takes a part apart, or leaves it. Other parts have other vertices, so that
// depths are written without a lock.
func (d *dissector) separate(p *part) (parts []*part, apart bool) {
	d.rng.Seed(p.seed, 10)
	side, weigh := d.separator.separate(&p.level)
	if d.tries > 0 && p.depth == 0 && float64(weigh[between]) > wide*float64(p.total) {
		side, weigh = d.again(p, side, weigh)
	}
	if float64(weigh[between]) > worthless*float64(p.total) || weigh[left] == 0 || weigh[right] == 0 {
		d.leave(p.vertex)
		return nil, false
	}
	for v, s := range side {
		if s == between {
			d.depth[p.vertex[v]] = p.depth
		}
	}
	return d.divide(p, side), true
}

// again looks for separators of a part several times more, and returns the best of these
// and the one that is known.
func (d *dissector) again(p *part, side []int8, weigh [3]int) ([]int8, [3]int) {
	d.best = append(d.best[:0], side...)
	for range d.tries {
		side, w := d.separator.separate(&p.level)
		if separatorCost(w, p.most()) < separatorCost(weigh, p.most()) {
			weigh = w
			copy(d.best, side)
		}
	}
	return d.best, weigh
}

// leave makes a leaf of vertices of the whole.
func (d *dissector) leave(list []int32) {
	for _, v := range list {
		d.depth[v] = inLeaf - list[0]
	}
}

// divide makes parts of the components that are left of a part without its separator.
// Small ones stay leaves. Vertices are numbered as a search meets them, so that
// neighbours are near each other in memory.
func (d *dissector) divide(p *part, side []int8) (parts []*part) {
	const unseen = -1
	for v := range side {
		d.number[v] = unseen
	}
	for root := range side {
		if side[root] == between || d.number[root] != unseen {
			continue
		}
		queue, ptr, adj := append(d.queue[:0], int32(root)), d.ptr[:0], d.adj[:0]
		d.number[root] = 0
		for head := 0; head < len(queue); head++ {
			ptr = append(ptr, int32(len(adj)))
			for _, u := range p.neighbours(queue[head]) {
				if side[u] == between {
					continue
				}
				if d.number[u] == unseen {
					d.number[u] = int32(len(queue))
					queue = append(queue, u)
				}
				adj = append(adj, d.number[u])
			}
		}
		d.queue, d.ptr, d.adj = queue, append(ptr, int32(len(adj))), adj
		if len(queue) > d.leafSize && p.depth < tooDeep {
			c := d.part(p)
			c.seed = scramble(p.seed + uint64(len(parts)))
			parts = append(parts, c)
			continue
		}
		first := p.vertex[queue[0]]
		for _, v := range queue {
			d.depth[p.vertex[v]] = inLeaf - first
		}
	}
	return parts
}

// part returns the part of p that the last search has found.
func (d *dissector) part(p *part) *part {
	n := len(d.queue)
	memory := make([]int32, 3*n+1+len(d.adj))
	take := func(k int) []int32 {
		s := memory[:k:k]
		memory = memory[k:]
		return s
	}
	c := &part{vertex: take(n), depth: p.depth + 1}
	c.weight, c.ptr, c.adj = take(n), take(n+1), take(len(d.adj))
	copy(c.ptr, d.ptr)
	copy(c.adj, d.adj)
	for k, v := range d.queue {
		c.vertex[k], c.weight[k] = p.vertex[v], p.weight[v]
		c.total += int(p.weight[v])
	}
	return c
}

// stages returns when vertices are to be eliminated: leaf by leaf, then the separators
// from the deepest up. What is eliminated together is near each other in memory.
func (d *dissection) stages() []int32 {
	stage := d.depth
	number := make([]int32, len(stage)) // of the leaf that has this vertex, from 1 on
	leaves := int32(0)
	for v, k := range stage {
		if k > inLeaf {
			continue
		}
		first := inLeaf - k
		if number[first] == 0 {
			leaves++
			number[first] = leaves
		}
		stage[v] = -number[first] - 1
	}
	for v, k := range stage {
		if k < -1 {
			stage[v] = -k - 2
		} else {
			stage[v] = leaves + d.deepest - k
		}
	}
	return stage
}
