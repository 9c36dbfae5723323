package train

import (
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/vec"
)

// TestShifted compares solves and counts of a stored matrix with its eigenvalues, also
// after its values have changed and where it is singular.
func TestShifted(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	for _, n := range []int{1, 2, 7, 40} {
		full := mat.NewSymDense(n, nil)
		fill := func() {
			for i := range n {
				for j := range i + 1 {
					full.SetSym(i, j, rng.NormFloat64())
				}
			}
		}
		fill()
		a, err := la.FromSymmetric(full)
		if err != nil {
			t.Fatal(err)
		}
		h := NewShifted(a, nil)
		for round := range 2 {
			if round == 1 {
				fill()
				val := a.RawLower().Val
				for i := range n {
					for j := range i + 1 {
						val[i*(i+1)/2+j] = full.At(i, j)
					}
				}
			}
			var eigen mat.EigenSym
			eigen.Factorize(full, false)
			values := eigen.Values(nil)
			for _, lambda := range []float64{0, 0.3, 10 * float64(n)} {
				negative := 0
				for _, v := range values {
					if v+lambda < 0 {
						negative++
					}
				}
				in, err := h.Factorize(lambda)
				if err != nil || !in.Certain || in.Negative != negative {
					t.Fatalf("order %d, λ = %g: %+v, want %d negative: %v", n, lambda, in, negative, err)
				}
				b, x, ax := make([]float64, n), make([]float64, n), make([]float64, n)
				for i := range b {
					b[i] = rng.NormFloat64()
				}
				if err := h.Solve(x, b); err != nil {
					t.Fatal(err)
				}
				h.Mul(ax, x)
				vec.Axpy(ax, lambda, x)
				vec.Axpy(ax, -1, b)
				if !(vec.Norm2(ax) <= 1e-9*(vec.Norm2(b)+vec.Norm2(x)*10*float64(n))) {
					t.Errorf("order %d, λ = %g: the residual is %g", n, lambda, vec.Norm2(ax))
				}
				h.Mul(x, x) // in place
			}
		}
	}
	zero, err := la.FromSymmetric(mat.NewSymDense(2, []float64{1, 1, 1, 1}))
	if err != nil {
		t.Fatal(err)
	}
	if in, err := NewShifted(zero, nil).Factorize(0); err != nil || in.Certain && in.Zero == 0 {
		t.Errorf("a singular matrix: %+v, %v", in, err)
	}
}
