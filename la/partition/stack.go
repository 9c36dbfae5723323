package partition

import (
	"cmp"
	"slices"
)

// byStack returns a postorder of the nodes in which the stack of contribution
// blocks stays low, as the node at each place, and the numbers on the
// stack at its peak. Node k leaves a block of rows[k]² numbers, which is made while those of
// its children are there. Children come by falling difference of what they
// need and what they leave; roots stay in their order.
//
// Source: J. W. H. Liu, On the storage requirement in the out-of-core
// multifrontal method for sparse factorization, ACM Trans. Math. Softw. 12
// (1986), 249–264, theorem 3.2.
func (s *supernodes) byStack() (post []int32, peak int) {
	n := s.len()
	ptr := make([]int32, n+2)
	for _, p := range s.parent {
		ptr[p+2]++ // roots are the children of -1
	}
	for k := range n + 1 {
		ptr[k+1] += ptr[k]
	}
	children := make([]int32, n)
	next := append([]int32(nil), ptr[:n+1]...)
	for k, p := range s.parent {
		children[next[p+1]] = int32(k)
		next[p+1]++
	}
	size := func(k int32) int { return int(s.rows[k]) * int(s.rows[k]) }
	need, subtree := make([]int, n), make([]int32, n)
	for k := range n {
		list := children[ptr[k+1]:ptr[k+2]]
		if len(list) > 1 {
			slices.SortStableFunc(list, func(a, b int32) int {
				return cmp.Compare(need[b]-size(b), need[a]-size(a))
			})
		}
		lying := 0
		subtree[k] = 1
		for _, c := range list {
			need[k] = max(need[k], lying+need[c])
			lying += size(c)
			subtree[k] += subtree[c]
		}
		need[k] = max(need[k], lying+size(int32(k)))
	}
	// Places from the roots down: the children of a node share the run before it.
	post = make([]int32, n)
	start := make([]int32, n)
	place := func(list []int32, at int32) {
		for _, c := range list {
			start[c] = at
			at += subtree[c]
			post[at-1] = c
		}
	}
	roots := children[:ptr[1]]
	for _, r := range roots {
		peak = max(peak, need[r])
	}
	place(roots, 0)
	for k := n - 1; k >= 0; k-- {
		place(children[ptr[k+1]:ptr[k+2]], start[k])
	}
	return post, peak
}
