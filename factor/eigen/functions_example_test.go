package eigen_test

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/factor/eigen"
	"costate/nn"
	"costate/nn/data"
)

// saddle is a network's linearization at random weights.
func saddle() (*nn.Linearization, error) {
	net, err := nn.New(64, nn.CrossEntropy, nn.MLP([]int{64, 8, 8, 10}, nn.Tanh, true)...)
	if err != nil {
		return nil, err
	}
	net.Init(1, nil)
	lin := new(nn.Linearization)
	return lin, net.Linearize(lin, data.Digits().Batch(0, 16))
}

// The directions in which the loss curves down most, and the proof that none is
// missing.
func ExampleLanczos_FactorizeNegative() {
	lin, err := saddle()
	if err != nil {
		fmt.Println(err)
		return
	}
	var l eigen.Lanczos
	if err := l.FactorizeNegative(eigen.OfChain(&lin.Chain, nil), 4); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f\n", l.Values(nil))
	counts := l.Report().Counts
	fmt.Println("complete:", l.Report().Certain, "of", counts[len(counts)-1].Below)
	// Output:
	// [-1.5097 -0.8321 -0.6630 -0.6269]
	// complete: true of 133
}

// A saddle-free Newton step: along negative curvature it goes down, too.
func ExampleMatFunc() {
	lin, err := saddle()
	if err != nil {
		fmt.Println(err)
		return
	}
	g := lin.Gradient
	step := make([]float64, len(g))
	var f eigen.MatFunc
	if err := f.ApplyTo(step, eigen.OfChain(&lin.Chain, &factor.Options{}), eigen.InverseAbs(0.1), g); err != nil {
		fmt.Println(err)
		return
	}
	slope := 0.0
	for i, s := range step {
		slope -= s * g[i]
	}
	fmt.Println("the error is bounded:", f.Report().Bounded && f.Report().Error <= 1e-10)
	fmt.Println("a step down:", slope < 0)
	// Output:
	// the error is bounded: true
	// a step down: true
}

// Saddle-free steps for many gradients at once, to ten digits. How it was done is
// counted, not guessed.
func ExampleAbsSolver() {
	lin, err := saddle()
	if err != nil {
		fmt.Println(err)
		return
	}
	n := len(lin.Gradient)
	g := mat.NewDense(n, 20, nil)
	for j := range 20 {
		g.SetCol(j, lin.Gradient)
		g.Set(j, j, 1)
	}
	var s eigen.AbsSolver
	var steps mat.Dense
	if err := s.ApplyTo(&steps, &lin.Chain, eigen.InverseAbs(1e-3), g); err != nil {
		fmt.Println(err)
		return
	}
	r := s.Report()
	fmt.Printf("by %v: %d of them, error below 1e-10: %t\n", r.Way, r.Shifts, r.Error <= 1e-10)
	// Output:
	// by shifts: 26 of them, error below 1e-10: true
}
