package main

import (
	"sync"
	"time"
)

// registerPeak measures how many Gflop/s multiply-adds in registers reach on
// so many threads at once, the best of several tries. It is 0 where there is no
// such loop for the processor.
func registerPeak(threads int) float64 {
	best := 0.0
	for _, loop := range fmaLoops() {
		const rounds = 1 << 21
		for range 5 {
			start := time.Now()
			var wg sync.WaitGroup
			for range threads {
				wg.Go(func() { loop.run(rounds) })
			}
			wg.Wait()
			best = max(best, float64(threads)*rounds*loop.flops/time.Since(start).Seconds()/1e9)
		}
	}
	return best
}

// peakSource says what the peak of a report is.
func peakSource() string {
	if len(fmaLoops()) == 0 {
		return "the best gemm of this run"
	}
	return "multiply-adds in registers, measured in this run"
}
