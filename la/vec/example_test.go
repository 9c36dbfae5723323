package vec_test

import (
	"fmt"

	"costate/la/vec"
)

func ExampleCombine() {
	y := []float64{1, 1, 1}
	w := []float64{
		1, 2, 3,
		10, 20, 30,
	}
	vec.Combine(y, []float64{1, 0.5}, w, 3)
	fmt.Println(y)
	// Output:
	// [7 13 19]
}
