package gemm_test

import (
	"fmt"

	"costate/la/blas/internal/gemm"
)

// The product of a 2×3 and a 3×2 matrix on one thread.
func ExampleGemm() {
	a := []float64{
		1, 2, 3,
		4, 5, 6,
	}
	b := []float64{
		1, 0,
		0, 1,
		1, 1,
	}
	c := make([]float64, 4)
	gemm.Gemm(false, false, 2, 2, 3, 1, a, 3, b, 2, 0, c, 2, 1)
	fmt.Println(c)
	// Output: [4 5 10 11]
}

// The lower triangle of A Aᵀ; the element above the diagonal stays.
func ExampleGemmt() {
	a := []float64{
		1, 2, 3,
		4, 5, 6,
	}
	c := []float64{0, -1, 0, 0}
	gemm.Gemmt(true, false, true, 2, 3, 1, a, 3, a, 3, 0, c, 2, 1)
	fmt.Println(c)
	// Output: [14 -1 32 77]
}

// Two equations with two right-hand sides.
func ExampleTrsm() {
	l := []float64{
		2, 0,
		1, 4,
	}
	b := []float64{
		2, 4,
		9, 6,
	}
	gemm.Trsm(true, true, false, false, 2, 2, l, 2, b, 2)
	fmt.Println(b)
	// Output: [1 2 2 1]
}
