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
		for v := range g.weight {
			g.weight[v] += int32(rng.IntN(3))
		}
		for _, share := range []float64{0.3, 0.5, 0.8} {
			if got, exact := g.fullAsItComes(share), newETree(g, identity(g.len())).full(); got != (exact >= share) {
				t.Errorf("%s, weighted: %v for %g, by counts %v", name, got, share, exact)
			}
		}
		checkNaturalOrder(t, name, g)
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

// checkNaturalOrder checks the bounds against counts of all of L, and that they say no to
// nothing that is full.
func checkNaturalOrder(t *testing.T, name string, g *wgraph) {
	t.Helper()
	n, exact := newNaturalOrder(g), newETree(g, identity(g.len()))
	entries := 0.0
	for v, w := range exact.weight {
		entries += float64(w) * float64(exact.count[v]-w)
	}
	if n.entries > entries || n.least > exact.flops() {
		t.Errorf("%s: %g entries and %g flops at least, by counts %g and %g", name, n.entries, n.least, entries, exact.flops())
	}
	for _, share := range []float64{0.3, 0.5, 0.8, exact.full()} {
		if exact.full() >= share && !n.mayBeFull(share) {
			t.Errorf("%s: not full to %g by bounds, by counts to %g", name, share, exact.full())
		}
	}
}

// TestNaturalOrder checks that the bounds are exact for a band.
func TestNaturalOrder(t *testing.T) {
	g := &compress(bandPattern(200, 7).RawLower(), nil).wgraph
	n, exact := newNaturalOrder(g), newETree(g, identity(g.len()))
	entries := 0.0
	for v, w := range exact.weight {
		entries += float64(w) * float64(exact.count[v]-w)
	}
	if n.entries != entries || entries == 0 {
		t.Errorf("%g entries by bounds, by counts %g", n.entries, entries)
	}
}
