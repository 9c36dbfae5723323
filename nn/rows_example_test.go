package nn_test

import (
	"fmt"
	"log"

	"costate/nn"
	"costate/nn/data"
)

// A small convolutional network on images of digits. Sizes follow from the first
// layer; the weights stand as in PyTorch.
func ExampleConv2D() {
	net, err := nn.New(64, nn.CrossEntropy,
		&nn.Conv2D{Height: 8, Width: 8, Out: 8, Kernel: 3, Pad: 1, Bias: true, Act: nn.ReLU},
		nn.AvgPool{Size: 2},
		&nn.Conv2D{Out: 16, Kernel: 3, Bias: true, Act: nn.ReLU},
		nn.Flatten{},
		&nn.Dense{Out: 10, Bias: true})
	if err != nil {
		log.Fatal(err)
	}
	net.Init(1, &nn.Init{Uniform: true})
	w, b := net.Weights(2)
	fmt.Println(net.NumParams(), "parameters; the second kernel:", len(w), "weights,", len(b), "biases")
	lin := nn.Linearization{GaussNewton: true}
	if err := net.Linearize(&lin, data.Digits().Batch(0, 16)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(lin.Chain.Stages), "stages")
	// Output:
	// 1898 parameters; the second kernel: 1152 weights, 16 biases
	// 3 stages
}

// A transformer on the rows of images: each row of pixels is a token.
func ExampleTransformerBlock() {
	layers := []nn.Layer{&nn.Tokens{Tokens: 8, Out: 16, Positions: true, Bias: true}}
	layers = append(layers, nn.TransformerBlock(8, 16, 2, 32, nn.GELU)...)
	layers = append(layers, nn.LayerNorm{Tokens: 8}, nn.GlobalAvgPool{}, &nn.Dense{Out: 10, Bias: true})
	net, err := nn.New(64, nn.CrossEntropy, layers...)
	if err != nil {
		log.Fatal(err)
	}
	net.Init(1, nil)
	loss, err := net.Loss(data.Digits().Batch(0, 100), nil)
	if err != nil {
		log.Fatal(err)
	}
	w, _ := net.Weights(1, 1) // of the first residual block, queries, keys and values
	fmt.Printf("%d parameters, %d of them make q, k and v; loss below 5: %t\n", net.NumParams(), len(w), loss < 5)
	// Output: 2602 parameters, 768 of them make q, k and v; loss below 5: true
}

// Sequences of at most three tokens of two numbers. The first number of a sample is its
// length; what stands behind the tokens that count is padding.
func ExampleLengths() {
	net, err := nn.New(7, nn.SquaredError,
		nn.Lengths{},
		&nn.Tokens{Tokens: 3, Out: 12, Bias: true}, nn.Attention{Heads: 2}, // queries, keys and values of width 4
		nn.GlobalAvgPool{}, &nn.Dense{Out: 1})
	if err != nil {
		log.Fatal(err)
	}
	net.Init(1, nil)
	out := make([]float64, 3)
	err = net.Predict(out, []float64{
		2, 0.5, -1, 2, 0.3, 0, 0,
		2, 0.5, -1, 2, 0.3, 70, -80,
		3, 0.5, -1, 2, 0.3, 70, -80,
	}, 3, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out[0] == out[1], out[1] == out[2])
	// Output: true false
}

// A layer norm of tokens as PyTorch's LayerNorm(2), whose gains and shifts are the same
// for every token.
func ExampleScale() {
	net, err := nn.New(6, nn.SquaredError, nn.LayerNorm{Tokens: 3}, nn.Scale{Tokens: 3})
	if err != nil {
		log.Fatal(err)
	}
	net.SetParams([]float64{10, 20, 0.5, -0.5}) // a gain, then a shift, for each number of a token
	out := make([]float64, 6)
	if err := net.Predict(out, []float64{0, 2, 7, 3, -5, 5}, 1, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f\n", out)
	// Output: [-9.500 19.500 10.500 -20.500 -9.500 19.500]
}

// A skip around two layers, and one within it.
func ExampleResidual() {
	inner := &nn.Residual{Layers: []nn.Layer{&nn.Dense{Out: 4, Act: nn.Tanh}}}
	net, err := nn.New(4, nn.SquaredError,
		&nn.Residual{Layers: []nn.Layer{nn.LayerNorm{}, inner, &nn.Dense{Out: 4}}},
		&nn.Dense{Out: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(net.NumParams(), "parameters")
	w, _ := net.Weights(0, 1, 0) // layer 0, its layer 1, of that layer 0
	fmt.Println(len(w), "of them in the innermost layer")
	// Output:
	// 36 parameters
	// 16 of them in the innermost layer
}
