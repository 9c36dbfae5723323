// Package gemm has the dense kernels of the native backend: the general
// product of float64 matrices and what is built like it.
package gemm

//go:generate sh -c "cd ../../_gen && sh generate.sh"
