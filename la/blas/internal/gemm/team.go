package gemm

import (
	"sync"
	"sync/atomic"
)

// A Team shares the parts of some work out among the same workers that products
// use, which must not be made to compete with other goroutines. It is used
// again and again for one function, so that sharing out does not allocate.
type Team struct {
	run     func(part int)
	parts   int
	next    atomic.Int32 // the first part that nobody has begun
	task    task
	workers []*worker
	left    atomic.Int32 // workers not yet done
	done    sync.WaitGroup
}

// NewTeam returns a team that runs one function.
func NewTeam(run func(part int)) *Team {
	t := &Team{run: run}
	t.task = task{t.work, &t.left, &t.done}
	return t
}

// Run calls the function for all parts from 0 to parts-1, on as many
// goroutines, and returns when all are done. Parts that no worker has begun
// when the caller is done with one are run by the caller, so that a worker that
// is slow to wake costs nothing: they may not wait for each other. Run may not
// be called again before it returns.
func (t *Team) Run(parts int) { t.Share(parts, parts) }

// Share runs parts on at most threads goroutines.
func (t *Team) Share(parts, threads int) {
	t.parts = parts
	t.next.Store(0)
	t.workers = t.workers[:0]
	for range min(parts, threads) - 1 {
		t.left.Add(1)
		t.done.Add(1)
		w := dispatch(&t.task)
		if w == nil {
			t.left.Add(-1)
			t.done.Done()
			break
		}
		t.workers = append(t.workers, w)
	}
	t.work()
	for _, w := range t.workers {
		w.cancel(&t.task)
	}
	spin(func() bool { return t.left.Load() == 0 })
	t.done.Wait()
}

// work runs parts until there is none left.
func (t *Team) work() {
	for {
		i := int(t.next.Add(1)) - 1
		if i >= t.parts {
			return
		}
		t.run(i)
	}
}

// A Beside runs one function beside the caller, on a worker. It is used again and again
// without allocating.
type Beside struct {
	body   func()
	task   task
	worker *worker
	left   atomic.Int32 // 1 while the body is not done
	done   sync.WaitGroup
}

// NewBeside returns a Beside.
func NewBeside() *Beside {
	b := &Beside{}
	b.task = task{func() { b.body() }, &b.left, &b.done}
	return b
}

// Start lets body run beside the caller, who must call Join before the next Start.
func (b *Beside) Start(body func()) {
	b.body = body
	b.left.Store(1)
	b.done.Add(1)
	b.worker = dispatch(&b.task)
}

// Join waits for the body. If no worker has begun it the caller runs it.
func (b *Beside) Join() {
	switch {
	case b.worker == nil:
		b.body()
		b.left.Add(-1)
		b.done.Done()
	case b.worker.cancel(&b.task):
		b.body()
	default:
		spin(func() bool { return b.left.Load() == 0 })
		b.done.Wait()
	}
	b.body, b.worker = nil, nil
}
