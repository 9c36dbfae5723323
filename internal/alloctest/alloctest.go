// Package alloctest counts what a function allocates.
package alloctest

import "testing"

// PerRun returns what each call of f allocates, as testing.AllocsPerRun does: the least of
// up to five series of runs calls. What f itself allocates, it allocates in each series.
// The runtime allocates now and then as well, such as the records of goroutines that wait,
// which a collection of garbage drops: a single series counts those too.
func PerRun(runs int, f func()) float64 {
	least := testing.AllocsPerRun(runs, f)
	for range 4 {
		if least == 0 {
			break
		}
		least = min(least, testing.AllocsPerRun(runs, f))
	}
	return least
}
