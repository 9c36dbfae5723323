package factor

import (
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"costate/factor/internal/pivot"
	"costate/la"
)

// denseInverse returns the inverse by gonum, its largest element and the
// condition number in the 2-norm.
func denseInverse(t fataler, a mat.Symmetric) (z *mat.Dense, largest, cond float64) {
	z = new(mat.Dense)
	err := z.Inverse(dense(a))
	var c mat.Condition
	if err != nil && !errors.As(err, &c) {
		t.Fatal(err)
	}
	least, most := math.Inf(1), 0.0
	for _, v := range eigenvalues(t, a) {
		least, most = math.Min(least, math.Abs(v)), math.Max(most, math.Abs(v))
	}
	return z, mat.Max(absolute(z)), most / least
}

type fataler interface {
	Fatal(...any)
	Fatalf(string, ...any)
}

func absolute(a mat.Matrix) *mat.Dense {
	var d mat.Dense
	d.Apply(func(_, _ int, v float64) float64 { return math.Abs(v) }, a)
	return &d
}

// checkInverse compares all variants with the dense inverse.
func checkInverse(t fataler, f *Block, a *la.BlockTridiag) {
	n := a.SymmetricDim()
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	want, largest, cond := denseInverse(t, a)
	var z la.BlockTridiag
	err := f.InverseTo(&z)
	var failed *InverseError
	if errors.As(err, &failed) {
		if f.Report().Shift == 0 && cond < 1e8 {
			t.Fatalf("%v with condition number %g", err, cond)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	g := f.Report().Growth
	tol := 64 * float64(n+4) * pivot.Unit * cond * largest * (1 + g)
	for k := range a.Blocks() {
		first := a.BlockFirst(k)
		for i := range a.BlockSize(k) {
			for j := 0; j <= i; j++ {
				if got, w := z.At(first+i, first+j), want.At(first+i, first+j); !(math.Abs(got-w) <= tol) {
					t.Fatalf("block %d, element (%d, %d) of the inverse is %v, want %v within %g", k, i, j, got, w, tol)
				}
			}
		}
		if k+1 == a.Blocks() {
			break
		}
		next := a.BlockFirst(k + 1)
		for _, i := range a.SubRows(k) {
			for _, j := range a.SubCols(k) {
				if got, w := z.At(next+i, first+j), want.At(next+i, first+j); !(math.Abs(got-w) <= tol) {
					t.Fatalf("below block %d, element (%d, %d) of the inverse is %v, want %v within %g", k, i, j, got, w, tol)
				}
			}
		}
	}
	diag, err := f.InverseDiagTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	trace := 0.0
	for i, v := range diag {
		if w := want.At(i, i); !(math.Abs(v-w) <= tol) {
			t.Fatalf("diagonal element %d of the inverse is %v, want %v within %g", i, v, w, tol)
		}
		trace += v
	}
	if got, err := f.InverseTrace(nil); err != nil || math.Abs(got-trace) > float64(n)*tol {
		t.Fatalf("trace of the inverse %v, want %v, error %v", got, trace, err)
	}
	// The trace of A⁻¹A needs nothing but the selected elements.
	if got, err := f.InverseTrace(a); err != nil || math.Abs(got-float64(n)) > float64(n*n)*tol*mat.Max(absolute(dense(a))) {
		t.Fatalf("trace of A⁻¹A is %v, want %d, error %v", got, n, err)
	}
}

func TestInverseProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 9), 1, 7).Draw(t, "sizes")
		keep := rapid.SampledFrom([]float64{0, 0.15, 0.4, 1}).Draw(t, "keep")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		a := randomTridiag(rng, sizes, keep)
		if rapid.Bool().Draw(t, "definite") {
			addToDiagonal(a, 4*math.Sqrt(30))
		}
		checkInverse(t, new(Block), a)
	})
}

func addToDiagonal(a *la.BlockTridiag, v float64) *la.BlockTridiag {
	for k := range a.Blocks() {
		d, ld := a.Diag(k)
		for i := range ld {
			d[i*ld+i] += v
		}
	}
	return a
}

// Sizes beyond the panels of the kernels, few or many rows or columns coupled.
func TestInverseWide(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for _, c := range []struct {
		sizes []int
		keep  float64
	}{
		{[]int{150}, 1},
		{[]int{64, 65, 130}, 1},
		{[]int{130, 3, 70, 90}, 1},
		{[]int{100, 100, 100}, 0.1},
		{[]int{1, 1, 1, 1, 1, 1, 1}, 1},
		{[]int{40, 1, 40, 1, 40}, 1},
	} {
		checkInverse(t, new(Block), randomTridiag(rng, c.sizes, c.keep))
	}
	// Many rows, few columns, scattered: the factors keep columns.
	a := randomTridiag(rng, []int{60, 50, 40}, 1)
	for k := range 2 {
		b, ld := a.Sub(k)
		for i := range a.BlockSize(k + 1) {
			for j := range ld {
				if j%17 != 3 {
					b[i*ld+j] = 0
				}
			}
		}
	}
	a.FindSub()
	checkInverse(t, new(Block), a)
}

// Pivots of blocks that are singular alone are delayed; the inverse does not show
// it.
func TestInverseDelayed(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	a := randomTridiag(rng, []int{4, 4, 5, 5, 3}, 1)
	for _, k := range []int{0, 2} {
		d, _ := a.Diag(k)
		clear(d)
	}
	var f Block
	checkInverse(t, &f, a)
	if f.engine.Delayed() == 0 {
		t.Fatal("no pivot was delayed: test another matrix")
	}
}

// A pivot block that is nearly singular alone costs a solve digits that
// refinement recovers. The recursion would lose twice as many.
func TestInverseGrowth(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	var f Block
	for _, small := range []float64{1e-3, 1e-5, 3e-7} {
		a := randomTridiag(rng, []int{1, 3, 3, 1, 5, 5}, 1)
		for _, k := range []int{0, 3} {
			d, _ := a.Diag(k)
			d[0] = small
		}
		checkInverse(t, &f, a)
		if g := f.Report().Growth; g > 2e3 {
			t.Errorf("growth %g with a pivot of %g", g, small)
		}
		want, largest, cond := denseInverse(t, a)
		diag, err := f.InverseDiagTo(nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range diag {
			if e := math.Abs(v - want.At(i, i)); e > 1e-13*cond*largest {
				t.Errorf("pivot of %g: element %d has error %g", small, i, e/largest)
			}
		}
	}
	checkInverse(t, &f, addToDiagonal(la.NewBlockTridiag([]int{3, 3}), 1))
}

func TestInverseRefused(t *testing.T) {
	var f Block
	mustPanic(t, ErrNotFactorized, func() { f.InverseDiagTo(nil) })
	mustPanic(t, ErrNotFactorized, func() { f.InverseTo(new(la.BlockTridiag)) })
	mustPanic(t, ErrNotFactorized, func() { f.InverseTrace(nil) })

	a := la.NewBlockTridiag([]int{2, 2})
	var singular *SingularError
	if err := f.Factorize(a); !errors.As(err, &singular) {
		t.Fatalf("error %v for a zero matrix", err)
	}
	var refused *InverseError
	if _, err := f.InverseDiagTo(nil); !errors.As(err, &refused) {
		t.Errorf("the inverse of a zero matrix: %v", err)
	}

	addToDiagonal(a, 1)
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	mustPanic(t, ErrShape, func() { f.InverseDiagTo(make([]float64, 3)) })
	mustPanic(t, ErrShape, func() { f.InverseTo(la.NewBlockTridiag([]int{1, 3})) })
	mustPanic(t, ErrShape, func() { f.InverseTrace(la.NewBlockTridiag([]int{4})) })

	// Too ill conditioned for digits, not too ill to be factored.
	d, _ := a.Diag(1)
	d[3] = 1e-15
	if err := f.Factorize(a); err == nil {
		var e *InverseError
		if _, err := f.InverseDiagTo(nil); !errors.As(err, &e) || e.Cond < 1e14 {
			t.Fatalf("error %v for condition number 1e15", err)
		}
	}
}

func TestBlockReset(t *testing.T) {
	f := new(Block)
	a := addToDiagonal(la.NewBlockTridiag([]int{3, 3}), 1)
	if err := f.Factorize(a); err != nil || f.IsEmpty() {
		t.Fatal("empty, or error", err)
	}
	f.Reset()
	if !f.IsEmpty() {
		t.Error("not empty after Reset")
	}
	mustPanic(t, ErrNotFactorized, func() { f.Inertia() })
	if err := f.Factorize(a); err != nil || f.Inertia().Positive != 6 {
		t.Error("not usable after Reset", err)
	}
}

// Inverses may be taken by several goroutines at once, to the same bits.
func TestInverseShared(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	a := randomTridiag(rng, []int{10, 20, 30}, 1)
	var f Block
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	var z la.BlockTridiag
	if err := f.InverseTo(&z); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var own la.BlockTridiag
			if err := f.InverseTo(&own); err != nil {
				t.Error(err)
			}
			for i, v := range own.Raw() {
				if math.Float64bits(v) != math.Float64bits(z.Raw()[i]) {
					t.Errorf("number %d differs", i)
					return
				}
			}
		})
	}
	wg.Wait()
}
