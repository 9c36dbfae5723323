package factor_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/blas"
	"costate/nn"
	"costate/nn/data"
	"costate/system/chaintest"
)

// convNet is a convolutional network on images of side×side pixels: twice a convolution,
// the first one pooled, and a dense layer.
func convNet(tb testing.TB, side, first, second, kernel, classes int, act nn.Activation) *nn.Network {
	tb.Helper()
	return mustNet(tb, side*side,
		&nn.Conv2D{Height: side, Width: side, Out: first, Kernel: kernel, Pad: 1, Bias: true, Act: act}, nn.AvgPool{Size: 2},
		&nn.Conv2D{Out: second, Kernel: kernel, Bias: true, Act: act}, &nn.Dense{Out: classes, Bias: true})
}

// transformerNet is a block of a transformer, behind an embedding with positions.
func transformerNet(tb testing.TB, inputs, tokens, width, heads, hidden, classes int) *nn.Network {
	tb.Helper()
	layers := append([]nn.Layer{&nn.Tokens{Tokens: tokens, Out: width, Positions: true, Bias: true}}, nn.TransformerBlock(tokens, width, heads, hidden, nn.Tanh)...)
	return mustNet(tb, inputs, append(layers, nn.GlobalAvgPool{}, &nn.Dense{Out: classes, Bias: true})...)
}

// sequenceNet is transformerNet for sequences of unequal length.
func sequenceNet(tb testing.TB, inputs, tokens, width, heads, hidden, classes int) *nn.Network {
	layers := transformerNet(tb, inputs, tokens, width, heads, hidden, classes).Layers()
	return mustNet(tb, inputs+1, append([]nn.Layer{nn.Lengths{}}, layers...)...)
}

// mustNet is a network with the cross-entropy and random weights.
func mustNet(tb testing.TB, inputs int, layers ...nn.Layer) *nn.Network {
	tb.Helper()
	net, err := nn.New(inputs, nn.CrossEntropy, layers...)
	if err != nil {
		tb.Fatal(err)
	}
	net.Init(1, nil)
	return net
}

// labelled is a batch of normal inputs and labels.
func labelled(net *nn.Network, n int, seed uint64) *nn.Batch {
	rng := rand.New(rand.NewPCG(seed, 3))
	b := &nn.Batch{N: n}
	for range n * net.Inputs() {
		b.X = append(b.X, rng.NormFloat64())
	}
	if _, ok := net.Layers()[0].(nn.Lengths); ok {
		tokens := net.Layers()[1].(*nn.Tokens).Tokens
		for i := range n {
			b.X[i*net.Inputs()] = float64(1 + rng.IntN(tokens))
		}
	}
	for range n {
		b.Labels = append(b.Labels, rng.IntN(net.Outputs()))
	}
	return b
}

// Every method on networks with several rows a sample, as package nn linearizes them:
// backward error, inertia and log-determinant against the dense matrix.
func TestRowNetworks(t *testing.T) {
	for name, net := range map[string]*nn.Network{
		"conv, tanh":  convNet(t, 6, 2, 3, 3, 3, nn.Tanh),
		"conv, relu":  convNet(t, 6, 2, 3, 3, 3, nn.ReLU),
		"transformer": transformerNet(t, 6, 3, 4, 2, 5, 3),
		"lengths":     sequenceNet(t, 6, 3, 4, 2, 5, 3),
		"groups": mustNet(t, 24, &nn.Conv2D{Height: 3, Width: 4, Out: 4, Kernels: nn.Axes{2, 1}, Groups: 2, Bias: true, Act: nn.Tanh},
			&nn.Conv2D{Out: 4, Kernel: 2, Groups: 4, Bias: true, Act: nn.Tanh}, &nn.Dense{Out: 3, Bias: true}),
	} {
		for _, batch := range []int{1, 3, 5} {
			var lin nn.Linearization
			if err := net.Linearize(&lin, labelled(net, batch, 1)); err != nil {
				t.Fatal(err)
			}
			if err := lin.Chain.Check(); err != nil {
				t.Fatal(err)
			}
			gn := lin.Chain.GaussNewton()
			for method, f := range map[string]factor.Factorization{"chain": new(factor.Chain), "augmented": new(factor.Augmented), "dense": new(factor.Dense), "auto": new(factor.Auto)} {
				t.Run(fmt.Sprintf("%s/batch=%d/hessian/%s", name, batch, method), func(t *testing.T) {
					if err := f.Analyse(&lin.Chain, nil); err != nil {
						t.Fatal(err)
					}
					h := chaintest.Matrix(&lin.Chain, blas.Native())
					for _, eps := range []float64{1, 0.01, 1e-4, -0.05} {
						check(t, f, h, eps)
					}
				})
			}
			for method, f := range map[string]factor.Factorization{"chain": new(factor.Chain), "gram": new(factor.Gram), "auto": new(factor.Auto)} {
				t.Run(fmt.Sprintf("%s/batch=%d/gauss-newton/%s", name, batch, method), func(t *testing.T) {
					if err := f.Analyse(gn, nil); err != nil {
						t.Fatal(err)
					}
					h := chaintest.Matrix(gn, blas.Native())
					for _, eps := range []float64{1, 0.01, 1e-4} {
						check(t, f, h, eps)
					}
				})
			}
		}
	}
}

// BenchmarkRowNetworks: a new point of the exact Gauss–Newton matrix by Gram, from the
// network to the solution, beside a gradient of the same batch. The last figure is the
// time in gradients for 100 rows of J̃.
func BenchmarkRowNetworks(b *testing.B) {
	set := data.Digits()
	for name, c := range map[string]struct {
		net   *nn.Network
		batch int
	}{
		"net=conv":        {convNet(b, 8, 8, 16, 3, 10, nn.Tanh), 64},
		"net=transformer": {transformerNet(b, 64, 8, 16, 2, 32, 10), 32},
	} {
		b.Run(fmt.Sprintf("%s/batch=%d", name, c.batch), func(b *testing.B) {
			batch := set.Batch(0, c.batch)
			g := make([]float64, c.net.NumParams())
			var ws nn.Workspace
			gradient := func() {
				if _, err := c.net.Gradient(g, batch, &ws); err != nil {
					b.Fatal(err)
				}
			}
			lin := nn.Linearization{GaussNewton: true}
			var f factor.Gram
			var x mat.VecDense
			analysed := false
			solve := func() {
				if err := c.net.Linearize(&lin, batch); err != nil {
					b.Fatal(err)
				}
				if !analysed {
					if err := f.Analyse(&lin.Chain, nil); err != nil {
						b.Fatal(err)
					}
					analysed = true
				} else if err := f.Update(&lin.Chain); err != nil {
					b.Fatal(err)
				}
				if err := f.Factorize(1e-2); err != nil {
					b.Fatal(err)
				}
				if err := f.SolveVecTo(&x, mat.NewVecDense(len(g), lin.Gradient)); err != nil {
					b.Fatal(err)
				}
			}
			best := [2]float64{1e9, 1e9}
			gradient()
			solve()
			for b.Loop() {
				for i, f := range []func(){gradient, solve} {
					start := now()
					f()
					best[i] = min(best[i], now()-start)
				}
			}
			rows := float64(c.batch * 9) // of J̃: softmax has rank 9
			b.ReportMetric(best[0]*1e3, "ms/gradient")
			b.ReportMetric(best[1]*1e3, "ms/solve")
			b.ReportMetric(best[1]/best[0]/(rows/100), "gradients/100rows")
		})
	}
}

// now is a time in seconds.
func now() float64 { return time.Since(started).Seconds() }

var started = time.Now()
