package partition

import (
	"math/rand/v2"
	"testing"

	"costate/la"
)

// mesh is a mesh of k × k unknowns with a multiplier for every second one.
func mesh(rng *rand.Rand, k int) *la.Sym {
	n := k * k
	b := la.NewSymBuilder(n+n/2, 4*n)
	for i := range n {
		b.Add(i, i, 1+rng.Float64())
		if i%k > 0 {
			b.Add(i, i-1, -rng.Float64())
		}
		if i >= k {
			b.Add(i, i-k, -rng.Float64())
		}
	}
	for i := range n / 2 {
		b.Add(n+i, 2*i, 1+rng.Float64())
		b.Add(n+i, (2*i+k)%n, rng.Float64())
		b.Add(n+i, n+i, -1e-8)
	}
	a, _ := b.Build()
	return a
}

func BenchmarkMatch(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for name, a := range map[string]*la.Sym{
		"mesh":   mesh(rng, 150),
		"saddle": saddle(rng, 20000, 8000, 1e-8),
		"random": symOf(randomFull(rng, 600, 0.02, 0.5, 20)),
	} {
		b.Run("kind="+name, func(b *testing.B) {
			for b.Loop() {
				Match(a)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*a.Stored()), "ns/entry")
		})
	}
}
