package gemm

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A worker is a goroutine that stays. Waking a thread that sleeps takes longer
// than a product of order 128, so a worker that has nothing to do looks for
// work for a while before it sleeps, and lets others run meanwhile.
type worker struct {
	next   atomic.Pointer[task]
	asleep atomic.Bool
	wake   chan struct{}
}

// A task is what a worker is asked to do. A worker takes it by emptying next.
type task struct {
	run  func()
	left *atomic.Int32
	done *sync.WaitGroup
}

// awake is how long a worker looks for work, and a caller for the end of it,
// before they sleep.
const awake = 200 * time.Microsecond

// workers are all there are. There are no more than processors beside that of a caller:
// others would keep each other waiting.
var workers struct {
	sync.Mutex
	idle  []*worker
	count int
}

func (w *worker) release() {
	workers.Lock()
	workers.idle = append(workers.idle, w)
	workers.Unlock()
}

// dispatch gives a task to an idle worker, or to a new one. It returns nil if all are busy:
// the task is left to the caller then.
func dispatch(t *task) *worker {
	workers.Lock()
	var w *worker
	n := len(workers.idle)
	fresh := n == 0 && workers.count < max(1, runtime.GOMAXPROCS(0)-1)
	switch {
	case n > 0:
		w = workers.idle[n-1]
		workers.idle = workers.idle[:n-1]
	case fresh:
		workers.count++
	}
	workers.Unlock()
	if fresh {
		w = &worker{wake: make(chan struct{}, 1)}
		w.next.Store(t)
		go w.loop()
	}
	if w == nil || fresh {
		return w
	}
	w.next.Store(t)
	if w.asleep.CompareAndSwap(true, false) {
		w.wake <- struct{}{}
	}
	return w
}

// cancel takes back a task that w has not taken yet, and tells whether it did.
func (w *worker) cancel(t *task) bool {
	if !w.next.CompareAndSwap(t, nil) {
		return false
	}
	w.release()
	t.left.Add(-1)
	t.done.Done()
	return true
}

func (w *worker) loop() {
	for {
		t := w.take()
		t.run()
		left, done := t.left, t.done
		w.release()
		left.Add(-1)
		done.Done()
	}
}

// take returns the next task.
func (w *worker) take() *task {
	for {
		if !spin(func() bool { return w.next.Load() != nil }) {
			w.asleep.Store(true)
			if w.next.Load() == nil || !w.asleep.CompareAndSwap(true, false) {
				<-w.wake
			}
		}
		// It may have been cancelled meanwhile.
		if t := w.next.Swap(nil); t != nil {
			return t
		}
	}
}

// spin waits for ready, for the time awake at most, and tells whether it came.
func spin(ready func() bool) bool {
	if ready() {
		return true
	}
	for start := time.Now(); time.Since(start) < awake; {
		for range 16 {
			pause()
			if ready() {
				return true
			}
		}
		runtime.Gosched()
	}
	return false
}
