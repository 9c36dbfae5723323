package partition

import "costate/la"

// enoughFull is how full of entries the blocks of a chain must be for no other
// order to be looked for: eliminating such blocks makes little fill that another
// order could avoid.
const enoughFull = 0.5

// natural fits blocks to the order that the matrix comes in, before the graph has
// its lists of neighbours. ok tells that they are so full that this order will do.
func (g *graph) natural(low la.Lower, vertex []int32) (f fitting, ok bool) {
	n := g.n
	if n == 0 {
		return f, false
	}
	lo, hi := make([]int32, n), make([]int32, n)
	order := make([]int32, n)
	for v := range order {
		lo[v], hi[v], order[v] = int32(v), int32(v), int32(v)
	}
	g.pairs(low, vertex, func(_ int, v, u int32) { // u < v
		lo[v], hi[u] = min(lo[v], u), max(hi[u], v)
	})
	f = fitReach(order, g.weight, lo, hi)
	f.merge()

	room := 0.0
	for k, r := range f.rows {
		x := float64(f.first[k+1] - f.first[k])
		room += x * (x + 1) / 2
		if k > 0 {
			room += float64(r) * float64(f.first[k]-f.first[k-1])
		}
	}
	return f, float64(len(low.Val)) >= enoughFull*room
}

// countComponents counts the connected components, by disjoint sets.
func (g *graph) countComponents(low la.Lower, vertex []int32) int {
	root := make([]int32, g.n)
	for v := range root {
		root[v] = int32(v)
	}
	count := g.n
	find := func(v int32) int32 {
		for root[v] != v {
			root[v] = root[root[v]]
			v = root[v]
		}
		return v
	}
	g.pairs(low, vertex, func(_ int, v, u int32) {
		if v, u = find(v), find(u); v != u {
			root[max(v, u)] = min(v, u)
			count--
		}
	})
	return count
}
