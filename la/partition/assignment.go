package partition

// An assignment is the search for a maximum product transversal: a column for
// each row so that the sum of the costs is least. It keeps duals with
//
//	cost_ij − u_i − v_j ≥ 0,    and = 0 where i and j are matched
//
// which prove that the matching is best, and whose exponentials scale the
// matrix. An entry is tight if its reduced cost, this difference, is zero.
//
// Three steps: duals that leave a tight entry in each row, a cheap matching of
// tight entries that looks one step ahead, then a shortest augmenting path for
// each column that is left. As the matrix is symmetric the first duals and the
// first matching are symmetric too: alone on the diagonal or two by two.
//
// Source: I. S. Duff and J. Koster, On algorithms for permuting large entries to
// the diagonal of a sparse matrix, SIAM J. Matrix Anal. Appl. 22 (2001),
// sections 3 and 4.
type assignment struct {
	g       *magnitudes
	u, v    []int64 // duals of rows and columns
	column  []int32 // of each row, or -1
	row     []int32 // of each column, or -1
	matched int

	interrupt   func() bool // asked now and then whether to give up, unless it is nil
	interrupted bool

	// Of the search for a path.
	rows  []reach
	heap  []near
	done  []int32 // rows whose distance is final
	seen  []int32 // rows that were reached
	paths int     // searched
	steps int     // entries looked at in them
}

// A reach is a row in the search for a path: all that is asked of it in one
// place of the memory.
type reach struct {
	u, dist int64 // its dual, its distance from the root
	column  int32 // that it is matched with, or -1
	from    int32 // the column that it was reached from
	place   int32 // in the heap, or one of the states
}

// The states of a row that is not in the heap.
const (
	fresh   = -1 - iota // not reached, or only at the end of the path
	settled             // its distance is final
	dead                // no free row can be reached from it any more
)

func newAssignment(g *magnitudes) *assignment {
	s := &assignment{g: g}
	s.clear()
	return s
}

// clear makes room for duals and a matching.
func (s *assignment) clear() {
	n := s.g.n
	s.u, s.v, s.column, s.row = make([]int64, n), make([]int64, n), make([]int32, n), make([]int32, n)
}

// solve finds a best matching among the largest. Where that leaves rows out, it
// is best for the columns that it has, no more.
func (s *assignment) solve() {
	s.start()
	if s.matched < s.g.n {
		s.augmentAll()
	}
}
