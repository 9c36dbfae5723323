package blas

import "sync"

// trsmSerial is the number of multiplications below which a triangular solve
// is not shared out.
const trsmSerial = 32 * 32 * 32

// A trsmJob is a triangular solve that is shared out: each goroutine has some
// of the right-hand sides. Its functions are made once, so that starting
// goroutines does not allocate.
type trsmJob struct {
	t            triangular
	left         bool
	m, n, ldb    int
	b            []float64
	parts, units int
	run          []func()
	wait         sync.WaitGroup
}

var spareTrsm struct {
	sync.Mutex
	list []*trsmJob
}

func getTrsmJob() *trsmJob {
	spareTrsm.Lock()
	defer spareTrsm.Unlock()
	if n := len(spareTrsm.list); n > 0 {
		j := spareTrsm.list[n-1]
		spareTrsm.list = spareTrsm.list[:n-1]
		return j
	}
	return new(trsmJob)
}

func (j *trsmJob) release() {
	j.t, j.b = triangular{}, nil
	spareTrsm.Lock()
	spareTrsm.list = append(spareTrsm.list, j)
	spareTrsm.Unlock()
}

// fork solves with several goroutines; the right-hand sides are shared out in
// units of eight.
func (t *triangular) fork(left bool, m, n int, b []float64, ldb, threads int) {
	const unit = 8
	rhs := m
	if left {
		rhs = n
	}
	j := getTrsmJob()
	j.t, j.left, j.m, j.n, j.b, j.ldb = *t, left, m, n, b, ldb
	j.units = (rhs + unit - 1) / unit
	j.parts = min(threads, j.units)
	for i := len(j.run); i < j.parts; i++ {
		j.run = append(j.run, func() { j.part(i, unit); j.wait.Done() })
	}
	j.wait.Add(j.parts - 1)
	for i := 1; i < j.parts; i++ {
		go j.run[i]()
	}
	j.part(0, unit)
	j.wait.Wait()
	j.release()
}

// part solves for the i-th share of the right-hand sides.
func (j *trsmJob) part(i, unit int) {
	lo, hi := j.units*i/j.parts*unit, j.units*(i+1)/j.parts*unit
	if j.left {
		j.t.left(j.m, min(hi, j.n)-lo, j.b[lo:], j.ldb, 1)
	} else {
		j.t.right(min(hi, j.m)-lo, j.n, j.b[lo*j.ldb:], j.ldb, 1)
	}
}
