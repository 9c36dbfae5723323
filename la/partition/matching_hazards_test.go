package partition

import (
	"math"
	"testing"

	"costate/la"
)

func TestMatchHazards(t *testing.T) {
	type set func(i, j int, v float64)
	for _, c := range []struct {
		name  string
		n     int
		build func(add set)
		rank  int
		pairs int
	}{
		{"none", 0, func(set) {}, 0, 0},
		{"one zero", 1, func(add set) { add(0, 0, 0) }, 0, 0},
		{"one without entry", 1, func(set) {}, 0, 0},
		{"one", 1, func(add set) { add(0, 0, -1e-300) }, 1, 0},
		{"two", 2, func(add set) { add(0, 0, 1e-9); add(1, 0, 1); add(1, 1, 1) }, 2, 1},
		{"two strong", 2, func(add set) { add(0, 0, 1); add(1, 0, 1); add(1, 1, 1) }, 2, 0},
		{"underflow", 2, func(add set) { add(1, 0, 1e-166); add(1, 1, -1e-8) }, 2, 1},
		{"smallest", 2, func(add set) { add(1, 0, 5e-324); add(1, 1, math.MaxFloat64) }, 2, 1},
		{"zero diagonal path", 100, func(add set) {
			for i := range 99 {
				add(i+1, i, float64(1+i%7))
			}
		}, 100, 50},
		{"zero diagonal odd path", 101, func(add set) {
			for i := range 100 {
				add(i+1, i, 1)
			}
		}, 100, 50},
		{"odd cycle", 101, func(add set) {
			for i := range 101 {
				add(i, (i+1)%101, 1)
			}
		}, 101, 50},
		{"odd cycle with one diagonal entry", 101, func(add set) {
			for i := range 101 {
				add(i, (i+1)%101, 1)
			}
			add(37, 37, 1e-3)
		}, 101, 50},
		{"star", 1000, func(add set) {
			for i := range 999 {
				add(i+1, 0, 1)
			}
		}, 2, 1},
		{"arrow", 1000, func(add set) {
			for i := range 999 {
				add(i+1, 0, 10)
				add(i+1, i+1, 1)
			}
		}, 1000, 1},
		{"arrow backwards", 1000, func(add set) {
			for i := range 999 {
				add(999, i, 10)
				add(i, i, 1)
			}
		}, 1000, 1},
		{"empty rows", 10, func(add set) { add(3, 3, 1); add(5, 4, 1) }, 3, 1},
		{"all equal", 60, func(add set) {
			for i := range 60 {
				for j := range i + 1 {
					add(i, j, 7)
				}
			}
		}, 60, 0},
		{"all equal without diagonal", 60, func(add set) {
			for i := range 60 {
				for j := range i {
					add(i, j, 7)
				}
			}
		}, 60, 30},
		{"wide block of constraints", 300, func(add set) { // 200 multipliers for 100 unknowns
			for i := range 200 {
				add(100+i, i%100, 1)
				add(100+i, (i*7)%100, 2)
			}
			for i := range 100 {
				add(i, i, 1)
			}
		}, 200, 100},
		{"rows of 1e±150", 64, func(add set) {
			e := func(i int) float64 { return math.Pow(10, float64(150-300*(i%2))) }
			for i := range 32 {
				add(i, i, e(i)*e(i)*1e-3)
				add(32+i, i, e(i)*e(32+i))
				add(32+i, (i+1)%32, e((i+1)%32)*e(32+i))
			}
		}, 64, 32},
		{"no numbers", 3, func(add set) { add(0, 0, math.NaN()); add(1, 0, math.Inf(1)); add(2, 2, math.Inf(-1)) }, 3, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := la.NewSymBuilder(c.n, 0)
			c.build(func(i, j int, v float64) { b.Add(i, j, v) })
			a, _ := b.Build()
			m, _ := checkMatching(t, a)
			pairs := 0
			for i, j := range m.Mate {
				if int(j) > i {
					pairs++
				}
			}
			if m.Rank != c.rank || pairs != c.pairs {
				t.Errorf("rank %d, want %d; %d pairs, want %d", m.Rank, c.rank, pairs, c.pairs)
			}
			if c.name == "odd cycle with one diagonal entry" && m.Mate[37] != 37 {
				t.Errorf("the unknown with a diagonal entry has mate %d", m.Mate[37])
			}
		})
	}
}
