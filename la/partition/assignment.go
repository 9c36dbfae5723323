package partition

import "math"

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
	n := g.n
	s := &assignment{
		g: g,
		u: make([]int64, n), v: make([]int64, n),
		column: make([]int32, n), row: make([]int32, n),
	}
	for i := range n {
		s.column[i], s.row[i] = -1, -1
	}
	return s
}

// solve finds a best matching among the largest. Where that leaves rows out, it
// is best for the columns that it has, no more.
func (s *assignment) solve() {
	s.firstDuals()
	s.firstMatching()
	s.lookAhead()
	if s.matched < s.g.n {
		s.augmentAll()
	}
}

// firstDuals sets u = v so that each row has a tight entry.
func (s *assignment) firstDuals() {
	g, x := s.g, s.u
	for i := range g.n {
		low := int32(noCost)
		for _, c := range g.cost[g.ptr[i]:g.ptr[i+1]] {
			low = min(low, c)
		}
		if low < noCost {
			x[i] = int64(low) / 2 // exact
		}
	}
	s.raise(x)
	copy(s.v, x)
}

// raise brings each dual to the largest value that the others allow.
func (s *assignment) raise(x []int64) {
	g := s.g
	for i := range g.n {
		lo, hi := g.ptr[i], g.ptr[i+1]
		adj, cost := g.adj[lo:hi], g.cost[lo:hi]
		high := int64(math.MaxInt64)
		for t, j := range adj {
			c := int64(cost[t]) - x[j]
			if int(j) == i {
				c = int64(cost[t]) / 2 // exact
			}
			high = min(high, c)
		}
		if len(adj) > 0 {
			x[i] = high
		}
	}
}

// firstMatching matches rows that are tight on the diagonal with themselves,
// and others two by two.
func (s *assignment) firstMatching() {
	g, x := s.g, s.u
	for i := range g.n {
		if c := g.diag[i]; c != noCost && int64(c) == 2*x[i] {
			s.join(int32(i), int32(i))
		}
	}
	for i := range g.n {
		if s.column[i] >= 0 {
			continue
		}
		for t := g.ptr[i]; t < g.ptr[i+1]; t++ {
			j := g.adj[t]
			if s.column[j] < 0 && int64(g.cost[t]) == x[i]+x[j] && int(j) != i {
				s.join(int32(i), j)
				s.join(j, int32(i))
				break
			}
		}
	}
}

// join matches row i and column j, both free.
func (s *assignment) join(i, j int32) {
	s.column[i], s.row[j] = j, i
	s.matched++
}

// lookAhead matches free columns by tight entries: with a free row, or with one
// whose column has another tight entry in a free row. Rows once matched stay
// so, so that no column need be searched twice for a free row.
func (s *assignment) lookAhead() {
	g := s.g
	next := make([]int, g.n)
	copy(next, g.ptr)
	for j := range g.n {
		if s.row[j] >= 0 {
			continue
		}
		vj := s.v[j]
	search:
		for t := g.ptr[j]; t < g.ptr[j+1]; t++ {
			i := g.adj[t]
			if int64(g.cost[t]) != s.u[i]+vj {
				continue
			}
			k := s.column[i]
			if k < 0 {
				s.join(i, int32(j))
				break
			}
			for next[k] < g.ptr[k+1] {
				q := next[k]
				next[k]++
				if r := g.adj[q]; s.column[r] < 0 && int64(g.cost[q]) == s.u[r]+s.v[k] {
					s.column[r], s.row[k] = k, r
					s.column[i], s.row[j] = int32(j), i
					s.matched++
					break search
				}
			}
		}
	}
}
