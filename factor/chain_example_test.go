package factor_test

import (
	"errors"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/nn"
	"costate/nn/data"
)

// The Newton direction of a network on a batch of digits, and what the
// factorization knows about the Hessian.
func ExampleChain() {
	digits := data.Digits()
	net, err := nn.New(64, nn.CrossEntropy, nn.MLP([]int{64, 8, 8, 10}, nn.Tanh, true)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	net.Init(1, nil)

	var point nn.Linearization
	if err := net.Linearize(&point, digits.Batch(0, 16)); err != nil {
		fmt.Println(err)
		return
	}
	var f factor.Chain
	var x mat.VecDense
	g := mat.NewVecDense(len(point.Gradient), point.Gradient)
	if err := errors.Join(f.Analyse(&point.Chain, nil), f.Factorize(0.1), f.SolveVecTo(&x, g)); err != nil {
		fmt.Println(err)
		return
	}
	in := f.Inertia()
	fmt.Println("parameters:", f.SymmetricDim())
	fmt.Println("backward error at most 1e-14:", f.Report().BackwardError <= 1e-14)
	fmt.Println("a saddle of H + εI:", in.Negative > 0, "certain:", in.Certain)

	// Another damping reuses the point: here one at which H + εI is definite.
	if err := f.Factorize(2); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("negative eigenvalues of H below -2:", f.Inertia().Negative)
	// Output:
	// parameters: 682
	// backward error at most 1e-14: true
	// a saddle of H + εI: true certain: true
	// negative eigenvalues of H below -2: 0
}
