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
	for _, tc := range []struct{ width, layers, batch int }{{16, 8, 32}, {32, 6, 24}, {64, 6, 64}} {
		lin := digitsLinearized(b, tc.width, tc.layers, tc.batch)
		diag := make([]float64, len(lin.Gradient))
		key := fmt.Sprintf("width=%d/depth=%d/batch=%d/method=", tc.width, tc.layers, tc.batch)
		if tc.width*tc.batch < 1000 {
			b.Run(key+"chain", func(b *testing.B) {
				var f factor.Chain
				if err := f.Analyse(&lin.Chain, nil); err != nil {
					b.Fatal(err)
				}
				s := benchtest.Least(b,
					func() error { return f.Factorize(1) },
					func() error { f.Inertia(); return nil },
					func() error { _, err := f.InverseDiagTo(diag); return err })
				b.ReportMetric(s[2]/s[0], "factorizations")
			})
		}
		b.Run(key+"gram", func(b *testing.B) {
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
