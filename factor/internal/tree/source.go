package tree

import (
	"costate/la"
	"costate/la/partition"
)

// A Source gives an Engine the entries of the matrix, node by node. Its methods
// may be called from several goroutines.
type Source interface {
	// Front adds node k's own entries to its columns: those among its own
	// columns to the lower triangle of f, those in the rows that the tree has for
	// it to x, both by rows with leading dimension ld.
	Front(k int, f, x []float64, ld int)

	// Bytes is the memory held.
	Bytes() int64
}

// entries says where the entries of a sparse matrix go: those of node k are
// list[ptr[k]:ptr[k+1]].
type entries struct {
	ptr  []int
	list []entry
	own  []int32 // columns of the nodes
	val  []float64
}

// An entry is at from in the values, and belongs in a row and column of the
// front: rows from the number of the node's columns on are those below.
type entry struct {
	from     uint32
	row, col int32
}

// build sorts the entries of a by nodes.
func (s *entries) build(a *la.Sym, t *partition.Tree, e *Engine) {
	low := a.RawLower()
	n, nodes := low.N, len(e.fronts)
	position, node := make([]int32, n), make([]int32, n)
	for i, from := range t.Perm {
		position[from] = int32(i)
	}
	s.own = make([]int32, nodes)
	for k := range e.fronts {
		f := &e.fronts[k]
		s.own[k] = f.own
		for i := range f.own {
			node[f.first+i] = int32(k)
		}
	}
	s.ptr = make([]int, nodes+2)
	for i := range n {
		pi := position[i]
		for _, j := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
			s.ptr[node[min(pi, position[j])]+2]++
		}
	}
	for k := range nodes {
		s.ptr[k+2] += s.ptr[k+1]
	}
	s.list = make([]entry, low.Ptr[n])
	for i := range n {
		pi := position[i]
		for at := low.Ptr[i]; at < low.Ptr[i+1]; at++ {
			c, r := pi, position[low.Col[at]]
			if c > r {
				c, r = r, c
			}
			k := node[c]
			p := s.ptr[k+1]
			s.ptr[k+1]++
			s.list[p] = entry{uint32(at), r, c}
		}
	}
	s.ptr = s.ptr[:nodes+1]
	// Positions become rows and columns of the fronts.
	local := node
	for k := range e.fronts {
		f := &e.fronts[k]
		end := f.first + f.own
		list := s.list[s.ptr[k]:s.ptr[k+1]]
		for i, r := range t.Rows[k] {
			local[r] = f.own + int32(i)
		}
		for i := range list {
			t := &list[i]
			t.col -= f.first
			if t.row < end {
				t.row -= f.first
			} else {
				t.row = local[t.row]
			}
		}
	}
}

func (s *entries) Bytes() int64 {
	return 12*int64(len(s.list)) + 8*int64(len(s.ptr)) + 4*int64(len(s.own))
}

// Front implements Source.
func (s *entries) Front(k int, f, x []float64, ld int) {
	own, val := s.own[k], s.val
	list := s.list[s.ptr[k]:s.ptr[k+1]]
	for i := range list {
		t := &list[i]
		if t.row < own {
			f[int(t.row)*ld+int(t.col)] += val[t.from]
		} else {
			x[int(t.row-own)*ld+int(t.col)] += val[t.from]
		}
	}
}
