package experiments

import (
	"fmt"

	"costate/nn"
)

var newton = experiment{
	name:  "newton",
	title: "A fixed batch, by the exact Hessian",
	note: `The problem of the experiment fixed, to a loss of 1e-2, by Newton's method with the exact, indefinite Hessian: in a
trust region and with a cubic term, for up to 150 steps on batches of 16 and of 64 with five seeds each. Steps that were
tried and not taken count as steps. Most take one factorization of H + λI (10,000 parameters, pivot blocks of order up to 384
and 1,536).`,
	run: func(x *Results) error {
		set, err := fashion16()
		if err != nil {
			return err
		}
		for _, batch := range []int{16, 64} {
			for _, act := range []nn.Activation{nn.Tanh, nn.ReLU} {
				for seed := range uint64(x.o.Seeds) {
					j, err := x.fixedBatch(act, set, batch, seed+1, 150, 1e-2)
					if err != nil {
						return err
					}
					j.Steps = 150
					if err := x.contend(fmt.Sprintf("%s, %d", act.Name(), batch), int(seed)+1, j, x.contenders("lm tr cubic", nil)); err != nil {
						return err
					}
				}
			}
		}
		return nil
	},
}
