package partition

import (
	"fmt"

	"costate/la"
)

// A quotient is the quotient graph of a symmetric pattern: unknowns that any good
// order eliminates one after another are one vertex.
type quotient struct {
	wgraph

	// The unknowns of v are member[first[v]:first[v+1]], ascending but that mates
	// stand next to each other; of[i] is the vertex of unknown i. Vertices are
	// numbered by their first unknowns.
	first, member, of []int32
}

// compress returns the quotient graph of the pattern of low. One vertex are
// mates, and unknowns or pairs that have the same closed neighbourhood:
// neighbours of each other that have the same other neighbours, as in a dense
// block or at one node of a mesh. A pair has the neighbours of both.
//
// mate is nil, or has for each unknown its partner, or itself or a negative number
// if it is alone; checkMates has accepted it. Sums of scrambled indices over
// closed neighbourhoods find candidates, and comparing the neighbourhoods
// decides. Time and memory are near linear in the number of entries.
//
// Sources: C. Ashcraft, Compressed graphs and the minimum degree algorithm, SIAM
// J. Sci. Comput. 16 (1995); pairs: I. S. Duff and S. Pralet, Strategies for
// scaling and pivoting for sparse symmetric indefinite problems, SIAM J. Matrix
// Anal. Appl. 27 (2005), section 3.
func compress(low la.Lower, mate []int32) *quotient {
	q := paired(low, mate)
	same := q.twins()
	if same == nil {
		return q
	}
	return q.merged(same)
}

// checkMates returns an error that names the first unknown whose mate is out of
// range or has another mate.
func checkMates(mate []int32, n int) error {
	if mate == nil {
		return nil
	}
	if len(mate) != n {
		return fmt.Errorf("partition: %d mates for %d unknowns", len(mate), n)
	}
	for i, j := range mate {
		if int(j) >= n {
			return fmt.Errorf("partition: unknown %d has the mate %d of %d", i, j, n)
		}
		if j >= 0 && int(j) != i && int(mate[j]) != i {
			return fmt.Errorf("partition: unknown %d has the mate %d, which has the mate %d", i, j, mate[j])
		}
	}
	return nil
}

// fullPattern lists the neighbours of each unknown, ascending.
func fullPattern(low la.Lower) (ptr []int, adj []int32) {
	n := low.N
	ptr = make([]int, n+1)
	for i := range n {
		for _, j := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
			if int(j) != i {
				ptr[i+1]++
				ptr[j+1]++
			}
		}
	}
	for i := range n {
		ptr[i+1] += ptr[i]
	}
	adj = make([]int32, ptr[n])
	next := append([]int(nil), ptr[:n]...)
	for i := range n {
		at := next[i]
		for _, j := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
			if int(j) != i {
				adj[at] = j
				at++
				adj[next[j]] = int32(i)
				next[j]++
			}
		}
		next[i] = at
	}
	return ptr, adj
}

// ones returns the weights of n vertices that are one unknown each.
func ones(n int) []int32 {
	w := make([]int32, n)
	for i := range w {
		w[i] = 1
	}
	return w
}

// paired returns the quotient graph in which only mates are one vertex.
func paired(low la.Lower, mate []int32) *quotient {
	n := low.N
	ptr, adj := fullPattern(low)
	full := wgraph{ptr: ptr, adj: adj, weight: ones(n)}
	q := &quotient{wgraph: full, of: make([]int32, n), member: make([]int32, n), first: make([]int32, n+1)}
	for i := range n {
		q.of[i], q.member[i], q.first[i+1] = int32(i), int32(i), int32(i+1)
	}
	pairs := false
	for i, j := range mate {
		if int(j) > i {
			pairs = true
			break
		}
	}
	if !pairs {
		return q
	}
	weight := make([]int32, 0, n)
	q.member, q.first = q.member[:0], q.first[:1]
	for i := range n {
		j := mate[i]
		if j >= 0 && int(j) < i {
			continue // came with its mate
		}
		v := int32(len(weight))
		q.of[i] = v
		q.member = append(q.member, int32(i))
		if int(j) > i {
			q.of[j] = v
			q.member = append(q.member, j)
		}
		q.first = append(q.first, int32(len(q.member)))
		weight = append(weight, q.first[v+1]-q.first[v])
	}
	q.wgraph = full.contracted(q.of, q.first, q.member)
	return q
}

// contracted returns the graph whose vertex v stands for the vertices
// member[first[v]:first[v+1]] of g; of is the inverse.
func (g *wgraph) contracted(of, first, member []int32) wgraph {
	n := len(first) - 1
	h := wgraph{ptr: make([]int, n+1), adj: make([]int32, 0, len(g.adj)), weight: make([]int32, n)}
	seen := make([]int32, n) // one more than the last vertex that met this one
	for v := range n {
		seen[v] = int32(v) + 1
		for _, i := range member[first[v]:first[v+1]] {
			h.weight[v] += g.weight[i]
			for _, j := range g.neighbours(i) {
				if u := of[j]; seen[u] != int32(v)+1 {
					seen[u] = int32(v) + 1
					h.adj = append(h.adj, u)
				}
			}
		}
		h.ptr[v+1] = len(h.adj)
	}
	return h
}

// twins returns for each vertex the first one that has the same closed
// neighbourhood, which may be itself, and nil if all are different.
func (g *wgraph) twins() []int32 {
	n := g.len()
	sum := make([]uint64, n)
	for v := range sum {
		sum[v] = scramble(uint64(v))
	}
	closed := make([]uint64, n)
	for v := range closed {
		s := sum[v]
		for _, u := range g.neighbours(int32(v)) {
			s += sum[u]
		}
		closed[v] = s
	}
	var same, mark []int32
	for v := range closed {
		if same != nil {
			same[v] = int32(v)
		}
		marked := false
		for _, u := range g.neighbours(int32(v)) {
			if closed[u] != closed[v] || int(u) > v || same != nil && same[u] != u || g.ptr[u+1]-g.ptr[u] != g.ptr[v+1]-g.ptr[v] {
				continue
			}
			if same == nil {
				same, mark = make([]int32, n), make([]int32, n)
				for i := range v + 1 {
					same[i] = int32(i)
				}
			}
			if !marked {
				marked = true
				mark[v] = int32(v)
				for _, w := range g.neighbours(int32(v)) {
					mark[w] = int32(v)
				}
			}
			if allMarked(g.neighbours(u), mark, int32(v)) {
				same[v] = u
				break
			}
		}
	}
	return same
}

// allMarked reports whether all vertices of a list have the mark.
func allMarked(list, mark []int32, m int32) bool {
	for _, w := range list {
		if mark[w] != m {
			return false
		}
	}
	return true
}

// merged returns the quotient graph in which vertices with the same value of same
// are one. Twins have the same neighbours, so that those of the first of
// them tell all.
func (q *quotient) merged(same []int32) *quotient {
	n := len(same)
	number := make([]int32, n)
	count := 0
	for v, u := range same {
		if int(u) == v {
			number[v] = int32(count)
			count++
		} else {
			number[v] = number[u]
		}
	}
	m := &quotient{wgraph: wgraph{ptr: make([]int, count+1), weight: make([]int32, count)}}
	kept := 0
	for v, u := range same {
		m.weight[number[v]] += q.weight[v]
		if int(u) == v {
			for _, w := range q.neighbours(u) {
				if same[w] == w {
					kept++
				}
			}
		}
	}
	m.adj = make([]int32, 0, kept)
	for v, u := range same {
		if int(u) != v {
			continue
		}
		for _, w := range q.neighbours(u) {
			if same[w] == w {
				m.adj = append(m.adj, number[w])
			}
		}
		m.ptr[number[v]+1] = len(m.adj)
	}
	m.first = make([]int32, count+1)
	for v, w := range m.weight {
		m.first[v+1] = m.first[v] + w
	}
	m.member, m.of = make([]int32, len(q.member)), make([]int32, len(q.of))
	next := append([]int32(nil), m.first[:count]...)
	for v := range same {
		to := number[v]
		for _, i := range q.member[q.first[v]:q.first[v+1]] {
			m.member[next[to]] = i
			m.of[i] = to
			next[to]++
		}
	}
	return m
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
