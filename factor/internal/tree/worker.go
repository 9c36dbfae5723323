package tree

import (
	"costate/internal/space"
	"costate/la/blas"
)

// A worker runs over nodes, with stacks and workspace of its own.
type worker struct {
	tally
	e       *Engine
	backend blas.Backend
	stacks  [2][]float64
	work    []float64 // of kernels
	perm    []int
	names   []int32
}

// newWorker makes a worker that has as much as the plan needs.
func (e *Engine) newWorker(b blas.Backend, top bool) *worker {
	l := &e.layout
	w := &worker{e: e, backend: b}
	for i, n := range l.task {
		if top {
			n = max(n, l.top[i])
		}
		w.stacks[i] = space.Floats(n)
	}
	w.work = space.Floats(l.work)
	w.perm, w.names = make([]int, l.widest), make([]int32, l.widest)
	return w
}

// reserve makes workspace for a front of p columns and q rows below.
func (w *worker) reserve(p, q int) bool {
	work := w.e.workFor(p, q)
	more := 8*int64(max(0, work-cap(w.work))) + 12*int64(max(0, p-cap(w.perm)))
	if more > 0 && !w.e.afford(more) {
		return false
	}
	w.work = space.Resize(w.work, max(work, len(w.work)))
	w.perm, w.names = space.Resize(w.perm, max(p, len(w.perm))), space.Resize(w.names, max(p, len(w.names)))
	return true
}

// grown is the workspace beyond the plan, in bytes.
func (w *worker) grown() int64 {
	l := &w.e.layout
	return 8*int64(len(w.work)-l.work) + 12*int64(len(w.perm)-l.widest)
}

// block is the contribution of a front.
func (w *worker) block(f *front) []float64 {
	if f.seg == rootSegment {
		return w.e.tasks.roots[f.off:]
	}
	return w.stacks[f.seg][f.off:]
}
