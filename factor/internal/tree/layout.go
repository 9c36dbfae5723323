package tree

import (
	"sync/atomic"

	"costate/factor/internal/pivot"
	"costate/internal/space"
	"costate/la/blas"
)

// Segments of the memory of contributions: two stacks for every worker, and one
// place each for the roots of tasks, whose contributions wait for the top of the
// tree.
const rootSegment = 2

// inPlaceFrom is the number of rows from which a contribution is made in that of
// a child with the same rows.
const inPlaceFrom = 32

// A layout is where everything lies, and how much of it there is, without
// delayed pivots.
type layout struct {
	words  int    // of all fronts
	top    [2]int // heights of the stacks of the top of the tree
	task   [2]int // and of a task, at most
	roots  int
	work   int // workspace of kernels
	widest int // columns of a front
}

// A memory counts bytes and flops.
type memory struct {
	flops   float64 // planned
	planned int64
	solve   int64        // flops
	extra   atomic.Int64 // bytes beyond what is planned
	settled bool
}

// plan lays out contributions, and counts.
func (e *Engine) plan() {
	e.share()
	e.place()
	l, m := &e.layout, &e.memory
	for k := range e.fronts {
		f := &e.fronts[k]
		p, q := int(f.own), int(f.q)
		m.flops += frontFlops(p, q)
		m.solve += 2*int64(p)*int64(p) + 4*int64(p)*int64(q)
		l.words += words(p, q)
		l.work = max(l.work, e.workFor(p, q))
		l.widest = max(l.widest, p)
	}
	n := int64(e.n)
	workers := int64(max(1, e.tasks.workers))
	stacks := int64(l.roots)
	for i := range l.top {
		stacks += int64(max(l.top[i], l.task[i])) + (workers-1)*int64(l.task[i])
	}
	m.planned = 8*(int64(l.words)+stacks+workers*int64(l.work+2*l.widest)) + 4*(n+int64(len(e.up)))
	m.planned += int64(len(e.fronts))*frontBytes + e.source.Bytes()
}

// frontBytes is the size of a front.
const frontBytes = 136

// workFor is the length of the workspace that the kernels need for a front.
func (e *Engine) workFor(p, q int) int { return blas.LdlfrontWork(p+q, p) }

// place decides which contributions are made in place, on which of two stacks
// the others lie, and where. Children lie on top of one stack while their parent's
// contribution goes on the other, so nothing is moved.
func (e *Engine) place() {
	for k := range e.fronts {
		f := &e.fronts[k]
		if f.q < inPlaceFrom || f.handed {
			continue
		}
		// The first child lies lowest on the stack; what is left of it must not be
		// much smaller than the place that it holds.
		c := f.child
		if c < 0 {
			continue
		}
		if g := &e.fronts[c]; g.q-g.summed == f.q && !g.handed && 4*f.q > 3*g.q {
			f.base = c
		}
	}
	for k := len(e.fronts) - 1; k >= 0; k-- {
		f := &e.fronts[k]
		if f.parent >= 0 {
			f.seg = e.fronts[f.parent].seg
			if e.fronts[f.parent].base < 0 {
				f.seg = 1 - f.seg
			}
		}
	}
	held := make([]extent, len(e.fronts))
	l := &e.layout
	for _, r := range e.tasks.runs {
		var height [2]int
		for k := r.lo; k < r.hi; k++ {
			e.put(k, held, &height, &l.task)
		}
	}
	var height [2]int
	e.tasks.top(len(e.fronts), func(k int) bool {
		e.put(k, held, &height, &l.top)
		return true
	})
	for k := range e.fronts {
		if f := &e.fronts[k]; f.handed {
			f.seg, f.off, f.ldc = rootSegment, l.roots, f.q
			l.roots += int(f.q) * int(f.q)
		}
	}
}

// An extent is what a contribution holds of its stack, from lo up to hi.
type extent struct{ lo, hi int }

// put finds the place of node k's contribution, and frees those of its children.
func (e *Engine) put(k int, held []extent, height, most *[2]int) {
	f := &e.fronts[k]
	q := int(f.q)
	if f.base < 0 && !f.handed {
		f.off, f.ldc = height[f.seg], f.q
		height[f.seg] += q * q
		held[k] = extent{f.off, height[f.seg]}
		most[f.seg] = max(most[f.seg], height[f.seg])
	}
	for c := f.child; c >= 0; c = e.fronts[c].next {
		if g := &e.fronts[c]; !g.handed {
			height[g.seg] = held[c].lo // of the first, which lies lowest
			break
		}
	}
	if f.base >= 0 {
		g := &e.fronts[f.base]
		f.ldc = g.ldc
		f.off = g.off + int(g.summed)*int(g.ldc+1)
		held[k] = extent{height[f.seg], held[f.base].hi}
		height[f.seg] = held[k].hi
	}
}

// hold makes the memory planned, once. After a first factorization that delayed
// pivots it makes the fronts' memory anew, as large as that was.
func (e *Engine) hold() {
	m := &e.memory
	switch {
	case !e.held:
		e.held = true
		e.arena, e.columns = space.Floats(e.layout.words), make([]int32, e.n)
		e.hire()
	case m.settled || m.extra.Load() == 0 || e.facts.stop != Complete:
		return
	default:
		m.settled = true
		e.arena, e.columns = nil, nil
		total, cols := 0, 0
		for k := range e.fronts {
			f := &e.fronts[k]
			total, cols = total+len(f.w), cols+len(f.cols)
			f.w, f.cols = nil, nil
		}
		e.arena, e.columns = space.Floats(total), make([]int32, cols)
		m.extra.Store(8*int64(total-e.layout.words) + 4*int64(cols-e.n) + e.grownWorkspace())
	}
	e.blank = true
	arena, columns := e.arena, e.columns
	for k := range e.fronts {
		f := &e.fronts[k]
		p := int(max(f.own, f.p))
		n := words(p, int(f.q))
		f.w, arena = arena[:n:n], arena[n:]
		f.cols, columns = columns[:p:p], columns[p:]
		f.outgrown = false
	}
}

// Cost counts flops and bytes for pivots that are not delayed, before the
// memory of the factors is made.
func (e *Engine) Cost() pivot.Cost {
	m := &e.memory
	return pivot.Cost{Factor: int64(m.flops), Solve: m.solve, Bytes: m.planned}
}

// Grown is the memory that delayed pivots have asked for beyond what was planned.
func (e *Engine) Grown() int64 { return e.memory.extra.Load() }

// grow gives front f, which delayed pivots have made larger than planned, memory
// of its own for p columns. It returns false if the limit forbids it.
func (w *worker) grow(f *front, p int) bool {
	n := words(p, int(f.q))
	more := 8*int64(n) + 4*int64(p)
	if f.outgrown {
		more -= 8*int64(cap(f.w)) + 4*int64(cap(f.cols))
	}
	if !w.e.afford(more) {
		return false
	}
	f.w, f.cols, f.outgrown = space.Floats(n), make([]int32, p), true
	return true
}

// afford counts more bytes, unless that exceeds the limit.
func (e *Engine) afford(more int64) bool {
	m := &e.memory
	if limit := e.opts.MemoryLimit; limit > 0 && m.planned+m.extra.Load()+more > limit {
		return false
	}
	m.extra.Add(more)
	return true
}
