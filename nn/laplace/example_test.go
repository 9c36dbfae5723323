package laplace_test

import (
	"context"
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	"costate/nn"
	"costate/nn/laplace"
)

// A noisy sine: the evidence finds the noise, and the network knows where it has seen
// nothing.
func Example() {
	rng := rand.New(rand.NewPCG(1, 1))
	data := &nn.Batch{N: 100, X: make([]float64, 100), T: make([]float64, 100)}
	for i := range data.X {
		data.X[i] = 6*rng.Float64() - 3
		data.T[i] = math.Sin(data.X[i]) + 0.1*rng.NormFloat64()
	}
	net, err := nn.New(1, nn.SquaredError, nn.MLP([]int{1, 10, 1}, nn.Tanh, true)...)
	if err != nil {
		log.Fatal(err)
	}
	net.Init(1, nil)

	l := laplace.Laplace{Groups: laplace.Layer, NoiseSD: 0.5}
	if _, err := l.Alternate(context.Background(), net, data, nil, nil); err != nil {
		log.Fatal(err)
	}
	p, err := l.Predict([]float64{0, 8}, 2)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("noise %.1f\n", l.NoiseSD)
	fmt.Println("surer among the data:", p.Variance(0, 0) < p.Variance(1, 0)/10)
	// Output:
	// noise 0.1
	// surer among the data: true
}
