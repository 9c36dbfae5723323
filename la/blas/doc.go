// Package blas has the dense kernels of the structured factorizations as one
// small interface, Backend.
package blas
