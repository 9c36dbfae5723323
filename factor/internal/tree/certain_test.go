package tree

import (
	"math/rand/v2"
	"testing"

	"costate/la"
	"costate/la/partition"
)

// TestCertainDelays checks the bound against what engines put off, on matrices of saddle points
// in all orders, and that it is met where every front has as many zeros as it can have.
func TestCertainDelays(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	some := 0
	for range 60 {
		h := 20 + rng.IntN(100)
		a := build(2*h, func(b *la.SymBuilder) {
			for i := range h {
				b.Add(i, i, rng.NormFloat64())
				b.Add(i, rng.IntN(i+1), rng.NormFloat64())
				b.Add(h+i, i, 1+rng.Float64())
				if i%4 == 0 {
					b.Add(h+i, rng.IntN(h), rng.NormFloat64())
				}
			}
		})
		for name, tr := range trees(t, a) {
			delays, flops := CertainDelays(tr, a)
			e := New(tr, a, Options{})
			e.Take(a.RawLower().Val, nil, a.NormMax())
			e.Factor(0)
			if delays > e.Delayed() || flops > e.facts.extra*(1+1e-12) {
				t.Fatalf("%s of %d: %d delays for certain, %d made; flops %g and %g", name, a.SymmetricDim(), delays, e.Delayed(), flops, e.facts.extra)
			}
			some += delays
		}
	}
	if some == 0 {
		t.Error("nothing was put off for certain")
	}

	// An arrow of zeros: each of its leaves waits for the last unknowns.
	const n, m = 40, 40
	a := build(n+m, func(b *la.SymBuilder) {
		for i := range n {
			for j := range m {
				b.Add(n+j, i, rng.NormFloat64())
			}
		}
		for j := range m {
			b.Add(n+j, n+j, 1)
		}
	})
	tr, err := partition.Auto(a, &partition.Options{Ordering: partition.OrderNatural})
	if err != nil {
		t.Fatal(err)
	}
	e := New(tr, a, Options{})
	e.Take(a.RawLower().Val, nil, a.NormMax())
	e.Factor(0)
	if delays, flops := CertainDelays(tr, a); delays != e.Delayed() || flops != e.facts.extra {
		t.Errorf("%d delays and %g flops for certain, %d and %g made", delays, flops, e.Delayed(), e.facts.extra)
	}
}
