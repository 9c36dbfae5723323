//go:build cgo && mumps

package ranks

/*
#cgo amd64 CFLAGS: -I/usr/lib/x86_64-linux-gnu/openmpi/include
#cgo arm64 CFLAGS: -I/usr/lib/aarch64-linux-gnu/openmpi/include
#cgo LDFLAGS: -lmpi

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
	"unsafe"
)

// world is MPI, of which a process has one.
var world struct {
	once sync.Once
	rank int
	size int
	here int // ranks of the machine
	err  error
	jobs chan func()   // for the goroutine that makes all calls
	gone chan struct{} // closed when there are no more calls
}

// Start starts MPI, once.
func Start() error {
	world.once.Do(func() {
		world.jobs, world.gone = make(chan func()), make(chan struct{})
		ready := make(chan struct{})
		go attend(ready)
		<-ready
	})
	return world.err
}

// attend is the goroutine that makes all calls of MPI. On other ranks than 0 it does their
// parts until it is told to stop, and ends the process.
func attend(ready chan struct{}) {
	runtime.LockOSThread()
	var rank, size, here C.int
	if C.ranks_init(&rank, &size, &here) == 0 {
		world.err = errors.New("this MPI does not allow threads beside the one that calls it")
		close(ready)
		return
	}
	world.rank, world.size, world.here = int(rank), int(size), int(here)
	if rank > 0 {
		// mpirun kills all ranks when one ends: rank 0 is to come to its own end.
		signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		follow()
		C.ranks_finalize()
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

// follow does the parts of this rank until rank 0 stops.
func follow() {
	for {
		name, message := tell("", nil)
		if name == "" {
			return
		}
		parts[name](message)
	}
}

// tell makes the name and the message of rank 0 known to all ranks.
func tell(name string, message []byte) (string, []byte) {
	lengths := [2]C.int64_t{C.int64_t(len(name)), C.int64_t(len(message))}
	C.ranks_wait(&lengths[0])
	text := make([]byte, lengths[0]+lengths[1])
	copy(text[copy(text, name):], message)
	C.ranks_bytes(unsafe.Pointer(unsafe.SliceData(text)), C.int64_t(len(text)))
	return string(text[:lengths[0]]), text[lengths[0]:]
}

// Call has all ranks do their parts of a job, which has a name of Handle, and returns when
// that of rank 0, own, is done. It must not be called from a part. After stop it does
// nothing. The error is that of Start.
func Call(name string, message []byte, own func()) error {
	if parts[name] == nil {
		panic("ranks: there is no job named " + name)
	}
	if err := Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	select {
	case world.jobs <- func() { tell(name, message); own(); close(done) }:
		<-done
	case <-world.gone:
	}
	return nil
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
	case world.jobs <- func() { tell("", nil); C.ranks_finalize(); close(world.gone); close(done) }:
		<-done
	case <-time.After(patience):
	}
}

// Serve joins the ranks that a launcher has started. On rank 0, and where there is no
// launcher, it returns; on the others it does their parts of what rank 0 calls, and ends
// the process with status 0 when rank 0 stops. stop sends the others home; call it before
// the program exits.
func Serve() func() {
	if n, _ := launched(); n > 0 {
		if err := Start(); err != nil {
			os.Stderr.WriteString("MPI: " + err.Error() + "\n")
			os.Exit(1)
		}
	}
	return stop
}

// Size is the number of ranks, 1 before MPI has started.
func Size() int { return max(1, world.size) }

// OnMachine is the number of ranks that share the memory of this one's machine, 1 before
// MPI has started.
func OnMachine() int { return max(1, world.here) }

// Version names MPI with its version.
func Version() (string, error) {
	if err := Start(); err != nil {
		return "", err
	}
	text, _, _ := strings.Cut(C.GoString(C.ranks_version()), ",") // what follows is who built it
	return text, nil
}
