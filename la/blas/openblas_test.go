//go:build cgo && openblas

package blas_test

import (
	"fmt"
	"sync"
	"testing"

	"costate/la/blas"
	"costate/la/blas/blastest"
)

func TestOpenBLAS(t *testing.T) {
	for _, threads := range []int{1, 2} {
		t.Run(fmt.Sprint(threads), func(t *testing.T) {
			g, err := blas.OpenBLAS(threads)
			if err != nil {
				t.Fatal(err)
			}
			blastest.Run(t, g)
			blastest.Allocs(t, g)
		})
	}
}

// TestOpenBLASCounts uses backends of different thread counts at one time.
func TestOpenBLASCounts(t *testing.T) {
	var wg sync.WaitGroup
	for _, threads := range []int{1, 2, 1, 2} {
		wg.Go(func() {
			g, err := blas.OpenBLAS(threads)
			if err != nil {
				t.Error(err)
				return
			}
			const n = 90
			a, c := make([]float64, n*n), make([]float64, n*n)
			for i := range a {
				a[i] = float64(i%7 - 3)
			}
			for range 50 {
				g.Gemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, a, n, a, n, 0, c, n)
			}
			want := 0.0
			for l := range n {
				want += a[l] * a[l*n]
			}
			if c[0] != want {
				t.Errorf("C[0,0] = %v, want %v", c[0], want)
			}
		})
	}
	wg.Wait()
	if _, err := blas.OpenBLAS(0); err == nil {
		t.Error("no threads are accepted")
	}
}

func FuzzOpenBLAS(f *testing.F) {
	g, err := blas.OpenBLAS(2)
	if err != nil {
		f.Fatal(err)
	}
	blastest.Fuzz(f, g)
}

// lapacke is the OpenBLAS backend with LAPACKE's own factorization.
type lapacke struct{ blas.Backend }

func (g lapacke) Sytrf(n int, a []float64, lda int, e []float64, perm []int, work []float64) int {
	return blas.SytrfLAPACKE(g.Threads(), n, a, lda, e, perm, make([]int32, n), work)
}

func (lapacke) SytrfWork(n int) int { return blas.SytrfLAPACKEWork(n) }

func TestSytrfLAPACKE(t *testing.T) {
	g, err := blas.OpenBLAS(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range blastest.Kinds {
		if kind.Singular {
			// LAPACK's blocked code leaves a column that becomes exactly zero
			// as it was before the panel's updates.
			continue
		}
		for _, n := range []int{1, 2, 3, 10, 63, 64, 65, 130, 200} {
			f := blastest.NewFactor(kind, n, 0, blastest.NewRand(1))
			f.Factorize(lapacke{g})
			f.Check(t, fmt.Sprintf("LAPACKE, %s of order %d", kind.Name, n))
		}
	}
}
