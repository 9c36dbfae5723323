package partition

import (
	"math/rand/v2"
	"slices"
	"testing"

	"costate/la"
)

// A tree fits if its nodes are in postorder, and not in another order of children
// before parents: random trees of scalar nodes, each of which couples to its parent.
func TestFitsPostorder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 14))
	good, bad := 0, 0
	for range 2000 {
		n := 1 + rng.IntN(8)
		b := la.NewSymBuilder(n, 0)
		tree := &Tree{Perm: Identity(n), Nodes: New(slices.Repeat([]int{1}, n)), Parent: make([]int, n), Rows: make([][]int32, n)}
		for k := range n {
			b.Add(k, k, 1)
			tree.Parent[k] = -1
			if k < n-1 && rng.IntN(5) > 0 {
				p := k + 1 + rng.IntN(n-1-k)
				tree.Parent[k], tree.Rows[k] = p, []int32{int32(p)}
				b.Add(p, k, 1)
			}
		}
		a, _ := b.Build()
		err := tree.Fits(a)
		// A subtree is a run: nobody between a node and its first descendant has an
		// ancestor beyond.
		run := true
		for k := range n {
			for i := range k {
				for v := i; v >= 0 && v <= k; v = tree.Parent[v] {
					if v == k { // i is below k, and so must be all in between
						for m := i; m < k; m++ {
							w := m
							for w >= 0 && w < k {
								w = tree.Parent[w]
							}
							run = run && w == k
						}
					}
				}
			}
		}
		if run != (err == nil) {
			t.Errorf("parents %v: %v", tree.Parent, err)
		}
		if run {
			good++
		} else {
			bad++
		}
	}
	if good < 100 || bad < 100 {
		t.Errorf("%d good, %d bad", good, bad)
	}
}
