package gemm

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"
)

var calibrate = flag.Bool("calibrate", false, "measure the block sizes and thresholds of the instruction set in use")

// fastest times the functions in turn, several times, and returns the median
// seconds of each.
func fastest(rounds int, fs []func()) []float64 {
	all := make([][]float64, len(fs))
	calls := make([]int, len(fs))
	for i, f := range fs {
		f()
		start := time.Now()
		f()
		calls[i] = 1 + int(3*time.Millisecond/(1+time.Since(start)))
	}
	for range rounds {
		for i, f := range fs {
			start := time.Now()
			for range calls[i] {
				f()
			}
			all[i] = append(all[i], time.Since(start).Seconds()/float64(calls[i]))
		}
	}
	out := make([]float64, len(fs))
	for i, t := range all {
		slices.Sort(t)
		out[i] = t[len(t)/2]
	}
	return out
}

// TestCalibrateBlocks prints the speed of the product against the block sizes.
// The sizes of an isa are read from its table.
func TestCalibrateBlocks(t *testing.T) {
	sizes, heights, depths := []int{64}, []int{8}, []int{64}
	if *calibrate {
		sizes, heights, depths = []int{128, 200, 256, 384, 512, 768, 1024}, []int{6, 8, 12, 16, 24, 32}, []int{192, 256, 320, 384}
	}
	s := active.Load()
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
		for i, sec := range fastest(7, fs) {
			t.Logf("%s n %4d %s: %5.1f Gflop/s", s.name, n, names[i], 2e-9*float64(n)*float64(n)*float64(n)/sec)
		}
	}
}
