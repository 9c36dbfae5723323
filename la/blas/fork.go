package blas

import (
	"sync"

	"costate/la/blas/internal/gemm"
)

const (
	// trsmSerial is the number of multiplications a thread below which a
	// triangular solve is not shared out: with as many right-hand sides as its
	// order, 64 ran at 17 Gflop/s on two threads and 33 on one, 96 at 22 on two,
	// 128 at 46 on two and 40 on one (EPYC, Zen 3).
	trsmSerial = 260_000
	// trsmUnit is how many right-hand sides the shares are multiples of.
	trsmUnit = 8
)

// A trsmJob is a triangular solve that is shared out: each thread has some of
// the right-hand sides. It is used again, so that sharing out does not
// allocate.
type trsmJob struct {
	team      *gemm.Team
	t         triangular
	left      bool
	m, n, ldb int
	b         []float64
	parts     int
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
	j := new(trsmJob)
	j.team = gemm.NewTeam(j.part)
	return j
}

func (j *trsmJob) release() {
	j.t, j.b = triangular{}, nil
	spareTrsm.Lock()
	spareTrsm.list = append(spareTrsm.list, j)
	spareTrsm.Unlock()
}

// trsmUseful is the number of threads that a triangular solve of an order can
// keep busy.
func trsmUseful(order, rhs, threads int) int {
	if threads < 2 {
		return 1
	}
	return max(1, min(threads, order*order/2*rhs/trsmSerial, rhs/trsmUnit))
}

// fork solves T X = B (left) or X T = B with several threads.
func (t *triangular) fork(left bool, m, n int, b []float64, ldb, threads int) {
	j := getTrsmJob()
	j.t, j.left, j.m, j.n, j.b, j.ldb, j.parts = *t, left, m, n, b, ldb, threads
	j.team.Run(threads)
	j.release()
}

// part solves for share i of the right-hand sides.
func (j *trsmJob) part(i int) {
	rhs := j.m
	if j.left {
		rhs = j.n
	}
	units := (rhs + trsmUnit - 1) / trsmUnit
	lo := units * i / j.parts * trsmUnit
	hi := min(rhs, units*(i+1)/j.parts*trsmUnit)
	if j.left {
		j.t.left(j.m, hi-lo, j.b[lo:], j.ldb, 1)
	} else {
		j.t.right(hi-lo, j.n, j.b[lo*j.ldb:], j.ldb, 1)
	}
}
