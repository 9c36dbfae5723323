package blas_test

import (
	"fmt"
	"testing"

	"costate/la/blas"
	"costate/la/blas/blastest"
)

// BenchmarkSmall measures the kernels at the orders of small fronts, one thread.
// The factorizations restore their operand first, a copy of n² words.
func BenchmarkSmall(b *testing.B) {
	g := blas.NativeThreads(1)
	for _, n := range []int{4, 8, 12, 16, 20, 24, 32, 48, 64, 100, 160, 256, 400, 800} {
		rng := blastest.NewRand(1)
		x, y, c := blastest.NewMatrix(n, n, 0).Random(rng), blastest.NewMatrix(n, n, 0).Random(rng), blastest.NewMatrix(n, n, 0).Random(rng)
		for i := range n {
			for j := range i {
				x.Set(i, j, x.At(i, j)/float64(n))
			}
			x.Set(i, i, 1)
		}
		sym := blastest.NewFactor(blastest.Kinds[0], n, 0, rng)
		spd := blastest.NewFactor(blastest.Kinds[2], n, 0, rng)
		e, perm, work := make([]float64, n), make([]int, n), make([]float64, max(g.SytrfWork(n), blas.LdlpartWork(2*n, n)))
		a := make([]float64, n*n)
		cube := float64(n) * float64(n) * float64(n)
		for _, k := range []struct {
			op    string
			flops float64
			call  func()
		}{
			{"copy", 1, func() { copy(a, sym.A.Data) }},
			{"sytrf", cube / 3, func() { copy(a, sym.A.Data); g.Sytrf(n, a, n, e, perm, work) }},
			{"ldlpart", cube / 3, func() { copy(a, sym.A.Data); blas.Ldlpart(g, n, n, a, n, 0.01, 0, false, e, perm, work) }},
			{"potrf", cube / 3, func() { copy(a, spd.A.Data); g.Potrf(n, a, n) }},
			{"trsmL", cube, func() { g.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, n, n, 1, x.Data, n, c.Data, n) }},
			{"trsmR", cube, func() { g.Trsm(blas.Right, blas.Lower, blas.Trans, blas.Unit, n, n, 1, x.Data, n, c.Data, n) }},
			{"syrk", cube, func() { g.Syrk(blas.Lower, blas.NoTrans, n, n, -1, x.Data, n, 0, c.Data, n) }},
			{"gemmt", cube, func() { g.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, n, n, -1, x.Data, n, y.Data, n, 0, c.Data, n) }},
			{"gemm", 2 * cube, func() { g.Gemm(blas.NoTrans, blas.NoTrans, n, n, n, -1, x.Data, n, y.Data, n, 0, c.Data, n) }},
		} {
			b.Run(fmt.Sprintf("op=%s/n=%d", k.op, n), func(b *testing.B) {
				for b.Loop() {
					k.call()
				}
				b.ReportMetric(k.flops/float64(b.Elapsed().Nanoseconds())*float64(b.N), "Gflop/s")
			})
		}
	}
}
