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

// A task is one part of a job.
type task struct {
	run  func(part int)
	part int
	left *atomic.Int32
	done *sync.WaitGroup
}

// awake is how long a worker looks for work, and a caller for the end of it,
// before they sleep.
const awake = 200 * time.Microsecond

var idle struct {
	sync.Mutex
	list []*worker
}

// dispatch gives a task to an idle worker, or to a new one.
func dispatch(t *task) {
	idle.Lock()
	var w *worker
	if n := len(idle.list); n > 0 {
		w = idle.list[n-1]
		idle.list = idle.list[:n-1]
	}
	idle.Unlock()
	if w == nil {
		w = &worker{wake: make(chan struct{}, 1)}
		w.next.Store(t)
		go w.loop()
		return
	}
	w.next.Store(t)
	if w.asleep.CompareAndSwap(true, false) {
		w.wake <- struct{}{}
	}
}

func (w *worker) loop() {
	for {
		t := w.wait()
		if t == nil {
			// Woken for a task that it had met awake and done already: the
			// dispatcher was interrupted before it looked whether to wake.
			continue
		}
		w.next.Store(nil)
		t.run(t.part)
		left, done := t.left, t.done
		idle.Lock()
		idle.list = append(idle.list, w)
		idle.Unlock()
		left.Add(-1)
		done.Done()
	}
}

// wait returns the next task, or nil if it was woken for none.
func (w *worker) wait() *task {
	if t := spin(func() bool { return w.next.Load() != nil }); t {
		return w.next.Load()
	}
	w.asleep.Store(true)
	if w.next.Load() != nil && w.asleep.CompareAndSwap(true, false) {
		return w.next.Load()
	}
	<-w.wake
	return w.next.Load()
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
