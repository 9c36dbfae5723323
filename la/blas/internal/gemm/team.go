package gemm

import (
	"sync"
	"sync/atomic"
)

// A Team shares parts of other work out among the same workers that products
// use, which must not be made to compete with other goroutines. It is used
// again and again for one function, so that sharing out does not allocate.
type Team struct {
	run   func(part int)
	tasks []task
	left  atomic.Int32
	done  sync.WaitGroup
}

// NewTeam returns a team that runs one function.
func NewTeam(run func(part int)) *Team { return &Team{run: run} }

// Run calls the function for all parts from 0 to parts-1 at the same time, and
// returns when all are done. It may not be called again before that.
func (t *Team) Run(parts int) {
	for i := len(t.tasks); i < parts; i++ {
		t.tasks = append(t.tasks, task{t.run, i, &t.left, &t.done})
	}
	t.left.Store(int32(parts - 1))
	t.done.Add(parts - 1)
	for i := 1; i < parts; i++ {
		dispatch(&t.tasks[i])
	}
	t.run(0)
	spin(func() bool { return t.left.Load() == 0 })
	t.done.Wait()
}
