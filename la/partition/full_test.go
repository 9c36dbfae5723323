package partition

import (
	"math/rand/v2"
	"testing"

	"costate/la"
)

// TestFull compares the early answer with counts of all of L, one unknown a vertex.
func TestFull(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 4))
	check := func(name string, a *la.Sym) bool {
		t.Helper()
		ptr, adj := fullPattern(a.RawLower())
		g := &wgraph{ptr: ptr, adj: adj, weight: ones(a.SymmetricDim())}
		want := newETree(g, identity(g.len())).full() >= naturalFull
		if got := Full(a); got != want {
			t.Errorf("%s: %v, by counts %v", name, got, want)
		}
		return want
	}
	for _, c := range fillCases {
		check(c.name, c.a())
	}
	yes, no := 0, 0
	for range 400 {
		n := 1 + rng.IntN(60)
		b := la.NewSymBuilder(n, 2*n)
		for i := range n {
			if rng.IntN(3) > 0 {
				b.Add(i, i, 1)
			}
			for j := rng.IntN(i + 1); j < i; j += 1 + rng.IntN(2*n) {
				b.Add(i, j, 1)
			}
		}
		a, _ := b.Build()
		if check("random", a) {
			yes++
		} else {
			no++
		}
	}
	if yes < 50 || no < 50 {
		t.Errorf("%d full and %d not", yes, no)
	}
}
