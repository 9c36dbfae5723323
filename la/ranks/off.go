//go:build !cgo || !mumps

package ranks

import (
	"fmt"
	"os"
	"sync"
)

// turn is held by the part that runs.
var turn sync.Mutex

// Start returns ErrNotBuilt.
func Start() error { return ErrNotBuilt }

// Serve ends the program where it was started on several ranks: each of them would do all
// of the work.
func Serve() (stop func()) {
	if n, rank := launched(); n > 1 {
		if rank == 0 {
			fmt.Fprintf(os.Stderr, "started on %d ranks, but %v\n", n, ErrNotBuilt)
		}
		os.Exit(2)
	}
	return func() {}
}

// Version returns ErrNotBuilt.
func Version() (string, error) { return "", ErrNotBuilt }

// Size is 1.
func Size() int { return 1 }

// OnMachine is 1.
func OnMachine() int { return 1 }

// Call runs own, the only part.
func Call(name string, message []byte, own func()) error {
	if parts[name] == nil {
		panic("ranks: there is no job named " + name)
	}
	turn.Lock()
	defer turn.Unlock()
	own()
	return nil
}

// Broadcast does nothing.
func Broadcast(x []float64) {}

// Scatter returns the message for rank 0.
func Scatter(message func(rank int) []byte) []byte { return message(0) }

// Gather returns the message of rank 0.
func Gather(message []byte) [][]byte { return [][]byte{message} }

// Sum does nothing.
func Sum(x []float64) {}

// SumPairs does nothing.
func SumPairs(x []float64) {}

// Max does nothing.
func Max(x []float64) {}
