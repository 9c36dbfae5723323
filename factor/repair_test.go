package factor

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la"
)

// gridOf is the five-point pattern of an n×n grid with a diagonal.
func gridOf(n int, diagonal float64) *la.Sym {
	b := la.NewSymBuilder(n*n, 0)
	for i := range n {
		for j := range n {
			k := i*n + j
			b.Add(k, k, diagonal)
			if j > 0 {
				b.Add(k, k-1, 1+float64(k%7)/8)
			}
			if i > 0 {
				b.Add(k, k-n, 1+float64(k%5)/8)
			}
		}
	}
	a, _ := b.Build()
	return a
}

// Values that ask for pairs of unknowns, after an analysis for others that did not,
// end in a good answer or in a *MemoryError whatever memory there is.
func TestPairsWithinMemory(t *testing.T) {
	const n = 30
	good, hard := gridOf(n, 10), gridOf(n, 0)
	var f Sparse
	if err := f.Analyse(good, nil); err != nil {
		t.Fatal(err)
	}
	planned := f.Cost().Bytes
	rng := rand.New(rand.NewPCG(7, 7))
	b := mat.NewVecDense(n*n, nil)
	for i := range n * n {
		b.SetVec(i, rng.NormFloat64())
	}
	refused, solved := 0, 0
	for _, share := range []float64{1, 1.02, 1.05, 1.1, 1.2, 1.5, 2, 10} {
		if err := f.Analyse(good, &Options{MemoryLimit: int64(share * float64(planned))}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			for _, a := range []*la.Sym{good, hard} {
				err := f.Refactorize(a)
				var memory *MemoryError
				var singular *SingularError
				switch {
				case errors.As(err, &memory):
					refused++
				case errors.As(err, &singular):
				case err != nil:
					t.Errorf("%g: %v", share, err)
				default:
					var x, r mat.VecDense
					if err := f.SolveVecTo(&x, b); err != nil {
						t.Errorf("%g: %v", share, err)
					}
					r.MulVec(a, &x)
					r.SubVec(b, &r)
					if !(mat.Norm(&r, 2) <= 1e-12*(mat.Norm(b, 2)+20*mat.Norm(&x, 2))) {
						t.Errorf("%g: residual %g", share, mat.Norm(&r, 2))
					}
					solved++
				}
			}
		}
	}
	if refused == 0 || solved < 16 {
		t.Errorf("%d refused, %d solved: the limits test little", refused, solved)
	}
}

// A singular matrix has a determinant without a sign.
func TestSingularSign(t *testing.T) {
	zero, _ := la.NewSymBuilder(3, 0).Build()
	var f Sparse
	var singular *SingularError
	if err := f.Factorize(zero); !errors.As(err, &singular) {
		t.Fatal(err)
	}
	if log, sign := f.LogDet(); !math.IsInf(log, -1) || sign != 0 || f.Inertia().Zero != 3 {
		t.Errorf("log-determinant %g, sign %g, inertia %v", log, sign, f.Inertia())
	}
}
