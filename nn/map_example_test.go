package nn_test

import (
	"fmt"
	"math"

	"costate/nn"
)

// LogSumExp is the map of n units to the single number log Σ exp(x_i).
type LogSumExp struct{}

func (LogSumExp) OutWidth(in int) (int, error) { return 1, nil }

func (LogSumExp) Forward(out, in []float64) {
	m := math.Inf(-1)
	for _, v := range in {
		m = max(m, v)
	}
	s := 0.0
	for _, v := range in {
		s += math.Exp(v - m)
	}
	out[0] = m + math.Log(s)
}

// Jacobian stores the one row p = softmax(x).
func (l LogSumExp) Jacobian(j, in []float64) {
	var lse [1]float64
	l.Forward(lse[:], in)
	for i, v := range in {
		j[i] = math.Exp(v - lse[0])
	}
}

// Second stores b (diag(p) − ppᵀ).
func (l LogSumExp) Second(q, in, b []float64) {
	n := len(in)
	p := make([]float64, n)
	l.Jacobian(p, in)
	for i := range n {
		for k := range n {
			q[i*n+k] = -b[0] * p[i] * p[k]
		}
		q[i*n+i] += b[0] * p[i]
	}
}

// A map of one's own, after a dense layer: it joins that layer's stage.
func ExampleMap() {
	net, err := nn.New(3, nn.SquaredError, &nn.Dense{Out: 4, Bias: true}, LogSumExp{})
	if err != nil {
		fmt.Println(err)
		return
	}
	net.Init(1, nil)
	var lin nn.Linearization
	if err := net.Linearize(&lin, &nn.Batch{N: 2, X: []float64{0, 0, 0, 1, -1, 2}, T: []float64{1, 1}}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d stage, outputs of the zero sample: log 4 = %.4f\n", len(lin.Chain.Stages), lin.Outputs[0])
	// Output:
	// 1 stage, outputs of the zero sample: log 4 = 1.3863
}
