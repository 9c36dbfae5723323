//go:build !amd64 || noasm

package main

// A fmaLoop does multiply-adds in registers.
type fmaLoop struct {
	run   func(rounds int)
	flops float64 // of a round
	name  string
}

// fmaLoops has nothing to offer on this processor.
func fmaLoops() []fmaLoop { return nil }
