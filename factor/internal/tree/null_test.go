package tree

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/blas"
)

// Null vectors of matrices with an empty row, and a row that is there twice.
func TestNull(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for round := range 80 {
		n := 2 + rng.IntN(30)
		a := random(rng, n, 1+round%2)
		// Duplicate the last unknown's row and column: A becomes singular.
		b := build(n+2, func(sb *la.SymBuilder) {
			low := a.RawLower()
			for i := range n {
				for at := low.Ptr[i]; at < low.Ptr[i+1]; at++ {
					sb.Add(i, int(low.Col[at]), low.Val[at])
					if i == n-1 {
						sb.Add(n, int(low.Col[at]), low.Val[at])
					}
				}
			}
			sb.Add(n, n, a.At(n-1, n-1))
		})
		for name, tr := range given(t, rng, b) {
			e := New(tr, b, Options{Backend: blas.NativeThreads(1)})
			e.Take(b.RawLower().Val, nil, 5)
			s := e.Factor(0)
			if s.Zero == 0 {
				t.Fatalf("%s: no zero pivot", name)
			}
			x, r := make([]float64, n+2), make([]float64, n+2)
			for i := range e.Zeros() {
				e.NullTo(x, i)
				b.MulVecTo(r, x)
				for j, v := range r {
					if !(math.Abs(v) < 1e-12*float64(n)*max(1, mat.Norm(mat.NewVecDense(n+2, x), 2))) {
						t.Fatalf("%s: null vector %d of %d: residual %v in row %d", name, i, s.Zero, v, j)
					}
				}
				if x[e.Zeros()[i]] != 1 {
					t.Fatalf("%s: null vector %d is %v at its pivot", name, i, x[e.Zeros()[i]])
				}
			}
		}
	}
}
