//go:build cgo && mumps

package factor

import (
	"fmt"
	"math"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/blas"
)

// BenchmarkMUMPS measures what the judge adds to MUMPS: factor and one solve of the
// seven-point Laplacian of m³ points, by Sparse and by the engine alone, in turns. The
// metric overhead is the part that the best time of Sparse exceeds that of the engine by.
func BenchmarkMUMPS(b *testing.B) {
	for _, m := range []int{20, 40} {
		b.Run(fmt.Sprintf("points=%d", m*m*m), func(b *testing.B) {
			n := m * m * m
			build := la.NewSymBuilder(n, 4*n)
			for i := range n {
				build.Add(i, i, 6)
				if i%m > 0 {
					build.Add(i, i-1, -1)
				}
				if i/m%m > 0 {
					build.Add(i, i-m, -1)
				}
				if i/m/m > 0 {
					build.Add(i, i-m*m, -1)
				}
			}
			a, _ := build.Build()
			var f Sparse
			defer f.Reset()
			if err := f.Analyse(a, &Options{Engine: EngineMUMPS, Backend: blas.NativeThreads(1)}); err != nil {
				b.Fatal(err)
			}
			ones := make([]float64, n)
			x := make([]float64, n)
			for i := range ones {
				ones[i] = 1
			}
			rhs := mat.NewVecDense(n, ones)
			var y mat.VecDense
			alone, judged := math.Inf(1), math.Inf(1)
			for b.Loop() {
				start := time.Now()
				if err := f.Refactorize(a); err != nil {
					b.Fatal(err)
				}
				if err := f.SolveVecTo(&y, rhs); err != nil {
					b.Fatal(err)
				}
				judged = min(judged, time.Since(start).Seconds())
				start = time.Now()
				copy(x, ones)
				f.factors().Factor(0)
				f.factors().Solve(x, 1)
				alone = min(alone, time.Since(start).Seconds())
			}
			b.ReportMetric(alone, "s-alone")
			b.ReportMetric(judged, "s-judged")
			b.ReportMetric(judged/alone-1, "overhead")
		})
	}
}
