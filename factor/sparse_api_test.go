package factor

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/james-bowman/sparse"
	"gonum.org/v1/gonum/mat"

	"costate/internal/alloctest"
	"costate/la"
)

func TestSparseSingular(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for name, edit := range map[string]func(b *la.SymBuilder){
		"empty row":      func(b *la.SymBuilder) {},
		"zero row":       func(b *la.SymBuilder) { b.Add(17, 17, 0) },
		"twins":          func(b *la.SymBuilder) { b.Add(17, 17, 1); b.Add(17, 60, 1); b.Add(60, 60, 1) },
		"free component": func(b *la.SymBuilder) { b.Add(60, 60, 2); b.Add(60, 17, -2); b.Add(17, 17, 2) },
	} {
		b := la.NewSymBuilder(61, 0)
		last := -1
		for i := range 60 {
			if i == 17 {
				continue
			}
			b.Add(i, i, 3+rng.Float64())
			if last >= 0 {
				b.Add(i, last, rng.NormFloat64())
			}
			last = i
		}
		if name == "empty row" || name == "zero row" {
			b.Add(60, 60, 1)
		}
		edit(b)
		a, _ := b.Build()
		var f Sparse
		err := f.Factorize(a)
		var singular *SingularError
		var cond mat.Condition
		if !errors.As(err, &singular) || !errors.As(err, &cond) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if singular.Row != 17 && singular.Row != 60 {
			t.Errorf("%s: row %d", name, singular.Row)
		}
		if in := f.Inertia(); in.Zero != 1 || in.Negative != 0 {
			t.Errorf("%s: inertia %v", name, in)
		}
		var x mat.VecDense
		r, err := f.NullVector(&x)
		if err != nil || r > 1e-14 || math.Abs(mat.Norm(&x, 2)-1) > 1e-12 {
			t.Errorf("%s: null vector with residual %g: %v", name, r, err)
		}
		for i := range 61 {
			if v := x.AtVec(i); i != 17 && i != 60 && math.Abs(v) > 1e-10 {
				t.Errorf("%s: null vector has %g in row %d", name, v, i)
			}
		}
		if c := f.Cond(); !math.IsInf(c, 1) {
			t.Errorf("%s: condition %g", name, c)
		}
	}
	var f Sparse
	a, _ := la.NewSymBuilder(4, 0).Build()
	if err := f.Factorize(a); err == nil || f.Inertia() != (la.Inertia{Zero: 4, Certain: true}) {
		t.Errorf("matrix without entries: %v, inertia %v", err, f.Inertia())
	}
}

func TestSparseNullVectorOfRegular(t *testing.T) {
	b := la.NewSymBuilder(30, 0)
	for i := range 30 {
		b.Add(i, i, float64(i)+0.001)
	}
	a, _ := b.Build()
	var f Sparse
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	var x mat.VecDense
	r, err := f.NullVector(&x)
	if want := 0.001 / 29.001; err != nil || math.Abs(r-want) > 1e-6*want || math.Abs(x.AtVec(0)) < 0.999 {
		t.Errorf("residual %g, want %g: %v", r, want, err)
	}
}

func TestSparseOrderZero(t *testing.T) {
	for _, a := range []*la.Sym{{}, func() *la.Sym { a, _ := la.NewSymBuilder(0, 0).Build(); return a }()} {
		var f Sparse
		if err := f.Factorize(a); err != nil {
			t.Fatal(err)
		}
		if in := f.Inertia(); in != (la.Inertia{Certain: true}) {
			t.Errorf("inertia %v", in)
		}
		if log, sign := f.LogDet(); log != 0 || sign != 1 {
			t.Errorf("log-determinant %v, %v", log, sign)
		}
	}
}

func TestSparseBadInput(t *testing.T) {
	b := la.NewSymBuilder(3, 0)
	for i := range 3 {
		b.Add(i, i, 1)
	}
	b.Add(2, 1, math.NaN())
	a, _ := b.Build()
	var f Sparse
	var bad *la.NotFiniteError
	if err := f.Factorize(a); !errors.As(err, &bad) || bad.Where != "row 2 of A" || bad.Index != 1 {
		t.Errorf("NaN: %v", err)
	}
	low := a.RawLower().Val
	for i, v := range low {
		if v != v {
			low[i] = 0.5
		}
	}
	if err := f.Factorize(a); err != nil {
		t.Error(err)
	}
	for i, v := range low {
		if v == 0.5 {
			low[i] = math.Inf(1)
		}
	}
	if err := f.Refactorize(a); !errors.As(err, &bad) {
		t.Errorf("infinity: %v", err)
	}
	if !panics(ErrNotFactorized, func() { f.LogDet() }) {
		t.Error("LogDet after a failed Update does not panic")
	}
	csr := sparse.NewCSR(3, 3, []int{0, 2, 4, 5}, []int{0, 1, 0, 1, 2}, []float64{1, 2, 2.5, 1, 1})
	var asym *la.AsymmetricError
	if _, err := la.FromCSR(csr, 1e-10); !errors.As(err, &asym) || asym.I != 0 || asym.J != 1 {
		t.Errorf("asymmetric: %v", err)
	}
}

func TestSparseMemoryLimit(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	n := 20000
	b := la.NewSymBuilder(n, 0)
	for i := range n {
		b.Add(i, i, 4)
		b.Add(i, rng.IntN(n), 1)
		b.Add(i, rng.IntN(n), 1)
	}
	a, _ := b.Build()
	var f Sparse
	err := f.Analyse(a, &Options{MemoryLimit: 64 << 20})
	var memory *MemoryError
	if !errors.As(err, &memory) || memory.Needed < 64<<20 {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{"MiB, more", "64.0 MiB", "MINRES", "order 20000"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func panics(want Error, fn func()) (ok bool) {
	defer func() { ok = recover() == want }()
	fn()
	return
}

func TestSparsePanics(t *testing.T) {
	var f Sparse
	b := la.NewSymBuilder(3, 0)
	b.Add(0, 0, 1)
	a, _ := b.Build()
	v := mat.NewVecDense(3, nil)
	for name, fn := range map[string]func(){
		"SolveVecTo": func() { f.SolveVecTo(v, v) }, "Inertia": func() { f.Inertia() }, "LogDet": func() { f.LogDet() },
		"Cond": func() { f.Cond() }, "NullVector": func() { f.NullVector(v) },
	} {
		if !panics(ErrNotFactorized, fn) {
			t.Errorf("%s does not panic", name)
		}
	}
	for name, fn := range map[string]func(){
		"Refactorize": func() { f.Refactorize(a) }, "Cost": func() { f.Cost() }, "Tree": func() { f.Tree() }, "SymmetricDim": func() { f.SymmetricDim() },
	} {
		if !panics(ErrNotAnalysed, fn) {
			t.Errorf("%s does not panic", name)
		}
	}
	d := mat.NewSymDense(3, []float64{2, 1, 0, 1, 2, 1, 0, 1, 2})
	if err := f.FactorizeSymmetric(d); err != nil {
		t.Fatal(err)
	}
	if !panics(ErrShape, func() { f.SolveVecTo(v, mat.NewVecDense(4, nil)) }) || !panics(ErrShape, func() { f.Refactorize(a) }) {
		t.Error("a wrong shape does not panic")
	}
	f.Reset()
	if !f.IsEmpty() || !panics(ErrNotAnalysed, func() { f.Cost() }) {
		t.Error("Reset leaves something")
	}
}

func TestSparseUpdateAllocatesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	for name, a := range map[string]*la.Sym{
		"network": networkMatrix(rng, []int{5, 6, 6, 3}, 4, 0.1),
		"band":    bandMatrix(rng, 500, 7),
	} {
		for _, scaled := range []bool{false, true} {
			n := a.SymmetricDim()
			if scaled {
				e := make([]int, n)
				for i := range e {
					e[i] = rng.IntN(60) - 30
				}
				a = scaledBy(a, e)
			}
			b, x := randomVec(rng, n), mat.NewVecDense(n, nil)
			var f Sparse
			run := func() {
				low := a.RawLower().Val
				for i := range low {
					low[i] *= 1.0009765625
				}
				if err := errors.Join(f.Factorize(a), f.SolveVecTo(x, b)); err != nil {
					t.Fatal(err)
				}
				f.Inertia()
				f.LogDet()
			}
			run()
			run()
			if n := alloctest.PerRun(5, run); n > 0 {
				t.Errorf("%s, scaled %v: %v allocations", name, scaled, n)
			}
		}
	}
}

func bandMatrix(rng *rand.Rand, n, w int) *la.Sym {
	b := la.NewSymBuilder(n, n*(w+1))
	for i := range n {
		for j := max(0, i-w); j <= i; j++ {
			b.Add(i, j, rng.NormFloat64())
		}
	}
	a, _ := b.Build()
	return a
}

func TestSparseManyRightHandSides(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 9))
	a := networkMatrix(rng, []int{5, 6, 6, 3}, 4, 1e-3)
	n := a.SymmetricDim()
	var f Sparse
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	const nr = 7
	b := mat.NewDense(n, nr, nil)
	for i := range n {
		for j := range nr {
			b.Set(i, j, rng.NormFloat64())
		}
	}
	var x mat.Dense
	if err := f.SolveTo(&x, b); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for j := range nr {
		wait.Add(1)
		go func() {
			defer wait.Done()
			var y mat.VecDense
			if err := f.SolveVecTo(&y, b.ColView(j)); err != nil {
				t.Error(err)
			}
			if e := backwardError(a, &y, b.ColView(j)); e > 2e-14 {
				t.Errorf("column %d alone: backward error %g", j, e)
			}
			if e := backwardError(a, x.ColView(j), b.ColView(j)); e > 2e-14 {
				t.Errorf("column %d: backward error %g", j, e)
			}
		}()
	}
	wait.Wait()
	b.Set(3, 2, math.NaN())
	var bad *NotFiniteError
	if err := f.SolveTo(&x, b); !errors.As(err, &bad) {
		t.Errorf("NaN on the right: %v", err)
	}
}

// Cond against the inverse, scaled badly and not.
func TestSparseCond(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 9))
	for range 10 {
		a := bandMatrix(rng, 40, 3)
		e := make([]int, 40)
		for i := range e {
			e[i] = rng.IntN(20) - 10
		}
		for _, a := range []*la.Sym{a, scaledBy(a, e)} {
			var f Sparse
			if err := f.Factorize(a); err != nil {
				t.Fatal(err)
			}
			var d mat.Dense
			d.CloneFrom(a)
			var svd mat.SVD
			if !svd.Factorize(&d, mat.SVDNone) {
				t.Fatal("no singular values")
			}
			want := svd.Cond()
			if c := f.Cond(); c > 1.001*want || c < want/3 {
				t.Errorf("condition %g, want %g", c, want)
			}
		}
	}
}

// Pivots that were stable are not any more with new values.
func TestSparseUpdateToUnstable(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	a := networkMatrix(rng, []int{9, 8, 8, 8, 5}, 5, 0.5)
	var f Sparse
	if err := f.Factorize(a); err != nil {
		t.Fatal(err)
	}
	low := a.RawLower()
	for i, v := range low.Val {
		if v == 0.5 {
			low.Val[i] = 1e-12
		}
	}
	if err := f.Refactorize(a); err != nil {
		t.Fatal(err)
	}
	b := randomVec(rng, low.N)
	var x mat.VecDense
	if err := f.SolveVecTo(&x, b); err != nil {
		t.Error(err)
	}
	if e := backwardError(a, &x, b); e > 2e-14 {
		t.Errorf("backward error %g", e)
	}
}

// A null space of many dimensions, more than are orthonormalised at once: graphs that do
// not hang together have one null vector each.
func TestSparseNullSpaceWide(t *testing.T) {
	const graphs, nodes = 150, 5
	n := graphs * nodes
	b := la.NewSymBuilder(n, 0)
	rng := rand.New(rand.NewPCG(4, 4))
	for i := range n {
		if i%nodes > 0 {
			w := float64(1 + rng.IntN(4))
			b.Add(i, i, w)
			b.Add(i-1, i-1, w)
			b.Add(i, i-1, -w)
		}
	}
	a, _ := b.Build()
	var f Sparse
	var singular *SingularError
	if err := f.Factorize(a); !errors.As(err, &singular) || f.Inertia().Zero != graphs {
		t.Fatalf("%v, %v", err, f.Inertia())
	}
	var v mat.Dense
	residual, err := f.NullSpaceTo(&v)
	if err != nil || !(residual < 1e-15) {
		t.Errorf("residual %g, %v", residual, err)
	}
	var gram mat.Dense
	gram.Mul(v.T(), &v)
	for i := range graphs {
		for j := range graphs {
			want := 0.0
			if i == j {
				want = 1
			}
			if !(math.Abs(gram.At(i, j)-want) < 1e-14) {
				t.Fatalf("vectors %d and %d have the product %g", i, j, gram.At(i, j))
			}
		}
	}
}
