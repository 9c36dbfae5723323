// Package benchtest times what benchmarks compare.
package benchtest

import (
	"testing"
	"time"
)

// Least runs the functions one after the other, again and again for a benchmark, and
// returns the least seconds of each: what is compared then met the same machine.
func Least(b *testing.B, run ...func() error) []float64 {
	least := make([]float64, len(run))
	for b.Loop() {
		for i, f := range run {
			start := time.Now()
			if err := f(); err != nil {
				b.Fatal(err)
			}
			if s := time.Since(start).Seconds(); least[i] == 0 || s < least[i] {
				least[i] = s
			}
		}
	}
	return least
}
