package laplace_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"costate/nn"
	"costate/nn/laplace"
)

// The full Gauss–Newton posterior of a network of a million parameters on 500 points with
// one output: fit, the greatest evidence by layer, and 500 predictive variances. A
// covariance matrix of its parameters would take 8 TB.
func BenchmarkMillion(b *testing.B) {
	widths := []int{16, 990, 990, 1}
	net, err := nn.New(16, nn.SquaredError, nn.MLP(widths, nn.Tanh, true)...)
	if err != nil {
		b.Fatal(err)
	}
	net.Init(1, nil)
	rng := rand.New(rand.NewPCG(1, 1))
	data := &nn.Batch{N: 500, X: make([]float64, 500*16), T: make([]float64, 500)}
	for i := range data.X {
		data.X[i] = rng.NormFloat64()
	}
	for n := range data.T {
		data.T[n] = math.Sin(data.X[16*n]) + 0.1*rng.NormFloat64()
	}
	test := make([]float64, len(data.X))
	for i := range test {
		test[i] = rng.NormFloat64()
	}
	b.ReportAllocs()
	for b.Loop() {
		l := laplace.Laplace{Groups: laplace.Layer}
		if err := l.Fit(net, data, nil); err != nil {
			b.Fatal(err)
		}
		m, err := l.MaximizeEvidence(nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := l.Predict(test, 500); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(m.Steps), "steps")
		b.ReportMetric(float64(net.NumParams()), "parameters")
	}
}
