package factor

import (
	"costate/la"
	"costate/la/blas"
	"costate/system"
)

// stages gives the core the shapes of the pivot blocks of a chain's augmented
// system, last stage first, with boundaries at their greatest.
func (f *core) stages(c *system.Chain, backend blas.Backend) {
	last := len(c.Stages) - 1
	*f = core{backend: backend, blocks: make([]coreBlock, last+1), order: c.Params()}
	first := 0
	for k, s := range c.Stages {
		b := &f.blocks[last-k]
		b.src = last - k
		b.h, b.q, b.first = s.States(), s.Params(), first
		first += b.q
		if k > 0 {
			b.b = c.Stages[k-1].Boundary()
		}
	}
}

// assembledBytes estimates the memory of the assembled system and of the
// places of its entries.
func assembledBytes(c *system.Chain) int64 {
	return 32 * system.EntriesOf(c) // value, column, slot of the emission, two places here
}

// A stageSource gives a core the stages of an augmented system: for each block
// it knows which entries of K go where.
type stageSource struct {
	val    []float64 // of K, shared
	blocks []stageEntries
}

// stageEntries are the entries of one pivot block.
type stageEntries struct {
	states   places // in P, h×h
	e, ediag places // in E
	a        places // in T
	rest     places // in the rest, q×q
	coupling places // in the coupling, b×q
}

// places says that entry from[i] of K belongs at to[i].
type places struct {
	from []int32
	to   []int
}

func (p *places) add(from, to int) {
	p.from = append(p.from, int32(from))
	p.to = append(p.to, to)
}

func (p *places) grow(n int) {
	p.from, p.to = make([]int32, 0, n), make([]int, 0, n)
}

func (p *places) scatter(dst, val []float64) {
	to := p.to
	for i, t := range p.from {
		dst[to[i]] = val[t]
	}
}

func (s *stageSource) diagonal(k int, dst []float64, _ int) {
	clear(dst)
	s.blocks[k].states.scatter(dst, s.val)
}

func (s *stageSource) rest(k int, dst []float64) {
	clear(dst)
	s.blocks[k].rest.scatter(dst, s.val)
}

func (s *stageSource) coupling(k int, dst []float64) {
	clear(dst)
	s.blocks[k].coupling.scatter(dst, s.val)
}

func (s *stageSource) constraints(k int, t *pairs) {
	b := &s.blocks[k]
	clear(t.val)
	b.a.scatter(t.val, s.val)
	b.e.scatter(t.eval, s.val)
	b.ediag.scatter(t.ediag, s.val)
}

// analyse finds the boundaries, the patterns of E and T, and the places of all
// entries of K. It panics if K is not block tridiagonal by stages, which an
// assembled system is.
func (s *stageSource) analyse(a *system.Augmented, c *core) {
	last := a.Stages() - 1
	s.val = a.K.RawLower().Val
	s.blocks = make([]stageEntries, last+1)
	m := stageMap{system: a, low: a.K.RawLower(), place: make([]int32, a.States())}
	for k := 1; k <= last; k++ {
		c.blocks[last-k].setRows(m.boundary(k))
	}
	for k := range s.blocks {
		b := &c.blocks[last-k]
		m.stage(k)
		e, t := m.patterns(b.q)
		b.t = newPairs(b.q, b.b, e, t)
		m.places(&s.blocks[last-k], b)
		if k < last {
			m.coupling(&s.blocks[last-k-1], &c.blocks[last-k-1])
		}
	}
}

// A stageMap sorts the entries of K by stages. In a row of a costate the
// parameters come first, then states; see system.Augmented.
type stageMap struct {
	system *system.Augmented
	low    la.Lower
	place  []int32 // in a boundary, of each state; and scratch

	x, y, m, prev, next [2]int // unknowns of the stage, states before, parameters after
}

func (s *stageMap) stage(k int) {
	s.x, s.y, s.m = s.system.Stage(k)
	s.prev, s.next = [2]int{}, [2]int{}
	if k > 0 {
		_, s.prev, _ = s.system.Stage(k - 1)
	}
	if k+1 < s.system.Stages() {
		s.next, _, _ = s.system.Stage(k + 1)
	}
}

func in(j int32, r [2]int) bool { return int(j) >= r[0] && int(j) < r[1] }

// boundary returns the states of stage k−1 that stage k couples to, and notes
// their places.
func (s *stageMap) boundary(k int) []int {
	s.stage(k)
	y0 := s.system.Params()
	for _, j := range s.low.Col[s.low.Ptr[s.m[0]]:s.low.Ptr[s.m[1]]] {
		if in(j, s.prev) {
			s.place[int(j)-y0] = 1
		}
	}
	for i := s.prev[0]; i < s.prev[1]; i++ {
		for _, j := range s.low.Col[s.low.Ptr[i]:s.low.Ptr[i+1]] {
			if in(j, s.x) {
				s.place[i-y0] = 1
				break
			}
		}
	}
	rows := []int{}
	for i := s.prev[0]; i < s.prev[1]; i++ {
		if s.place[i-y0] != 0 {
			s.place[i-y0] = int32(len(rows))
			rows = append(rows, i-s.prev[0])
		}
	}
	return rows
}

// patterns returns those of E below its diagonal and of A, by rows.
func (s *stageMap) patterns(q int) (e, a [][]int32) {
	h := s.m[1] - s.m[0]
	e, a = make([][]int32, h), make([][]int32, h)
	y0 := s.system.Params()
	all := make([]int32, 0, s.low.Ptr[s.m[1]]-s.low.Ptr[s.m[0]])
	for i := range h {
		row := s.low.Col[s.low.Ptr[s.m[0]+i]:s.low.Ptr[s.m[0]+i+1]]
		start := len(all)
		for _, j := range row {
			switch {
			case in(j, s.x):
				all = append(all, j-int32(s.x[0]))
			case in(j, s.prev):
				all = append(all, int32(q)+s.place[int(j)-y0])
			}
		}
		a[i] = all[start:len(all):len(all)]
		start = len(all)
		for _, j := range row {
			if in(j, s.y) && int(j) < s.y[0]+i {
				all = append(all, j-int32(s.y[0]))
			}
		}
		e[i] = all[start:len(all):len(all)]
	}
	return e, a
}

// places notes where the entries of the stage belong, but for its coupling to
// the stage before.
func (s *stageMap) places(p *stageEntries, b *coreBlock) {
	rows := func(r [2]int) int { return s.low.Ptr[r[1]] - s.low.Ptr[r[0]] }
	p.a.grow(rows(s.m))
	p.rest.grow(rows(s.x))
	p.ediag.grow(b.h)
	s.each(s.x, func(t, i int, j int32) {
		if !in(j, s.x) {
			panic(errStages)
		}
		p.rest.add(t, i*b.q+int(j)-s.x[0])
	})
	s.each(s.y, func(t, i int, j int32) {
		switch {
		case in(j, s.y):
			p.states.add(t, i*b.h+int(j)-s.y[0])
		case !in(j, s.next):
			panic(errStages)
		}
	})
	row, at, ne := -1, 0, 0
	s.each(s.m, func(t, i int, j int32) {
		if i != row {
			row, at = i, b.t.ptr[i]
		}
		switch {
		case in(j, s.x), in(j, s.prev):
			p.a.add(t, at)
			at++
		case int(j) == s.y[0]+i:
			p.ediag.add(t, i)
		case in(j, s.y) && int(j) < s.y[0]+i:
			p.e.add(t, ne)
			ne++
		default:
			panic(errStages)
		}
	})
}

// coupling notes the places of the entries between the states of the stage and
// the parameters of the next one, whose pivot block is b.
func (s *stageMap) coupling(p *stageEntries, b *coreBlock) {
	y0 := s.system.Params()
	s.each(s.y, func(t, i int, j int32) {
		if in(j, s.next) {
			p.coupling.add(t, int(s.place[s.y[0]+i-y0])*b.q+int(j)-s.next[0])
		}
	})
}

// each calls f for the entries of the rows in r: index, row counted from the
// first, column.
func (s *stageMap) each(r [2]int, f func(t, i int, j int32)) {
	for i := r[0]; i < r[1]; i++ {
		for t := s.low.Ptr[i]; t < s.low.Ptr[i+1]; t++ {
			f(t, i-r[0], s.low.Col[t])
		}
	}
}

const errStages = Error("factor: the augmented system is not block tridiagonal by stages")
