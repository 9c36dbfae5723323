package gemm

import (
	"flag"
	"fmt"
	"math"
	"testing"
	"time"
)

var calibrate = flag.Bool("calibrate", false, "measure the block sizes and thresholds of the instruction set in use")

// fastest times the functions in turn, in many short rounds, and returns the
// least seconds of each: what a busy machine adds to a time is never negative.
func fastest(rounds int, fs []func()) []float64 {
	calls := make([]int, len(fs))
	best := make([]float64, len(fs))
	for i, f := range fs {
		f()
		start := time.Now()
		f()
		calls[i] = 1 + int(200*time.Microsecond/(1+time.Since(start)))
		best[i] = math.Inf(1)
	}
	for range rounds {
		for i, f := range fs {
			start := time.Now()
			for range calls[i] {
				f()
			}
			best[i] = min(best[i], time.Since(start).Seconds()/float64(calls[i]))
		}
	}
	return best
}

// TestCalibrateBlocks prints the speed of the product against the block sizes.
// The sizes of an isa are read from its table.
func TestCalibrateBlocks(t *testing.T) {
	sizes, heights, depths := []int{64}, []int{8}, []int{64}
	if *calibrate {
		sizes, heights, depths = []int{128, 200, 256, 384, 512, 768, 1024}, []int{6, 8, 12, 16, 24, 32}, []int{192, 256, 320, 384}
	}
	s := active.Load()
	rounds := 1
	if *calibrate {
		rounds = 20
	}
	for _, n := range sizes {
		x, y, z := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
		for i := range x {
			x[i], y[i] = float64(i%7)-3, float64(i%5)-2
		}
		p := product{whole, false, false, n, n, n, 1, 0, x, y, z, n, n, n}
		var fs []func()
		var names []string
		for _, h := range heights {
			for _, k := range depths {
				v := *s
				v.mc, v.kc = h*s.mr, k
				fs = append(fs, func() { v.region(&p, 0, n, 0, n) })
				names = append(names, fmt.Sprintf("mc %3d kc %3d", v.mc, v.kc))
			}
		}
		for i, sec := range fastest(rounds, fs) {
			t.Logf("%s n %4d %s: %5.1f Gflop/s", s.name, n, names[i], 2e-9*float64(n)*float64(n)*float64(n)/sec)
		}
	}
}

// TestCalibratePacking prints the speed of the product with and without packed
// operands. The limits in worthPacking are read from its table.
func TestCalibratePacking(t *testing.T) {
	sizes := [][3]int{{16, 16, 16}}
	if *calibrate {
		sizes = sizes[:0]
		for _, n := range []int{16, 24, 32, 40, 48, 56, 64, 72, 80, 96, 112, 128, 160, 192, 256} {
			sizes = append(sizes, [3]int{n, n, n})
		}
		for _, w := range []int{8, 16, 32, 64, 96} {
			for _, n := range []int{200, 256, 500} {
				sizes = append(sizes, [3]int{n, w, n}, [3]int{w, n, n}, [3]int{n, n, w})
			}
		}
	}
	s := active.Load()
	rounds := 1
	if *calibrate {
		rounds = 60
	}
	for _, size := range sizes {
		m, n, k := size[0], size[1], size[2]
		for _, tA := range []bool{false, true} {
			x, y, z := make([]float64, m*k), make([]float64, k*n), make([]float64, m*n)
			for i := range x {
				x[i] = float64(i%7) - 3
			}
			for i := range y {
				y[i] = float64(i%5) - 2
			}
			lda := k
			if tA {
				lda = m
			}
			p := product{whole, tA, false, m, n, k, 1, 0, x, y, z, lda, n, n}
			var fs []func()
			for i := range 4 {
				v := *s
				v.pack = func() (bool, bool) { return i&1 != 0, i&2 != 0 }
				fs = append(fs, func() { v.region(&p, 0, m, 0, n) })
			}
			line := fmt.Sprintf("%s m %4d n %4d k %4d tA %5v Gflop/s", s.name, m, n, k, tA)
			for i, sec := range fastest(rounds, fs) {
				line += fmt.Sprintf("   %s %5.1f", []string{"none", "A", "B", "both"}[i], 2e-9*float64(m)*float64(n)*float64(k)/sec)
			}
			t.Log(line)
		}
	}
}
