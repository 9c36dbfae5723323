package factor_test

import (
	"fmt"
	"testing"

	"costate/factor"
	"costate/nn"
	"costate/nn/data"
)

// The marginal variances of all parameters against one factorization, by the chain
// with the exact Hessian and by output space.
func BenchmarkInverseDiag(b *testing.B) {
	set := data.Digits()
	for _, tc := range []struct{ width, layers, batch int }{{16, 8, 32}, {32, 6, 24}} {
		widths := []int{64}
		for range tc.layers - 1 {
			widths = append(widths, tc.width)
		}
		net, err := nn.New(64, nn.CrossEntropy, nn.MLP(append(widths, 10), nn.Tanh, true)...)
		if err != nil {
			b.Fatal(err)
		}
		net.Init(1, nil)
		var lin nn.Linearization
		if err := net.Linearize(&lin, set.Batch(0, tc.batch)); err != nil {
			b.Fatal(err)
		}
		name := fmt.Sprintf("width=%d/depth=%d/batch=%d/method=", tc.width, tc.layers, tc.batch)
		var f factor.Chain
		if err := f.Analyse(&lin.Chain, nil); err != nil {
			b.Fatal(err)
		}
		diag := make([]float64, net.NumParams())
		run := func(name string, do func() error) {
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					if err := do(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		run(name+"chain/factor", func() error { return f.Factorize(1) })
		if err := f.Factorize(1); err != nil { // also where a filter leaves the first out
			b.Fatal(err)
		}
		f.Inertia()
		run(name+"chain/inverse", func() error { _, err := f.InverseDiagTo(diag); return err })
		var g factor.Gram
		if err := g.Analyse(lin.Chain.GaussNewton(), nil); err != nil {
			b.Fatal(err)
		}
		run(name+"gram/sum", func() error { return g.Update(lin.Chain.GaussNewton()) })
		if err := g.Factorize(1); err != nil {
			b.Fatal(err)
		}
		g.Inertia()
		run(name+"gram/inverse", func() error { _, err := g.InverseDiagTo(diag); return err })
	}
}
