package system_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

// The sizes are those of the networks in README's table.
func BenchmarkResidualTo(b *testing.B) {
	for _, c := range []struct{ batch, in, width, depth, out int }{{2, 5, 10, 1000, 3}, {64, 768, 24, 8, 10}} {
		stages := make([]chaintest.Stage, 0, c.depth)
		for range c.depth - 1 {
			stages = append(stages, chaintest.Stage{Out: c.width})
		}
		chain := chaintest.Random(rand.New(rand.NewPCG(1, 1)), c.batch, c.in, append(stages, chaintest.Stage{Out: c.out})...)
		n := chain.Params()
		p := system.NewProduct(chain, blas.NativeThreads(1))
		x, r, eps := make([]float64, n), make([]float64, n), make([]float64, c.depth)
		for i := range x {
			x[i] = float64(i%7) - 3
		}
		name := fmt.Sprintf("depth=%d/width=%d/batch=%d", c.depth, c.width, c.batch)
		b.Run("kind=product/"+name, func(b *testing.B) {
			for b.Loop() {
				p.HessVec(r, x)
			}
		})
		b.Run("kind=residual/"+name, func(b *testing.B) {
			for b.Loop() {
				p.ResidualTo(r, x, x, eps)
			}
		})
	}
}
