package factor_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/blas"
	"costate/nn"
	"costate/nn/data"
)

// The cases of the command's compare: inputs, width, classes, layers, batch.
var netCases = []struct {
	name                 string
	in, width, out, l, b int
}{
	{"demo", 5, 10, 3, 30, 2},
	{"wide", 16, 24, 10, 8, 16},
	{"mid", 5, 20, 3, 30, 8},
	{"deep", 5, 10, 3, 1000, 2},
	{"long", 16, 32, 10, 20, 16},
	{"anchor", 768, 24, 10, 8, 64},
}

func linearized(b *testing.B, i int) *nn.Linearization {
	c := netCases[i]
	widths := []int{c.in}
	for range c.l - 1 {
		widths = append(widths, c.width)
	}
	widths = append(widths, c.out)
	net, err := nn.New(c.in, nn.CrossEntropy, nn.MLP(widths, nn.Tanh, false)...)
	if err != nil {
		b.Fatal(err)
	}
	net.Init(1, nil)
	set, err := data.Gaussian(c.b, c.in, c.out, 1)
	if err != nil {
		b.Fatal(err)
	}
	var lin nn.Linearization
	if err := net.Linearize(&lin, set.Batch(0, c.b)); err != nil {
		b.Fatal(err)
	}
	return &lin
}

func BenchmarkChain(b *testing.B) {
	for i, c := range netCases {
		for _, name := range []string{"native", "openblas"} {
			be, err := blas.ByName(name, runtime.GOMAXPROCS(0))
			if err != nil {
				continue // built without it
			}
			lin := linearized(b, i)
			var f factor.Chain
			if err := f.Analyse(&lin.Chain, &factor.Options{Backend: be}); err != nil {
				b.Fatal(err)
			}
			g := mat.NewVecDense(len(lin.Gradient), lin.Gradient)
			x := mat.NewVecDense(len(lin.Gradient), nil)
			key := fmt.Sprintf("case=%s/depth=%d/width=%d/batch=%d/backend=%s", c.name, c.l, c.width, c.b, name)
			b.Run("phase=factor/"+key, func(b *testing.B) {
				for b.Loop() {
					if err := f.Factorize(0.1); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(f.Report().Flops)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gflop/s")
			})
			b.Run("phase=point/"+key, func(b *testing.B) {
				for b.Loop() {
					if err := f.Update(&lin.Chain); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("phase=solve/"+key, func(b *testing.B) {
				if err := errors.Join(f.Update(&lin.Chain), f.Factorize(0.1)); err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					if err := f.SolveVecTo(x, g); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
