package factor

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"costate/internal/alloctest"
	"costate/la"
	"costate/la/blas"
	"costate/la/matrixtest"
)

var (
	randomTridiag = matrixtest.Tridiag
	dense         = matrixtest.Dense
	eigenvalues   = matrixtest.Eigenvalues
)

func randomVec(rng *rand.Rand, n int) *mat.VecDense {
	v := mat.NewVecDense(n, nil)
	for i := range n {
		v.SetVec(i, rng.NormFloat64())
	}
	return v
}

// backwardError measures ‖b − Ax‖ / (‖A‖‖x‖ + ‖b‖) by gonum alone.
func backwardError(a mat.Symmetric, x, b mat.Vector) float64 {
	n := a.SymmetricDim()
	r := mat.NewVecDense(n, nil)
	r.MulVec(dense(a), x)
	r.SubVec(b, r)
	return mat.Norm(r, 2) / (mat.Norm(a, 2)*mat.Norm(x, 2) + mat.Norm(b, 2))
}

// checkBlock factors and solves a and compares with eigenvalues.
func checkBlock(t interface {
	Fatal(...any)
	Fatalf(string, ...any)
}, f *Block, a *la.BlockTridiag, rng *rand.Rand) {
	n := a.SymmetricDim()
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	b := randomVec(rng, n)
	var x mat.VecDense
	if err := f.SolveVecTo(&x, b); err != nil {
		t.Fatal(err)
	}
	if e := backwardError(a, &x, b); e > 1e-14 {
		t.Fatalf("backward error %g", e)
	}
	values := eigenvalues(t, a)
	neg, log, least, most := 0, 0.0, math.Inf(1), 0.0
	for _, v := range values {
		if v < 0 {
			neg++
		}
		log += math.Log(math.Abs(v))
		least, most = math.Min(least, math.Abs(v)), math.Max(most, math.Abs(v))
	}
	in := f.Inertia()
	if in.Certain && (in.Negative != neg || in.Zero != 0 || in.Positive != n-neg) {
		t.Fatalf("inertia %v, want %d negative of %d", in, neg, n)
	}
	if !in.Certain && most/least < 1e8 {
		t.Fatalf("inertia not certain with condition number %g", most/least)
	}
	gotLog, sign := f.LogDet()
	want := 1.0 - 2*float64(neg%2)
	if in.Certain && sign != want {
		t.Fatalf("sign of the determinant %v, want %v", sign, want)
	}
	tol := 1e-13*float64(n)*(1+f.Report().Growth)*most/least + 1e-12*math.Abs(log)
	if f.Report().Shift != 0 {
		tol += 1e-6 * float64(n) * most / least
	}
	if math.Abs(gotLog-log) > tol {
		t.Fatalf("log|det| %v, want %v within %g", gotLog, log, tol)
	}
	if c := f.Cond(); c > 1.01*float64(n)*most/least || c < most/least/(3.1*float64(n)) {
		t.Fatalf("condition number %g, in the 2-norm %g, order %d", c, most/least, n)
	}
}

func TestBlockRandom(t *testing.T) {
	var f Block
	rapid.Check(t, func(r *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 9), 1, 7).Draw(r, "sizes")
		keep := rapid.SampledFrom([]float64{0, 0.2, 0.6, 1}).Draw(r, "keep")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		checkBlock(r, &f, randomTridiag(rng, sizes, keep), rng)
	})
}

func TestBlockSizes(t *testing.T) {
	// Around the block sizes of the kernels, and with few columns or few rows.
	rng := rand.New(rand.NewPCG(1, 2))
	for _, sizes := range [][]int{{1}, {64}, {65, 63}, {130, 1, 130}, {1, 1, 1, 1, 1}, {40, 90, 20}} {
		for _, keep := range []float64{0.05, 1} {
			var f Block
			checkBlock(t, &f, randomTridiag(rng, sizes, keep), rng)
		}
	}
	// Columns far fewer than rows, and the reverse.
	for _, cols := range []int{1, 3, 37} {
		a := randomTridiag(rng, []int{40, 41, 40}, 1)
		for k := range 2 {
			b, ld := a.Sub(k)
			keep := []int{}
			for j := range ld {
				if j < cols {
					keep = append(keep, j)
					continue
				}
				for i := range a.BlockSize(k + 1) {
					b[i*ld+j] = 0
				}
			}
			a.SetSub(k, nil, keep)
		}
		var f Block
		checkBlock(t, &f, a, rng)
	}
}

func TestBlockEmpty(t *testing.T) {
	var f Block
	if err := f.Factorize(la.NewBlockTridiag(nil)); err != nil {
		t.Fatal(err)
	}
	if log, sign := f.LogDet(); log != 0 || sign != 1 {
		t.Errorf("the empty determinant is exp(%v)·%v", log, sign)
	}
	if in := f.Inertia(); in != (la.Inertia{Certain: true}) {
		t.Errorf("inertia %v", in)
	}
}

func TestBlockManyRightHandSides(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	a := randomTridiag(rng, []int{5, 12, 3, 20}, 0.4)
	n := a.SymmetricDim()
	var f Block
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	b := mat.NewDense(n, 7, nil)
	for i := range n {
		for j := range 7 {
			b.Set(i, j, rng.NormFloat64())
		}
	}
	for i := range n {
		b.Set(i, 3, 0)
	}
	var x mat.Dense
	if err := f.SolveTo(&x, b); err != nil {
		t.Fatal(err)
	}
	for j := range 7 {
		if e := backwardError(a, x.ColView(j), b.ColView(j)); j != 3 && !(e <= 1e-14) {
			t.Errorf("column %d: backward error %g", j, e)
		}
	}
	if mat.Norm(x.ColView(3), 2) != 0 {
		t.Error("a zero right-hand side has a solution that is not zero")
	}
	// In place, and from a matrix that is no *mat.Dense.
	var y mat.Dense
	if err := f.SolveTo(&y, b.T().T()); err != nil {
		t.Fatal(err)
	}
	if err := f.SolveTo(b, b); err != nil {
		t.Fatal(err)
	}
	if !mat.Equal(b, &x) || !mat.Equal(&y, &x) {
		t.Error("solutions differ with the type and place of the right-hand side")
	}
}

func TestBlockThousand(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	sizes := make([]int, 1000)
	for k := range sizes {
		sizes[k] = 1 + rng.IntN(4)
	}
	a := randomTridiag(rng, sizes, 1)
	// Diagonally dominant with chosen signs, so that the inertia is known.
	neg := 0
	for i := range a.SymmetricDim() {
		v := 20.0
		if rng.IntN(3) == 0 {
			v, neg = -v, neg+1
		}
		a.Raw()[a.Index(i, i)] = v
	}
	var f Block
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	if in := f.Inertia(); in != (la.Inertia{Negative: neg, Positive: a.SymmetricDim() - neg, Certain: true}) {
		t.Errorf("inertia %v, want %d negative", in, neg)
	}
	b := randomVec(rng, a.SymmetricDim())
	var x mat.VecDense
	if err := f.SolveVecTo(&x, b); err != nil {
		t.Fatal(err)
	}
	if e := f.Report().BackwardError; !(e <= 1e-14) {
		t.Errorf("backward error %g", e)
	}
}

// The unlucky shift: the leading block is singular, or within rounding of it,
// while the matrix is as well conditioned as it can be.
func TestBlockUnlucky(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, delta := range []float64{0, 1e-16, 1e-14, -1e-15, 1e-12, 1e-9, 1e-5} {
		a := randomTridiag(rng, []int{6, 6, 6}, 1)
		// D_0 = V diag(delta, 1, −1, 2, …) Vᵀ.
		var e mat.EigenSym
		lead := mat.NewSymDense(6, nil)
		for i := range 6 {
			for j := range i + 1 {
				lead.SetSym(i, j, a.At(i, j))
			}
		}
		if !e.Factorize(lead, true) {
			t.Fatal("EigenSym failed")
		}
		var v, s mat.Dense
		e.VectorsTo(&v)
		s.Mul(&v, mat.NewDiagDense(6, []float64{delta, 1, -1, 2, -0.5, 3}))
		s.Mul(&s, v.T())
		for i := range 6 {
			for j := range i + 1 {
				a.Raw()[a.Index(i, j)] = s.At(i, j)
			}
		}
		var f Block
		checkBlock(t, &f, a, rng)
		if !f.Inertia().Certain {
			t.Errorf("delta %g: inertia not certain", delta)
		}
	}
	// Zero blocks on the whole diagonal.
	for _, n := range []int{1, 2, 5} {
		a := randomTridiag(rng, []int{n, n}, 1)
		for k := range 2 {
			d, _ := a.Diag(k)
			clear(d)
		}
		var f Block
		if err := f.Factorize(a); err != nil {
			t.Fatal(err)
		}
		if in := f.Inertia(); in != (la.Inertia{Negative: n, Positive: n, Certain: true}) {
			t.Errorf("zero diagonal blocks of order %d: inertia %v", n, in)
		}
		var x mat.VecDense
		b := randomVec(rng, 2*n)
		if err := f.SolveVecTo(&x, b); err != nil || backwardError(a, &x, b) > 1e-14 {
			t.Errorf("zero diagonal blocks of order %d: %v, backward error %g", n, err, backwardError(a, &x, b))
		}
	}
}

// checkSingular solves a consistent system with a singular matrix, and one that
// is not.
func checkSingular(t *testing.T, f Solver, a mat.Symmetric, rng *rand.Rand) {
	t.Helper()
	n := a.SymmetricDim()
	var x, b mat.VecDense
	b.MulVec(dense(a), randomVec(rng, n))
	if err := f.SolveVecTo(&x, &b); err != nil || backwardError(a, &x, &b) > 1e-14 {
		t.Errorf("a consistent system: %v, backward error %g", err, backwardError(a, &x, &b))
	}
	other := randomVec(rng, n)
	var e *AccuracyError
	if err := f.SolveVecTo(&x, other); !errors.As(err, &e) || !e.Singular {
		t.Errorf("an inconsistent system: %v", err)
	}
	// The least residual is orthogonal to the range of A.
	var r, ar mat.VecDense
	r.MulVec(dense(a), &x)
	r.SubVec(other, &r)
	ar.MulVec(dense(a), &r)
	if v := mat.Norm(&ar, 2); v > 1e-6*mat.Norm(&r, 2)*mat.Norm(a, 2) {
		t.Errorf("an inconsistent system: A r is %g of a residual %g", v, mat.Norm(&r, 2))
	}
}

func TestBlockSingular(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	// A zero row and column in the last block, in the first, and a zero matrix.
	for _, row := range []int{7, 1} {
		a := randomTridiag(rng, []int{3, 2, 4}, 1)
		n := a.SymmetricDim()
		for j := range n {
			if i := a.Index(row, j); i >= 0 {
				a.Raw()[i] = 0
			}
		}
		var f Block
		err := f.Factorize(a)
		var s *SingularError
		if !errors.As(err, &s) {
			t.Fatalf("row %d: error %v", row, err)
		}
		if row == 7 && (s.Block != 2 || s.Pivot != 2) {
			t.Errorf("singular at block %d, pivot %d, want 2, 2", s.Block, s.Pivot)
		}
		in := f.Inertia()
		if in.Certain || in.Zero != 1 || in.Negative+in.Zero+in.Positive != n {
			t.Errorf("inertia %v", in)
		}
		if log, sign := f.LogDet(); !math.IsInf(log, -1) || sign != 0 {
			t.Errorf("log|det| %v, sign %v", log, sign)
		}
		checkSingular(t, &f, a, rng)
	}
	var f Block
	var s *SingularError
	if err := f.Factorize(la.NewBlockTridiag([]int{2, 1, 3})); !errors.As(err, &s) {
		t.Errorf("zero matrix: error %v", err)
	} else if in := f.Inertia(); in != (la.Inertia{Zero: 6, Certain: true}) {
		t.Errorf("zero matrix: inertia %v", in)
	}
	// Singular up to rounding: of low rank, alone and in the first of two blocks.
	for _, sizes := range [][]int{{6}, {6, 2}} {
		a := randomTridiag(rng, sizes, 1)
		d, n := a.Diag(0)
		clear(d)
		for range n - 3 {
			v := randomVec(rng, n)
			for i := range n {
				for j := range i + 1 {
					d[i*n+j] += v.AtVec(i) * v.AtVec(j)
				}
			}
		}
		err := f.Factorize(a)
		if !errors.As(err, &s) || s.Block != len(sizes)-1 && s.Block != 0 {
			t.Errorf("sizes %v of low rank: error %v", sizes, err)
		}
		if f.Inertia().Certain {
			t.Errorf("sizes %v of low rank: inertia %v", sizes, f.Inertia())
		}
	}
	// A repeated row and column.
	a := randomTridiag(rng, []int{4}, 1)
	d, n := a.Diag(0)
	for j := range n {
		i := max(3, j)*n + min(3, j)
		d[i] = d[max(2, j)*n+min(2, j)]
	}
	d[3*n+3], d[3*n+2] = d[2*n+2], d[2*n+2]
	if err := f.Factorize(a); err != nil && !errors.As(err, &s) {
		t.Errorf("error %v", err)
	} else if in := f.Inertia(); in.Certain {
		t.Errorf("a repeated row: inertia %v", in)
	}
}

func TestBlockNotFinite(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		a := randomTridiag(rng, []int{3, 4}, 1)
		n := a.SymmetricDim()
		var f Block
		if err := f.Factorize(a); err != nil {
			t.Fatal(err)
		}
		b := randomVec(rng, n)
		b.SetVec(5, v)
		x := mat.NewVecDense(n, nil)
		var bad *NotFiniteError
		if err := f.SolveVecTo(x, b); !errors.As(err, &bad) || bad.Index != 5 {
			t.Errorf("right-hand side: error %v", err)
		}
		m := mat.NewDense(n, 2, nil)
		rhs := mat.NewDense(n, 2, nil)
		rhs.Set(3, 1, v)
		if err := f.SolveTo(m, rhs); !errors.As(err, &bad) || bad.Index != 3 {
			t.Errorf("right-hand sides: error %v", err)
		}
		if mat.Norm(x, 2) != 0 || mat.Norm(m, 2) != 0 {
			t.Error("dst was written")
		}
		a.Raw()[a.Index(4, 1)] = v
		var entry *la.NotFiniteError
		if err := f.Factorize(a); !errors.As(err, &entry) || entry.Where != "row 4 of A" || entry.Index != 1 {
			t.Errorf("matrix: error %v", err)
		}
		mustPanic(t, ErrNotFactorized, func() { f.Inertia() })
	}
}

// Whatever element is not finite, it is named.
func TestBlockNotFiniteAnywhere(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, size := range []float64{1, 1e-200, 1e200} {
			for i := range 5 {
				for j := range i + 1 {
					a := randomTridiag(rand.New(rand.NewPCG(11, 12)), []int{2, 1, 2}, 1)
					for t := range a.Raw() {
						a.Raw()[t] *= size
					}
					if a.Index(i, j) < 0 {
						continue
					}
					a.Set(i, j, v)
					var f Block
					var bad *la.NotFiniteError
					if err := f.Factorize(a); !errors.As(err, &bad) || bad.Where != fmt.Sprintf("row %d of A", i) || bad.Index != j {
						t.Errorf("%v at (%d, %d): %v", v, i, j, err)
					}
				}
			}
		}
	}
}

func TestBlockScales(t *testing.T) {
	// Far from 1: nothing over- or underflows on the way.
	for _, scale := range []float64{1e-300, 1e-160, 1e160, 1e300} {
		rng := rand.New(rand.NewPCG(13, 14))
		a := randomTridiag(rng, []int{4, 5, 3}, 1)
		n := a.SymmetricDim()
		want := 0
		for _, v := range eigenvalues(t, a) {
			if v < 0 {
				want++
			}
		}
		for i := range a.Raw() {
			a.Raw()[i] *= scale
		}
		var f Block
		if err := f.Factorize(a); err != nil {
			t.Fatalf("scale %g: %v", scale, err)
		}
		if in := f.Inertia(); in.Negative != want || !in.Certain {
			t.Errorf("scale %g: inertia %v, want %d negative", scale, in, want)
		}
		var x mat.VecDense
		b := randomVec(rng, n)
		for i := range n {
			b.SetVec(i, b.AtVec(i)*scale)
		}
		if err := f.SolveVecTo(&x, b); err != nil {
			t.Errorf("scale %g: %v", scale, err)
		}
	}
}

func TestBlockAllocs(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for _, be := range []blas.Backend{blas.Native(), blas.NativeThreads(1)} {
		a := randomTridiag(rng, []int{8, 30, 5, 30}, 0.5)
		n := a.SymmetricDim()
		var f Block
		if err := f.Analyse(a, &Options{Backend: be}); err != nil {
			t.Fatal(err)
		}
		x, b := mat.NewVecDense(n, nil), randomVec(rng, n)
		step := func() {
			if err := f.Factorize(a); err != nil {
				t.Fatal(err)
			}
			f.Inertia()
			f.LogDet()
			if err := f.SolveVecTo(x, b); err != nil {
				t.Fatal(err)
			}
		}
		step()
		if got := alloctest.PerRun(5, step); got != 0 {
			t.Errorf("%d threads: %v allocations", be.Threads(), got)
		}
	}
}

func TestBlockConcurrent(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	a := randomTridiag(rng, []int{9, 12, 4, 7}, 0.7)
	n := a.SymmetricDim()
	var f Block
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	b := randomVec(rng, n)
	var want mat.VecDense
	if err := f.SolveVecTo(&want, b); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				var x mat.VecDense
				if err := f.SolveVecTo(&x, b); err != nil || !mat.Equal(&x, &want) {
					t.Error("a concurrent solve differs", err)
				}
				var m mat.Dense
				if err := f.SolveTo(&m, b); err != nil {
					t.Error(err)
				}
				f.Inertia()
				f.LogDet()
				f.Report()
				f.Cond()
			}
		})
	}
	wg.Wait()
}

func TestBlockBackends(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 20))
	a := randomTridiag(rng, []int{70, 20, 35}, 0.6)
	b := randomVec(rng, a.SymmetricDim())
	for _, name := range blas.Names() {
		be, err := blas.ByName(name, 2)
		if err != nil {
			t.Log(err)
			continue
		}
		var f Block
		if err := f.Analyse(a, &Options{Backend: be}); err != nil {
			t.Fatal(err)
		}
		checkBlock(t, &f, a, rng)
		var x mat.VecDense
		if err := f.SolveVecTo(&x, b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBlockReuse(t *testing.T) {
	// Another structure, then other values, with the same variable.
	rng := rand.New(rand.NewPCG(21, 22))
	var f Block
	for range 3 {
		for _, sizes := range [][]int{{3, 5}, {5, 3}, {2, 2, 2}, {40}} {
			for _, keep := range []float64{0.3, 1} {
				checkBlock(t, &f, randomTridiag(rng, sizes, keep), rng)
			}
		}
	}
}

func TestBlockMisuse(t *testing.T) {
	var f Block
	v := mat.NewVecDense(1, nil)
	mustPanic(t, ErrNotFactorized, func() { f.SolveVecTo(v, v) })
	mustPanic(t, ErrNotFactorized, func() { f.SolveTo(new(mat.Dense), v) })
	mustPanic(t, ErrNotFactorized, func() { f.Inertia() })
	mustPanic(t, ErrNotFactorized, func() { f.LogDet() })
	mustPanic(t, ErrNotFactorized, func() { f.Cond() })
	mustPanic(t, ErrNotAnalysed, func() { f.Cost() })
	mustPanic(t, ErrNotAnalysed, func() { f.SymmetricDim() })
	a := la.NewBlockTridiag([]int{1, 1})
	copy(a.Raw(), []float64{2, 1, 2})
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	mustPanic(t, ErrShape, func() { f.SolveVecTo(v, mat.NewVecDense(2, nil)) })
	mustPanic(t, ErrShape, func() { f.SolveVecTo(new(mat.VecDense), v) })
	mustPanic(t, ErrShape, func() { f.SolveTo(new(mat.Dense), v) })
	mustPanic(t, ErrShape, func() { f.SolveTo(mat.NewDense(2, 2, nil), mat.NewVecDense(2, nil)) })
	mustPanic(t, ErrShape, func() { f.SolveRaw(make([]float64, 3), 1) })
	x := []float64{3, 1, 3, -1} // two right-hand sides, one a row
	f.SolveRaw(x, 2)
	for i, want := range []float64{5.0 / 3, -1.0 / 3, 7.0 / 3, -5.0 / 3} {
		if math.Abs(x[i]-want) > 1e-15 {
			t.Errorf("SolveRaw gives %v at %d, want %v", x[i], i, want)
		}
	}
	var m *MemoryError
	if err := f.Analyse(a, &Options{MemoryLimit: 10}); !errors.As(err, &m) || m.Needed <= 10 {
		t.Errorf("memory limit: %v", err)
	}
}

func mustPanic(t *testing.T, want Error, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := recover(); got != want {
			t.Errorf("panic %v, want %v", got, want)
		}
	}()
	f()
}
