//go:build cgo && mumps

package factor

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/blas"
	"costate/system/chaintest"
)

// BenchmarkMUMPS measures what the judge adds to MUMPS: factor and one solve of the
// seven-point Laplacian of m³ points, by Sparse, and of K of a chain, by Augmented, and by the
// engine alone, in turns. The metric overhead is the part by which their best time exceeds
// that of the engine.
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
			inTurns(b, &f, n, func() error { return f.Refactorize(a) }, func(x []float64) {
				f.factors().Factor(0)
				f.factors().Solve(x, 1)
			})
		})
	}
	b.Run("K=long", func(b *testing.B) {
		stages := slices.Repeat([]chaintest.Stage{{Out: 32}}, 19)
		c := chaintest.Random(rand.New(rand.NewPCG(1, 2)), 16, 16, append(stages, chaintest.Stage{Out: 10})...)
		var f Augmented
		defer f.Reset()
		if err := f.Analyse(c, &Options{Engine: EngineMUMPS, Backend: blas.NativeThreads(1)}); err != nil {
			b.Fatal(err)
		}
		k := f.ranks.k
		eps := 0.1
		inTurns(b, &f, c.Params(), func() error {
			eps = 0.3 - eps // so that K is damped and scaled anew
			return f.Factorize(eps)
		}, func(x []float64) {
			k.Factor(0)
			f.ranks.Solve(x, 1)
		})
	})
}

// inTurns times factor and a solve by f, and both alone.
func inTurns(b *testing.B, f Solver, n int, factor func() error, engine func(x []float64)) {
	b.Helper()
	ones, x := make([]float64, n), make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	rhs := mat.NewVecDense(n, ones)
	var y mat.VecDense
	alone, judged := math.Inf(1), math.Inf(1)
	for b.Loop() {
		start := time.Now()
		if err := factor(); err != nil {
			b.Fatal(err)
		}
		if err := f.SolveVecTo(&y, rhs); err != nil {
			b.Fatal(err)
		}
		judged = min(judged, time.Since(start).Seconds())
		start = time.Now()
		copy(x, ones)
		engine(x)
		alone = min(alone, time.Since(start).Seconds())
	}
	b.ReportMetric(alone, "s-alone")
	b.ReportMetric(judged, "s-judged")
	b.ReportMetric(judged/alone-1, "overhead")
}
