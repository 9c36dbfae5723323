//go:build cgo && mumps

package mumps

/*
#cgo amd64 CFLAGS: -I/usr/lib/x86_64-linux-gnu/openmpi/include
#cgo arm64 CFLAGS: -I/usr/lib/aarch64-linux-gnu/openmpi/include
#cgo LDFLAGS: -ldmumps -lmpi

#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"sync/atomic"
	"unsafe"

	"costate/la/ranks"
)

// job is what ranks know the calls of MUMPS by.
const job = "mumps"

func init() { ranks.Handle(job, follow) }

// A step is a call that all ranks make together.
type step int

const (
	stepNew step = iota
	stepFree
	stepTake // a chain
	stepAnalyse
	stepFactor
	stepSolve
	stepDamp
	stepScale
	stepProduct
	stepResidual
	stepNorm
	stepStored
)

// A command is what rank 0 tells the others to do.
type command struct {
	Step      step
	Instance  int
	Threads   int     // of stepNew, of all ranks of a machine together
	Directory string  // of stepNew: for factors out of core
	Relax     int     // of stepAnalyse and stepFactor
	Threshold float64 // of stepFactor
	Shift     float64 // of stepFactor, for a shared matrix, as Even
	Even      float64
	Eps       []float64 // of stepDamp, by stage
}

// call has all ranks do their parts of a command. That MPI has started New has seen to.
func (c *command) call(own func()) {
	if err := ranks.Call(job, ranks.Encode(c), own); err != nil {
		panic(err)
	}
}

// An instance is a rank's part of an instance of MUMPS. It is apart from the engine, so
// that the instance of an engine that nobody holds any more is freed.
type instance struct {
	number int
	freed  atomic.Bool
	at     *C.costate_instance
	share  *share // of a matrix that all ranks hold together; nil where rank 0 has it
}

var (
	made     atomic.Int64          // instances that rank 0 has made
	followed = map[int]*instance{} // by number, on other ranks
)

// follow is the part of other ranks than 0.
func follow(message []byte) {
	var c command
	ranks.Decode(message, &c)
	i := followed[c.Instance]
	switch c.Step {
	case stepNew:
		i = &instance{number: c.Instance}
		i.begin(&c)
		followed[c.Instance] = i
	case stepFree:
		C.costate_free(i.at)
		delete(followed, c.Instance)
	case stepAnalyse:
		var r C.costate_result
		C.costate_analyse(i.at, i.matrix(), automatic, nil, C.int(c.Relax), &r)
	case stepFactor:
		var r C.costate_result
		if i.share != nil {
			i.share.shift(c.Shift, c.Even)
		}
		C.costate_factor(i.at, i.matrix(), C.double(c.Threshold), C.int(c.Relax), &r)
	case stepSolve:
		var r C.costate_result
		C.costate_solve(i.at, 0, nil, &r)
	default:
		if i.share == nil {
			i.share = new(share)
		}
		i.share.follow(&c)
	}
}

// begin makes the part of this rank.
func (i *instance) begin(c *command) {
	dir := C.CString(c.Directory)
	defer C.free(unsafe.Pointer(dir))
	i.at = C.costate_new(C.int(c.Threads), dir)
}

// newInstance makes an instance on all ranks.
func newInstance(o *Options) *instance {
	i := new(instance)
	c := command{Step: stepNew, Threads: o.Threads, Directory: o.OutOfCore}
	i.number = int(made.Add(1))
	c.Instance = i.number
	c.call(func() { i.begin(&c) })
	return i
}

// free frees the instance, once.
func (i *instance) free() {
	if !i.freed.CompareAndSwap(false, true) {
		return
	}
	(&command{Step: stepFree, Instance: i.number}).call(func() { C.costate_free(i.at) })
}

// matrix is this rank's part of the matrix, but for rank 0 where that has all of it.
func (i *instance) matrix() C.costate_matrix {
	s := i.share
	if s == nil {
		return C.costate_matrix{}
	}
	return C.costate_matrix{n: C.int(s.k.Order()), shared: 1, entries: C.int64_t(len(s.rows)), row: ints(s.rows), col: ints(s.cols), val: doubles(s.vals)}
}

func ints(s []int32) *C.int         { return (*C.int)(unsafe.Pointer(unsafe.SliceData(s))) }
func doubles(s []float64) *C.double { return (*C.double)(unsafe.Pointer(unsafe.SliceData(s))) }
