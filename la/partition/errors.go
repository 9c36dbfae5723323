package partition

import (
	"errors"
	"fmt"
)

// Error is the type of the values that this package panics with when it is
// called wrongly.
type Error string

func (e Error) Error() string { return string(e) }

// Panics of this package.
const (
	ErrLength    Error = "partition: slice has the wrong length"
	ErrAlias     Error = "partition: destination overlaps a source"
	ErrBlockSize Error = "partition: block size is not positive"
	ErrBlock     Error = "partition: block index out of range"
	ErrIndex     Error = "partition: index out of range"
	ErrShape     Error = "partition: matrix does not have the pattern that was analysed"
)

// ErrInterrupted is the error of what Options.Interrupt, or that of MatchUntil, has ended.
var ErrInterrupted = errors.New("partition: interrupted")

// An EntryError names the first entry, by rows of the lower triangle, that keeps a
// matrix from being block tridiagonal under a permutation and a partition:
// its blocks are neither the same nor neighbours. Indices are zero-based.
type EntryError struct {
	I, J           int // row and column in the matrix
	PermI, PermJ   int // the same after the permutation
	BlockI, BlockJ int // their blocks
}

func (e *EntryError) Error() string {
	return fmt.Sprintf("partition: not block tridiagonal: entry (%d, %d), permuted (%d, %d), couples blocks %d and %d",
		e.I, e.J, e.PermI, e.PermJ, e.BlockI, e.BlockJ)
}
