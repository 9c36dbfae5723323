package partition

import (
	"math"

	"costate/la"
)

// A graph is the pattern of a symmetric matrix without its diagonal: the
// neighbours of v are adj[ptr[v]:ptr[v+1]], those of lower degree first, and of
// equal degree in ascending order.
type graph struct {
	n   int
	ptr []int
	adj []int32
	mag []int16 // of each adjacency, the binary exponent of the entry
	own []int16 // of each vertex, that of its diagonal entry
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

// newGraph makes the graph of a. Where patternOnly is set, or all values are
// zero, every entry of the pattern counts as a one.
func newGraph(a *la.Sym, patternOnly bool) *graph {
	low := a.RawLower()
	n := low.N
	g := &graph{n: n, ptr: make([]int, n+1), own: make([]int16, n)}
	if !patternOnly && a.NormMax() == 0 {
		patternOnly = true
	}
	mag := func(t int) int16 {
		if patternOnly {
			return 0
		}
		return exponent(low.Val[t])
	}
	for i := 0; i < n; i++ {
		g.own[i] = noEntry
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			j := int(low.Col[t])
			if j == i {
				g.own[i] = mag(t)
				continue
			}
			g.ptr[i+1]++
			g.ptr[j+1]++
		}
	}
	for i := 0; i < n; i++ {
		g.ptr[i+1] += g.ptr[i]
	}
	adj := make([]int32, g.ptr[n])
	exp := make([]int16, g.ptr[n])
	next := make([]int, n)
	copy(next, g.ptr)
	for i := 0; i < n; i++ {
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			j := int(low.Col[t])
			if j == i {
				continue
			}
			e := mag(t)
			adj[next[i]], exp[next[i]] = int32(j), e
			adj[next[j]], exp[next[j]] = int32(i), e
			next[i]++
			next[j]++
		}
	}
	// Going through the vertices by ascending degree and handing each to its
	// neighbours sorts all lists in linear time.
	g.adj, g.mag = make([]int32, len(adj)), make([]int16, len(adj))
	copy(next, g.ptr)
	for _, v := range g.byDegree() {
		for t := g.ptr[v]; t < g.ptr[v+1]; t++ {
			u := adj[t]
			g.adj[next[u]], g.mag[next[u]] = v, exp[t]
			next[u]++
		}
	}
	return g
}

// degree is the number of neighbours of v.
func (g *graph) degree(v int32) int { return g.ptr[v+1] - g.ptr[v] }

// byDegree returns the vertices by ascending degree, stably.
func (g *graph) byDegree() []int32 {
	start := make([]int32, g.n+1)
	for v := 0; v < g.n; v++ {
		start[g.ptr[v+1]-g.ptr[v]+1]++
	}
	for d := 0; d < g.n; d++ {
		start[d+1] += start[d]
	}
	order := make([]int32, g.n)
	for v := 0; v < g.n; v++ {
		d := g.ptr[v+1] - g.ptr[v]
		order[start[d]] = int32(v)
		start[d]++
	}
	return order
}

// components returns the vertices component by component, each in ascending
// order, and where the components start.
func (g *graph) components() (nodes []int32, ptr []int) {
	label := make([]int32, g.n)
	for v := range label {
		label[v] = -1
	}
	queue := make([]int32, 0, g.n)
	count := int32(0)
	for v := range label {
		if label[v] >= 0 {
			continue
		}
		label[v] = count
		head := len(queue)
		queue = append(queue, int32(v))
		for ; head < len(queue); head++ {
			u := queue[head]
			for _, w := range g.adj[g.ptr[u]:g.ptr[u+1]] {
				if label[w] < 0 {
					label[w] = count
					queue = append(queue, w)
				}
			}
		}
		count++
	}
	ptr = make([]int, count+1)
	for _, c := range label {
		ptr[c+1]++
	}
	for c := range count {
		ptr[c+1] += ptr[c]
	}
	next := append([]int(nil), ptr...)
	nodes = queue
	for v, c := range label {
		nodes[next[c]] = int32(v)
		next[c]++
	}
	return nodes, ptr
}
