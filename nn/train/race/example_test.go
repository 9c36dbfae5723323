package race_test

import (
	"context"
	"fmt"

	"costate/nn"
	"costate/nn/data"
	"costate/nn/train"
	"costate/nn/train/race"
)

func Example() {
	net, err := nn.New(64, nn.CrossEntropy, nn.MLP([]int{64, 8, 8, 10}, nn.Tanh, true)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	net.Init(1, nil)
	batch := data.Digits().Batch(0, 20)
	j := &race.Job{Net: net, Steps: 15, TrainSet: batch, Sampler: func() *train.Sampler { return &train.Sampler{All: batch} }}
	for name, rates := range map[string][]float64{"lm": {0}, "sgd": {0.01, 0.1}} {
		best, err := j.Grid(context.Background(), func(rate float64) train.Optimizer {
			o, err := race.NewOptimizer(name, rate, nil)
			if err != nil {
				panic(err)
			}
			return o
		}, rates, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %d steps, best rate %g, to 1e-2: %t\n", name, best.Final.Step, best.Rate, best.Reached(1e-2) != nil)
	}
	// Unordered output:
	// lm: 15 steps, best rate 0, to 1e-2: true
	// sgd: 15 steps, best rate 0.1, to 1e-2: false
}
