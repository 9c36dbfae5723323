package factor

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor/internal/pivot"
	"costate/la"
)

// The diagonal of the inverse of sparse matrices of all shapes, scaled or not,
// against the dense inverse.
func TestSparseInverseDiag(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	refused, delayed, scaled := 0, 0, 0
	cases := sparseCases(rng)
	for i, widths := range [][]int{{6, 5, 5, 4, 3}, {12, 10, 8, 6, 4}, {20, 4, 4, 4, 2}, {8, 8, 8, 8}} {
		cases[fmt.Sprintf("network %d", widths)] = networkMatrix(rng, widths, 2+2*i, 1)
	}
	for name, a := range cases {
		rng := rand.New(rand.NewPCG(13, uint64(len(name)))) // the order of a map is random
		n := a.SymmetricDim()
		for _, spread := range []float64{0, 3} {
			s := make([]float64, n)
			for i := range s {
				s[i] = math.Exp2(math.Round(spread * rng.NormFloat64()))
			}
			b := a.Clone()
			low := b.RawLower()
			for i := range n {
				for p := low.Ptr[i]; p < low.Ptr[i+1]; p++ {
					low.Val[p] *= s[i] * s[low.Col[p]]
				}
			}
			var f Sparse
			if err := f.Factorize(b); err != nil {
				continue // singular, as random ones may be
			}
			want, largest, cond := denseInverse(t, a)
			got, err := f.InverseDiagTo(nil)
			var e *InverseError
			if errors.As(err, &e) {
				if e.Shift == 0 && cond < 1e7 {
					t.Errorf("%s: %v with condition number %g", name, err, cond)
				}
				refused++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			g := f.Report().Growth
			tol := 64 * float64(n+4) * pivot.Unit * cond * largest * (1 + g)
			for i, v := range got {
				// The matrix without the spread is the better conditioned one.
				if v *= s[i] * s[i]; !(math.Abs(v-want.At(i, i)) <= tol) {
					t.Errorf("%s: element %d is %v, want %v within %g (growth %g)", name, i, v, want.At(i, i), tol, g)
					break
				}
			}
			if f.engine.Delayed() > 0 {
				delayed++
			}
			if !f.eq.plain {
				scaled++
			}
		}
	}

	if refused > 30 || delayed < 3 || scaled < 5 {
		t.Errorf("%d refused, %d with delayed pivots, %d scaled", refused, delayed, scaled)
	}
}

func TestSparseInverseDiagMisuse(t *testing.T) {
	var f Sparse
	mustPanic(t, ErrNotFactorized, func() { f.InverseDiagTo(nil) })
	a, err := la.FromSymmetric(mat.NewDiagDense(2, []float64{2, -4}))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	mustPanic(t, ErrShape, func() { f.InverseDiagTo(make([]float64, 3)) })
	if d, err := f.InverseDiagTo(make([]float64, 2)); err != nil || d[0] != 0.5 || d[1] != -0.25 {
		t.Errorf("%v, error %v", d, err)
	}
}
