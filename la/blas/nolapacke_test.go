//go:build !cgo || !openblas

package blas

// lapackeSytrf returns nil: this build has no LAPACKE.
func lapackeSytrf(threads, n int) func(a, e []float64, perm []int) { return nil }
