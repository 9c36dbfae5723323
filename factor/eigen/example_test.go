package eigen_test

import (
	"fmt"

	"costate/factor/eigen"
	"costate/nn"
	"costate/nn/data"
)

// How many eigenvalues of a Hessian are negative, and what the smallest is.
func ExampleSpectrum() {
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
	s, err := eigen.NewSpectrum(eigen.OfChain(&point.Chain, nil), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	low, err := s.Min(1e-3)
	if err != nil {
		fmt.Println(err)
		return
	}
	counts, err := s.Counts([]float64{-0.1, -0.01, 0.01, 0.1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("smallest eigenvalue %.2f\n", (low.Low+low.High)/2)
	for _, c := range counts {
		fmt.Printf("below %5.2f: %3d, certain: %v\n", c.Shift, c.Below, c.Certain)
	}
	// Output:
	// smallest eigenvalue -1.51
	// below -0.10:  56, certain: true
	// below -0.01: 108, certain: true
	// below  0.01: 560, certain: true
	// below  0.10: 619, certain: true
}
