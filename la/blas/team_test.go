package blas

import (
	"runtime"
	"sync/atomic"
	"testing"
)

// onProcessors runs f with one processor, where the caller does what others do not begin, and
// with as many as there are.
func onProcessors(t *testing.T, f func(t *testing.T)) {
	for name, n := range map[string]int{"one": 1, "all": max(2, runtime.NumCPU())} {
		t.Run(name, func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
			f(t)
		})
	}
}

func TestTeam(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		ran := make([]int, 5) // each written by one goroutine, and read after Run
		team := NewTeam(func(i int) { ran[i]++ })
		for round := range 200 {
			parts := round % (len(ran) + 1)
			clear(ran)
			team.Run(parts)
			for i, n := range ran {
				if want := min(1, max(0, parts-i)); n != want {
					t.Fatalf("round %d: part %d of %d ran %d times", round, i, parts, n)
				}
			}
		}
	})
}

func TestBeside(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		b := NewBeside()
		ran, own := 0, 0
		body := func() { ran++ }
		for round := range 200 {
			b.Start(body)
			for range round % 7 * 100 {
				own++
			}
			b.Join()
			if ran != round+1 {
				t.Fatalf("round %d: the body ran %d times", round, ran)
			}
		}
	})
}

// TestTeamsTogether has Teams and a Beside of several callers at once, one within another.
func TestTeamsTogether(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		var total atomic.Int64
		inner := func() *Team { return NewTeam(func(i int) { total.Add(int64(i + 1)) }) }
		teams := [3]*Team{inner(), inner(), inner()}
		outer := NewTeam(func(i int) {
			for range 50 {
				teams[i].Run(4) // 1 + 2 + 3 + 4
			}
		})
		b, last := NewBeside(), inner()
		b.Start(func() { last.Run(2) })
		outer.Run(len(teams))
		b.Join()
		if got, want := total.Load(), int64(3*50*10+3); got != want {
			t.Errorf("parts add up to %d, want %d", got, want)
		}
	})
}

func TestTeamAllocates(t *testing.T) {
	sum := [2]int{}
	team, b := NewTeam(func(i int) { sum[i]++ }), NewBeside()
	body := func() { sum[0]++ }
	if n := testing.AllocsPerRun(100, func() {
		b.Start(body)
		b.Join()
		team.Run(2)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
