package partition

import "slices"

// A fitting is a partition of an ordered component that makes it block
// tridiagonal, and the time of its factorization.
type fitting struct {
	order []int32 // vertices
	first []int   // of each block, counted in unknowns, and the end
	rows  []int   // of each block, unknowns that couple to the block before
	time  float64
}

// A fitter finds partitions of orders of one component.
type fitter struct {
	g      *graph
	pos    []int32 // position of a vertex in the order at hand
	lo, hi []int32 // least and greatest position among a vertex and its neighbours
}

func newFitter(g *graph) *fitter {
	return &fitter{g: g, pos: make([]int32, g.n), lo: make([]int32, g.n), hi: make([]int32, g.n)}
}

// fit fits blocks to an order of a component; see fitReach.
func (f *fitter) fit(order []int32) fitting {
	lo, hi := f.lo[:len(order)], f.hi[:len(order)]
	f.reach(order, lo, hi)
	return fitReach(order, f.g.weight, lo, hi)
}

// backwardsGain is the share of the time that an order must take backwards to be
// taken so: in the order that a matrix comes in its values are copied faster.
const backwardsGain = 0.98

// fitReach returns the cheapest of the partitions that it tries of the given
// order, in which the vertex at position i and its neighbours are at positions
// lo[i] to hi[i]. Blocks [f_k, f_k+1) are block tridiagonal if and only if
//
//	f_{k+2} ≥ M(f_{k+1}),    M(f) = 1 + max hi[i] over i < f
//
// It tries the finest such sequences from either end, with every f_k as small
// as allowed, and pushed as far as the next one does not move, and elimination
// from either end. The order of the result is reversed where elimination from the
// last vertex is cheaper. Its time counts on blocks being merged, which is left to
// merge.
func fitReach(order, weights, lo, hi []int32) fitting {
	n := len(order)
	rlo, rhi := mirrored(lo, hi)
	weight, rweight := make([]int32, n), make([]int32, n)
	for i, v := range order {
		weight[i], rweight[n-1-i] = weights[v], weights[v]
	}
	var seq, rows []int
	backwards, least := false, -1.0
	for _, s := range [][]int{
		finest(hi, false), finest(hi, true),
		mirror(finest(rhi, false), n), mirror(finest(rhi, true), n),
	} {
		first, c := weigh(s, lo, weight)
		if t := mergeQuick(first, c); least < 0 || t < least {
			seq, rows, backwards, least = first, c, false, t
		}
		first, c = weigh(mirror(s, n), rlo, rweight)
		if t := mergeQuick(first, c); t < backwardsGain*least {
			seq, rows, backwards, least = first, c, true, t
		}
	}
	if backwards {
		order = slices.Clone(order)
		slices.Reverse(order)
	}
	return fitting{order: order, first: seq, rows: rows, time: least}
}

// merge joins neighbouring blocks where that saves time.
func (f *fitting) merge() {
	f.first, f.rows, f.time = merge(f.first, f.rows)
}

// largest is the size of the largest block.
func (f *fitting) largest() int {
	n := 0
	for k := range f.rows {
		n = max(n, f.first[k+1]-f.first[k])
	}
	return n
}

// reach finds for each position the least and the greatest position among its
// own and those of its neighbours.
func (f *fitter) reach(order, lo, hi []int32) {
	for i, v := range order {
		f.pos[v] = int32(i)
	}
	for i, v := range order {
		l, h := int32(i), int32(i)
		for _, u := range f.g.adj[f.g.ptr[v]:f.g.ptr[v+1]] {
			p := f.pos[u]
			l, h = min(l, p), max(h, p)
		}
		lo[i], hi[i] = l, h
	}
}

// mirrored turns reaches over to the reversed order.
func mirrored(lo, hi []int32) (rlo, rhi []int32) {
	n := len(lo)
	rlo, rhi = make([]int32, n), make([]int32, n)
	for i := range lo {
		rlo[n-1-i] = int32(n-1) - hi[i]
		rhi[n-1-i] = int32(n-1) - lo[i]
	}
	return rlo, rhi
}

// mirror turns a sequence of firsts over to the reversed order of n.
func mirror(first []int, n int) []int {
	r := make([]int, len(first))
	for k, v := range first {
		r[len(first)-1-k] = n - v
	}
	return r
}

// finest returns the sequence f_0 = 0, f_1, … , n with f_{k+1} = M(f_k), from
// f_1 = 1. With push, every f_k is first moved as far as M stays the same.
func finest(hi []int32, push bool) []int {
	n := len(hi)
	first := []int{0}
	f := 1 // the next boundary
	m := int(hi[0]) + 1
	i := 1 // m is M(i), and i ≥ f
	for {
		for ; i < f; i++ {
			m = max(m, int(hi[i])+1)
		}
		for push && i < n && i < m && int(hi[i])+1 <= m {
			i++
		}
		f = i
		first = append(first, f)
		if f == n {
			return first
		}
		f = max(m, f+1)
	}
}

// weigh turns a sequence of firsts from vertices into unknowns, and counts in
// each block the unknowns that couple to the block before.
func weigh(seq []int, lo, weight []int32) (first, rows []int) {
	first, rows = make([]int, len(seq)), make([]int, len(seq)-1)
	for k := range rows {
		n, r := 0, 0
		for i := seq[k]; i < seq[k+1]; i++ {
			w := int(weight[i])
			n += w
			if int(lo[i]) < seq[k] {
				r += w
			}
		}
		first[k+1], rows[k] = first[k]+n, r
	}
	return first, rows
}

// mergeLimit is the largest block that is made by merging.
const mergeLimit = 64

// merge joins runs of neighbouring blocks where that costs less time, by
// dynamic programming over the boundaries that stay. rows[k] counts the
// unknowns of block k that couple to the block before. The results are first
// and rows of what is left.
func merge(first, rows []int) (merged, coupled []int, time float64) {
	nb := len(rows)
	best := make([]float64, nb+1) // of the first k blocks
	from := make([]int32, nb+1)
	for k := 1; k <= nb; k++ {
		m := 0
		if k < nb {
			m = rows[k]
		}
		best[k] = -1
		for j := k - 1; j >= 0; j-- {
			n := first[k] - first[j]
			if j < k-1 && n > mergeLimit {
				break
			}
			run := blockTime(n, m)
			if t := best[j] + run; best[k] < 0 || t < best[k] {
				best[k], from[k] = t, int32(j)
			} else if run > 1.5*(best[k]-best[j]) {
				break // longer runs cost even more than their parts
			}
		}
	}
	for k := nb; k > 0; k = int(from[k]) {
		merged = append(merged, first[k])
		coupled = append(coupled, rows[from[k]])
	}
	merged = append(merged, 0)
	slices.Reverse(merged)
	slices.Reverse(coupled)
	return merged, coupled, best[nb]
}

// mergeQuick returns the time after merging greedily: a run grows as long as
// that lowers its time for each unknown. It ranks sequences at less cost.
func mergeQuick(first, rows []int) (time float64) {
	nb := len(rows)
	after := func(k int) int {
		if k < nb {
			return rows[k]
		}
		return 0
	}
	for k := 0; k < nb; {
		start := first[k]
		k++
		run := blockTime(first[k]-start, after(k))
		for k < nb && first[k+1]-start <= mergeLimit {
			t := blockTime(first[k+1]-start, after(k+1))
			if t*float64(first[k]-start) >= run*float64(first[k+1]-start) {
				break
			}
			k++
			run = t
		}
		time += run
	}
	return time
}
