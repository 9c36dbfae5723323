package partition

import (
	"fmt"
	"math"

	"costate/la"
)

// A Split takes the values of a sparse symmetric matrix apart as a Plan says: each
// group of leaves with its coupling as small dense matrices, and the rest into
// the chain. It is made once for a pattern; taking values then needs no search
// and no allocation. A Split is read-only and may be used by many goroutines.
type Split struct {
	plan  *Plan
	chain *Gather

	group    []group
	boundary []int32 // of all groups: offset in its block of the chain
	from, to []int32 // of all groups: value, and its place in diag or couple
}

// A group has its stretches in the arrays of a Split.
type group struct {
	size, host      int
	boundary, next  int // first of the boundary in block host, and in host+1
	end             int
	entries, couple int // first entry, first one that couples to the chain
}

// Analyse prepares taking matrices with the pattern of a apart. It returns an
// error if the plan does not fit: an *EntryError if the chain is not block
// tridiagonal, and another one that names the entry if a group couples to
// another one or to blocks that are not its own. Plans of Auto for the same
// pattern fit. The structure of the chain has what elimination of the groups
// will fill.
func (p *Plan) Analyse(a *la.Sym) (*Split, error) {
	low := a.RawLower()
	leaves := p.Leaves.Len()
	if len(p.Perm) != low.N || leaves+p.Chain.Len() != low.N || len(p.Host) != p.Leaves.Blocks() {
		return nil, fmt.Errorf("partition: plan for %d unknowns, %d of them leaves in %d groups, %d in the chain, does not fit a matrix of order %d",
			len(p.Perm), leaves, len(p.Host), p.Chain.Len(), low.N)
	}
	if err := p.Perm.Validate(); err != nil {
		return nil, err
	}
	if leaves == 0 {
		g, err := Analyse(a, p.Perm, p.Chain)
		if err != nil {
			return nil, err
		}
		return &Split{plan: p, chain: g}, nil
	}
	sizes := p.Chain.Sizes()
	elements, ok := la.BlockTridiagElements(sizes)
	if !ok {
		return nil, fmt.Errorf("partition: blocks of up to %d indices are too large to be addressed", p.Chain.Largest())
	}
	s := &parting{
		Split: &Split{plan: p, group: make([]group, p.Leaves.Blocks())},
		low:   low, leaves: leaves,
		pos: p.Perm.Inverse(),
		of:  make([]int, leaves),
		m:   newSlotMap(low.N, p.Perm[leaves:], p.Chain, sizes),
	}
	s.chain = &Gather{n: low.N, stored: len(low.Val), part: p.Chain, elements: elements}
	p.Leaves.BlocksOf(s.of)
	if err := s.count(); err != nil {
		return nil, err
	}
	if err := s.couple(); err != nil {
		return nil, err
	}
	s.place()
	s.chain.rows = s.m.lists(p.Chain, s.m.up, 1)
	s.chain.cols = s.m.lists(p.Chain, s.m.down, 0)
	return s.Split, nil
}

// A parting is a Split being made.
type parting struct {
	*Split
	low    la.Lower
	leaves int
	pos    Perm  // position of an unknown
	of     []int // group of a leaf's position
	m      *slotMap

	inner, outer []int32 // entries inside a group, and between a group and the chain
}

// count sorts the entries out: those of the chain get their places at once.
func (s *parting) count() error {
	low := s.low
	g := s.chain
	for i := 0; i < low.N; i++ {
		pi := s.pos[i]
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			j := int(low.Col[t])
			pj := s.pos[j]
			switch {
			case pi >= s.leaves && pj >= s.leaves:
				slot, ok := s.m.slot(i, j)
				if !ok {
					return s.m.entryError(i, j)
				}
				g.from = append(g.from, int32(t))
				if g.elements <= math.MaxUint32 {
					g.narrow = append(g.narrow, uint32(slot))
				} else {
					g.wide = append(g.wide, slot)
				}
			case pi < s.leaves && pj < s.leaves:
				if s.of[pi] != s.of[pj] {
					return fmt.Errorf("partition: entry (%d, %d) couples the groups %d and %d", i, j, s.of[pi], s.of[pj])
				}
				s.inner = append(s.inner, int32(t))
				s.group[s.of[pi]].couple++ // counts, for now
			default:
				s.outer = append(s.outer, int32(t))
				s.group[s.of[min(pi, pj)]].end++
			}
		}
	}
	if g.from == nil {
		g.from = []int32{} // nothing is not everything
	}
	if g.narrow == nil && g.wide == nil {
		g.narrow = []uint32{}
	}
	return nil
}

// rows calls fn for each of the ascending entries t with its row and column.
func (s *parting) rows(entries []int32, fn func(t, i, j int)) {
	i := 0
	for _, t := range entries {
		for int(t) >= s.low.Ptr[i+1] {
			i++
		}
		fn(int(t), i, int(s.low.Col[t]))
	}
}

// couple finds the boundary of each group, ascending.
func (s *parting) couple() error {
	var bad error
	// Sorting the couplings by the chain's position, stably by group, makes
	// equal ones neighbours.
	ptr := make([]int, len(s.group)+1)
	for k := range s.group {
		ptr[k+1] = ptr[k] + s.group[k].end
	}
	chain := s.low.N - s.leaves
	key := make([]int32, len(s.outer))
	who := make([]int32, len(s.outer))
	at := 0
	s.rows(s.outer, func(t, i, j int) {
		leaf, other := s.pos[i], s.pos[j]
		if leaf > other {
			leaf, other = other, leaf
		}
		key[at], who[at] = int32(other-s.leaves), int32(s.of[leaf])
		at++
	})
	start := make([]int32, chain+1)
	for _, k := range key {
		start[k+1]++
	}
	for k := range chain {
		start[k+1] += start[k]
	}
	order := make([]int32, len(key))
	for t, k := range key {
		order[start[k]] = int32(t)
		start[k]++
	}
	sorted := make([]int32, len(key)) // by group, then position
	next := append([]int(nil), ptr...)
	for _, t := range order {
		k := who[t]
		sorted[next[k]] = key[t]
		next[k]++
	}
	for k := range s.group {
		g := &s.group[k]
		host := s.plan.Host[k]
		*g = group{size: s.plan.Leaves.Size(k), host: host, boundary: len(s.boundary), couple: g.couple, entries: ptr[k+1] - ptr[k]}
		g.next = -1
		prev := int32(-1)
		for _, pos := range sorted[ptr[k]:ptr[k+1]] {
			if pos == prev {
				continue
			}
			prev = pos
			old := s.plan.Perm[s.leaves+int(pos)]
			b := s.m.block[old]
			if host < 0 || b < host || b > host+1 {
				if bad == nil {
					bad = fmt.Errorf("partition: group %d with host %d couples to unknown %d in block %d of the chain", k, host, old, b)
				}
				continue
			}
			if b > host && g.next < 0 {
				g.next = len(s.boundary)
			}
			s.boundary = append(s.boundary, int32(s.m.offset[old]))
		}
		g.end = len(s.boundary)
		if g.next < 0 {
			g.next = g.end
		}
		if q := g.end - g.boundary; g.size > math.MaxInt32/max(g.size, q, 1) {
			return fmt.Errorf("partition: group %d of %d unknowns that couples to %d is too large", k, g.size, q)
		}
		if g.boundary < g.next && g.next < g.end { // elimination fills S_host
			lo, hi := s.plan.Chain.First(host), s.plan.Chain.First(host+1)
			for _, o := range s.boundary[g.boundary:g.next] {
				s.m.down[lo+int(o)] = true
			}
			for _, o := range s.boundary[g.next:g.end] {
				s.m.up[hi+int(o)] = true
			}
		}
	}
	return bad
}

// place lists for each group its values and their places: element (i, j), i ≥ j, of
// the group's own block at i*size+j, and boundary row r, column j at r*size+j.
func (s *parting) place() {
	at := 0
	for k := range s.group {
		g := &s.group[k]
		inner, outer := g.couple, g.entries
		g.entries, g.couple = at, at+inner
		at += inner + outer
	}
	s.from, s.to = make([]int32, at), make([]int32, at)
	next := make([]int, len(s.group))
	for k := range next {
		next[k] = s.group[k].entries
	}
	s.rows(s.inner, func(t, i, j int) {
		pi, pj := s.pos[i], s.pos[j]
		k := s.of[pi]
		first := s.plan.Leaves.First(k)
		pi, pj = max(pi, pj)-first, min(pi, pj)-first
		s.from[next[k]], s.to[next[k]] = int32(t), int32(pi*s.group[k].size+pj)
		next[k]++
	})
	s.rows(s.outer, func(t, i, j int) {
		if s.pos[i] > s.pos[j] {
			i, j = j, i // i is the leaf
		}
		k := s.of[s.pos[i]]
		g := &s.group[k]
		lo, hi := g.boundary, g.next
		if s.m.block[j] > g.host {
			lo, hi = g.next, g.end
		}
		o := int32(s.m.offset[j])
		for lo < hi { // first with boundary ≥ o: it is there
			mid := (lo + hi) / 2
			if s.boundary[mid] < o {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		col := s.pos[i] - s.plan.Leaves.First(k)
		s.from[next[k]], s.to[next[k]] = int32(t), int32((lo-g.boundary)*g.size+col)
		next[k]++
	})
}

// Plan returns the plan that was analysed.
func (s *Split) Plan() *Plan { return s.plan }

// Chain returns the gather of the entries among the unknowns of the chain. Its
// structure includes what eliminating the groups fills.
func (s *Split) Chain() *Gather { return s.chain }

// Groups returns the number of groups.
func (s *Split) Groups() int { return len(s.group) }

// Group returns the size of group k, the first block of the chain that it
// couples to (-1: none), and the unknowns of the chain that it couples to:
// inHost as ascending offsets in block host, and inNext in block host+1. The
// slices are not to be changed.
func (s *Split) Group(k int) (size, host int, inHost, inNext []int32) {
	g := &s.group[k]
	return g.size, g.host, s.boundary[g.boundary:g.next], s.boundary[g.next:g.end]
}

// Largest returns the largest size of a group, the largest number of unknowns
// that one couples to, and the largest product of the two for one group: the
// lengths that the slices for GroupTo need.
func (s *Split) Largest() (size, boundary, couple int) {
	for k := range s.group {
		g := &s.group[k]
		q := g.end - g.boundary
		size, boundary, couple = max(size, g.size), max(boundary, q), max(couple, q*g.size)
	}
	return size, boundary, couple
}

// GroupTo overwrites diag with the lower triangle of group k of src, element
// (i, j) at i*size+j, the upper one being zero, and couple with its coupling
// to the chain: a row of length size for each unknown that Group names, those in
// the host first. The slices have at least these lengths. It allocates
// nothing.
func (s *Split) GroupTo(k int, diag, couple []float64, src *la.Sym) {
	low := src.RawLower()
	if low.N != s.chain.n || len(low.Val) != s.chain.stored {
		panic(ErrShape)
	}
	g := &s.group[k]
	end := len(s.from)
	if k+1 < len(s.group) {
		end = s.group[k+1].entries
	}
	diag, couple = diag[:g.size*g.size], couple[:(g.end-g.boundary)*g.size]
	clear(diag)
	clear(couple)
	for t := g.entries; t < g.couple; t++ {
		diag[s.to[t]] = low.Val[s.from[t]]
	}
	for t := g.couple; t < end; t++ {
		couple[s.to[t]] = low.Val[s.from[t]]
	}
}
