package pde

import (
	"fmt"
	"testing"

	"costate/nn"
	"costate/nn/train"
)

// BenchmarkStep is a step of Levenberg–Marquardt, taken or not.
func BenchmarkStep(b *testing.B) {
	for _, hidden := range [][]int{{64}, {32, 32}} {
		b.Run(fmt.Sprintf("problem=poisson-2d/hidden=%d", hidden), func(b *testing.B) {
			p := Poisson2D()
			net, err := nn.New(2, nn.SquaredError, nn.MLP(widths(p, hidden), nn.Tanh, true)...)
			if err != nil {
				b.Fatal(err)
			}
			Init(net, p, 1, 1)
			o, err := NewObjective(p, net, nil)
			if err != nil {
				b.Fatal(err)
			}
			task, lm := &train.Task{Net: net, Objective: o, Version: 1}, &LevenbergMarquardt{}
			for b.Loop() {
				if _, err := lm.Step(task); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
