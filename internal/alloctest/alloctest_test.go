package alloctest

import "testing"

var sink []*int

func TestPerRun(t *testing.T) {
	if got := PerRun(3, func() {}); got != 0 {
		t.Errorf("%v allocations of nothing", got)
	}
	if got := PerRun(3, func() { sink = append(sink[:0], new(int)) }); got != 1 {
		t.Errorf("%v allocations where each call makes one", got)
	}
	calls := 0
	if got := PerRun(3, func() {
		if calls++; calls <= 4 { // the first series with its warm-up
			sink = append(sink[:0], new(int), new(int))
		}
	}); got != 0 {
		t.Errorf("%v allocations of a function that stops allocating", got)
	}
}
