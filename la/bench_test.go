package la

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkBuild sorts entries that come by rows (as an assembly emits them)
// and in random order.
func BenchmarkBuild(b *testing.B) {
	const n, m = 25_000, 1_500_000
	for _, order := range []string{"rows", "random"} {
		rng := rand.New(rand.NewPCG(1, 1))
		sb := NewSymBuilder(n, m)
		for t := range m {
			i := rng.IntN(n)
			if order == "rows" {
				i = t / (m / n)
			}
			sb.Add(i, rng.IntN(i+1), 1)
		}
		b.Run(fmt.Sprintf("order=%s/entries=%d", order, m), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sb.Build()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/m, "ns/entry")
		})
	}
}

func BenchmarkSymMulVec(b *testing.B) {
	const n, m = 25_000, 1_500_000
	a := randomSym(rand.New(rand.NewPCG(1, 1)), n, m)
	x, y := make([]float64, n), make([]float64, n)
	for b.Loop() {
		a.MulVecTo(y, x)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(a.NNZ()), "ns/entry")
}

func BenchmarkSymResidual(b *testing.B) {
	const n, m = 25_000, 1_500_000
	for _, m := range []int{5 * n, m} {
		a := randomSym(rand.New(rand.NewPCG(1, 1)), n, m)
		x, y, work := make([]float64, n), make([]float64, n), make([]float64, 2*n)
		b.Run(fmt.Sprintf("MulVecTo/entries=%d", m), func(b *testing.B) {
			for b.Loop() {
				a.MulVecTo(y, x)
			}
		})
		b.Run(fmt.Sprintf("ResidualTo/entries=%d", m), func(b *testing.B) {
			for b.Loop() {
				a.ResidualTo(y, work, y, x, 1)
			}
		})
	}
}

func BenchmarkBlockTridiagResidual(b *testing.B) {
	for _, size := range []int{4, 10, 30, 100} {
		sizes := make([]int, 100_000/(size*size))
		for k := range sizes {
			sizes[k] = size
		}
		a := NewBlockTridiag(sizes)
		n := a.SymmetricDim()
		x, y, work := make([]float64, n), make([]float64, n), make([]float64, 2*n)
		b.Run(fmt.Sprintf("MulVecTo/size=%d", size), func(b *testing.B) {
			for b.Loop() {
				a.MulVecTo(y, x)
			}
		})
		b.Run(fmt.Sprintf("ResidualTo/size=%d", size), func(b *testing.B) {
			for b.Loop() {
				a.ResidualTo(y, work, y, x, 1)
			}
		})
	}
}
