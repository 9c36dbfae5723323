package factor

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"costate/factor/internal/pivot"
	"costate/internal/alloctest"
	"costate/la"
)

func TestQuadFormProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 9), 1, 7).Draw(t, "sizes")
		keep := rapid.SampledFrom([]float64{0, 0.3, 1}).Draw(t, "keep")
		nr := rapid.IntRange(1, 4).Draw(t, "columns")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		a := randomTridiag(rng, sizes, keep)
		n := a.SymmetricDim()
		var f Block
		if err := f.Factorize(a); err != nil {
			t.Fatal(err)
		}
		b := mat.NewDense(n, nr, nil)
		for i := range n {
			for j := range nr {
				b.Set(i, j, rng.NormFloat64())
			}
		}
		got, err := f.QuadFormTo(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		raw, rows := make([]float64, nr), mat.DenseCopyOf(b.T()).RawMatrix().Data
		before := slices.Clone(rows)
		f.QuadFormRaw(raw, rows, nr)
		if !slices.Equal(rows, before) {
			t.Fatal("QuadFormRaw changes the right-hand sides")
		}

		_, _, cond := denseInverse(t, a)
		var x, q mat.Dense
		var c mat.Condition
		if err := x.Solve(dense(a), b); err != nil && !errors.As(err, &c) {
			t.Fatal(err)
		}
		q.Mul(b.T(), &x)
		for j := range nr {
			scale := mat.Norm(b.ColView(j), 2) * mat.Norm(x.ColView(j), 2)
			tol := 8 * float64(n+4) * pivot.Unit * cond * scale
			if math.Abs(got[j]-q.At(j, j)) > tol {
				t.Fatalf("form %d is %v, want %v within %g", j, got[j], q.At(j, j), tol)
			}
			if tol *= 1 + f.Report().Growth; f.Report().Shift == 0 && math.Abs(raw[j]-q.At(j, j)) > tol {
				t.Fatalf("raw form %d is %v, want %v within %g", j, raw[j], q.At(j, j), tol)
			}
		}
	})
}

func TestQuadFormEdges(t *testing.T) {
	var f Block
	mustPanic(t, ErrNotFactorized, func() { f.QuadFormTo(nil, mat.NewDense(1, 1, nil)) })
	mustPanic(t, ErrNotFactorized, func() { f.QuadFormRaw(nil, nil, 0) })
	a := la.NewBlockTridiag([]int{1, 2})
	addToDiagonal(a, -2)
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	mustPanic(t, ErrShape, func() { f.QuadFormTo(nil, mat.NewDense(2, 1, nil)) })
	mustPanic(t, ErrShape, func() { f.QuadFormTo(make([]float64, 2), mat.NewDense(3, 1, nil)) })
	mustPanic(t, ErrShape, func() { f.QuadFormRaw(make([]float64, 1), make([]float64, 6), 1) })
	b := mat.NewVecDense(3, []float64{1, 2, 3})
	got, err := f.QuadFormTo(nil, b)
	if err != nil || got[0] != -7 {
		t.Errorf("bᵀA⁻¹b = %v, want -7, error %v", got, err)
	}
	b.SetVec(1, math.NaN())
	var notFinite *la.NotFiniteError
	if got, err := f.QuadFormTo(nil, b); !errors.As(err, &notFinite) || got != nil {
		t.Errorf("%v, error %v for a NaN", got, err)
	}
}

func TestQuadFormAllocates(t *testing.T) {
	a := randomTridiag(rand.New(rand.NewPCG(4, 1)), []int{20, 7, 1, 30}, 0.5)
	var f Block
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	b := mat.NewDense(a.SymmetricDim(), 3, nil)
	dst, x := make([]float64, 3), make([]float64, 3*a.SymmetricDim())
	b.Set(1, 1, 1)
	work := func() {
		f.QuadFormRaw(dst, x, 3)
		if _, err := f.QuadFormTo(dst, b); err != nil {
			t.Fatal(err)
		}
	}
	work()
	if n := alloctest.PerRun(10, work); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkQuadForm(b *testing.B) {
	const order, width, nr = 8192, 64, 16
	sizes := make([]int, order/width)
	for k := range sizes {
		sizes[k] = width
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var f Block
	if err := f.Factorize(randomTridiag(rng, sizes, 1)); err != nil {
		b.Fatal(err)
	}
	x := make([]float64, order*nr)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	y, dst := make([]float64, len(x)), make([]float64, nr)
	for _, half := range []bool{false, true} {
		name := "solve"
		if half {
			name = "half"
		}
		b.Run(fmt.Sprintf("order=%d/width=%d/columns=%d/way=%s", order, width, nr, name), func(b *testing.B) {
			for b.Loop() {
				copy(y, x)
				if half {
					f.QuadFormRaw(dst, y, nr)
				} else {
					f.SolveRaw(y, nr)
				}
			}
		})
	}
}
