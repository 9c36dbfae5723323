package partition

import (
	"fmt"
	"math"

	"costate/la"
)

// A Gather copies the values of a sparse symmetric matrix into the blocks of a
// block-tridiagonal one. For one pattern, permutation and partition, Analyse finds
// where each value belongs; To then copies values without searching or allocating.
// A Gather is read-only and may be used by many goroutines.
type Gather struct {
	n, stored int
	part      Partition
	elements  int
	narrow    []uint32 // for each value its place, where that fits …
	wide      []int    // … and where it does not
	rows      [][]int  // structure of the blocks below the diagonal
	cols      [][]int
}

// Analyse returns the Gather for matrices with the pattern of a, permuted by p (nil:
// not at all), and the blocks of part. The error is an *EntryError if an entry
// falls outside the diagonal blocks and those beside them. Other errors say that p
// is not a permutation, that p or part does not have the order of a, or that the
// blocks together are too large to be addressed. The work is linear in the number
// of stored entries.
func Analyse(a *la.Sym, p Perm, part Partition) (_ *Gather, err error) {
	low := a.RawLower()
	if part.Len() != low.N {
		return nil, fmt.Errorf("partition: blocks have %d indices together, the matrix has order %d", part.Len(), low.N)
	}
	if p != nil {
		if len(p) != low.N {
			return nil, fmt.Errorf("partition: permutation of %d indices, the matrix has order %d", len(p), low.N)
		}
		if err := p.Validate(); err != nil {
			return nil, err
		}
	}
	sizes := part.Sizes()
	elements, ok := la.BlockTridiagElements(sizes)
	if !ok {
		return nil, fmt.Errorf("partition: blocks of up to %d indices are too large to be addressed", part.Largest())
	}
	g := &Gather{n: low.N, stored: len(low.Val), part: part, elements: elements}
	m := newSlotMap(low.N, p, part, sizes)
	if uint64(elements) <= math.MaxUint32 {
		g.narrow = make([]uint32, len(low.Val))
		err = fillSlots(g.narrow, m, low)
	} else {
		g.wide = make([]int, len(low.Val))
		err = fillSlots(g.wide, m, low)
	}
	if err != nil {
		return nil, err
	}
	g.rows = m.lists(part, m.up, 1)
	g.cols = m.lists(part, m.down, 0)
	return g, nil
}

// slotMap has for each old index its new one and what follows from that.
type slotMap struct {
	sizes    []int
	diag     []int // where blocks start
	sub      []int
	perm     []int  // new index
	block    []int  // block of an old index
	offset   []int  // position in that block
	up, down []bool // new index couples to the previous, next block
}

// newSlotMap maps the old indices p[0], p[1], … (nil: 0, 1, …) of n to the
// blocks of part. There may be other old indices, of which it knows nothing.
func newSlotMap(n int, p Perm, part Partition, sizes []int) *slotMap {
	m := &slotMap{
		sizes: sizes, diag: make([]int, len(sizes)), sub: make([]int, len(sizes)),
		perm: make([]int, n), block: make([]int, n), offset: make([]int, n),
		up: make([]bool, n), down: make([]bool, n),
	}
	at := 0
	for k, s := range sizes {
		m.diag[k] = at
		at += s * s
		m.sub[k] = at
		if k+1 < len(sizes) {
			at += s * sizes[k+1]
		}
		for i := part.first[k]; i < part.first[k+1]; i++ {
			old := i
			if p != nil {
				old = p[i]
			}
			m.perm[old], m.block[old], m.offset[old] = i, k, i-part.first[k]
		}
	}
	return m
}

// fillSlots finds the places of all entries.
func fillSlots[T uint32 | int](slots []T, m *slotMap, low la.Lower) error {
	for i := 0; i < low.N; i++ {
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			s, ok := m.slot(i, int(low.Col[t]))
			if !ok {
				return m.entryError(i, int(low.Col[t]))
			}
			slots[t] = T(s)
		}
	}
	return nil
}

// slot finds the place of the entry (i, j), old indices, and marks it in the structure.
func (m *slotMap) slot(i, j int) (s int, ok bool) {
	bi, oi := m.block[i], m.offset[i]
	bj, oj := m.block[j], m.offset[j]
	switch bi - bj {
	case 0:
		return m.diag[bi] + max(oi, oj)*m.sizes[bi] + min(oi, oj), true
	case 1:
		m.up[m.perm[i]], m.down[m.perm[j]] = true, true
		return m.sub[bj] + oi*m.sizes[bj] + oj, true
	case -1:
		m.up[m.perm[j]], m.down[m.perm[i]] = true, true
		return m.sub[bi] + oj*m.sizes[bi] + oi, true
	}
	return 0, false
}

func (m *slotMap) entryError(i, j int) error {
	return &EntryError{I: i, J: j, PermI: m.perm[i], PermJ: m.perm[j], BlockI: m.block[i], BlockJ: m.block[j]}
}

// lists returns, for each block below the diagonal, the positions within block
// k+shift that are marked.
func (m *slotMap) lists(part Partition, mark []bool, shift int) [][]int {
	count := 0
	for _, b := range mark {
		if b {
			count++
		}
	}
	all := make([]int, 0, count)
	lists := make([][]int, max(part.Blocks()-1, 0))
	for k := range lists {
		start := len(all)
		lo := part.first[k+shift]
		for i := lo; i < part.first[k+shift+1]; i++ {
			if mark[i] {
				all = append(all, i-lo)
			}
		}
		lists[k] = all[start:len(all):len(all)]
	}
	return lists
}

// Partition returns the partition that was analysed.
func (g *Gather) Partition() Partition { return g.part }

// New returns a zero block-tridiagonal matrix of the shape that To needs, with its
// structure declared.
func (g *Gather) New() *la.BlockTridiag {
	b := la.NewBlockTridiag(g.part.Sizes())
	for k := range g.rows {
		b.SetSub(k, g.rows[k], g.cols[k])
	}
	return b
}

// To overwrites dst, made by New, with the values of src, permuted. src must have
// the pattern that was analysed, of which To checks the order and the number of
// entries; it panics with ErrShape if these or the blocks of dst do not fit. It
// allocates nothing.
func (g *Gather) To(dst *la.BlockTridiag, src *la.Sym) {
	low := src.RawLower()
	if low.N != g.n || len(low.Val) != g.stored || dst.Blocks() != g.part.Blocks() {
		panic(ErrShape)
	}
	for k, first := range g.part.first {
		if dst.BlockFirst(k) != first {
			panic(ErrShape)
		}
	}
	data := dst.Raw()
	clear(data)
	if g.narrow != nil {
		for t, s := range g.narrow {
			data[s] = low.Val[t]
		}
		return
	}
	for t, s := range g.wide {
		data[s] = low.Val[t]
	}
}

// slot returns where in the backing slice of the block-tridiagonal matrix the
// t-th value is put.
func (g *Gather) slot(t int) int {
	if g.narrow != nil {
		return int(g.narrow[t])
	}
	return g.wide[t]
}
