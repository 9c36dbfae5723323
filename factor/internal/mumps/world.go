//go:build cgo && mumps

package mumps

/*
#cgo amd64 CFLAGS: -I/usr/lib/x86_64-linux-gnu/openmpi/include
#cgo arm64 CFLAGS: -I/usr/lib/aarch64-linux-gnu/openmpi/include
#cgo LDFLAGS: -ldmumps -lmpi

#include "bridge.h"
*/
import "C"

import (
	"errors"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// world is MPI, of which a process has one.
var world struct {
	once  sync.Once
	ranks int
	err   error
	jobs  chan func()   // for the goroutine that makes all calls
	gone  chan struct{} // closed when there are no more calls
}

// start starts MPI, once.
func start() error {
	world.once.Do(func() {
		world.jobs, world.gone = make(chan func()), make(chan struct{})
		ready := make(chan struct{})
		go attend(ready)
		<-ready
	})
	return world.err
}

// attend is the goroutine that makes all calls of MPI. On other ranks than 0 it follows
// until it is told to stop, and ends the process.
func attend(ready chan struct{}) {
	runtime.LockOSThread()
	var rank, size C.int
	if C.costate_init(&rank, &size) == 0 {
		world.err = errors.New("this MPI does not allow threads beside the one that calls it")
		close(ready)
		return
	}
	world.ranks = int(size)
	if rank > 0 {
		// mpirun kills all ranks when one ends: rank 0 is to come to its own end.
		signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		C.costate_follow()
		os.Exit(0)
	}
	close(ready)
	for {
		select {
		case job := <-world.jobs:
			job()
		case <-world.gone:
			return
		}
	}
}

// do makes calls on the thread of MPI, and waits for them. After stop it does nothing.
func do(calls func()) {
	done := make(chan struct{})
	select {
	case world.jobs <- func() { calls(); close(done) }:
		<-done
	case <-world.gone:
	}
}

// patience is how long stop waits for a computation that was left in the middle.
const patience = time.Second

// stop sends the other ranks home. Where a computation is going on it leaves that to the
// launcher, which ends them when it sees this one exit.
func stop() {
	if world.jobs == nil || world.err != nil {
		return
	}
	done := make(chan struct{})
	select {
	case <-world.gone:
	case world.jobs <- func() { C.costate_stop(); close(world.gone); close(done) }:
		<-done
	case <-time.After(patience):
	}
}

// Serve is mumps.Serve of costate/factor/mumps.
func Serve() func() {
	if n, _ := launched(); n > 0 {
		if err := start(); err != nil {
			os.Stderr.WriteString("MPI: " + err.Error() + "\n")
			os.Exit(1)
		}
	}
	return stop
}

// Ranks is the number of ranks, 1 before MPI has started.
func Ranks() int { return max(1, world.ranks) }

// Version names MUMPS and MPI with their versions.
func Version() (string, error) {
	if err := start(); err != nil {
		return "", err
	}
	var mpi string
	do(func() { mpi = C.GoString(C.costate_mpi_version()) })
	mpi, _, _ = strings.Cut(mpi, ",") // what follows is who built it
	return "MUMPS " + C.GoString(C.costate_mumps_version()) + ", " + mpi, nil
}
