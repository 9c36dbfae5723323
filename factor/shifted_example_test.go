package factor_test

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/nn"
	"costate/nn/data"
)

// How many eigenvalues of a Hessian lie below 0, smoothed, from the argument of a
// determinant, and exactly.
func ExampleShifted() {
	net, err := nn.New(64, nn.CrossEntropy, nn.MLP([]int{64, 8, 8, 10}, nn.Tanh, true)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	net.Init(1, nil)
	var lin nn.Linearization
	if err := net.Linearize(&lin, data.Digits().Batch(0, 16)); err != nil {
		fmt.Println(err)
		return
	}
	var f factor.Shifted
	if err := f.Analyse(&lin.Chain, nil); err != nil {
		fmt.Println(err)
		return
	}
	if err := f.Factorize(0.01, 1e-6); err != nil {
		fmt.Println(err)
		return
	}
	_, arg := f.LogDet()
	fmt.Printf("below -0.01: %.2f\n", arg/math.Pi)
	var re, im mat.Dense
	if err := f.SolveTo(&re, &im, mat.NewDense(len(lin.Gradient), 1, lin.Gradient), nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("accurate:", f.Report().BackwardError <= 1e-14)

	var c factor.Chain
	if err := c.Analyse(&lin.Chain, nil); err != nil {
		fmt.Println(err)
		return
	}
	if err := c.Factorize(0.01); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("exactly:", c.Inertia().Negative)
	// Output:
	// below -0.01: 108.02
	// accurate: true
	// exactly: 108
}
