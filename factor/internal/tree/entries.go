package tree

import (
	"costate/la"
	"costate/la/partition"
)

// entries says where the entries of a matrix go: those of node k are
// from[ptr[k]:ptr[k+1]] in the values, in row row and column col of the front
// without delays.
type entries struct {
	ptr      []int
	from     []int32
	row, col []int32
	val      []float64
}

// build sorts the entries of a by nodes.
func (s *entries) build(a *la.Sym, t *partition.Tree, fronts []front) {
	low := a.RawLower()
	n := low.N
	position, node := make([]int32, n), make([]int32, n)
	for i, from := range t.Perm {
		position[from] = int32(i)
	}
	for k := range fronts {
		for i := range fronts[k].own {
			node[fronts[k].first+i] = int32(k)
		}
	}
	s.ptr = make([]int, len(fronts)+1)
	for i := range n {
		for _, j := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
			s.ptr[node[min(position[i], position[j])]+1]++
		}
	}
	for k := range fronts {
		s.ptr[k+1] += s.ptr[k]
	}
	m := low.Ptr[n]
	s.from, s.row, s.col = make([]int32, m), make([]int32, m), make([]int32, m)
	next := append([]int(nil), s.ptr...)
	for i := range n {
		for at := low.Ptr[i]; at < low.Ptr[i+1]; at++ {
			c, r := position[i], position[low.Col[at]]
			if c > r {
				c, r = r, c
			}
			k := node[c]
			p := next[k]
			next[k]++
			s.from[p], s.row[p], s.col[p] = int32(at), r, c
		}
	}
	s.localise(fronts)
}

// localise turns positions into rows and columns of the fronts.
func (s *entries) localise(fronts []front) {
	local := make([]int32, 0)
	for k := range fronts {
		f := &fronts[k]
		if n := f.first + f.own; len(local) < n {
			local = append(local, make([]int32, n-len(local))...)
		}
	}
	for k := range fronts {
		f := &fronts[k]
		for i, r := range f.rows {
			local[r] = int32(f.own + i)
		}
		for p := s.ptr[k]; p < s.ptr[k+1]; p++ {
			s.col[p] -= int32(f.first)
			if r := s.row[p]; int(r) < f.first+f.own {
				s.row[p] = r - int32(f.first)
			} else {
				s.row[p] = local[r]
			}
		}
	}
}

func (s *entries) bytes() int64 { return 12*int64(len(s.from)) + 8*int64(len(s.ptr)) }

// add adds the entries of node k to its front w with p columns, of which own are
// its own: rows from own on come after the delayed columns.
func (s *entries) add(k int, w []float64, p, own int) {
	lo, hi := s.ptr[k], s.ptr[k+1]
	from, row, col := s.from[lo:hi], s.row[lo:hi], s.col[lo:hi]
	val := s.val
	if p == own {
		for t, at := range from {
			w[int(row[t])*p+int(col[t])] += val[at]
		}
		return
	}
	for t, at := range from {
		r := int(row[t])
		if r >= own {
			r += p - own
		}
		w[r*p+int(col[t])] += val[at]
	}
}
