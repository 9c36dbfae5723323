package eigen_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"costate/factor"
	"costate/factor/eigen"
	"costate/la"
	"costate/la/matrixtest"
)

func TestBlockSpectrumProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 7), 1, 6).Draw(t, "sizes")
		keep := rapid.SampledFrom([]float64{0, 0.3, 1}).Draw(t, "keep")
		scale := rapid.SampledFrom([]float64{1e-12, 1, 1e12}).Draw(t, "scale")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		a := matrixtest.Tridiag(rng, sizes, keep)
		for i := range a.Raw() {
			a.Raw()[i] *= scale
		}
		values := matrixtest.Eigenvalues(t, a)
		n := len(values)
		norm := math.Max(math.Abs(values[0]), math.Abs(values[n-1]))
		s, err := eigen.NewSpectrum(eigen.OfBlock(a, nil), 2)
		if err != nil {
			t.Fatal(err)
		}
		if s.SymmetricDim() != n {
			t.Fatalf("order %d", s.SymmetricDim())
		}
		shifts := []float64{-2 * norm, 0, 2 * norm}
		for range 5 {
			shifts = append(shifts, rng.NormFloat64()*norm/2)
		}
		counts, err := s.Counts(shifts)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range counts {
			want, near := 0, math.Inf(1)
			for _, v := range values {
				if v < shifts[i] {
					want++
				}
				near = math.Min(near, math.Abs(v-shifts[i]))
			}
			if c.Certain && c.Below != want || !c.Certain && near > 1e-6*norm {
				t.Fatalf("%+v, want %d, the nearest eigenvalue is %g away", c, want, near)
			}
		}
		k := rapid.IntRange(1, n).Draw(t, "k")
		in, err := s.Kth(k, 1e-6)
		if err != nil {
			t.Fatal(err)
		}
		if v, slack := values[k-1], 1e-12*norm; v < in.Low-slack || v > in.High+slack {
			t.Fatalf("eigenvalue %d is %v, not in %v", k, v, in)
		}
	})
}

func TestBlockSpectrumBad(t *testing.T) {
	a := la.NewBlockTridiag([]int{1, 2})
	s, err := eigen.NewSpectrum(eigen.OfBlock(a, nil), 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Below(math.NaN()); err == nil {
		t.Error("no error for a shift that is no number")
	}
	if in, err := s.Kth(2, 0); err != nil || in != (eigen.Interval{}) {
		t.Errorf("%v, error %v for a zero matrix", in, err)
	}
	mustPanic(t, factor.ErrShape, func() { s.Kth(4, 0) })
	d, _ := a.Diag(1)
	d[2] = math.Inf(1)
	if _, err := eigen.NewSpectrum(eigen.OfBlock(a, nil), 1); err == nil {
		t.Error("no error for an infinity")
	}
}

func mustPanic(t *testing.T, want error, f func()) {
	t.Helper()
	defer func() {
		if r := recover(); r != want {
			t.Errorf("panic %v, want %v", r, want)
		}
	}()
	f()
}
