package data_test

import (
	"fmt"

	"costate/nn/data"
)

func Example() {
	digits := data.Digits()
	small, err := digits.Downsample(4)
	if err != nil {
		fmt.Println(err)
		return
	}
	train, test := small.Split(1500)
	fmt.Println(train.N, "and", test.N, "samples of", train.Width, "numbers in", train.Classes, "classes")
	fmt.Println("the first is a", train.Labels[0])
	for i := range 4 {
		fmt.Printf("%.2f\n", train.X[4*i:4*i+4])
	}
	for batch := range train.Batches(600, 1) {
		fmt.Println("a batch of", batch.N)
	}
	// Output:
	// 1500 and 297 samples of 16 numbers in 10 classes
	// the first is a 0
	// [0.00 0.72 0.55 0.08]
	// [0.11 0.45 0.30 0.25]
	// [0.14 0.30 0.34 0.23]
	// [0.03 0.59 0.50 0.00]
	// a batch of 600
	// a batch of 600
	// a batch of 300
}
