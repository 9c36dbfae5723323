//go:build cgo && mumps

package mumps

// #include "bridge.h"
import "C"

import (
	"fmt"

	"costate/factor/internal/pivot"
	"costate/la"
)

// megabyte is one as MUMPS counts.
const megabyte = 1000000

// build lists the entries.
func (e *engine) build(a *la.Sym) {
	low := a.RawLower()
	e.stored = len(low.Col)
	e.rows, e.cols = make([]int32, 0, e.stored+e.n), make([]int32, 0, e.stored+e.n)
	e.diag = make([]int32, e.n)
	for i := range e.n {
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			if int(low.Col[t]) == i {
				e.diag[i] = int32(t) + 1 // 0 is none
			}
			e.rows, e.cols = append(e.rows, int32(i+1)), append(e.cols, low.Col[t]+1)
		}
	}
	for i, t := range e.diag {
		if t == 0 {
			e.rows, e.cols = append(e.rows, int32(i+1)), append(e.cols, int32(i+1))
			t = int32(len(e.rows))
		}
		e.diag[i] = t - 1
	}
	e.vals = make([]float64, len(e.rows))
	copy(e.vals, low.Val)
}

// analyse finds the order and the tree, and refuses what needs too much memory.
func (e *engine) analyse(ordering int) error {
	var perm []int32
	if e.opts.Perm != nil {
		perm = make([]int32, e.n) // the place of each unknown in the order, from 1
		for at, i := range e.opts.Perm {
			perm[i] = int32(at + 1)
		}
	}
	var r C.costate_result
	(&command{Step: stepAnalyse, Instance: e.number, Relax: e.relax}).call(func() {
		C.costate_analyse(e.at, e.matrix(), C.int(ordering), ints(perm), C.int(e.relax), &r)
	})
	e.predicted = r
	if r.info < 0 {
		return failure(&r)
	}
	if got := int(r.ordering); got < len(orderings) {
		e.plan.Ordering = orderings[got]
	}
	if e.opts.Ordering != "" && e.plan.Ordering != e.opts.Ordering && e.opts.Perm == nil {
		return fmt.Errorf("this MUMPS is built without the ordering %s", e.opts.Ordering)
	}
	e.plan.Fronts, e.plan.FrontMax = int(r.nodes), int(r.front)
	e.plan.Entries, e.plan.RankBytes = int64(r.entries), int64(r.rank_megabytes)*megabyte
	return e.affordable()
}

// affordable checks the memory planned, with workspaces relaxed as they are.
func (e *engine) affordable() error {
	if need := e.bytes(); e.opts.MemoryLimit > 0 && need > e.opts.MemoryLimit {
		return &MemoryError{Needed: need}
	}
	return nil
}

// bytes is the memory planned: of MUMPS, and of the entries that it is given.
func (e *engine) bytes() int64 {
	relaxed := float64(e.predicted.megabytes) * (100 + float64(e.relax)) / (100 + relax)
	return int64(relaxed)*megabyte + 16*int64(len(e.rows)) + 12*int64(e.n) // rows are none where K is shared
}

func (e *engine) Cost() pivot.Cost {
	if e.n == 0 {
		return pivot.Cost{}
	}
	return pivot.Cost{Factor: int64(e.predicted.flops), Solve: 4 * int64(e.predicted.entries), Bytes: e.bytes()}
}
