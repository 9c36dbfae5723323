package partition

import (
	"math/rand/v2"
	"testing"

	"costate/la"
)

// BenchmarkAuto orders the augmented system of a network of 20 layers of width
// 32 with a batch of 16 in random order, and the Poisson equation on a square.
func BenchmarkAuto(b *testing.B) {
	const side = 200
	sb := la.NewSymBuilder(side*side, 0)
	for i := range side * side {
		sb.Add(i, i, 4)
		if i%side > 0 {
			sb.Add(i, i-1, -1)
		}
		if i >= side {
			sb.Add(i, i-side, -1)
		}
	}
	grid, _ := sb.Build()
	for _, c := range []struct {
		name string
		a    *la.Sym
	}{
		{"net", net{widths(16, 32, 10, 20), 16, 0.1, false}.system(rand.New(rand.NewPCG(1, 2)))},
		{"grid", grid},
	} {
		for _, d := range []struct {
			name string
			opts *Options
		}{{"leaves=yes", nil}, {"leaves=no", &Options{NoLeaves: true}}} {
			b.Run("matrix="+c.name+"/"+d.name, func(b *testing.B) {
				for b.Loop() {
					if _, err := Auto(c.a, d.opts); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(c.a.NNZ()), "ns/entry")
			})
		}
	}
}

// BenchmarkNewTree finds the tree of the Poisson equation on a square, and of a network.
func BenchmarkNewTree(b *testing.B) {
	for _, c := range []struct {
		name string
		a    *la.Sym
	}{
		{"mesh", meshPattern(2, 200)},
		{"net", net{widths(8, 16, 10, 10), 8, 0.1, false}.system(rand.New(rand.NewPCG(1, 2)))},
	} {
		b.Run("matrix="+c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := NewTree(c.a, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(c.a.NNZ()), "ns/entry")
		})
	}
}
