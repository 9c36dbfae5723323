package tree

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/blas"
)

// Selected elements against a dense inverse, for all kinds and trees.
func TestInverse(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for kind := range 4 {
		for range 60 {
			n := 1 + rng.IntN(50)
			a := random(rng, n, kind)
			scale := make([]float64, n)
			for i := range scale {
				scale[i] = math.Ldexp(1, rng.IntN(5)-2)
			}
			low := a.RawLower()
			scaled := append([]float64(nil), low.Val...)
			for i := range n {
				for at := low.Ptr[i]; at < low.Ptr[i+1]; at++ {
					scaled[at] *= scale[i] * scale[low.Col[at]]
				}
			}
			var z mat.Dense
			if err := z.Inverse(mat.NewDense(n, n, dense(a, nil, 0.3))); err != nil {
				continue
			}
			norm := mat.Norm(&z, math.Inf(1))
			if !(norm < 1e4) {
				continue
			}
			bound := 1e-9 * norm * norm
			for name, tr := range given(t, rng, a) {
				e := New(tr, a, Options{Backend: blas.NativeThreads(1), Threshold: 0.1})
				e.Take(scaled, scale, 100)
				e.Factor(0.3)
				d := make([]float64, n)
				if !e.InverseDiagTo(d) {
					t.Fatalf("%s: zero pivots", name)
				}
				for i, v := range d {
					if !(math.Abs(v-z.At(i, i)) <= bound) {
						t.Fatalf("%s: Z[%d,%d] = %v, want %v", name, i, i, v, z.At(i, i))
					}
				}
				seen := make([]bool, n*n)
				e.Inverse(func(b Block) {
					for i, r := range b.Unknowns {
						for j, c := range b.Unknowns[:b.Cols] {
							seen[int(r)*n+int(c)], seen[int(c)*n+int(r)] = true, true
							if v, want := b.Z[i*b.Ld+j], z.At(int(r), int(c)); !(math.Abs(v-want) <= bound) {
								t.Fatalf("%s: Z[%d,%d] = %v, want %v", name, r, c, v, want)
							}
						}
					}
				})
				for i := range n {
					for at := low.Ptr[i]; at < low.Ptr[i+1]; at++ {
						if !seen[i*n+int(low.Col[at])] {
							t.Fatalf("%s: Z[%d,%d] is missing", name, i, low.Col[at])
						}
					}
				}
			}
		}
	}
}

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
