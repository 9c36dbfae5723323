package la_test

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"costate/la"
)

func ExampleSymBuilder() {
	b := la.NewSymBuilder(3, 0)
	b.Add(0, 0, 4)
	b.Add(1, 0, -1)
	b.Add(1, 1, 2)
	b.Add(1, 1, 3) // summed with the one before
	b.Add(1, 2, 7) // either triangle
	a, slots := b.Build()
	fmt.Println(mat.Formatted(a))

	// New values in the same order need no sorting.
	a.SetValues(slots, []float64{1, 2, 3, 4, 5})
	y := make([]float64, 3)
	a.MulVecTo(y, []float64{1, 1, 1})
	fmt.Println(y, a.NNZ(), a.Bandwidth())
	// Output:
	// ⎡ 4  -1   0⎤
	// ⎢-1   5   7⎥
	// ⎣ 0   7   0⎦
	// [3 14 5] 6 1
}

func ExampleBlockTridiag() {
	a := la.NewBlockTridiag([]int{1, 2})
	d, ld := a.Diag(1)
	d[0*ld+0], d[1*ld+0], d[1*ld+1] = 5, 6, 7
	s, ld := a.Sub(0)
	s[1*ld+0] = 3
	fmt.Println(mat.Formatted(a))
	// Output:
	// ⎡0  0  3⎤
	// ⎢0  5  6⎥
	// ⎣3  6  7⎦
}
