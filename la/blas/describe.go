package blas

import (
	"fmt"

	"costate/la/blas/internal/gemm"
)

// Describe says in words what a backend runs on, for reports:
//
//	native, avx2, 2 threads
//	openblas 0.3.21 Zen, 1 thread
func Describe(b Backend) string {
	s := b.Name()
	if d, ok := b.(interface{ detail() string }); ok {
		s += d.detail()
	}
	if b.Threads() == 1 {
		return s + ", 1 thread"
	}
	return fmt.Sprintf("%s, %d threads", s, b.Threads())
}

func (native) detail() string { return ", " + InstructionSet() }

// InstructionSet is the instruction set that the native backend uses: "avx512",
// "avx2", "neon", or "go" for plain Go.
func InstructionSet() string { return gemm.ISA() }

// InstructionSets are those that this build has for this processor, the one
// that is used by default first.
func InstructionSets() []string { return gemm.ISAs() }

// ForceInstructionSet makes the native backend use one of InstructionSets until
// undo is called, for tests and comparisons. It acts on the whole process and
// no kernel may be running. The environment variable COSTATE_ISA does the same
// at the start of a program.
func ForceInstructionSet(name string) (undo func(), err error) { return gemm.Force(name) }
