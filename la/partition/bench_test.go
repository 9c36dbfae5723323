package partition

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkAuto orders the augmented system of a network of 20 layers of width
// 32 with a batch of 16, in random order.
func BenchmarkAuto(b *testing.B) {
	a := netSystem(rand.New(rand.NewPCG(1, 2)), widths(16, 32, 10, 20), 16, 0.1, true)
	for _, c := range []struct {
		name string
		opts *Options
	}{{"leaves=yes", nil}, {"leaves=no", &Options{NoLeaves: true}}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Auto(a, c.opts); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(a.NNZ()), "ns/entry")
		})
	}
}
