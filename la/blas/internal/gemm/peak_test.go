package gemm

import (
	"testing"
	"unsafe"
)

// BenchmarkPeak runs the widest tile on operands that stay in the first-level
// cache: the speed that the product can at best have.
func BenchmarkPeak(b *testing.B) {
	s := active.Load()
	const k = 256
	x, y, z := grow(nil, k*s.mr), grow(nil, k*s.nr), grow(nil, s.mr*s.nr)
	t := tile{
		a: unsafe.Pointer(&x[0]), b: unsafe.Pointer(&y[0]), c: unsafe.Pointer(&z[0]),
		k: k, rows: s.mr, ars: 8, acs: 8 * s.mr, brs: 8 * s.nr, crs: 8 * s.nr, alpha: 1,
	}
	for b.Loop() {
		s.run(&t, s.nr)
	}
	b.ReportMetric(2e-9*float64(s.mr*s.nr*k)*float64(b.N)/b.Elapsed().Seconds(), "Gflop/s")
}
