package influence_test

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"costate/nn"
	"costate/nn/data"
	"costate/nn/influence"
)

// Train to a minimum, predict what a hundredth less of a sample's weight would change,
// and train again to see.
func Example() {
	small, err := data.Digits().Downsample(4)
	if err != nil {
		fmt.Println(err)
		return
	}
	train, test := small.Batch(0, 80), small.Batch(80, 90)
	net, err := nn.New(16, nn.CrossEntropy, nn.MLP([]int{16, 6, 10}, nn.Tanh, true)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	net.Init(1, nil)
	const decay = 0.05
	if _, err := influence.Minimize(context.Background(), net, train, decay, nil, nil); err != nil {
		fmt.Println(err)
		return
	}
	f := influence.Influence{Damping: decay}
	if err := f.Fit(net, train); err != nil {
		fmt.Println(err)
		return
	}
	var pairs mat.Dense
	if err := f.PairsTo(&pairs, test); err != nil {
		fmt.Println(err)
		return
	}
	truth := make([]float64, test.N)
	if _, err := f.RemovalTo(context.Background(), truth, 7, 0.01, test); err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range []int{0, 3, 5} {
		predicted := 0.01 * pairs.At(t, 7) / float64(train.N)
		fmt.Printf("test sample %d: predicted/truth %.2f\n", t, predicted/truth[t])
	}
	// Output:
	// test sample 0: predicted/truth 1.00
	// test sample 3: predicted/truth 1.00
	// test sample 5: predicted/truth 1.00
}
