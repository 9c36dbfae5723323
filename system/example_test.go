package system_test

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"costate/la/blas"
	"costate/system"
)

// A chain of two scalar stages, y₁ = x₁ and y₂ = 2 y₁ + x₂, with the terminal
// cost ½·3 y₂²: its matrix is 3 (2, 1)ᵀ(2, 1).
func Example() {
	one := func(v float64) *system.Matrix { return system.FromDense(1, 1, []float64{v}) }
	c := &system.Chain{
		Stages: []system.Stage{
			&system.BlockStage{P: 1, NOut: 1, G: one(1)},
			&system.BlockStage{P: 1, NIn: 1, NOut: 1, F: one(2), G: one(1)},
		},
		Loss: system.SampleMap{Batch: 1, Rows: 1, Cols: 1, Full: []float64{3}},
	}
	if err := c.Check(); err != nil {
		fmt.Println(err)
		return
	}
	p := system.NewProduct(c, blas.Native())
	h := make([]float64, 2)
	p.HessVec(h, []float64{1, 0})
	fmt.Println("H e₁ =", h)

	k := system.Assemble(c, 0.5)
	fmt.Printf("K = %v\n", mat.Formatted(k.K, mat.Prefix("    ")))
	// Output:
	// H e₁ = [12 6]
	// K = ⎡0.5    0    0    0    1    0⎤
	//     ⎢  0  0.5    0    0    0    1⎥
	//     ⎢  0    0    0    0   -1    2⎥
	//     ⎢  0    0    0    3    0   -1⎥
	//     ⎢  1    0   -1    0    0    0⎥
	//     ⎣  0    1    2   -1    0    0⎦
}

// A convolution is a stage of several rows a sample: here a kernel of two numbers at
// the two places that an input of three has.
func ExampleDenseStage_rows() {
	patches := &system.Matrix{Rows: 4, Cols: 3, Ptr: []int{0, 1, 2, 3, 4}, Col: []int{0, 1, 1, 2}, Val: []float64{1, 1, 1, 1}}
	convolution := &system.DenseStage{
		Batch: 1, Rows: 2, In: 2, Out: 1, Bias: true, Gather: patches,
		W: []float64{1, -1},
		Z: []float64{5, 7, 7, 8}, // the patches of (5, 7, 8)
	}
	sum := &system.DenseStage{Batch: 1, In: 2, Out: 1, W: []float64{1, 1}, Z: []float64{-2, -1}}
	c := &system.Chain{
		Stages: []system.Stage{convolution, sum},
		Loss:   system.SampleMap{Batch: 1, Rows: 1, Cols: 1, Diag: []float64{1}},
	}
	if err := c.Check(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Params(), "parameters,", c.States(), "states")
	// How the output changes with each of the kernel's weights and with its bias.
	p := system.NewProduct(c, blas.Native())
	for i := range 3 {
		v := make([]float64, c.Params())
		v[i] = 1
		fmt.Println(p.Outputs(v))
	}
	// Output:
	// 5 parameters, 3 states
	// [12]
	// [15]
	// [2]
}
