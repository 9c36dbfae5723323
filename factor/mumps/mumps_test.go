//go:build cgo && mumps

package mumps_test

import (
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/factor/mumps"
	"costate/la"
	"costate/la/partition"
)

// TestMain makes this a test of as many ranks as there are:
//
//	go test -tags mumps ./factor/mumps
//	go test -tags mumps -exec 'mpirun --oversubscribe -n 3' ./factor/mumps
func TestMain(m *testing.M) {
	stop := mumps.Serve()
	status := m.Run()
	stop()
	os.Exit(status)
}

func columns(rng *rand.Rand, n, k int) *mat.Dense {
	b := make([]float64, max(1, n*k))
	for i := range b {
		b[i] = rng.NormFloat64()
	}
	return mat.NewDense(max(1, n), k, b)
}

// TestAgrees: with any number of ranks MUMPS gives the inertia and the determinant of the
// native engine, and solutions of the accuracy promised.
func TestAgrees(t *testing.T) {
	all := matrices()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			a := all[name]
			var native, f factor.Sparse
			if err := f.Analyse(a, &factor.Options{Engine: factor.EngineMUMPS}); err != nil {
				t.Fatal(err)
			}
			defer f.Reset()
			for _, sigma := range []float64{0, 0.3, -1e-3, 0} {
				if err := errors.Join(native.FactorizeShifted(a, sigma), f.FactorizeShifted(a, sigma)); err != nil {
					t.Fatal(err)
				}
				agree(t, &native, &f)
			}
			for i, v := range a.RawLower().Val {
				a.RawLower().Val[i] = v * (1 + float64(i%7)/16)
			}
			if err := errors.Join(native.Refactorize(a), f.Refactorize(a)); err != nil {
				t.Fatal(err)
			}
			agree(t, &native, &f)
		})
	}
}

// agree compares two factorizations of one matrix.
func agree(t *testing.T, native, f factor.Solver) {
	t.Helper()
	agreeWithin(t, native, f, 0)
}

// agreeWithin is agree where the error of a logarithm of a determinant need not be bounded, but is
// at most a part of it.
func agreeWithin(t *testing.T, native, f factor.Solver, part float64) {
	t.Helper()
	want, got := native.Inertia(), f.Inertia()
	if got != want || !got.Certain {
		t.Errorf("inertia %+v, native %+v", got, want)
	}
	l, s := native.LogDet()
	m, r := f.LogDet()
	bound := native.Report().LogDetError + f.Report().LogDetError
	if part > 0 && bound > part*math.Abs(l) {
		bound = part * math.Abs(l)
	}
	if s != r || !(math.Abs(l-m) <= bound) || !(bound < 1e-3*(1+math.Abs(l))) {
		t.Errorf("determinant %g exp %.17g, native %g exp %.17g; bound %g", r, m, s, l, bound)
	}
	n := f.SymmetricDim()
	if n == 0 {
		return
	}
	b := columns(rand.New(rand.NewPCG(3, 4)), n, 5)
	var x, y mat.Dense
	if err := errors.Join(native.SolveTo(&x, b), f.SolveTo(&y, b)); err != nil {
		t.Fatal(err)
	}
	if e := f.Report().BackwardError; !(e <= 1e-14) {
		t.Errorf("backward error %g", e)
	}
	y.Sub(&y, &x)
	if d, most := mat.Norm(&y, 2)/mat.Norm(&x, 2), 1e-13*native.Cond(); !(d <= most) {
		t.Errorf("solutions differ by %g, at most %g is allowed", d, most)
	}
}

// TestOrderings: every order gives the same answers, and Plan says which it was.
func TestOrderings(t *testing.T) {
	a := mesh(9, 1.234)
	n := a.SymmetricDim()
	var native factor.Sparse
	if err := native.Factorize(a); err != nil {
		t.Fatal(err)
	}
	backwards := make(partition.Perm, n)
	for i := range backwards {
		backwards[i] = n - 1 - i
	}
	for _, c := range []struct {
		want string
		o    factor.Options
	}{
		{"amd", factor.Options{Ordering: partition.OrderAMD}},
		{"given", factor.Options{Ordering: partition.OrderND}},
		{"given", factor.Options{Ordering: partition.OrderNatural}},
		{"given", factor.Options{Perm: backwards}},
		{"amf", factor.Options{MUMPS: factor.MUMPSOptions{Ordering: "amf"}}},
		{"qamd", factor.Options{MUMPS: factor.MUMPSOptions{Ordering: "qamd"}}},
		{"pord", factor.Options{MUMPS: factor.MUMPSOptions{Ordering: "pord"}}},
	} {
		c.o.Engine = factor.EngineMUMPS
		var f factor.Sparse
		if err := f.Analyse(a, &c.o); err != nil {
			t.Fatal(err)
		}
		if p := f.Plan(); p.Ordering != c.want || p.Engine != factor.EngineMUMPS || p.Ranks != mumps.Ranks() || p.Fronts < 1 || p.FrontMax < 1 {
			t.Errorf("plan %+v, want the ordering %s", p, c.want)
		}
		if err := f.Factorize(a); err != nil {
			t.Fatal(err)
		}
		agree(t, &native, &f)
		f.Reset()
	}
}

// TestSingular: a singular matrix is an error, consistent systems are solved and the null
// space is found, as with the native engine.
func TestSingular(t *testing.T) {
	for _, c := range []struct {
		name string
		a    *la.Sym
		zero int
	}{
		{"zero", build(4, func(add func(i, j int, v float64)) { add(0, 0, 0) }), 4},
		{"row", build(5, func(add func(i, j int, v float64)) {
			for i := range 4 {
				add(i, i, float64(i-1)+0.5)
			}
		}), 1},
		{"Neumann", build(400, func(add func(i, j int, v float64)) { // of a square of 20² points
			edge := func(i, j int) { add(i, i, 1); add(j, j, 1); add(i, j, -1) }
			for i := range 400 {
				if i%20 > 0 {
					edge(i, i-1)
				}
				if i >= 20 {
					edge(i, i-20)
				}
			}
		}), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f factor.Sparse
			defer f.Reset()
			var singular *factor.SingularError
			if err := f.Analyse(c.a, &factor.Options{Engine: factor.EngineMUMPS}); err != nil {
				t.Fatal(err)
			}
			if err := f.Factorize(c.a); !errors.As(err, &singular) || singular.Blind {
				t.Fatalf("error %v", err)
			}
			if in := f.Inertia(); in.Zero != c.zero {
				t.Errorf("inertia %+v", in)
			}
			n := c.a.SymmetricDim()
			x := columns(rand.New(rand.NewPCG(5, 6)), n, 1)
			b := make([]float64, n)
			c.a.MulVecTo(b, x.RawMatrix().Data)
			var y mat.VecDense
			if err := f.SolveVecTo(&y, mat.NewVecDense(n, b)); err != nil {
				t.Error(err)
			}
			var v mat.VecDense
			if r, err := f.NullVector(&v); err != nil || !(r < 1e-14) {
				t.Errorf("null vector: ‖Av‖/‖A‖ = %g, %v", r, err)
			}
		})
	}
}

// TestMemory: what needs too much is refused, by the estimate of the analysis, and where
// pivots that are put off ask for more than it.
func TestMemory(t *testing.T) {
	var memory *factor.MemoryError
	var f factor.Sparse
	if err := f.Analyse(mesh(20, 0), &factor.Options{Engine: factor.EngineMUMPS, MemoryLimit: 8 << 20}); !errors.As(err, &memory) || memory.Needed <= memory.Limit {
		t.Errorf("error %v", err)
	}
	if got := f.Cost().Bytes; memory != nil && got != memory.Needed {
		t.Errorf("cost %d bytes", got)
	}

	// Zeros first: none of them is a pivot before the other unknowns are there.
	const n = 1500
	a := saddle(rand.New(rand.NewPCG(7, 8)), n, n)
	order := make(partition.Perm, 2*n)
	for i := range order {
		order[i] = (i + n) % (2 * n)
	}
	o := factor.Options{Engine: factor.EngineMUMPS, Perm: order}
	if err := f.Analyse(a, &o); err != nil {
		t.Fatal(err)
	}
	planned := f.Cost().Bytes
	if err := f.Factorize(a); err != nil {
		t.Fatal(err) // with as much workspace as it takes
	}
	if got := f.Report().Bytes; got <= planned {
		t.Errorf("%d bytes, as many as without pivots that are put off", got)
	}
	o.MemoryLimit = planned + planned/10
	if err := f.Analyse(a, &o); err != nil {
		t.Fatal(err)
	}
	if err := f.Factorize(a); !errors.As(err, &memory) {
		t.Errorf("error %v", err)
	}
	f.Reset()
}

// TestOutOfCore: factors in files give the same answers, and the files go with the factors.
func TestOutOfCore(t *testing.T) {
	a := mesh(10, 0.5)
	dir := t.TempDir()
	var native, f factor.Sparse
	if err := f.Analyse(a, &factor.Options{Engine: factor.EngineMUMPS, MUMPS: factor.MUMPSOptions{OutOfCore: dir}}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(native.Factorize(a), f.Factorize(a)); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) == 0 {
		t.Errorf("no files: %v", err)
	}
	agree(t, &native, &f)
	f.Reset()
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("files are left: %v, %v", files, err)
	}
}

// TestBits: one rank gives equal bits from equal numbers, whatever was factored between.
// MUMPS promises no such thing for several.
func TestBits(t *testing.T) {
	a := mesh(8, 1.5)
	b := columns(rand.New(rand.NewPCG(9, 10)), a.SymmetricDim(), 1)
	var f factor.Sparse
	defer f.Reset()
	if err := f.Analyse(a, &factor.Options{Engine: factor.EngineMUMPS}); err != nil {
		t.Fatal(err)
	}
	var x [2]mat.Dense
	for i := range x {
		if err := errors.Join(f.FactorizeShifted(a, 0.7), f.Factorize(a), f.SolveTo(&x[i], b)); err != nil {
			t.Fatal(err)
		}
	}
	if mumps.Ranks() == 1 && !mat.Equal(&x[0], &x[1]) {
		t.Error("other bits")
	}
	if !mat.EqualApprox(&x[0], &x[1], 1e-10) {
		t.Error("another solution")
	}
}

// TestConcurrent: several factorizations live at once, are used by several goroutines, and
// are freed when nobody holds them.
func TestConcurrent(t *testing.T) {
	var wait sync.WaitGroup
	for k := range 4 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			a := mesh(5+k, float64(k)+0.1)
			var f factor.Sparse
			if err := f.Analyse(a, &factor.Options{Engine: factor.EngineMUMPS}); err != nil {
				t.Error(err)
				return
			}
			if err := f.Factorize(a); err != nil {
				t.Error(err)
				return
			}
			var solves sync.WaitGroup
			for s := range 4 {
				solves.Add(1)
				go func() {
					defer solves.Done()
					var x mat.Dense
					if err := f.SolveTo(&x, columns(rand.New(rand.NewPCG(11, uint64(s))), a.SymmetricDim(), 2)); err != nil {
						t.Error(err)
					}
				}()
			}
			solves.Wait()
		}()
	}
	wait.Wait()
	runtime.GC()
}

// TestErrors: what MUMPS cannot do is an error that says so.
func TestErrors(t *testing.T) {
	a := mesh(3, 0)
	var f factor.Sparse
	defer f.Reset()
	var engine *factor.EngineError
	for name, o := range map[string]factor.Options{
		"engine":   {Engine: "pardiso"},
		"ordering": {Engine: factor.EngineMUMPS, MUMPS: factor.MUMPSOptions{Ordering: "nonsense"}},
	} {
		if err := f.Analyse(a, &o); !errors.As(err, &engine) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for _, p := range []partition.Perm{{0}, make(partition.Perm, a.SymmetricDim())} {
		if err := f.Analyse(a, &factor.Options{Engine: factor.EngineMUMPS, Perm: p}); err == nil {
			t.Errorf("the order %v was accepted", p)
		}
	}
	o := factor.Options{Engine: factor.EngineMUMPS}
	if err := errors.Join(f.Analyse(a, &o), f.Factorize(a)); err != nil {
		t.Fatal(err)
	}
	if f.Tree() != nil {
		t.Error("MUMPS has no tree to show")
	}
	if _, err := f.InverseDiagTo(nil); !errors.As(err, &engine) {
		t.Errorf("inverse: error %v", err)
	}
	var notFinite *la.NotFiniteError
	bad := a.Clone()
	bad.RawLower().Val[3] = math.NaN()
	if err := f.Factorize(bad); !errors.As(err, &notFinite) {
		t.Errorf("NaN: error %v", err)
	}
	if err := f.Factorize(a); err != nil {
		t.Errorf("after a NaN: %v", err)
	}
	tree, err := partition.Auto(a, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.AnalyseTree(a, tree, &o); !errors.As(err, &engine) {
		t.Errorf("tree: error %v", err)
	}
}
