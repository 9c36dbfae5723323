package nn

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// rowNets are a small convolutional network and a block of a transformer.
func rowNets(tb testing.TB) map[string]netCase {
	conv := mustNet(tb, 64, CrossEntropy,
		&Conv2D{Height: 8, Width: 8, Out: 8, Kernel: 3, Pad: 1, Bias: true, Act: ReLU}, AvgPool{Size: 2},
		&Conv2D{Out: 16, Kernel: 3, Bias: true, Act: ReLU}, &Dense{Out: 10, Bias: true})
	layers := append([]Layer{&Tokens{Tokens: 8, Out: 16, Positions: true, Bias: true}}, TransformerBlock(8, 16, 2, 32, GELU)...)
	block := mustNet(tb, 64, CrossEntropy, append(layers, GlobalAvgPool{}, &Dense{Out: 10, Bias: true})...)
	rng := rand.New(rand.NewPCG(1, 1))
	nets := map[string]netCase{"net=conv/batch=64": {net: conv, batch: randomBatch(conv, 64, rng, false)}, "net=transformer/batch=32": {net: block, batch: randomBatch(block, 32, rng, false)}}
	for _, c := range nets {
		c.net.Init(1, nil)
	}
	return nets
}

// BenchmarkRows: networks with several rows a sample.
func BenchmarkRows(b *testing.B) {
	for name, c := range rowNets(b) {
		b.Run("pass=Gradient/"+name, func(b *testing.B) {
			g := make([]float64, c.net.NumParams())
			var ws Workspace
			for b.Loop() {
				if _, err := c.net.Gradient(g, c.batch, &ws); err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, gn := range []bool{false, true} {
			b.Run(fmt.Sprintf("pass=Linearize/gn=%v/%s", gn, name), func(b *testing.B) {
				lin := Linearization{GaussNewton: gn}
				for b.Loop() {
					if err := c.net.Linearize(&lin, c.batch); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
