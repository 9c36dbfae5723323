package experiments

import (
	"fmt"

	"costate/nn"
	"costate/nn/data"
	"costate/nn/train"
	"costate/nn/train/race"
)

var depth = experiment{
	name:  "depth",
	title: "Plain tanh networks of 10 to 100 layers",
	note: `Digits, a fixed batch of 32, width 16 with biases, no residual connections, cross-entropy. All begin with the same orthogonal
weights, all singular values 1.2, with which signals pass through a hundred layers. Up to 8 seconds each; Adam with four
learning rates.`,
	run: func(x *Results) error {
		set, test, err := data.Load("digits", nil)
		if err != nil {
			return err
		}
		standardize(set, test)
		all := set.Batch(0, set.N)
		for _, layers := range []int{10, 30, 60, 100} {
			net, err := x.mlp(set.Width, set.Classes, layers, 16, nn.Tanh, nn.CrossEntropy, true, 1, &nn.Init{Gain: 1.2, Orthogonal: true})
			if err != nil {
				return err
			}
			j := &race.Job{Net: net, Seconds: 8, Target: 1e-6, Sampler: func() *train.Sampler {
				return &train.Sampler{All: all, Size: 32, Fixed: true, Seed: 1}
			}}
			if err := x.contend(fmt.Sprintf("%d layers", layers), 1, j, x.contenders("lm adam lbfgs momentum",
				map[string][]float64{"adam": {0.0003, 0.001, 0.003, 0.01}, "momentum": {0.01}})); err != nil {
				return err
			}
		}
		return nil
	},
}
