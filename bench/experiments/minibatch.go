package experiments

import (
	"costate/nn"
	"costate/nn/data"
	"costate/nn/train"
	"costate/nn/train/race"
)

// miniJob is the job whose test accuracy is drawn.
const miniJob = "mini-batches"

var minibatch = experiment{
	name:  "minibatch",
	title: "Mini-batches of Fashion-MNIST",
	note: `60,000 images at 14×14, 4 layers of width 32 with biases, ReLU, cross-entropy; test accuracy on 2,000 of the 10,000 test
images. First-order methods on mini-batches of 128, each learning rate for 12 seconds; Levenberg–Marquardt on mini-batches of 128 with a damping
of at least 1 (without a floor it follows the noise of each batch and ends where it began), and with the gradient of 4,096
samples and a damping of at least ½, where the exact factorization of 128 of them preconditions conjugate gradients on
all (lm cg). The loss is that of the batch at hand, so that it is noisy, and the rows of the table are
those with the best test accuracy. First-order methods win here.`,
	run: func(x *Results) error {
		set, test, err := data.Load("fashion", &data.Options{Side: 14})
		if err != nil {
			return err
		}
		standardize(set, test)
		net, err := x.mlp(set.Width, set.Classes, 4, 32, nn.ReLU, nn.CrossEntropy, true, 1, &nn.Init{ByActivation: true})
		if err != nil {
			return err
		}
		all := set.Batch(0, set.N)
		j := &race.Job{Net: net, Seconds: 12, TrainSet: set.Sample(evaluated, 1), TestSet: test.Sample(evaluated, 1), ByTest: true,
			Sampler: func() *train.Sampler { return &train.Sampler{All: all, Size: 128, Seed: 1} }}
		list := x.contenders("adam momentum sgd", map[string][]float64{
			"adam": {0.0003, 0.001, 0.003}, "momentum": {0.003, 0.01, 0.03}, "sgd": {0.03, 0.1, 0.3}})
		list = append(list, contender{name: "lm", make: func(float64) train.Optimizer {
			return &train.LevenbergMarquardt{Backend: x.o.Backend, Memory: 0.5, MinDamping: 1}
		}})
		if err := x.contend(miniJob, 1, j, list); err != nil {
			return err
		}
		large := *j
		large.Sampler = func() *train.Sampler { return &train.Sampler{All: all, Size: 4096, Curvature: 128, Seed: 1} }
		return x.contend(miniJob, 1, &large, []contender{{name: "lm cg", make: func(float64) train.Optimizer {
			return &train.LevenbergMarquardt{Backend: x.o.Backend, Memory: 0.3, MinDamping: 0.5, CG: &train.ConjugateGradients{Tolerance: 0.1, MaxProducts: 20}}
		}}})
	},
}
