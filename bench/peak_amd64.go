//go:build !noasm

package main

import "golang.org/x/sys/cpu"

// fmaAVX2 and fmaAVX512 do 12 independent multiply-adds of whole registers a
// round, which is what the arithmetic units can do at most.
//
//go:noescape
func fmaAVX2(rounds int)

//go:noescape
func fmaAVX512(rounds int)

// A fmaLoop does multiply-adds in registers.
type fmaLoop struct {
	run   func(rounds int)
	flops float64 // of a round
	name  string
}

// fmaLoops are the loops that the processor can run.
func fmaLoops() []fmaLoop {
	var loops []fmaLoop
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		loops = append(loops, fmaLoop{fmaAVX2, 12 * 4 * 2, "AVX2"})
	}
	if cpu.X86.HasAVX512F {
		loops = append(loops, fmaLoop{fmaAVX512, 12 * 8 * 2, "AVX-512"})
	}
	return loops
}
