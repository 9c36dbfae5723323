//go:build cgo && openblas

package blas

// lapackeSytrf returns LAPACKE's factorization for order n.
func lapackeSytrf(threads, n int) func(a, e []float64, perm []int) {
	ipiv, work := make([]int32, n), make([]float64, SytrfLAPACKEWork(n))
	return func(a, e []float64, perm []int) { SytrfLAPACKE(threads, n, a, n, e, perm, ipiv, work) }
}
