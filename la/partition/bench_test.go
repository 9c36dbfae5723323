package partition

import (
	"math/rand/v2"
	"testing"

	"costate/la"
)

// BenchmarkAuto finds the tree of the Poisson equation on a square, and of a network.
func BenchmarkAuto(b *testing.B) {
	for _, c := range []struct {
		name string
		a    *la.Sym
	}{
		{"mesh", meshPattern(2, 200)},
		{"net", net{widths(8, 16, 10, 10), 8, 0.1, false}.system(rand.New(rand.NewPCG(1, 2)))},
	} {
		b.Run("matrix="+c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Auto(c.a, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(c.a.NNZ()), "ns/entry")
		})
	}
}
