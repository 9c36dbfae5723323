package factor_test

import (
	"fmt"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/internal/benchtest"
)

// BenchmarkShifted is a factorization at a complex shift, and a solve with it to 1e-14,
// in factorizations of Chain.
func BenchmarkShifted(b *testing.B) {
	for _, tc := range []struct{ width, layers, batch int }{{16, 4, 32}, {20, 30, 8}, {32, 6, 24}} {
		b.Run(fmt.Sprintf("width=%d/depth=%d/batch=%d", tc.width, tc.layers, tc.batch), func(b *testing.B) {
			lin := digitsLinearized(b, tc.width, tc.layers, tc.batch)
			var chain factor.Chain
			var f factor.Shifted
			if err := chain.Analyse(&lin.Chain, nil); err != nil {
				b.Fatal(err)
			}
			if err := f.Analyse(&lin.Chain, nil); err != nil {
				b.Fatal(err)
			}
			g := mat.NewDense(len(lin.Gradient), 1, lin.Gradient)
			var re, im mat.Dense
			s := benchtest.Least(b,
				func() error { return chain.Factorize(0.1) },
				func() error { return f.Factorize(0, 0.1) },
				func() error { return f.SolveTo(&re, &im, g, nil) })
			b.ReportMetric(s[1]/s[0], "factorizations")
			b.ReportMetric(s[2]/s[0], "factorizations/solve")
			b.ReportMetric(float64(chain.Report().Flops)/s[0]/1e9, "Gflop/s")
		})
	}
}
