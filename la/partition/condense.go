package partition

import "math"

const (
	groupLimit = 1024 // largest group

	// A digit of weakness counts as much as this share of the time more.
	weaknessWeight = 0.25
)

// A condensation says which levels of a level structure go, and what time is
// left.
//
// In a level structure, an edge joins vertices of one level or of neighbouring
// levels. A level that falls apart into small components, once the others are
// taken away, can be eliminated ahead of the chain (static condensation):
//
//	level   l-1    l    l+1               l-1   l+1
//	         ●    ╱▪╲    ●                 ●─────●
//	         ●───╱ ▪ ╲───●       ⇒         ●─────●       and many small groups ▪
//	         ●    ╲▪╱    ●                 ●─────●
//
// because each component couples to levels l-1 and l+1 only; these become
// neighbours. No two levels that go are neighbours.
type condensation struct {
	levels
	groups
	gone []bool
	time float64
}

// stayed counts the vertices that stay in the chain although their level goes.
func (c *condensation) stayed() int {
	n := 0
	for k, gone := range c.gone {
		if gone {
			for _, kept := range c.kept[c.ptr[c.groups.level[k]]:c.ptr[c.groups.level[k+1]]] {
				if kept {
					n++
				}
			}
		}
	}
	return n
}

// condense finds the levels to condense, by dynamic programming over the time that
// is left. It gives up, with ok false, as soon as it knows that the time is
// not below limit. The result shares the memory of l and of s.
func (s *splitter) condense(l levels, limit float64) (res condensation, ok bool) {
	s.split(l)
	h := len(l.start) - 1
	stay, cond := make([]int, h), make([]float64, h)
	for k := range h {
		cond[k], stay[k] = s.bound(k)
	}
	// Bounds become times as far as levels are chosen.
	exact := make([]bool, h)
	for {
		res = s.alternate(l, stay, cond)
		if res.time >= limit {
			return res, false
		}
		done := true
		for k, gone := range res.gone {
			if gone && !exact[k] {
				cond[k], stay[k] = s.survey(k)
				exact[k], done = true, false
			}
		}
		if done {
			res.groups = s.groups
			return res, true
		}
	}
}

// alternate finds which levels go, given for each how many unknowns stay in the
// chain if it goes, and what that costs.
func (s *splitter) alternate(l levels, stay []int, cond []float64) condensation {
	h := len(l.start) - 1
	width := make([]int, h)
	for k := range h {
		width[k] = s.g.total(l.order[l.start[k]:l.start[k+1]])
	}
	// best[k][b]: least time before level k, which stays, where b = 1 means
	// that level k-1 goes.
	best := make([][2]float64, h)
	from := make([][2]int8, h)
	block := func(k, b, m int) float64 {
		n := width[k]
		if b == 1 && k > 0 {
			n += stay[k-1]
		}
		if n == 0 {
			return 0
		}
		return blockTime(n, m)
	}
	rows := func(k, b int) int {
		if b == 1 {
			return s.coupled[k] + stay[k-1]
		}
		return s.coupled[k]
	}
	inf := math.Inf(1)
	for k := range h {
		for b := range 2 {
			best[k][b] = inf
			p := k - 1 - b
			switch {
			case p == -1 && b == 0:
				best[k][b] = 0
			case p == -1:
				best[k][b] = cond[0]
			case p >= 0:
				for pb := range 2 {
					t := best[p][pb] + block(p, pb, rows(k, b))
					if b == 1 {
						t += cond[k-1]
					}
					if t < best[k][b] {
						best[k][b], from[k][b] = t, int8(pb)
					}
				}
			}
		}
	}
	res := condensation{levels: l, gone: make([]bool, h), time: inf}
	at, b := h-1, 0
	for pb := range 2 {
		if t := best[h-1][pb] + block(h-1, pb, 0); t < res.time {
			res.time, at, b = t, h-1, pb
		}
	}
	tail := 0.0 // the block that is left of the last level
	if stay[h-1] > 0 {
		tail = blockTime(stay[h-1], 0)
	}
	if h == 1 {
		if t := cond[0] + tail; t < res.time {
			res.time = t
			res.gone[0] = true
		}
		return res
	}
	for pb := range 2 {
		if t := best[h-2][pb] + block(h-2, pb, stay[h-1]) + cond[h-1] + tail; t < res.time {
			res.time, at, b = t, h-2, pb
		}
	}
	if at == h-2 {
		res.gone[h-1] = true
	}
	for at >= 0 {
		next := int(from[at][b])
		if b == 1 {
			res.gone[at-1] = true
		}
		at, b = at-1-b, next
	}
	return res
}
