package factor_test

import (
	"errors"
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"sync"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/internal/alloctest"
	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

// A resolvent is the dense twin of Shifted: all eigenvalues and vectors of H.
type resolvent struct {
	values  []float64
	vectors mat.Dense
	norm    float64
}

func newResolvent(t *testing.T, h mat.Symmetric) *resolvent {
	t.Helper()
	var e mat.EigenSym
	if !e.Factorize(h, true) {
		t.Fatal("EigenSym")
	}
	r := &resolvent{values: e.Values(nil)}
	e.VectorsTo(&r.vectors)
	for _, l := range r.values {
		r.norm = max(r.norm, math.Abs(l))
	}
	return r
}

// solve returns the parts of (H + z)⁻¹(re + i·im).
func (r *resolvent) solve(z complex128, re, im mat.Matrix) (xre, xim *mat.Dense) {
	var a, b mat.Dense
	a.Mul(r.vectors.T(), re)
	b.Mul(r.vectors.T(), im)
	n, k := a.Dims()
	for i := range n {
		for j := range k {
			x := complex(a.At(i, j), b.At(i, j)) / (complex(r.values[i], 0) + z)
			a.Set(i, j, real(x))
			b.Set(i, j, imag(x))
		}
	}
	xre, xim = new(mat.Dense), new(mat.Dense)
	xre.Mul(&r.vectors, &a)
	xim.Mul(&r.vectors, &b)
	return xre, xim
}

// logDet is log det(H + z) with the argument of LogDet.
func (r *resolvent) logDet(z complex128) (sum complex128) {
	for _, l := range r.values {
		sum += cmplx.Log(complex(l, 0) + z)
	}
	return sum
}

// checkShifted compares a factorization with the twin.
func checkShifted(t *testing.T, f *factor.Shifted, r *resolvent, z complex128, nrhs int) {
	t.Helper()
	n := len(r.values)
	rng := rand.New(rand.NewPCG(uint64(n), uint64(nrhs)))
	bre, bim := mat.NewDense(n, nrhs, nil), mat.NewDense(n, nrhs, nil)
	for i := range n {
		for j := range nrhs {
			bre.Set(i, j, rng.NormFloat64())
			bim.Set(i, j, rng.NormFloat64())
		}
	}
	wre, wim := r.solve(z, bre, bim)
	var re, im mat.Dense
	if err := f.SolveTo(&re, &im, bre, bim); err != nil {
		t.Fatalf("z = %v: %v", z, err)
	}
	if e := f.Report().BackwardError; !(e <= 1e-14) {
		t.Errorf("z = %v: backward error %g", z, e)
	}
	tol := 1e-13 * (1 + (r.norm+cmplx.Abs(z))/math.Abs(imag(z)))
	scale := mat.Norm(wre, 2) + mat.Norm(wim, 2)
	re.Sub(&re, wre)
	im.Sub(&im, wim)
	if e := mat.Norm(&re, 2) + mat.Norm(&im, 2); !(e <= tol*scale) {
		t.Errorf("z = %v, %d right-hand sides: error %.2g of %.2g", z, nrhs, e, scale)
	}
	log, arg := f.LogDet()
	want := r.logDet(z)
	if d := math.Hypot(log-real(want), arg-imag(want)); !(d <= tol*float64(n)) {
		t.Errorf("z = %v: log det %g + %gi, wanted %v", z, log, arg, want)
	}
}

// shiftsOf are shifts of a matrix of that norm: all quadrants, near the real axis and
// far from it.
func shiftsOf(norm float64) []complex128 {
	u := complex(norm, 0)
	return []complex128{1i * u, -0.3i * u, (0.2 + 0.1i) * u, (-0.2 + 0.05i) * u, -1e-3i * u, (-0.1 - 1e-5i) * u, (3 + 1e-2i) * u}
}

// TestShifted: solutions and determinants agree with the dense twin for chains of all
// kinds.
func TestShifted(t *testing.T) {
	for i, tc := range chainCases {
		t.Run(tc.name, func(t *testing.T) {
			c := tc.make(uint64(i))
			for name, c := range map[string]*system.Chain{"hessian": c, "ggn": c.GaussNewton()} {
				r := newResolvent(t, chaintest.Matrix(c, blas.Native()))
				var f factor.Shifted
				if err := f.Analyse(c, nil); err != nil {
					t.Fatal(err)
				}
				for k, z := range shiftsOf(r.norm) {
					if err := f.Factorize(real(z), imag(z)); err != nil {
						t.Fatalf("%s, z = %v: %v", name, z, err)
					}
					checkShifted(t, &f, r, z, 1+k%3)
				}
			}
		})
	}
}

// TestShiftedLarge: blocks of several tiles, on one thread and two, with parameters that
// no state reaches and without.
func TestShiftedLarge(t *testing.T) {
	for i, tc := range []chainCase{
		{"batch below width", 5, 8, []chaintest.Stage{{Out: 21, Bias: true}, {Out: 15}}},
		{"batch above width", 40, 3, []chaintest.Stage{{Out: 9, Bias: true}, {Out: 8}, {Out: 3, Bias: true}}},
	} {
		c := tc.make(uint64(i))
		r := newResolvent(t, chaintest.Matrix(c, blas.Native()))
		for _, threads := range []int{1, 2} {
			be, err := blas.ByName("native", threads)
			if err != nil {
				t.Fatal(err)
			}
			var f factor.Shifted
			if err := f.Analyse(c, &factor.Options{Backend: be}); err != nil {
				t.Fatal(err)
			}
			for _, z := range shiftsOf(r.norm) {
				if err := f.Factorize(real(z), imag(z)); err != nil {
					t.Fatal(err)
				}
				checkShifted(t, &f, r, z, 2)
				if g := f.Report().Growth; !(g > 0 && g < 10*r.norm/math.Abs(imag(z))) {
					t.Errorf("%s, z = %v: growth %g", tc.name, z, g)
				}
			}
		}
	}
}

// TestShiftedUnlucky: where Chain has to move away from a damping because the trailing
// layers are singular there, a shift in the other direction solves as ever.
func TestShiftedUnlucky(t *testing.T) {
	c := chainCases[3].make(5)
	last := &system.Chain{Stages: c.Stages[len(c.Stages)-1:], Loss: c.Loss}
	first := *last.Stages[0].(*system.DenseStage)
	last.Stages = []system.Stage{&first}
	var e mat.EigenSym
	if !e.Factorize(chaintest.Matrix(last, blas.Native()), false) {
		t.Fatal("EigenSym")
	}
	r := newResolvent(t, chaintest.Matrix(c, blas.Native()))
	var f factor.Shifted
	if err := f.Analyse(c, nil); err != nil {
		t.Fatal(err)
	}
	for _, l := range e.Values(nil) {
		for _, im := range []float64{1e-2, -1e-4} {
			z := complex(-l, im*r.norm)
			if err := f.Factorize(real(z), imag(z)); err != nil {
				t.Fatal(err)
			}
			checkShifted(t, &f, r, z, 1)
		}
	}
}

// TestShiftedReuse: new points and shifts allocate nothing, and concurrent
// solves agree.
func TestShiftedReuse(t *testing.T) {
	tc := chainCases[3]
	c := tc.make(1)
	r := newResolvent(t, chaintest.Matrix(c, blas.Native()))
	var f factor.Shifted
	if err := f.Analyse(tc.make(2), nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Update(c); err != nil {
		t.Fatal(err)
	}
	if err := f.Factorize(0.1, 0.2); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() { checkShifted(t, &f, r, 0.1+0.2i, 2) })
	}
	wait.Wait()
	n := f.SymmetricDim()
	b := mat.NewDense(n, 1, nil)
	b.Set(0, 0, 1)
	var re, im mat.Dense
	if got := alloctest.PerRun(5, func() {
		if err := f.Factorize(0.2, 0.1); err != nil {
			t.Fatal(err)
		}
		if err := f.SolveTo(&re, &im, b, nil); err != nil {
			t.Fatal(err)
		}
	}); got != 0 {
		t.Errorf("%v allocations of Factorize and SolveTo", got)
	}
}

// panicsWith checks that f panics with want.
func panicsWith(t *testing.T, want error, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := recover(); got != want {
			t.Errorf("panic %v, wanted %v", got, want)
		}
	}()
	f()
}

func TestShiftedBad(t *testing.T) {
	c := chainCases[3].make(1)
	var f factor.Shifted
	panicsWith(t, factor.ErrNotAnalysed, func() { f.Factorize(0, 1) })
	var memory *factor.MemoryError
	if err := f.Analyse(c, &factor.Options{MemoryLimit: 100}); !errors.As(err, &memory) || memory.Needed != f.Cost().Bytes {
		t.Errorf("a limit of 100 bytes: %v", err)
	}
	if err := f.Analyse(c, nil); err != nil {
		t.Fatal(err)
	}
	panicsWith(t, factor.ErrRealShift, func() { f.Factorize(1, 0) })
	var re, im mat.Dense
	n := f.SymmetricDim()
	b := mat.NewDense(n, 1, nil)
	panicsWith(t, factor.ErrNotFactorized, func() { f.SolveTo(&re, &im, b, nil) })
	var bad *factor.NotFiniteError
	for _, z := range [][2]float64{{math.NaN(), 1}, {0, math.Inf(1)}, {0, math.NaN()}} {
		if err := f.Factorize(z[0], z[1]); !errors.As(err, &bad) {
			t.Errorf("shift %v: %v", z, err)
		}
		panicsWith(t, factor.ErrNotFactorized, func() { f.LogDet() })
	}
	if err := f.Factorize(0, 1); err != nil {
		t.Fatal(err)
	}
	panicsWith(t, factor.ErrShape, func() { f.SolveTo(&re, &im, mat.NewDense(n+1, 1, nil), nil) })
	panicsWith(t, factor.ErrShape, func() { f.SolveTo(&re, &im, b, mat.NewDense(n, 2, nil)) })
	b.Set(2, 0, math.NaN())
	if err := f.SolveTo(&re, &im, b, nil); !errors.As(err, &bad) || bad.Index != 2 || !re.IsEmpty() {
		t.Errorf("a NaN in b: %v", err)
	}
	panicsWith(t, factor.ErrShape, func() { f.Update(chainCases[4].make(1)) })
	if s, real := fmt.Sprint(f.Cost()), factor.Choose(c, 0).Chain; f.Cost().Factor != 4*real.Factor || f.Cost().Bytes <= real.Bytes {
		t.Errorf("cost %s", s)
	}
}
