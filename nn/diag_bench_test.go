package nn

import (
	"math/rand/v2"
	"testing"

	"costate/internal/benchtest"
	"costate/la/blas"
	"costate/system"
)

// BenchmarkDiag is the diagonal of H against a gradient, one after the other.
func BenchmarkDiag(b *testing.B) {
	for _, tc := range []struct {
		name                              string
		in, width, classes, layers, batch int
	}{
		{"digits", 64, 16, 10, 8, 32},
		{"demo", 5, 10, 3, 30, 2},
		{"mid", 5, 20, 3, 30, 8},
		{"wide", 16, 24, 10, 8, 16},
		{"long", 16, 32, 10, 20, 16},
		{"anchor", 768, 24, 10, 8, 64},
	} {
		b.Run(tc.name, func(b *testing.B) {
			net := uniform(b, tc.in, tc.width, tc.classes, tc.layers, Tanh, false)
			batch := randomBatch(net, tc.batch, rand.New(rand.NewPCG(1, 1)), false)
			be := blas.NativeThreads(1)
			var ws Workspace
			var lin Linearization
			if err := net.Linearize(&lin, batch); err != nil {
				b.Fatal(err)
			}
			g, d := make([]float64, net.NumParams()), make([]float64, net.NumParams())
			blocks := system.NewStageBlocks(&lin.Chain, be)
			least := benchtest.Least(b, func() error {
				_, err := net.Gradient(g, batch, &ws)
				return err
			}, func() error {
				blocks.Update(&lin.Chain)
				blocks.DiagTo(d)
				return nil
			})
			b.ReportMetric(least[0]*1e6, "µs/gradient")
			b.ReportMetric(least[1]*1e6, "µs/diagonal")
			b.ReportMetric(least[1]/least[0], "gradients")
		})
	}
}
