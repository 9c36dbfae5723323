package factor

import (
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
		b.h, b.q, b.first = s.States(), s.Params(), first
		first += b.q
		if k > 0 {
			b.b = c.Stages[k-1].States()
			if d, ok := c.Stages[k-1].(*system.Dense); ok && d.Skip {
				b.b = d.Outputs()
			}
		}
	}
}

// assembledBytes estimates the memory of the assembled system and of the
// places of its entries.
func assembledBytes(c *system.Chain) int64 {
	entries := int64(c.Params()) + int64(c.States())
	for _, s := range c.Stages {
		switch s := s.(type) {
		case *system.Dense:
			j := int64(1)
			if s.J.Full != nil {
				j = int64(s.J.Cols)
			}
			entries += int64(s.Batch) * int64(s.Out) * (3*int64(s.In)*j + j)
		case *system.Blocks:
			for _, m := range []*system.Matrix{s.F, s.G, s.A, s.C, s.Q} {
				if m != nil {
					entries += int64(len(m.Val))
				}
			}
		}
	}
	entries += int64(len(c.Loss.Full) + len(c.Loss.Diag))
	return 32 * entries // value, column, slot of the emission, two places here
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

// An unknown of K: its kind, its stage, and its place among those.
type unknown struct {
	kind  kind
	stage int32
	at    int32
}

type kind int8

const (
	parameter kind = iota
	state
	costate
)

func unknowns(a *system.Augmented) []unknown {
	u := make([]unknown, a.Order())
	for k := range a.Stages() {
		x, y, m := a.Stage(k)
		for kd, r := range [3][2]int{x, y, m} {
			for i := r[0]; i < r[1]; i++ {
				u[i] = unknown{kind(kd), int32(k), int32(i - r[0])}
			}
		}
	}
	return u
}

// analyse finds the boundaries, the patterns of T and the places of all
// entries of K. It panics if K is not block tridiagonal by stages, which an
// assembled system is.
func (s *stageSource) analyse(a *system.Augmented, c *core) error {
	low := a.K.RawLower()
	s.val = low.Val
	last := a.Stages() - 1
	s.blocks = make([]stageEntries, last+1)
	u := unknowns(a)

	// Boundaries: the states of stage k−1 that stage k couples to.
	bound := make([]int32, a.States()) // mark, then place in the boundary
	y0 := a.Params()
	for i := range low.N {
		for _, j := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
			v, w := u[i], u[j]
			if v.kind == parameter {
				break
			}
			if w.kind == parameter && v.kind == state {
				bound[i-y0] = 1
			}
			if w.kind == state && v.kind == costate && w.stage != v.stage {
				bound[int(j)-y0] = 1
			}
		}
	}
	for k := 1; k <= last; k++ {
		_, y, _ := a.Stage(k - 1)
		rows := []int{}
		for i := y[0]; i < y[1]; i++ {
			if bound[i-y0] != 0 {
				bound[i-y0] = int32(len(rows))
				rows = append(rows, i-y[0])
			}
		}
		c.blocks[last-k].setRows(rows)
	}

	// Patterns of E and A, with the places of their entries.
	patterns := make([]struct{ e, a [][]int32 }, last+1)
	for k := range patterns {
		h := c.blocks[last-k].h
		patterns[k].e, patterns[k].a = make([][]int32, h), make([][]int32, h)
	}
	eat := make([]int, last+1)
	type late struct{ from, row, at int32 }
	inA := make([][]late, last+1)
	for i := range low.N {
		v := u[i]
		k := int(v.stage)
		b, p := &c.blocks[last-k], &s.blocks[last-k]
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			j := int(low.Col[t])
			w := u[j]
			switch {
			case v.kind == parameter && w.stage == v.stage:
				p.rest.add(t, int(v.at)*b.q+int(w.at))
			case v.kind == state && w.kind == state && w.stage == v.stage:
				p.states.add(t, int(v.at)*b.h+int(w.at))
			case v.kind == state && w.kind == parameter && w.stage == v.stage+1:
				n := &c.blocks[last-k-1]
				s.blocks[last-k-1].coupling.add(t, int(bound[i-y0])*n.q+int(w.at))
			case v.kind == costate && w.kind == state && i-j == a.States():
				p.ediag.add(t, int(v.at))
			case v.kind == costate && w.kind == state && w.stage == v.stage && w.at < v.at:
				patterns[k].e[v.at] = append(patterns[k].e[v.at], w.at)
				p.e.add(t, eat[k])
				eat[k]++
			case v.kind == costate && w.stage == v.stage && w.kind == parameter,
				v.kind == costate && w.stage == v.stage-1 && w.kind == state:
				col := w.at
				if w.kind == state {
					col = int32(b.q) + bound[j-y0]
				}
				row := &patterns[k].a[v.at]
				inA[k] = append(inA[k], late{int32(t), v.at, int32(len(*row))})
				*row = append(*row, col)
			default:
				panic("factor: augmented system is not block tridiagonal by stages")
			}
		}
	}
	for k := range patterns {
		b, p := &c.blocks[last-k], &s.blocks[last-k]
		b.t = newPairs(b.q, b.b, patterns[k].e, patterns[k].a)
		for _, l := range inA[k] {
			p.a.add(int(l.from), b.t.ptr[l.row]+int(l.at))
		}
	}
	return nil
}
