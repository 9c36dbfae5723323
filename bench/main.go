// Command costate solves (H+εI)x = g for a network on real data, checks the answer,
// and measures the ways to get it.
//
//	go build -o costate ./bench
//	./costate [subcommand] [flags]
//
// Without arguments it solves one problem on the embedded digits and explains
// what it shows. Results go to standard output, with --json as exactly one JSON
// document; progress and messages go to standard error. The exit status is 0 only
// when every answer reached the accuracy that was promised: 1 says that something
// failed, 2 that a flag or argument was wrong, 130 that the run was interrupted.
//
// Under mpirun rank 0 is the command, and the other ranks do their part of what
// --engine mumps factors.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"costate/factor/mumps"
	"costate/la/atomicfile"
)

// grace is how long an interrupted command may take to come to a good end before it
// is left in the middle of a computation. Another interrupt ends it at once. A
// checkpoint does not wait for either.
const grace = 5 * time.Second

// launcherGrace is that under mpirun, which kills what has not ended a second after it
// was interrupted.
const launcherGrace = 500 * time.Millisecond

// repeated is how long after an interrupt others are taken for the same one: timeout
// and other tools signal a process and, at once, the group that it is in.
const repeated = 500 * time.Millisecond

func main() {
	held := headroom()
	stop := mumps.Serve()
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as after nohup
		signal.Notify(interrupts, syscall.SIGHUP)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int, 1)
	go func() { done <- execute(ctx, os.Args[1:], os.Stdout, os.Stderr) }()
	status := 0
	select {
	case status = <-done:
	case <-interrupts:
		cancel()
		status = finish(done, interrupts)
	}
	atomicfile.Abandon()
	stop()
	runtime.KeepAlive(held)
	os.Exit(status)
}

// finish waits for an interrupted command to come to its end, and returns the exit
// status.
func finish(done <-chan int, interrupts <-chan os.Signal) int {
	first := time.Now()
	patience := grace
	if mumps.Launched() {
		patience = launcherGrace
	}
	late := time.After(patience)
	for {
		select {
		case status := <-done:
			return status
		case <-interrupts:
			if time.Since(first) > repeated {
				return abandoned()
			}
		case <-late:
			return abandoned()
		}
	}
}

// abandoned says that the command was left in the middle of a computation.
func abandoned() int {
	if isTerminal(os.Stderr) {
		fmt.Fprintln(os.Stderr) // from the line of a bar
	}
	fmt.Fprintln(os.Stderr, program+": interrupted in the middle of a computation; no file was left half-written")
	return statusInterrupted
}
