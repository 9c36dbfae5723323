package tree

// A front is one node of the tree. Its columns are its own and then those that
// its children delayed. Columns are named by their positions in the order of
// elimination.
//
//	w   (p+q)×p by rows, then p more          after elimination of ne columns
//	[ F     ]  lower triangle                 [ L11       ]   D on its diagonal
//	[ X     ]                                 [ L21   F22 ]   p-ne columns delayed
//	e   off-diagonal of D                     [ L31   X2  ]
//
// F22 and X2 stay where they are, and the parent assembles them from there; what
// lies on a stack is C alone, so its size does not depend on delays.
type front struct {
	first, own int32
	q          int32
	parent     int32
	child      int32 // the first, -1 for none
	next       int32 // child of the same parent, -1 for none
	summed     int32 // the first rows are columns of the parent: so many

	// up[at:at+q] has the column of the parent that row i is, if i < summed, and
	// the row below otherwise.
	at int

	// Where up is a run of numbers, of the rows that are columns and of the others.
	columnRun, rowRun bool

	// base is the child in whose contribution that of the node is made, -1 for
	// none: its rows are the same apart from the columns.
	base int32

	// The contribution C, of leading dimension ldc, begins at off in segment seg
	// of the memory of contributions.
	seg uint8
	ldc int32
	off int

	// handed says that the node is the root of a task, whose contribution waits
	// for the top of the tree.
	handed bool

	// outgrown says that delays have asked for more memory than planned.
	outgrown bool

	// Of the factorization at hand.
	p, ne int32
	size  float64 // the largest element met in the subtree
	w     []float64
	cols  []int32 // in the order of L, the delayed ones last
}

// offDiagonal is e, the off-diagonal of D.
func (f *front) offDiagonal() []float64 {
	p := int(f.p)
	at := (p + int(f.q)) * p
	return f.w[at : at+p]
}

// below is X, or what has become of it.
func (f *front) below() []float64 {
	p := int(f.p)
	return f.w[p*p : (p+int(f.q))*p]
}

// words is the length of w for p columns and q rows below.
func words(p, q int) int { return (p + q + 1) * p }

// shape lays out the fronts, and the maps to their parents.
func (e *Engine) shape() {
	t := e.tree
	nodes := len(t.Parent)
	e.fronts = make([]front, nodes)
	total := 0
	for k := range e.fronts {
		f := &e.fronts[k]
		f.first, f.own, f.q = int32(t.Nodes.First(k)), int32(t.Nodes.Size(k)), int32(len(t.Rows[k]))
		f.parent, f.child, f.next, f.base = int32(t.Parent[k]), -1, -1, -1
		f.at = total
		total += len(t.Rows[k])
	}
	e.up = make([]int32, total)
	for k := nodes - 1; k >= 0; k-- {
		f := &e.fronts[k]
		if f.parent < 0 {
			continue
		}
		g := &e.fronts[f.parent]
		f.next, g.child = g.child, int32(k)
		e.raise(f, t.Rows[k], g, t.Rows[f.parent])
	}
}

// raise fills the map of f's rows into its parent g. Both lists of rows ascend:
// one pass, unless the parent has many rows more.
func (e *Engine) raise(f *front, rows []int32, g *front, above []int32) {
	up := e.up[f.at : f.at+len(rows)]
	end := g.first + g.own
	s := 0
	for s < len(rows) && rows[s] < end {
		up[s] = rows[s] - g.first
		s++
	}
	f.summed = int32(s)
	i := 0
	for r := s; r < len(rows); r++ {
		i += seek(above[i:], rows[r])
		up[r] = int32(i)
	}
	f.columnRun = s > 0 && int(up[s-1]-up[0]) == s-1
	f.rowRun = s < len(up) && int(up[len(up)-1]-up[s]) == len(up)-1-s
}

// seek returns the place of x in an ascending list that has it, in time that
// grows with the logarithm of the place.
func seek(list []int32, x int32) int {
	if list[0] == x {
		return 0
	}
	hi := 1
	for hi < len(list) && list[hi] < x {
		hi *= 2
	}
	lo := hi / 2
	hi = min(hi, len(list)-1)
	for lo < hi {
		if mid := (lo + hi) / 2; list[mid] < x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
