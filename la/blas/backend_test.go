package blas_test

import (
	"testing"

	"costate/la/blas"
	"costate/la/blas/blastest"
)

func TestNative(t *testing.T) {
	for _, threads := range []int{1, 2} {
		g := blas.NativeThreads(threads)
		t.Run("", func(t *testing.T) { blastest.Run(t, g) })
	}
	blastest.Allocs(t, blas.NativeThreads(1))
}

func TestGonum(t *testing.T) {
	blastest.Run(t, blas.Gonum(1))
	blastest.Run(t, blas.Gonum(2))
	blastest.Allocs(t, blas.Gonum(1))
}
