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
	for _, n := range []int{4, 8, 12, 16, 20, 24, 32, 48, 64, 100, 128, 160, 256, 400, 800} {
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

// BenchmarkFront measures three ways to eliminate p columns above q rows and to
// make the Schur complement: pivots within the block with a check after, whole
// columns, and all in one call.
func BenchmarkFront(b *testing.B) {
	g := blas.NativeThreads(1)
	for _, s := range [][2]int{{1, 4}, {1, 16}, {2, 6}, {4, 4}, {4, 12}, {4, 30}, {8, 8}, {8, 24}, {16, 16}, {16, 48}, {32, 32}, {32, 100}, {64, 100}, {100, 200}, {200, 400}, {500, 500}} {
		p, q := s[0], s[1]
		m := p + q
		f := blastest.NewFront(blastest.Kinds[0], m, p, 0, 1, blastest.NewRand(3))
		w, y, c := make([]float64, m*p), make([]float64, q*p), make([]float64, q*q)
		e, perm, most := make([]float64, p), make([]int, p), make([]float64, p)
		work := make([]float64, max(g.SytrfWork(p), blas.LdlpartWork(m, p), blas.LdlfrontWork(m, p)))
		for _, k := range []struct {
			op   string
			call func()
		}{
			{"block", func() {
				copy(w, f.A.Data)
				g.Sytrf(p, w, p, e, perm, work)
				blas.LdlBelow(g, q, p, w, p, e, perm, w[p*p:], p, y, p, most)
				g.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, q, p, -1, w[p*p:], p, y, p, 0, c, q)
			}},
			{"part", func() {
				copy(w, f.A.Data)
				ne, _, _ := blas.Ldlpart(g, m, p, w, p, 0.01, 0, false, e, perm, work)
				blas.DMulRows(q, ne, w, p, e, w[p*p:], p, y, p)
				g.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, q, ne, -1, w[p*p:], p, y, p, 0, c, q)
			}},
			{"front", func() {
				copy(w, f.A.Data)
				blas.Ldlfront(g, m, p, w, p, 0.01, 0, false, e, perm, c, q, work)
			}},
		} {
			b.Run(fmt.Sprintf("op=%s/p=%d/q=%d", k.op, p, q), func(b *testing.B) {
				for b.Loop() {
					k.call()
				}
			})
		}
	}
}
