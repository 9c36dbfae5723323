package blas_test

import (
	"errors"
	"math"
	"testing"

	"costate/la/blas"
)

// D = diag(3, [1 2; 2 1], -4, 0): one block of order two.
var (
	dA = []float64{
		3, 9, 9, 9, 9,
		9, 1, 9, 9, 9,
		9, 0, 1, 9, 9,
		9, 9, 9, -4, 9,
		9, 9, 9, 9, 0,
	}
	dE = []float64{0, 2, 0, 0, 0}
)

func TestD(t *testing.T) {
	if neg, zero, pos := blas.DInertia(5, dA, 5, dE); neg != 2 || zero != 1 || pos != 2 {
		t.Errorf("inertia (%d, %d, %d), want (2, 1, 2)", neg, zero, pos)
	}
	if log, sign := blas.DLogDet(5, dA, 5, dE); sign != 0 || !math.IsInf(log, -1) {
		t.Errorf("log|det| %v, sign %v of a singular matrix, want -Inf, 0", log, sign)
	}
	// Without the zero: 3 · (1 - 4) · (-4) = 36.
	if log, sign := blas.DLogDet(4, dA, 5, dE); sign != 1 || math.Abs(log-math.Log(36)) > 1e-15*10 {
		t.Errorf("log|det| %v, sign %v, want %v, 1", log, sign, math.Log(36))
	}
	if log, sign := blas.DLogDet(0, nil, 1, nil); log != 0 || sign != 1 {
		t.Errorf("log|det| %v, sign %v of order 0, want 0, 1", log, sign)
	}
	// Blocks that Sytrf does not make, but that a caller may.
	for _, c := range []struct {
		d1, d2, e      float64
		neg, zero, pos int
	}{
		{2, 2, 1, 0, 0, 2}, {-2, -2, 1, 2, 0, 0}, {1, 1, 1, 0, 1, 1}, {-1, -1, 1, 1, 1, 0}, {1, -1, 5, 1, 0, 1},
		{math.NaN(), 1, 1, 0, 0, 0},
	} {
		neg, zero, pos := blas.DInertia(2, []float64{c.d1, 0, 0, c.d2}, 2, []float64{c.e, 0})
		if neg != c.neg || zero != c.zero || pos != c.pos {
			t.Errorf("[%g %g; %g %g]: inertia (%d, %d, %d), want (%d, %d, %d)", c.d1, c.e, c.e, c.d2, neg, zero, pos, c.neg, c.zero, c.pos)
		}
	}
	b := []float64{6, 5, 3, 4, 3, 3, 4, 8}
	blas.DSolve(4, 2, dA, 5, dE, b, 2)
	for i, want := range []float64{2, 5. / 3, 1, 2. / 3, 1, 5. / 3, -1, -2} {
		if math.Abs(b[i]-want) > 1e-14 {
			t.Errorf("D⁻¹b[%d] = %v, want %v", i, b[i], want)
		}
	}
}

func TestPermuteRows(t *testing.T) {
	perm := []int{2, 0, 1}
	src := []float64{0, 1, -9, 10, 11, -9, 20, 21}
	dst := make([]float64, 6)
	blas.PermuteRows(perm, 2, src, 3, dst, 2)
	for i, want := range []float64{20, 21, 0, 1, 10, 11} {
		if dst[i] != want {
			t.Fatalf("P src = %v", dst)
		}
	}
	back := []float64{5, 5, -9, 5, 5, -9, 5, 5}
	blas.UnpermuteRows(perm, 2, dst, 2, back, 3)
	for i, want := range src {
		if back[i] != want {
			t.Fatalf("Pᵀ P src = %v, want %v", back, src)
		}
	}
	x, y := []float64{1, 2, 3}, make([]float64, 3)
	blas.PermuteRows(perm, 1, x, 1, y, 1)
	if y[0] != 3 || y[1] != 1 || y[2] != 2 {
		t.Fatalf("P x = %v", y)
	}
	clear(x)
	blas.UnpermuteRows(perm, 1, y, 1, x, 1)
	if x[0] != 1 || x[1] != 2 || x[2] != 3 {
		t.Fatalf("Pᵀ P x = %v", x)
	}
}

func TestHelperArguments(t *testing.T) {
	for _, c := range []struct {
		name string
		want blas.Error
		call func()
	}{
		{"DSolve n", blas.ErrNegative, func() { blas.DSolve(-1, 1, dA, 5, dE, nil, 1) }},
		{"DSolve a", blas.ErrShortA, func() { blas.DSolve(5, 1, dA[:20], 5, dE, make([]float64, 5), 1) }},
		{"DSolve e", blas.ErrShortE, func() { blas.DSolve(5, 1, dA, 5, dE[:4], make([]float64, 5), 1) }},
		{"DSolve b", blas.ErrShortB, func() { blas.DSolve(5, 1, dA, 5, dE, make([]float64, 4), 1) }},
		{"DInertia lda", blas.ErrLdA, func() { blas.DInertia(5, dA, 4, dE) }},
		{"DLogDet e", blas.ErrShortE, func() { blas.DLogDet(5, dA, 5, nil) }},
		{"PermuteRows index", blas.ErrPerm, func() { blas.PermuteRows([]int{0, 2}, 1, []float64{1, 2}, 1, make([]float64, 2), 1) }},
		{"PermuteRows src", blas.ErrShortA, func() { blas.PermuteRows([]int{0, 1}, 1, []float64{1}, 1, make([]float64, 2), 1) }},
		{"UnpermuteRows dst", blas.ErrShortB, func() { blas.UnpermuteRows([]int{0, 1}, 1, []float64{1, 2}, 1, make([]float64, 1), 1) }},
	} {
		func() {
			defer func() {
				var e blas.Error
				if err, ok := recover().(error); !ok || !errors.As(err, &e) || e != c.want {
					t.Errorf("%s: panicked with %v, want %v", c.name, err, c.want)
				}
			}()
			c.call()
		}()
	}
}
