package gemm

import "testing"

// TestCalibrateThreads prints the speed of the product on one and on two
// threads. serialFlops is read from its table: about where two become faster,
// for both threads together.
func TestCalibrateThreads(t *testing.T) {
	sizes, rounds := []int{32}, 1
	if *calibrate {
		sizes, rounds = []int{32, 40, 48, 56, 64, 72, 80, 96, 112, 128, 192, 256, 512}, 100
	}
	s := active.Load()
	for _, n := range sizes {
		x, y, z := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
		for _, sh := range []shape{whole, lower} {
			p := product{sh, false, false, n, n, n, 1, 0, x, y, z, n, n, n}
			sec := fastest(rounds, []func(){
				func() { s.region(&p, 0, n, 0, n) },
				func() { p.parallel(s, 2) },
			})
			flops := 2e-9 * float64(n) * float64(n) * float64(n)
			if sh != whole {
				flops /= 2
			}
			t.Logf("%s n %4d shape %d Gflop/s   one %5.1f   two %5.1f", s.name, n, sh, flops/sec[0], flops/sec[1])
		}
	}
}
