//go:build race

package gemm

// thinning is the part of the cases that run: the race detector is slow, and
// sees nothing of the assembly.
const thinning = 12
