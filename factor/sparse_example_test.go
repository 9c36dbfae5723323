package factor_test

import (
	"errors"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
	"costate/la/partition"
)

// Springs in a row hold each other, and a constraint with a multiplier holds the
// two ends together: a symmetric indefinite matrix with a zero on the diagonal.
func ExampleSparse() {
	const n = 1000
	b := la.NewSymBuilder(n+1, 3*n)
	for i := range n {
		b.Add(i, i, 2)
		if i > 0 {
			b.Add(i, i-1, -1)
		}
	}
	b.Add(n, 0, 1) // x_0 − x_{n-1} = 0
	b.Add(n, n-1, -1)
	a, _ := b.Build()

	var f factor.Sparse
	if err := f.Factorize(a); err != nil {
		fmt.Println(err)
		return
	}
	load := mat.NewVecDense(n+1, nil)
	load.SetVec(n/4, 1)
	var x mat.VecDense
	if err := f.SolveVecTo(&x, load); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("inertia", f.Inertia())
	fmt.Printf("ends at %.4f and %.4f\n", x.AtVec(0), x.AtVec(n-1))
	fmt.Println("accurate:", f.Report().BackwardError <= 1e-14)
	// Output:
	// inertia (1, 0, 1000)
	// ends at 0.5000 and 0.5000
	// accurate: true
}

// New values in the same pattern need no analysis and no memory.
func ExampleSparse_FactorizeShifted() {
	b := la.NewSymBuilder(3, 0)
	b.Add(0, 0, 4)
	b.Add(0, 1, 1)
	b.Add(1, 1, 3)
	b.Add(2, 2, 5)
	a, _ := b.Build()
	var f factor.Sparse
	if err := f.Factorize(a); err != nil {
		fmt.Println(err)
		return
	}
	for _, shift := range []float64{0, 3.5, 6} {
		if err := f.FactorizeShifted(a, shift); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d eigenvalues below %g\n", f.Inertia().Negative, shift)
	}
	// Output:
	// 0 eigenvalues below 0
	// 1 eigenvalues below 3.5
	// 3 eigenvalues below 6
}

// A matrix with dependent rows is recognised, and a null vector found.
func ExampleSparse_NullVector() {
	// Rows of a graph's Laplacian sum to zero.
	b := la.NewSymBuilder(4, 0)
	for _, edge := range [][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 0}} {
		b.Add(edge[0], edge[0], 1)
		b.Add(edge[1], edge[1], 1)
		b.Add(edge[0], edge[1], -1)
	}
	a, _ := b.Build()
	var f factor.Sparse
	err := f.Factorize(a)
	var singular *factor.SingularError
	fmt.Println("singular:", errors.As(err, &singular))
	var x mat.VecDense
	residual, err := f.NullVector(&x)
	fmt.Println("null vector found:", residual < 1e-14, err)
	x.ScaleVec(1/x.AtVec(0), &x)
	fmt.Printf("%.3f\n", x.RawVector().Data)
	// Output:
	// singular: true
	// null vector found: true <nil>
	// [1.000 1.000 1.000 1.000]
}

// Where the structure is known the search for it can be left out.
func ExampleSparse_AnalyseTree() {
	b := la.NewSymBuilder(6, 0)
	for i := range 6 {
		b.Add(i, i, 3)
		if i >= 2 {
			b.Add(i, i-2, 1)
		}
	}
	a, _ := b.Build()
	tree, err := partition.Given(a, nil, partition.Uniform(6, 2))
	if err != nil {
		fmt.Println(err)
		return
	}
	var f factor.Sparse
	if err := f.AnalyseTree(a, tree, nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Tree().Nodes.Sizes())
	if err := f.Factorize(a); err != nil {
		fmt.Println(err)
		return
	}
	log, sign := f.LogDet()
	fmt.Printf("log|det| %.6f, sign %g\n", log, sign)
	// Output:
	// [2 2 2]
	// log|det| 6.089045, sign 1
}
