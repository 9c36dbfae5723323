package partition

import "math"

// A cutter takes the permutation of a perfect matching apart: each of its cycles
//
//	i → j → k → … → i       row i is matched with column j, row j with column k
//
// becomes a sequence of pairs of neighbours and of unknowns that stand alone.
// All entries between neighbours are 1 when scaled, so a pair is a good pivot
// unless its determinant cancels, and an unknown that stands alone is as good
// as its diagonal entry is large. Of all cuts it takes one with the largest
// product of these, where strong ones count 1. If there are several it has
// few pairs.
//
// Source: I. S. Duff and S. Pralet, Strategies for scaling and pivoting for sparse
// symmetric indefinite problems, SIAM J. Matrix Anal. Appl. 27 (2005), section
// 3, where a cycle of even length has two cuts and one of odd length k has k.
type cutter struct {
	s     *assignment
	cycle []int32
	pair  [2][]bool // of position t: with the one before, in the two kinds of cuts
}

const (
	// A diagonal entry that is so large when scaled needs no partner.
	strongDiagonal = 0.1

	// worstPivot stands for the logarithm of zero.
	worstPivot = -8192
)

// cut fills mate with the partners of all rows.
func (s *assignment) cut(mate []int32) {
	for i := range mate {
		mate[i] = -1
	}
	c := cutter{s: s}
	for i, j := range s.column {
		if j < 0 || mate[i] >= 0 {
			continue
		}
		if int(j) == i {
			mate[i] = j
			continue
		}
		c.cycle = c.cycle[:0]
		for k := int32(i); len(c.cycle) == 0 || k != int32(i); k = s.column[k] {
			c.cycle = append(c.cycle, k)
		}
		c.cut(mate)
	}
}

// cut fills mate for one cycle. The values of the best cut of its first t
// unknowns follow from those of the first t-1 and t-2; a pair of the last and
// the first is tried apart.
func (c *cutter) cut(mate []int32) {
	k := len(c.cycle)
	open := c.path(0, 0, k)
	if k > 2 {
		closed := c.pairValue(c.cycle[k-1], c.cycle[0]) + c.path(1, 1, k-1)
		if closed > open {
			join(mate, c.cycle[k-1], c.cycle[0])
			c.walk(mate, 1, 1, k-1)
			return
		}
	}
	c.walk(mate, 0, 0, k)
}

// path finds the best cut of the positions lo to hi-1 of the cycle, leaves it in
// the given list of pairs, and returns its value.
func (c *cutter) path(list, lo, hi int) float64 {
	for len(c.pair[list]) < hi {
		c.pair[list] = append(c.pair[list], false)
	}
	pair := c.pair[list]
	before, last := 0.0, 0.0 // values up to t-2 and t-1
	for t := lo; t < hi; t++ {
		value := last + c.loneValue(c.cycle[t])
		pair[t] = false
		if t > lo {
			if v := before + c.pairValue(c.cycle[t-1], c.cycle[t]); v > value {
				value, pair[t] = v, true
			}
		}
		before, last = last, value
	}
	return last
}

// walk takes the cut that path has left.
func (c *cutter) walk(mate []int32, list, lo, hi int) {
	for t := hi - 1; t >= lo; t-- {
		i := c.cycle[t]
		if c.pair[list][t] {
			t--
			join(mate, i, c.cycle[t])
		} else {
			mate[i] = i
		}
	}
}

func join(mate []int32, i, j int32) { mate[i], mate[j] = j, i }

// loneValue is the logarithm of the scaled diagonal entry, or 0 if it is strong.
func (c *cutter) loneValue(i int32) float64 {
	g := c.s.g
	if g.diag[i] == noCost {
		return worstPivot
	}
	l := float64(c.s.u[i]+c.s.v[i]-int64(g.diag[i])) / octave
	if l >= logStrong {
		return 0
	}
	return l
}

var logStrong = math.Log2(strongDiagonal)

// pairValue is the logarithm of the determinant of
//
//	[ a_ii  1    ]
//	[ 1     a_jj ]   scaled
//
// or 0 if that is larger than 1.
func (c *cutter) pairValue(i, j int32) float64 {
	g, s := c.s.g, c.s
	if g.diag[i] == noCost || g.diag[j] == noCost || g.neg[i] != g.neg[j] {
		return 0
	}
	l := s.u[i] + s.v[i] + s.u[j] + s.v[j] - int64(g.diag[i]) - int64(g.diag[j])
	det := -math.Expm1(float64(l) * (math.Ln2 / octave))
	if det <= 0 {
		return worstPivot
	}
	return max(worstPivot, math.Log2(det))
}
