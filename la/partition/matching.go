package partition

import (
	"math"

	"costate/la"
)

// A Matching gives each unknown of a sparse symmetric matrix a large pivot to
// hope for, and a scaling in which all these are of size 1 and no entry is
// larger:
//
//	              i  j
//	[ 1     ≤1      ]      alone: its own diagonal entry
//	[    i  ε  1    ]      pair:  a pivot of order two, however small
//	[ ≤1 j  1  ε    ]             its diagonal entries
//
// The pivots are those of a maximum product transversal: of all permutations p
// it has the largest Π |a_i,p(i)|. A pair is best one vertex of an ordering.
type Matching struct {
	// Mate is the partner of each unknown: itself where it stands alone, and
	// -1 where it has none, because the matrix is structurally singular. An
	// unknown that is left over from a cycle of odd length stands alone even
	// if its diagonal entry is small or zero. Mate[Mate[i]] is i.
	Mate []int32

	// Scale are the binary exponents of a scaling: entries |a_ij|
	// 2^(Scale[i]+Scale[j]) are at most 2, and between 1/2 and 2 if they were
	// matched, up to rounding and to the clamp of exponents to ±1000. Rows of
	// zeros have 0.
	Scale []int

	// Rank is the structural rank: the largest rank that any values in the
	// pattern of the entries that are not zero could give.
	Rank int
}

// maxScale is the largest magnitude of an exponent of a scaling.
const maxScale = 1000

// Match finds a matching of a. It looks at the logarithms of the entries, so no
// magnitude is too large or too small; explicit zeros and NaNs do not count
// as entries, and an infinity counts as the largest number. The work is that of a number
// of shortest paths, seldom more than a few hundred nanoseconds an entry.
//
// If a is structurally singular some unknowns have no partner. The rest form
// a principal submatrix that is structurally nonsingular and of the largest
// possible order, and its matching and scaling are as above; the others are
// scaled so that their largest entry is about 1.
//
// Sources: I. S. Duff and J. Koster, On algorithms for permuting large entries to
// the diagonal of a sparse matrix, SIAM J. Matrix Anal. Appl. 22 (2001),
// sections 2 to 4, for the transversal; I. S. Duff and S. Pralet, Strategies for
// scaling and pivoting for sparse symmetric indefinite problems, SIAM J.
// Matrix Anal. Appl. 27 (2005), sections 2 and 3, for the scaling and the pairs;
// I. S. Duff and S. Pralet, Towards stable mixed pivoting strategies for the
// sequential and parallel solution of sparse symmetric indefinite systems, SIAM
// J. Matrix Anal. Appl. 29 (2007), for structurally singular matrices.
func Match(a *la.Sym) *Matching {
	m, _ := match(a, nil)
	return m
}

// MatchUntil is Match, which asks now and then whether to give up. Where interrupt returns
// true, and goes on to do so, the error is ErrInterrupted.
func MatchUntil(a *la.Sym, interrupt func() bool) (*Matching, error) {
	m, s := match(a, interrupt)
	if s.interrupted {
		return nil, ErrInterrupted
	}
	return m, nil
}

// match is Match, and returns the solved assignment also, for tests. There is no
// matching where it was interrupted.
func match(a *la.Sym, interrupt func() bool) (*Matching, *assignment) {
	g := newMagnitudes(a)
	m := &Matching{Mate: make([]int32, g.n), Scale: make([]int, g.n)}
	s := newAssignment(g)
	s.interrupt = interrupt
	s.solve()
	if s.interrupted {
		return nil, s
	}
	if s.matched < g.n {
		// The rows that are matched are, as columns, matched by the mirror
		// image, so there is a matching of these rows with the columns of the
		// same numbers (A. L. Dulmage and N. S. Mendelsohn, Coverings of
		// bipartite graphs, Canad. J. Math. 10 (1958)), and none is larger.
		out := make([]bool, g.n)
		for i, j := range s.column {
			out[i] = j < 0
		}
		g.leaveOut(out)
		s = newAssignment(g)
		s.interrupt = interrupt
		s.solve()
		if s.interrupted {
			return nil, s
		}
	}
	m.Rank = s.matched
	s.cut(m.Mate)

	// Twice the logarithm of the scale is u + v.
	for i := range m.Scale {
		if s.column[i] >= 0 {
			m.Scale[i] = exponentOf(s.u[i] + s.v[i])
		}
	}
	s.scaleRest(m)
	return m, s
}

// scaleRest scales the unknowns without partner by their largest scaled entry.
// Two of them have no entry in common, or they could be matched.
func (s *assignment) scaleRest(m *Matching) {
	for i, j := range s.column {
		if j >= 0 {
			continue
		}
		low := int64(math.MaxInt64)
		for t, to := s.g.out(i); t < to; t++ {
			k := s.g.outAdj[t]
			low = min(low, 2*int64(s.g.outCost[t])-s.u[k]-s.v[k])
		}
		if low < math.MaxInt64 {
			m.Scale[i] = exponentOf(low)
		}
	}
}

// exponentOf rounds x/2, a logarithm in units, to an exponent.
func exponentOf(x int64) int {
	const two = 2 * octave
	e := (x + two/2) >> (octaveBits + 1)
	return int(max(-maxScale, min(maxScale, e)))
}
