package gemm

import (
	"fmt"
	"testing"
)

func BenchmarkGemm(b *testing.B) {
	for _, n := range []int{8, 16, 32, 64, 128, 256, 512, 1024} {
		for x := range 4 {
			tA, tB := x&1 != 0, x&2 != 0
			b.Run(fmt.Sprintf("n=%d/tA=%v/tB=%v", n, tA, tB), func(b *testing.B) {
				x, y, z := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
				for b.Loop() {
					Gemm(tA, tB, n, n, n, 1, x, n, y, n, 0, z, n, 1)
				}
				b.ReportMetric(2e-9*float64(n)*float64(n)*float64(n)*float64(b.N)/b.Elapsed().Seconds(), "Gflop/s")
			})
		}
	}
}
