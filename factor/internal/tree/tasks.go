package tree

import (
	"cmp"
	"slices"
	"sync/atomic"

	"costate/internal/space"
	"costate/la/blas"
)

const (
	// perSecond is the flops of full speed, in which a front's time is counted:
	// pivoting reads and writes the block once a column, at the speed of memory,
	// and small kernels cost their calls.
	perSecond = 25e9

	// LeastShared is the time of a factorization below which nothing is done side by
	// side: a millisecond.
	LeastShared = 1e-3 * perSecond

	// Each further thread in the kernels of a front of order n adds (n - sharedFrom) /
	// sharedFull to its speed, from nothing up to sharedMost. Measured on two cores with
	// AVX-512: 0 at 512, 0.2 at 768, 0.3 to 0.5 at 1024.
	sharedFrom = 448
	sharedFull = 1500
	sharedMost = 0.7
)

// sharesTried are the numbers of tasks for a thread, at least, that share tries.
var sharesTried = []float64{0.7, 1, 1.5, 2, 3, 4, 6, 8}

// Time predicts the time of a front of p columns and q rows below them with so many
// threads in its kernels, in flops at full speed.
func Time(p, q, threads int) float64 {
	x, y := float64(p), float64(q)
	return (x*x*x/3 + x*x*y + x*y*y + 400*x*x + 25*y*y + 2000*(x+y) + 5000) / speedup(p+q, threads)
}

// A run is a task: subtrees that are neighbours, as the nodes lo, …, hi-1.
type run struct {
	lo, hi int
	time   float64
}

// tasks are subtrees that are factored side by side, each by one worker with
// kernels on one thread; then the top of the tree is factored with all threads
// inside the kernels. Which worker runs a task does not change what it computes.
//
// Source: J. D. Hogg and J. A. Scott, New parallel sparse direct solvers for
// multicore architectures, Algorithms 6 (2013).
type tasks struct {
	runs    []run // in the order of the nodes
	order   []int // of the runs, the longest first
	workers int
	roots   []float64 // contributions of the roots of tasks

	hired   []*worker
	team    *blas.Team // that runs them
	tallies []tally    // of the runs
	next    atomic.Int64
	failed  atomic.Bool
}

// share divides the tree into tasks and a top, so that the predicted time is least:
// smaller tasks end together, larger ones leave less to the top, where a small front
// keeps all threads but one waiting.
func (e *Engine) share() {
	t := &e.tasks
	t.workers = 1
	threads := e.backend.Threads()
	if threads < 2 || e.serial.Threads() > 1 {
		return
	}
	times := make([]float64, len(e.fronts)) // of the subtree, on one thread
	first := make([]int, len(e.fronts))     // node of the subtree
	total, together := 0.0, 0.0
	for k := range e.fronts {
		f := &e.fronts[k]
		own := Time(int(f.own), int(f.q), 1)
		times[k] += own
		total += own
		together += Time(int(f.own), int(f.q), threads)
		if f.child < 0 {
			first[k] = k
		} else {
			first[k] = first[f.child]
		}
		if f.parent >= 0 {
			times[f.parent] += times[k]
		}
	}
	if total < LeastShared {
		return
	}
	least := together
	for _, shares := range sharesTried {
		runs := e.cut(times, first, total/(shares*float64(threads)))
		if time := e.predict(runs, threads); len(runs) > 1 && time < least {
			least, t.runs = time, runs
		}
	}
	if t.runs == nil {
		return
	}
	t.workers = min(threads, len(t.runs))
	t.order = longestFirst(t.runs)
	for _, r := range t.runs {
		for k := r.lo; k < r.hi; k++ {
			f := &e.fronts[k]
			f.handed = int(f.parent) >= r.hi
		}
	}
}

// speedup is how much faster a front of order n is done by that many threads in its kernels.
func speedup(n, threads int) float64 {
	return 1 + min(max(0, float64(n-sharedFrom)/sharedFull), sharedMost)*float64(threads-1)
}

// cut takes the subtrees of at most the given time, neighbours together.
func (e *Engine) cut(times []float64, first []int, limit float64) (runs []run) {
	for k := range e.fronts {
		f := &e.fronts[k]
		if times[k] > limit || f.parent >= 0 && times[f.parent] <= limit {
			continue
		}
		if n := len(runs); n > 0 && runs[n-1].hi == first[k] && runs[n-1].time+times[k] <= limit {
			runs[n-1].hi = k + 1
			runs[n-1].time += times[k]
			continue
		}
		runs = append(runs, run{first[k], k + 1, times[k]})
	}
	return runs
}

// predict is the time of the runs side by side, the longest first, and of the top after
// them.
func (e *Engine) predict(runs []run, threads int) float64 {
	busy := make([]float64, threads)
	for _, i := range longestFirst(runs) {
		w := 0
		for j, b := range busy {
			if b < busy[w] {
				w = j
			}
		}
		busy[w] += runs[i].time
	}
	time := slices.Max(busy)
	(&tasks{runs: runs}).top(len(e.fronts), func(k int) bool {
		f := &e.fronts[k]
		time += Time(int(f.own), int(f.q), threads)
		return true
	})
	return time
}

// longestFirst orders runs by their times.
func longestFirst(runs []run) []int {
	order := make([]int, len(runs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(runs[b].time, runs[a].time) })
	return order
}

// top calls fn for the nodes that are in no task, in order, until it returns false.
func (t *tasks) top(nodes int, fn func(k int) bool) bool {
	k := 0
	for i := 0; ; i++ {
		end := nodes
		if i < len(t.runs) {
			end = t.runs[i].lo
		}
		for ; k < end; k++ {
			if !fn(k) {
				return false
			}
		}
		if i >= len(t.runs) {
			return true
		}
		k = t.runs[i].hi
	}
}

// hire makes the workers.
func (e *Engine) hire() {
	t := &e.tasks
	t.roots = space.Floats(e.layout.roots)
	t.tallies = make([]tally, len(t.runs))
	t.hired = nil
	for i := range t.workers {
		t.hired = append(t.hired, e.newWorker(e.serial, i == 0))
	}
	t.team = blas.NewTeam(func(i int) { t.hired[i].loop() })
}

// grownWorkspace is what workers have beyond the plan, in bytes.
func (e *Engine) grownWorkspace() (bytes int64) {
	for _, w := range e.tasks.hired {
		bytes += w.grown()
	}
	return bytes
}

// run factors all nodes.
func (e *Engine) run() tally {
	t := &e.tasks
	var all tally
	all.reset()
	if len(t.runs) > 0 {
		t.next.Store(0)
		t.failed.Store(false)
		t.team.Run(len(t.hired))
		for i := range t.tallies {
			all.merge(&t.tallies[i])
		}
		if all.stop != Complete {
			return all
		}
	}
	w := t.hired[0]
	w.backend = e.backend
	w.tally.reset()
	t.top(len(e.fronts), w.node)
	w.backend = e.serial
	all.merge(&w.tally)
	return all
}

// loop takes tasks until none is left.
func (w *worker) loop() {
	t := &w.e.tasks
	for {
		i := int(t.next.Add(1)) - 1
		if i >= len(t.order) {
			return
		}
		i = t.order[i]
		w.tally.reset()
		if !t.failed.Load() {
			for k := t.runs[i].lo; k < t.runs[i].hi; k++ {
				if !w.node(k) {
					t.failed.Store(true)
					break
				}
			}
		}
		t.tallies[i] = w.tally
	}
}
