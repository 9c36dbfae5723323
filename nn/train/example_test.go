package train_test

import (
	"context"
	"fmt"

	"costate/nn"
	"costate/nn/data"
	"costate/nn/train"
)

// A network of 20 layers learns 50 digits by heart.
func Example() {
	widths := []int{64}
	for range 19 {
		widths = append(widths, 16)
	}
	net, err := nn.New(64, nn.CrossEntropy, nn.MLP(append(widths, 10), nn.Tanh, true)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	net.Init(1, &nn.Init{Gain: 1.1, Orthogonal: true})

	run := &train.Run{
		Net:       net,
		Optimizer: &train.LevenbergMarquardt{},
		Data:      &train.Sampler{All: data.Digits().Batch(0, 50)},
		Steps:     100,
		Target:    1e-6,
	}
	reason, err := run.Do(context.Background())
	fmt.Println(reason, err)
	// Output:
	// target <nil>
}

// The global minimizer of a quadratic model within a radius, where the matrix is
// indefinite and the gradient has no part along its lowest eigenvector: the hard
// case.
func ExampleModel() {
	h := &diagonal{d: []float64{-1, 2}}
	m := train.Model{H: h, Gradient: []float64{0, 3}, Radius: 2}
	s := make([]float64, 2)
	found, err := m.Minimize(s)
	fmt.Printf("s = (±%.4f, %.4f), λ = %.4f, hard case %v, error %v\n", abs(s[0]), s[1], found.Lambda, found.Hard, err)
	// Output:
	// s = (±1.7321, -1.0000), λ = 1.0000, hard case true, error <nil>
}
