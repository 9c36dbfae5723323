package factor_test

import (
	"fmt"
	"testing"

	"costate/factor"
	"costate/internal/benchtest"
	"costate/nn"
	"costate/nn/data"
)

// digitsLinearized is a tanh network with biases on handwritten digits.
func digitsLinearized(b *testing.B, width, layers, batch int) *nn.Linearization {
	widths := []int{64}
	for range layers - 1 {
		widths = append(widths, width)
	}
	net, err := nn.New(64, nn.CrossEntropy, nn.MLP(append(widths, 10), nn.Tanh, true)...)
	if err != nil {
		b.Fatal(err)
	}
	net.Init(1, nil)
	lin := new(nn.Linearization)
	if err := net.Linearize(lin, data.Digits().Batch(0, batch)); err != nil {
		b.Fatal(err)
	}
	return lin
}

// BenchmarkInverseDiag is the marginal variances of all parameters, the check of some of
// them included: by the chain, with the exact Hessian, in factorizations, and by output
// space in sums of the Gram matrix. (factor/internal/outputs has the rates of the latter.)
func BenchmarkInverseDiag(b *testing.B) {
	chain := func(b *testing.B, key string, lin *nn.Linearization) {
		b.Run(key+"/method=chain", func(b *testing.B) {
			diag := make([]float64, len(lin.Gradient))
			var f factor.Chain
			if err := f.Analyse(&lin.Chain, nil); err != nil {
				b.Fatal(err)
			}
			s := benchtest.Least(b,
				func() error { return f.Factorize(1) },
				func() error { f.Inertia(); return nil },
				func() error { _, err := f.InverseDiagTo(diag); return err })
			b.ReportMetric(s[2]/s[0], "factorizations")
			b.ReportMetric(s[0]*1e3, "ms/factorization")
		})
	}
	for i, c := range netCases {
		chain(b, fmt.Sprintf("case=%s/width=%d/depth=%d/batch=%d", c.name, c.width, c.l, c.b), linearized(b, i))
	}
	for _, tc := range []struct{ width, layers, batch int }{{10, 8, 32}, {16, 8, 32}, {32, 6, 24}, {64, 6, 2}, {64, 6, 12}, {100, 6, 8}} {
		chain(b, fmt.Sprintf("width=%d/depth=%d/batch=%d", tc.width, tc.layers, tc.batch), digitsLinearized(b, tc.width, tc.layers, tc.batch))
	}
	for _, tc := range []struct{ width, layers, batch int }{{16, 8, 32}, {32, 6, 24}, {64, 6, 64}} {
		lin := digitsLinearized(b, tc.width, tc.layers, tc.batch)
		diag := make([]float64, len(lin.Gradient))
		b.Run(fmt.Sprintf("width=%d/depth=%d/batch=%d/method=gram", tc.width, tc.layers, tc.batch), func(b *testing.B) {
			var f factor.Gram
			c := lin.Chain.GaussNewton()
			if err := f.Analyse(c, nil); err != nil {
				b.Fatal(err)
			}
			s := benchtest.Least(b,
				func() error { return f.Update(c) },
				func() error { return f.Factorize(1) },
				func() error { f.Inertia(); return nil },
				func() error { _, err := f.InverseDiagTo(diag); return err })
			b.ReportMetric(s[3]/s[0], "sums")
		})
	}
}
