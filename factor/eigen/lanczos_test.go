package eigen_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"costate/factor"
	"costate/factor/eigen"
	"costate/la"
	"costate/la/matrixtest"
	"costate/nn"
	"costate/nn/data"
)

// grid is the five-point Laplacian on rows×cols points, a block a row.
func grid(rows, cols int) *la.BlockTridiag {
	sizes := make([]int, rows)
	for k := range sizes {
		sizes[k] = cols
	}
	a := la.NewBlockTridiag(sizes)
	for k := range rows {
		d, ld := a.Diag(k)
		for i := range cols {
			d[i*ld+i] = 4
			if i > 0 {
				d[i*ld+i-1] = -1
			}
		}
		if k > 0 {
			b, ld := a.Sub(k - 1)
			for i := range cols {
				b[i*ld+i] = -1
			}
		}
	}
	return a
}

func gridValues(rows, cols int) []float64 {
	values := []float64{}
	for i := range rows {
		for j := range cols {
			values = append(values, 4-2*math.Cos(float64(i+1)*math.Pi/float64(rows+1))-2*math.Cos(float64(j+1)*math.Pi/float64(cols+1)))
		}
	}
	slices.Sort(values)
	return values
}

// checkLanczos compares with all eigenvalues: the distances from the shift, which
// are unique where the eigenvalues are not.
func checkLanczos(t rapid.TB, l *eigen.Lanczos, a *la.BlockTridiag, values []float64, shift float64, k int) {
	if err := l.Factorize(eigen.OfBlock(a, nil), shift, k); err != nil {
		t.Fatalf("shift %v, k = %d: %v", shift, k, err)
	}
	norm := math.Max(math.Abs(values[0]), math.Abs(values[len(values)-1]))
	tol := 1e-12 * math.Max(norm, math.Abs(shift)) * math.Sqrt(float64(len(values)))
	want := make([]float64, len(values))
	for i, v := range values {
		want[i] = math.Abs(v - shift)
	}
	slices.Sort(want)
	got := l.Values(nil)
	var v mat.Dense
	l.VectorsTo(&v)
	for i, x := range got {
		if math.Abs(math.Abs(x-shift)-want[i]) > tol {
			t.Fatalf("shift %v, k = %d: value %d is %v away, want %v", shift, k, i, math.Abs(x-shift), want[i])
		}
		var r mat.VecDense
		r.MulVec(matrixtest.Dense(a), v.ColView(i))
		r.AddScaledVec(&r, -x, v.ColView(i))
		if r := mat.Norm(&r, 2); r > tol {
			t.Fatalf("shift %v, k = %d: residual %d is %v", shift, k, i, r)
		}
	}
	var g mat.Dense
	g.Mul(v.T(), &v)
	for i := range k {
		g.Set(i, i, g.At(i, i)-1)
	}
	if e := mat.Norm(&g, 2); e > 1e-13*float64(k+1)*math.Sqrt(float64(len(values))) {
		t.Fatalf("vectors are not orthogonal: %v", e)
	}
	if r := l.Report(); r.Certain {
		count := 0
		for _, v := range values {
			if r.Interval.Low <= v && v < r.Interval.High {
				count++
			}
		}
		if count != r.Inside {
			t.Fatalf("%+v, but %d eigenvalues", r, count)
		}
	}
}

func TestLanczosProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 9), 1, 9).Draw(t, "sizes")
		keep := rapid.SampledFrom([]float64{0, 0.3, 1}).Draw(t, "keep")
		scale := rapid.SampledFrom([]float64{1e-12, 1, 1e12}).Draw(t, "scale")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		a := matrixtest.Tridiag(rng, sizes, keep)
		for i := range a.Raw() {
			a.Raw()[i] *= scale
		}
		values := matrixtest.Eigenvalues(t, a)
		n := len(values)
		shift := rapid.SampledFrom([]float64{0, values[0], values[n/2], values[n-1] * 1.5, scale, -3 * scale}).Draw(t, "shift")
		k := rapid.IntRange(1, n).Draw(t, "k")
		checkLanczos(t, new(eigen.Lanczos), a, values, shift, k)
	})
}

// Many eigenvalues of a square grid are double, and some far more.
func TestLanczosMultiple(t *testing.T) {
	a, values := grid(20, 20), gridValues(20, 20)
	for _, shift := range []float64{0, 1.03, 4, 4.001, 9} {
		for _, k := range []int{1, 2, 3, 7, 25} {
			l := new(eigen.Lanczos)
			checkLanczos(t, l, a, values, shift, k)
			if !l.Report().Certain {
				t.Errorf("shift %v, k = %d: not certain", shift, k)
			}
		}
	}
	// Twelve copies of a grid in one: everything is twelvefold at least.
	sizes, copies := []int{}, 12
	for range copies {
		sizes = append(sizes, 3, 3, 3)
	}
	b := la.NewBlockTridiag(sizes)
	small := grid(3, 3)
	for k := range sizes {
		d, _ := b.Diag(k)
		s, _ := small.Diag(k % 3)
		copy(d, s)
		if k%3 != 2 {
			d, _ := b.Sub(k)
			s, _ := small.Sub(k % 3)
			copy(d, s)
		}
	}
	all := []float64{}
	for _, v := range gridValues(3, 3) {
		for range copies {
			all = append(all, v)
		}
	}
	l := &eigen.Lanczos{Basis: 8}
	for _, k := range []int{1, 5, 12, 13, 30, 108} {
		checkLanczos(t, l, b, all, 0.5, k)
		if !l.Report().Certain {
			t.Errorf("k = %d: not certain", k)
		}
	}
}

func TestLanczosSmall(t *testing.T) {
	for _, sizes := range [][]int{{1}, {1, 1}, {2}, {1, 3, 2}} {
		a := la.NewBlockTridiag(sizes)
		n := a.SymmetricDim()
		for _, c := range []float64{0, 5, -1e-200} {
			a.Zero()
			addToDiagonal(a, c)
			values := make([]float64, n)
			for i := range values {
				values[i] = c
			}
			for _, shift := range []float64{0, 5, 7} {
				checkLanczos(t, new(eigen.Lanczos), a, values, shift, n)
				checkLanczos(t, new(eigen.Lanczos), a, values, shift, 1)
			}
		}
	}
}

// A basis much smaller than needed is restarted.
func TestLanczosRestarts(t *testing.T) {
	a, values := grid(1, 400), gridValues(1, 400)
	l := &eigen.Lanczos{Basis: 10}
	checkLanczos(t, l, a, values, 3.0007, 6)
	if l.Report().Restarts == 0 {
		t.Error("no restart: test another shift")
	}
	l = &eigen.Lanczos{Basis: 10, MaxSolves: 11}
	var e *eigen.LanczosError
	if err := l.Factorize(eigen.OfBlock(a, nil), 3.0007, 6); !errors.As(err, &e) || e.Wanted != 6 || e.Found != 0 || e.Solves != 11 {
		t.Errorf("error %v with too few solves", err)
	}
	mustPanic(t, factor.ErrNotFactorized, func() { l.Values(nil) })
}

func TestLanczosBad(t *testing.T) {
	var l eigen.Lanczos
	mustPanic(t, factor.ErrNotFactorized, func() { l.Values(nil) })
	mustPanic(t, factor.ErrNotFactorized, func() { l.VectorsTo(new(mat.Dense)) })
	a := grid(3, 3)
	mustPanic(t, factor.ErrShape, func() { l.Factorize(eigen.OfBlock(a, nil), 0, 0) })
	mustPanic(t, factor.ErrShape, func() { l.Factorize(eigen.OfBlock(a, nil), 0, 10) })
	if err := l.Factorize(eigen.OfBlock(a, nil), math.NaN(), 1); err == nil {
		t.Error("no error for a shift that is no number")
	}
	if err := l.Factorize(eigen.OfBlock(a, nil), 0, 2); err != nil {
		t.Fatal(err)
	}
	mustPanic(t, factor.ErrShape, func() { l.Values(make([]float64, 1)) })
	mustPanic(t, factor.ErrShape, func() { l.VectorsTo(mat.NewDense(9, 3, nil)) })
	d, _ := a.Diag(1)
	d[0] = math.NaN()
	var notFinite *la.NotFiniteError
	if err := l.Factorize(eigen.OfBlock(a, nil), 0, 1); !errors.As(err, &notFinite) {
		t.Errorf("error %v for a NaN", err)
	}
	var memory *factor.MemoryError
	if err := l.Factorize(eigen.OfBlock(grid(3, 3), &factor.Options{MemoryLimit: 10}), 0, 1); !errors.As(err, &memory) {
		t.Errorf("error %v for no memory", err)
	}
	var f factor.Block
	if err := f.Analyse(grid(30, 3), nil); err != nil {
		t.Fatal(err)
	}
	one := &factor.Options{MemoryLimit: f.Cost().Bytes + 100} // enough for one factorization
	if err := l.Factorize(eigen.OfBlock(grid(30, 3), one), 0, 1); !errors.As(err, &memory) {
		t.Errorf("error %v for no memory for a basis", err)
	}
	l.Tolerance = 1e-30
	var failed *eigen.LanczosError
	if err := l.Factorize(eigen.OfBlock(grid(3, 4), nil), 0.1, 3); !errors.As(err, &failed) || failed.Residual == 0 || failed.Found != 0 {
		t.Errorf("error %v for a tolerance out of reach", err)
	}
}

func BenchmarkLanczos(b *testing.B) {
	for _, side := range []int{32, 100} {
		a := grid(side, side)
		b.Run(fmt.Sprintf("grid=%d/k=10", side), func(b *testing.B) {
			var l eigen.Lanczos
			for b.Loop() {
				if err := l.Factorize(eigen.OfBlock(a, nil), 1, 10); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(l.Report().Solves), "solves/op")
		})
	}
}

func addToDiagonal(a *la.BlockTridiag, v float64) {
	for k := range a.Blocks() {
		d, ld := a.Diag(k)
		for i := range ld {
			d[i*ld+i] += v
		}
	}
}

// BenchmarkNegative finds the 50 most negative eigenvalues of the Hessian of a network of
// eight layers on 32 digits. factorizations is the time over that of one.
func BenchmarkNegative(b *testing.B) {
	net, err := nn.New(64, nn.CrossEntropy, nn.MLP([]int{64, 16, 16, 16, 16, 16, 16, 16, 10}, nn.Tanh, true)...)
	if err != nil {
		b.Fatal(err)
	}
	net.Init(1, nil)
	var lin nn.Linearization
	if err := net.Linearize(&lin, data.Digits().Batch(0, 32)); err != nil {
		b.Fatal(err)
	}
	var f factor.Chain
	if err := f.Analyse(&lin.Chain, nil); err != nil {
		b.Fatal(err)
	}
	one := math.Inf(1)
	for range 5 {
		start := time.Now()
		if err := f.Factorize(0.1); err != nil {
			b.Fatal(err)
		}
		one = math.Min(one, time.Since(start).Seconds())
	}
	var l eigen.Lanczos
	for b.Loop() {
		if err := l.FactorizeNegative(eigen.OfChain(&lin.Chain, nil), 50); err != nil {
			b.Fatal(err)
		}
	}
	if !l.Report().Certain {
		b.Error("not complete")
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/one, "factorizations/op")
	b.ReportMetric(float64(l.Report().Solves), "solves/op")
}
