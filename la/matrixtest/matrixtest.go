// Package matrixtest makes symmetric matrices for tests, and their eigenvalues by
// gonum alone.
package matrixtest

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"costate/la"
)

// Tridiag fills a matrix of the given block sizes with normal numbers, within
// rows and columns of the couplings that are kept with probability keep. What is
// not to be read is NaN.
func Tridiag(rng *rand.Rand, sizes []int, keep float64) *la.BlockTridiag {
	a := la.NewBlockTridiag(sizes)
	pick := func(n int) []int {
		s := []int{}
		for i := range n {
			if rng.Float64() < keep {
				s = append(s, i)
			}
		}
		return s
	}
	for k := range sizes {
		d, n := a.Diag(k)
		for i := range n {
			for j := range n {
				d[i*n+j] = rng.NormFloat64()
				if j > i {
					d[i*n+j] = math.NaN()
				}
			}
		}
		if k+1 < len(sizes) {
			rows, cols := pick(sizes[k+1]), pick(n)
			a.SetSub(k, rows, cols)
			b, ld := a.Sub(k)
			for _, i := range rows {
				for _, j := range cols {
					b[i*ld+j] = rng.NormFloat64()
				}
			}
		}
	}
	return a
}

// Dense copies a.
func Dense(a mat.Symmetric) *mat.SymDense {
	s := mat.NewSymDense(a.SymmetricDim(), nil)
	s.CopySym(a)
	return s
}

// Eigenvalues are those of a, ascending. It calls Fatal if gonum does not find
// them.
func Eigenvalues(t interface{ Fatal(...any) }, a mat.Symmetric) []float64 {
	var e mat.EigenSym
	if !e.Factorize(Dense(a), false) {
		t.Fatal("EigenSym failed")
	}
	return e.Values(nil)
}
