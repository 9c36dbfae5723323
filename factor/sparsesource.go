package factor

import (
	"errors"

	"costate/la"
	"costate/la/blas"
	"costate/la/partition"
)

// A sparseSource gives a core the blocks of a sparse symmetric matrix that a
// plan has made block tridiagonal, with its leaves eliminated. It copies
// values from where they are stored to where they are factored, in runs: where
// neighbours in a row stay neighbours a run has many values.
type sparseSource struct {
	a      *la.Sym // values at hand, with the pattern of build
	first  []int   // position of each block's first unknown
	rows   [][]int // structure of the blocks below the diagonal
	cols   [][]int
	diag   runs
	sub    runs
	leaves *leaves // nil if there are none
}

// runs are the runs of each block.
type runs struct {
	ptr []int
	all []run
}

// A run is a stretch of values: n of them from value from on go to the places
// from to on, of a block that is stored by rows.
type run struct {
	to   int
	from int32
	n    int32
}

// A sparseSourceBuilder makes a sparseSource.
type sparseSourceBuilder struct {
	*sparseSource
	low      la.Lower
	leading  int     // leaves
	pos      []int32 // position of an unknown in the plan
	block    []int32 // block of a position of the chain
	up, down []bool  // position couples to the block before, after
	rank     []int32 // of a position among those that couple to the block before
	identity bool    // positions are indices
	full     []int   // by block: all of down is set from this position on
}

// build analyses the pattern of a, which the plan fits. l, which may be nil,
// are the leaves.
func (s *sparseSource) build(a *la.Sym, plan *partition.Plan, l *leaves) error {
	n, chain, nb := a.SymmetricDim(), plan.Chain.Len(), plan.Chain.Blocks()
	*s = sparseSource{leaves: l, first: append(plan.Chain.Firsts(), chain)}
	b := &sparseSourceBuilder{
		sparseSource: s, low: a.RawLower(), leading: plan.Leaves.Len(),
		pos: make([]int32, n), block: make([]int32, chain), up: make([]bool, chain), down: make([]bool, chain),
		rank: make([]int32, chain), full: make([]int, nb), identity: true,
	}
	for i, v := range plan.Perm {
		b.pos[v] = int32(i)
		b.identity = b.identity && i == v && b.leading == 0
	}
	for k := range nb {
		for i := s.first[k]; i < s.first[k+1]; i++ {
			b.block[i] = int32(k)
		}
		b.full[k] = s.first[k+1]
	}
	s.diag.ptr, s.sub.ptr = make([]int, nb+2), make([]int, nb+2)
	err := b.walk(func(below bool, k, r, c, from, n int) {
		if !below {
			s.diag.ptr[k+2]++
			return
		}
		s.sub.ptr[k+2]++
		b.up[r] = true
		for i := c; i < min(c+n, b.full[k]); i++ {
			b.down[i] = true
		}
		if c+n == s.first[k+1] {
			b.full[k] = min(b.full[k], c)
		}
	})
	if err != nil {
		return err
	}
	if l != nil {
		l.fill(b.first, b.up, b.down)
	}
	s.rows, s.cols = b.lists(b.up, 1), b.lists(b.down, 0)
	for k, rows := range s.rows {
		for r, i := range rows {
			b.rank[s.first[k+1]+i] = int32(r)
		}
	}
	s.diag.start()
	s.sub.start()
	b.walk(func(below bool, k, r, c, from, n int) {
		list, row, first := &s.diag, r-s.first[k], s.first[k]
		if below {
			list, row = &s.sub, int(b.rank[r])
		}
		list.all[list.ptr[k+1]] = run{row*(s.first[k+1]-first) + c - first, int32(from), int32(n)}
		list.ptr[k+1]++
	})
	return nil
}

// start turns the numbers of runs at ptr[k+2] into their starts at ptr[k+1],
// which filling moves to the ends, where the next ones start.
func (r *runs) start() {
	for k := 2; k < len(r.ptr); k++ {
		r.ptr[k] += r.ptr[k-1]
	}
	r.all = make([]run, r.ptr[len(r.ptr)-1])
}

// of returns the runs of block k.
func (r *runs) of(k int) []run { return r.all[r.ptr[k]:r.ptr[k+1]] }

// walk calls emit for all runs: values from, …, from+n-1 belong to row r and to
// the columns c, …, c+n-1 of the chain, in block k or, if below, in the block
// below it.
func (b *sparseSourceBuilder) walk(emit func(below bool, k, r, c, from, n int)) error {
	for i := range b.low.N {
		lo, hi := b.low.Ptr[i], b.low.Ptr[i+1]
		if lo == hi {
			continue
		}
		if b.identity {
			if k := int(b.block[i]); b.contiguous(lo, hi) && (k == 0 || int(b.low.Col[lo]) >= b.first[k-1]) {
				c, end := int(b.low.Col[lo]), int(b.low.Col[hi-1])+1
				mid := min(max(b.first[k], c), end)
				if c < mid {
					emit(true, k-1, i, c, lo, mid-c)
				}
				if mid < end {
					emit(false, k, i, mid, lo+mid-c, end-mid)
				}
				continue
			}
		}
		p := int(b.pos[i]) - b.leading
		if p < 0 {
			continue
		}
		for t := lo; t < hi; {
			q := int(b.pos[b.low.Col[t]]) - b.leading
			if q < 0 {
				t++
				continue
			}
			r, c := p, q
			if r < c {
				r, c = c, r
			}
			kr, k := b.block[r], b.block[c]
			if kr-k > 1 {
				j := int(b.low.Col[t])
				return &partition.EntryError{I: i, J: j, PermI: int(b.pos[i]), PermJ: int(b.pos[j]), BlockI: int(b.block[p]), BlockJ: int(b.block[q])}
			}
			from := t
			t++
			if p >= q {
				for ; t < hi; t++ {
					q++
					if q > p || q >= len(b.block) || int(b.pos[b.low.Col[t]])-b.leading != q || b.block[q] != k {
						break
					}
				}
			}
			emit(kr != k, int(k), r, c, from, t-from)
		}
	}
	return nil
}

// contiguous reports whether the columns of entries lo, …, hi-1 are without gap.
func (b *sparseSourceBuilder) contiguous(lo, hi int) bool {
	return int(b.low.Col[hi-1]-b.low.Col[lo]) == hi-1-lo
}

// lists returns, for each block below the diagonal, the offsets in block
// k+shift that are marked.
func (b *sparseSourceBuilder) lists(mark []bool, shift int) [][]int {
	count := 0
	for _, m := range mark {
		if m {
			count++
		}
	}
	all := make([]int, 0, count)
	lists := make([][]int, max(len(b.first)-2, 0))
	for k := range lists {
		at := len(all)
		lo, hi := b.first[k+shift], b.first[k+shift+1]
		for i := lo; i < hi; i++ {
			if mark[i] {
				all = append(all, i-lo)
			}
		}
		lists[k] = all[at:len(all):len(all)]
	}
	return lists
}

// shapeCore makes the core's blocks those of s.
func (s *sparseSource) shapeCore(c *core, backend blas.Backend) {
	nb := len(s.first) - 1
	*c = core{backend: backend, blocks: make([]coreBlock, nb), order: s.first[nb]}
	for k := range c.blocks {
		b := &c.blocks[k]
		b.src, b.q, b.first = k, s.first[k+1]-s.first[k], s.first[k]
		c.limit = max(c.limit, mergeBelow, 3*b.q)
		if k+1 < nb {
			b.setCoupling(s.rows[k], s.cols[k])
		}
	}
}

func (s *sparseSource) diagonal(k int, dst []float64, ld int) {
	q := s.first[k+1] - s.first[k]
	for i := range q {
		clear(dst[i*ld : i*ld+i+1])
	}
	val := s.a.RawLower().Val
	if ld == q {
		for _, r := range s.diag.of(k) {
			copyRun(dst, val, r)
		}
	} else {
		for _, r := range s.diag.of(k) {
			r.to += r.to / q * (ld - q)
			copyRun(dst, val, r)
		}
	}
	if s.leaves != nil {
		s.leaves.diagonal(k, dst, ld)
	}
}

func copyRun(dst, val []float64, r run) {
	if r.n == 1 {
		dst[r.to] = val[r.from]
		return
	}
	copy(dst[r.to:r.to+int(r.n)], val[r.from:])
}

func (s *sparseSource) coupling(k int, dst []float64) {
	clear(dst[:len(s.rows[k])*(s.first[k+1]-s.first[k])])
	val := s.a.RawLower().Val
	for _, r := range s.sub.of(k) {
		copyRun(dst, val, r)
	}
	if s.leaves != nil {
		s.leaves.coupling(k, s.rows[k], dst)
	}
}

// errUnstable ends a factorization where a leaf turned out not to be stable.
var errUnstable = errors.New("factor: unstable leaf")

func (s *sparseSource) halted() error {
	if s.leaves != nil && s.leaves.strict && len(s.leaves.rejected) > 0 {
		return errUnstable
	}
	return nil
}

func (s *sparseSource) rest(int, []float64)     {}
func (s *sparseSource) constraints(int, *pairs) {}

// setCoupling chooses, for a coupling with the given rows and columns that are
// not zero, which of them to work with.
func (b *coreBlock) setCoupling(rows, cols []int) {
	if len(rows) == 0 || len(cols) == 0 {
		return
	}
	b.setRows(rows)
	n, r, m := float64(b.q), float64(len(rows)), float64(len(cols))
	if n*m*(n+m)+2*m*m*r+m*r*r < n*r*(n+r) {
		b.cols = cols
	}
}
