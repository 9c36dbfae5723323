//go:build !race

package gemm

const thinning = 1
