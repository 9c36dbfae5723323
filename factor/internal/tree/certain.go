package tree

import (
	"costate/la"
	"costate/la/partition"
)

// CertainDelays is what an Engine over t will at least do for pivots that are put off: how often
// one is, as Delayed counts, and the flops that this adds to those planned. It is what the zeros
// on the diagonal of a, which is structurally nonsingular, ask for whatever its other elements
// are:
//
//	[ H  Bᵀ ]   g columns      Where no element and no contribution of a child meets the
//	[ B  0  ]   z columns      block 0, the columns have rank 2g at most: z − g are put off.
//
// These couple to each other nowhere above either, so that they add to the block 0 of the
// parent. The time is linear in the elements of a and the rows of t.
func CertainDelays(t *partition.Tree, a *la.Sym) (delays int, flops float64) {
	zero := apart(a)
	met := make([]bool, len(zero)) // by a contribution; by position
	for k, up := range t.Parent {
		if up < 0 {
			continue
		}
		end := int32(t.Nodes.First(up) + t.Nodes.Size(up))
		for _, r := range t.Rows[k] {
			if r >= end {
				break
			}
			met[r] = true
		}
	}
	came := make([]int, len(t.Parent)) // columns that the children of a node put off
	for k, up := range t.Parent {
		first, own, q := t.Nodes.First(k), t.Nodes.Size(k), len(t.Rows[k])
		p, z := own+came[k], came[k]
		if z > 0 {
			flops += frontFlops(p, q) - frontFlops(own, q)
		}
		for i := first; i < first+own; i++ {
			if zero[t.Perm[i]] && !met[i] {
				z++
			}
		}
		if off := z - (p - z); off > 0 && up >= 0 {
			came[up] += off
			delays += off
		}
	}
	return delays, flops
}

// apart finds unknowns with a zero on the diagonal no two of which are coupled: in each row the
// first that can be.
func apart(a *la.Sym) []bool {
	low := a.RawLower()
	zero := make([]bool, low.N)
	for i := range zero {
		first, end := low.Ptr[i], low.Ptr[i+1]
		if first < end && int(low.Col[end-1]) == i {
			end--
			if low.Val[end] != 0 {
				continue
			}
		}
		zero[i] = true
		for t := first; t < end; t++ {
			if zero[low.Col[t]] && low.Val[t] != 0 {
				zero[i] = false
				break
			}
		}
	}
	return zero
}
