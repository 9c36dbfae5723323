package partition

import (
	"math"
	"math/bits"

	"costate/la"
)

// A graph is the pattern of a symmetric matrix without its diagonal, in which
// unknowns that have the same neighbours and are neighbours of each other
// (twins, as inside a dense block) are one vertex with a weight. The neighbours of v
// are adj[ptr[v]:ptr[v+1]]; after components, those of lower degree come first.
type graph struct {
	n      int
	ptr    []int
	adj    []int32
	weight []int32 // unknowns of a vertex
	deg    []int32 // entries in a row of one of them
	member []int32 // unknowns, by vertex, ascending
	first  []int32 // of each vertex in member, and the end

	// What can be pivoted on; nil if nobody wants to know.
	mag []int16 // of each adjacency, the binary exponent of an entry
	own []int16 // of each vertex, the largest exponent on its diagonal
}

// noEntry is the exponent of an entry that is zero or absent.
const noEntry = math.MinInt16

// exponent is the binary exponent of v, whatever its bits.
func exponent(v float64) int16 {
	if v == 0 {
		return noEntry
	}
	return int16(math.Float64bits(v)>>52&0x7ff) - 1023
}

// exponents returns what tells the exponent of a stored value. Where all values
// are zero, or patternOnly is set, every entry counts as a one.
func exponents(a *la.Sym, patternOnly bool) func(t int) int16 {
	if patternOnly || a.NormMax() == 0 {
		return func(int) int16 { return 0 }
	}
	val := a.RawLower().Val
	return func(t int) int16 { return exponent(val[t]) }
}

// scramble is a bijection of 64-bit numbers that leaves no pattern in its
// values: the finalizer of SplitMix64.
//
// Source: G. L. Steele, D. Lea and C. H. Flood, Fast splittable pseudorandom
// number generators, OOPSLA (2014).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// compress finds twins by a sum of scrambled indices over each closed
// neighbourhood, and numbers the vertices in the order of their first unknowns. It
// returns the vertex of each unknown that is the first of its vertex, and -1 for
// others. Sums that agree by chance, one pair in 2⁶⁴, would give a plan that
// Analyse rejects.
func (g *graph) compress(low la.Lower) (vertex []int32) {
	n := low.N
	sum := make([]uint64, n)
	for i := range sum {
		sum[i] = scramble(uint64(i))
	}
	for i := 0; i < n; i++ {
		own := scramble(uint64(i))
		s := uint64(0)
		for _, j := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
			if int(j) != i {
				s += scramble(uint64(j))
				sum[j] += own
			}
		}
		sum[i] += s
	}
	vertex = make([]int32, n)
	of := make([]int32, n)
	for i := 0; i < n; i++ {
		vertex[i] = -1
		twin := -1
		for _, j := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
			if sum[j] == sum[i] && int(j) != i {
				twin = int(j)
				break
			}
		}
		if twin >= 0 {
			of[i] = of[twin]
			g.weight[of[i]]++
			continue
		}
		of[i] = int32(len(g.weight))
		vertex[i] = of[i]
		g.weight = append(g.weight, 1)
	}
	g.n = len(g.weight)
	g.first = make([]int32, g.n+1)
	for v, w := range g.weight {
		g.first[v+1] = g.first[v] + w
	}
	next := append([]int32(nil), g.first...)
	g.member = make([]int32, n)
	for i, v := range of {
		g.member[next[v]] = int32(i)
		next[v]++
	}
	return vertex
}

// pairs calls fn for each stored value t that is the first between two vertices,
// v after u.
func (g *graph) pairs(low la.Lower, vertex []int32, fn func(t int, v, u int32)) {
	for i, v := range vertex {
		if v < 0 {
			continue
		}
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			if u := vertex[low.Col[t]]; u >= 0 && u != v {
				fn(t, v, u)
			}
		}
	}
}

// build lists neighbours, and if mag is not nil what can be pivoted on. Twins share theirs, so that entries between the
// first unknowns of two vertices tell all.
func (g *graph) build(low la.Lower, vertex []int32, mag func(t int) int16) {
	n := g.n
	g.ptr = make([]int, n+1)
	g.pairs(low, vertex, func(_ int, v, u int32) {
		g.ptr[v+1]++
		g.ptr[u+1]++
	})
	for v := range n {
		g.ptr[v+1] += g.ptr[v]
	}
	adj := make([]int32, g.ptr[n])
	next := make([]int, n)
	copy(next, g.ptr)
	var exp []int16
	if mag == nil {
		g.pairs(low, vertex, func(_ int, v, u int32) {
			adj[next[v]], adj[next[u]] = u, v
			next[v]++
			next[u]++
		})
	} else {
		exp = make([]int16, len(adj))
		g.pairs(low, vertex, func(t int, v, u int32) {
			e := mag(t)
			adj[next[v]], exp[next[v]] = u, e
			adj[next[u]], exp[next[u]] = v, e
			next[v]++
			next[u]++
		})
		g.diagonal(low, mag)
	}
	g.deg = make([]int32, n)
	for v := range n {
		g.deg[v] = g.weight[v] - 1
		for _, u := range adj[g.ptr[v]:g.ptr[v+1]] {
			g.deg[v] += g.weight[u]
		}
	}
	g.adj, g.mag = adj, exp
}

// diagonal finds what each vertex has on its diagonal. Twins have entries
// between them as well.
func (g *graph) diagonal(low la.Lower, mag func(t int) int16) {
	g.own = make([]int16, g.n)
	for v := range g.own {
		g.own[v] = noEntry
		lo, hi := g.first[v], g.first[v+1]
		for _, i := range g.member[lo:hi] {
			t := low.Ptr[i+1] - 1
			if t >= low.Ptr[i] && low.Col[t] == i {
				g.own[v] = max(g.own[v], mag(t))
				t--
			}
			if hi-lo > 1 && t >= low.Ptr[i] {
				g.own[v] = max(g.own[v], mag(t))
			}
		}
	}
}

// byDegree returns the vertices by ascending degree, stably: a counting sort
// by digits of the degree.
func (g *graph) byDegree() []int32 {
	const digit = 11
	largest := uint32(0)
	for _, d := range g.deg {
		largest = max(largest, uint32(d))
	}
	order, spare := make([]int32, g.n), make([]int32, g.n)
	for v := range order {
		order[v] = int32(v)
	}
	for shift := 0; shift < bits.Len32(largest); shift += digit {
		var start [1<<digit + 1]int32
		for _, v := range order {
			start[(uint32(g.deg[v])>>shift)&(1<<digit-1)+1]++
		}
		for d := range 1 << digit {
			start[d+1] += start[d]
		}
		for _, v := range order {
			d := (uint32(g.deg[v]) >> shift) & (1<<digit - 1)
			spare[start[d]] = v
			start[d]++
		}
		order, spare = spare, order
	}
	return order
}

// total is the weight of vertices together.
func (g *graph) total(vertices []int32) int {
	w := 0
	for _, v := range vertices {
		w += int(g.weight[v])
	}
	return w
}

// components renumbers the vertices component by component and each by distance
// from its first unknown, so that neighbours are near each other in memory, and
// sorts the lists of neighbours by degree. It
// returns the vertices of each component in the order of their unknowns, and
// where components start, in that list and in the numbering.
func (g *graph) components() (natural []int32, ptr []int) {
	order := make([]int32, 0, g.n) // old numbers
	number := make([]int32, g.n)
	for v := range number {
		number[v] = -1
	}
	ptr = []int{0}
	for v := range number {
		if number[v] >= 0 {
			continue
		}
		head := len(order)
		number[v] = int32(head)
		order = append(order, int32(v))
		for ; head < len(order); head++ {
			u := order[head]
			for _, w := range g.adj[g.ptr[u]:g.ptr[u+1]] {
				if number[w] < 0 {
					number[w] = int32(len(order))
					order = append(order, w)
				}
			}
		}
		ptr = append(ptr, len(order))
	}
	g.renumber(order, number)

	natural = make([]int32, g.n)
	next := append([]int(nil), ptr...)
	of := make([]int32, g.n) // component
	for c := 0; c+1 < len(ptr); c++ {
		for v := ptr[c]; v < ptr[c+1]; v++ {
			of[v] = int32(c)
		}
	}
	for _, v := range number {
		c := of[v]
		natural[next[c]] = v
		next[c]++
	}
	return natural, ptr
}

// renumber gives the vertex order[v] the number v; number is the inverse. It
// also sorts the lists of neighbours by degree, in linear time: it goes
// through the vertices by ascending degree and hands each to its neighbours.
func (g *graph) renumber(order, number []int32) {
	n := g.n
	h := graph{
		n: n, ptr: make([]int, n+1), adj: make([]int32, len(g.adj)), weight: make([]int32, n), deg: make([]int32, n),
		member: make([]int32, 0, len(g.member)), first: make([]int32, n+1),
	}
	next := make([]int, n)
	for v, old := range order {
		h.weight[v], h.deg[v] = g.weight[old], g.deg[old]
		h.member = append(h.member, g.member[g.first[old]:g.first[old+1]]...)
		h.first[v+1] = int32(len(h.member))
		next[v] = h.ptr[v]
		h.ptr[v+1] = h.ptr[v] + g.ptr[old+1] - g.ptr[old]
	}
	if g.mag != nil {
		h.mag, h.own = make([]int16, len(g.mag)), make([]int16, n)
		for v, old := range order {
			h.own[v] = g.own[old]
		}
	}
	for _, v := range h.byDegree() {
		lo, hi := g.ptr[order[v]], g.ptr[order[v]+1]
		for i, old := range g.adj[lo:hi] {
			u := number[old]
			at := next[u]
			next[u]++
			h.adj[at] = v
			if h.mag != nil {
				h.mag[at] = g.mag[lo+i]
			}
		}
	}
	*g = h
}
