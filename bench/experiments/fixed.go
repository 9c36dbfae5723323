package experiments

import "costate/nn"

var fixed = experiment{
	name:  "fixed",
	title: "A fixed batch of 64",
	note: `Fashion-MNIST at 16×16, 8 layers of width 24 with biases, cross-entropy, orthogonal weights (singular values 1, for
ReLU √2), five seeds of weights and batch. Adam with six learning rates for up to 5 seconds each, SGD and momentum with two,
L-BFGS and nonlinear conjugate gradients (gonum), each for up to 1.5 seconds. The exact Newton methods are in the
experiment newton.

For comparison, as its authors report it: the repository of A. Rahimi's "The Hessian of tall-skinny networks is easy to invert"
(arXiv:2601.06096) on a fixed batch of 64 images reaches 1.16 with (H+εI)⁻¹g in 1000 steps, 0.19 with SGD in 1000, 0.18
with a low-rank saddle-free Newton method in 100, and 8.4e-8 with Hessian-free Gauss–Newton in 106.`,
	run: func(x *Results) error {
		set, err := fashion16()
		if err != nil {
			return err
		}
		for _, act := range []nn.Activation{nn.Tanh, nn.ReLU} {
			for seed := range uint64(x.o.Seeds) {
				j, err := x.fixedBatch(act, set, 64, seed+1, 5, 1e-6)
				if err != nil {
					return err
				}
				list := x.contenders("lm adam lbfgs cg momentum sgd", map[string][]float64{
					"adam": {0.0003, 0.001, 0.003, 0.01, 0.03, 0.1}, "momentum": {0.01, 0.03}, "sgd": {0.1, 0.3}})
				for i := range list {
					if list[i].name != "lm" && list[i].name != "adam" {
						list[i].seconds = 1.5
					}
				}
				if err := x.contend(act.Name(), int(seed)+1, j, list); err != nil {
					return err
				}
			}
		}
		return nil
	},
}
