package nn_test

import (
	"fmt"
	"math"

	"costate/la/blas"
	"costate/nn"
	"costate/nn/data"
	"costate/system"
)

// A network on real data: its loss and gradient, and a product with the exact
// Hessian of the loss, checked against a difference of two gradients.
func Example() {
	train, _ := data.Digits().Split(1500)
	batch := train.Batch(0, 32)

	net, err := nn.New(64, nn.CrossEntropy, nn.MLP([]int{64, 16, 16, 10}, nn.Tanh, true)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	net.Init(1, nil)

	var lin nn.Linearization
	if err := net.Linearize(&lin, batch); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d parameters, %d stages, loss %.1f\n", net.NumParams(), len(lin.Chain.Stages), lin.Loss)

	hg := make([]float64, net.NumParams())
	system.NewProduct(&lin.Chain, blas.Native()).HessVec(hg, lin.Gradient)

	// The same from (∇ℓ(θ+hg) − ∇ℓ(θ−hg))/2h.
	const h = 1e-5
	theta := net.Params()
	side := func(h float64) []float64 {
		moved, g := net.Clone(), make([]float64, len(theta))
		for i, v := range theta {
			g[i] = v + h*lin.Gradient[i]
		}
		moved.SetParams(g)
		moved.Gradient(g, batch, nil)
		return g
	}
	plus, minus := side(h), side(-h)
	worst := 0.0
	for i := range hg {
		worst = max(worst, math.Abs((plus[i]-minus[i])/(2*h)-hg[i]))
	}
	fmt.Println("Hg agrees with differences of the gradient:", worst < 1e-8)
	// Output:
	// 1482 parameters, 3 stages, loss 2.3
	// Hg agrees with differences of the gradient: true
}

// A new activation is a function of one number with two derivatives.
func ExampleNewActivation() {
	square := nn.NewActivation("square", func(u float64) (f, d1, d2 float64) {
		return u * u, 2 * u, 2
	})
	if err := nn.RegisterActivation(square); err != nil {
		fmt.Println(err)
		return
	}
	act, err := nn.ActivationByName("square")
	if err != nil {
		fmt.Println(err)
		return
	}

	// (w x)² with the loss (z − t)²; at w = 1, x = 3, t = 8 it is 1, and its
	// derivatives in w are 2(9−8)·2·9 = 36 and 2·18² + 2·18 = 684.
	net, err := nn.New(1, nn.SquaredError, &nn.Dense{Out: 1, Act: act})
	if err != nil {
		fmt.Println(err)
		return
	}
	net.SetParams([]float64{1})
	var lin nn.Linearization
	if err := net.Linearize(&lin, &nn.Batch{N: 1, X: []float64{3}, T: []float64{8}}); err != nil {
		fmt.Println(err)
		return
	}
	h := []float64{1}
	system.NewProduct(&lin.Chain, blas.Native()).HessVec(h, h)
	fmt.Println(lin.Loss, lin.Gradient, h)
	// Output:
	// 1 [36] [684]
}

// A network of residual layers with layer norms between them, started so that
// depth does no harm.
func ExampleLayerNorm() {
	const depth, width = 50, 16
	layers := []nn.Layer{&nn.Dense{Out: width, Bias: true}}
	for range depth {
		layers = append(layers, nn.LayerNorm{}, &nn.Dense{Out: width, Bias: true, Act: nn.GELU}, &nn.Dense{Out: width, Act: nn.Tanh, Skip: true})
	}
	layers = append(layers, &nn.Dense{Out: 10})
	net, err := nn.New(64, nn.CrossEntropy, layers...)
	if err != nil {
		fmt.Println(err)
		return
	}
	net.Init(1, &nn.Init{Orthogonal: true, ByActivation: true})

	var lin nn.Linearization
	if err := net.Linearize(&lin, data.Digits().Batch(0, 16)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(net.NumParams(), "parameters in", len(lin.Chain.Stages), "stages")
	// Output:
	// 27600 parameters in 151 stages
}
