package nn

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"costate/la/blas"
)

// uniform returns a network of the given number of dense layers.
func uniform(t testing.TB, inputs, width, classes, layers int, act Activation, bias bool) *Network {
	widths := []int{inputs}
	for range layers - 1 {
		widths = append(widths, width)
	}
	net := mustNet(t, inputs, CrossEntropy, MLP(append(widths, classes), act, bias)...)
	net.Init(1, nil)
	return net
}

func BenchmarkLinearize(b *testing.B) {
	for _, c := range []struct{ in, width, classes, layers, batch int }{
		{5, 10, 3, 30, 2}, {5, 10, 3, 1000, 2}, {16, 24, 10, 8, 16}, {16, 32, 10, 20, 16}, {768, 24, 10, 8, 64}, {784, 512, 10, 4, 256},
	} {
		for _, act := range []Activation{Tanh, ReLU} {
			b.Run(fmt.Sprintf("in=%d/width=%d/depth=%d/batch=%d/act=%s", c.in, c.width, c.layers, c.batch, act.Name()), func(b *testing.B) {
				net := uniform(b, c.in, c.width, c.classes, c.layers, act, false)
				batch := randomBatch(net, c.batch, rand.New(rand.NewPCG(1, 1)), false)
				var lin Linearization
				for b.Loop() {
					if err := net.Linearize(&lin, batch); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkProduct shows from which size on a backend is faster than the kernels for
// small matrices: smallProduct.
func BenchmarkProduct(b *testing.B) {
	be := blas.Native()
	for _, c := range []struct{ batch, width int }{{1, 10}, {2, 4}, {2, 10}, {2, 20}, {2, 32}, {2, 64}, {4, 10}, {4, 20}, {8, 8}, {8, 20}, {8, 32}, {16, 16}, {16, 24}, {32, 16}, {32, 32}} {
		m, n := c.batch, c.width
		x, w, u, d := make([]float64, m*n), make([]float64, n*n), make([]float64, m*n), make([]float64, m*n)
		g := make([]float64, n*n)
		for i := range x {
			x[i], d[i] = float64(i), 2
		}
		for i := range w {
			w[i] = 1
		}
		for _, small := range []bool{false, true} {
			name := "backend"
			if small {
				name = "small"
			}
			b.Run(fmt.Sprintf("batch=%d/width=%d/by=%s", m, n, name), func(b *testing.B) {
				for b.Loop() {
					if small {
						smallForward(u, x, w, nil, m, n, n)
						smallBack(u, d, w, m, n, n, false)
						smallGradient(g, d, x, m, n, n, false)
						continue
					}
					be.Gemm(blas.NoTrans, blas.Trans, m, n, n, 1, x, n, w, n, 0, u, n)
					be.Gemm(blas.NoTrans, blas.NoTrans, m, n, n, 1, d, n, w, n, 0, u, n)
					be.Gemm(blas.Trans, blas.NoTrans, n, n, m, 1, d, n, x, n, 0, g, n)
				}
				b.ReportMetric(6*float64(m*n*n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gflop/s")
			})
		}
	}
}
