package blas_test

import (
	"fmt"

	"costate/la/blas"
)

// A symmetric matrix with a zero diagonal has no LDLᵀ factorization with 1×1
// pivots; with a 2×2 one it has.
func Example() {
	const n = 3
	a := []float64{
		0, 0, 0, // Only the lower triangle is read.
		2, 0, 0,
		1, 1, 0,
	}
	g := blas.Native()
	e, perm := make([]float64, n), make([]int, n)
	zero := g.Sytrf(n, a, n, e, perm, make([]float64, g.SytrfWork(n)))
	fmt.Println("zero pivot:", zero)
	fmt.Println("e:", e)
	neg, null, pos := blas.DInertia(n, a, n, e)
	fmt.Println("eigenvalues below, at and above zero:", neg, null, pos)

	b := []float64{7, 5, 3} // A (1, 2, 3)
	g.Sytrs(n, 1, a, n, e, perm, b, 1, make([]float64, n))
	fmt.Printf("x: %.3f\n", b)
	// Output:
	// zero pivot: -1
	// e: [2 0 0]
	// eigenvalues below, at and above zero: 2 0 1
	// x: [1.000 2.000 3.000]
}

// Half a solve: with W = L⁻¹ P K, the product Kᵀ A⁻¹ K is Wᵀ (D⁻¹ W), of which
// one triangle is enough.
func ExampleDSolve() {
	const n, m = 2, 1
	a := []float64{4, 0, 2, 3}
	k := []float64{1, 2}
	g := blas.Native()
	e, perm := make([]float64, n), make([]int, n)
	g.Sytrf(n, a, n, e, perm, make([]float64, g.SytrfWork(n)))

	w, dw, s := make([]float64, n*m), make([]float64, n*m), make([]float64, m*m)
	blas.PermuteRows(perm, m, k, m, w, m)
	g.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, n, m, 1, a, n, w, m)
	copy(dw, w)
	blas.DSolve(n, m, a, n, e, dw, m)
	g.Gemmt(blas.Lower, blas.Trans, blas.NoTrans, m, n, 1, w, m, dw, m, 0, s, m)
	fmt.Printf("%.4f\n", s[0]) // (1·3 - 2·2·2 + 4·4) / 8
	// Output:
	// 1.3750
}

func ExampleByName() {
	g, err := blas.ByName("gonum", 1)
	fmt.Println(blas.Describe(g), err)
	_, err = blas.ByName("mkl", 1)
	fmt.Println(err)
	// Output:
	// gonum, 1 thread <nil>
	// blas: no backend is named "mkl": the names are auto, native, openblas and gonum
}
