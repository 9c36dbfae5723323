package tree

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"costate/internal/alloctest"
	"costate/la"
	"costate/la/blas"
	"costate/la/partition"
)

func build(n int, add func(b *la.SymBuilder)) *la.Sym {
	b := la.NewSymBuilder(n, 4*n)
	add(b)
	a, _ := b.Build()
	return a
}

func engineOf(t *testing.T, a *la.Sym, o *partition.Options, threads int) *Engine {
	t.Helper()
	tr, err := partition.Auto(a, o)
	if err != nil {
		t.Fatal(err)
	}
	e := New(tr, a, Options{Backend: blas.NativeThreads(threads)})
	size := 0.0
	for _, v := range a.RawLower().Val {
		size = max(size, math.Abs(v))
	}
	e.Take(a.RawLower().Val, nil, size)
	return e
}

// residual returns the largest element of b − (A + shift) x over that of b, for
// the solution of one right-hand side.
func residual(e *Engine, a *la.Sym, shift float64) float64 {
	n := a.SymmetricDim()
	b, x, r := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range b {
		b[i] = 1 + float64(i%5)
	}
	copy(x, b)
	e.Solve(x, 1)
	a.MulVecTo(r, x)
	worst := 0.0
	for i := range r {
		worst = max(worst, math.Abs(r[i]+shift*x[i]-b[i]))
	}
	return worst
}

// grid is a five-point mesh with a constraint of the pattern of the mesh for
// every unknown of every third row: a saddle point with a zero block.
func grid(m int, saddle bool) *la.Sym {
	n := m * m
	extra := 0
	if saddle {
		extra = m / 3 * m
	}
	return build(n+extra, func(b *la.SymBuilder) {
		for i := range m {
			for j := range m {
				k := i*m + j
				b.Add(k, k, 4+float64(k%7)/8)
				if j > 0 {
					b.Add(k, k-1, -1)
				}
				if i > 0 {
					b.Add(k, k-m, -1)
				}
			}
		}
		for c := range extra {
			i := c / m * 3
			k := i*m + c%m
			b.Add(n+c, k, 1)
			b.Add(n+c, k+m, -0.5)
			if c%m > 0 {
				b.Add(n+c, k-1, 0.25)
			}
			b.Add(n+c, n+c, 0)
		}
	})
}

// Long trees, wide trees: nothing recurses, and every step is short.
func TestLongAndWide(t *testing.T) {
	n := 300_000
	if testing.Short() {
		n = 50_000
	}
	chain := build(n, func(b *la.SymBuilder) {
		for i := range n {
			b.Add(i, i, float64(i%3)-1.2)
			if i > 0 {
				b.Add(i, i-1, 1)
			}
		}
	})
	star := build(n, func(b *la.SymBuilder) {
		for i := range n - 1 {
			b.Add(i, i, float64(1-i%2*2))
			b.Add(n-1, i, 1e-3)
		}
		b.Add(n-1, n-1, 3)
	})
	ones := make([]int, n)
	for i := range ones {
		ones[i] = 1
	}
	for name, a := range map[string]*la.Sym{"chain": chain, "star": star} {
		single, err := partition.Given(a, nil, partition.New(ones))
		if err != nil {
			t.Fatal(err)
		}
		merged, err := partition.Auto(a, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, tr := range []*partition.Tree{single, merged} {
			for _, threads := range []int{1, 2} {
				e := New(tr, a, Options{Backend: blas.NativeThreads(threads)})
				e.Take(a.RawLower().Val, nil, 3)
				s := e.Factor(0)
				if r := residual(e, a, 0); !s.Finite || s.Zero > 0 || !(r < 1e-9) {
					t.Errorf("%s of %d nodes, %d threads: residual %v, %+v", name, len(tr.Parent), threads, r, s)
				}
			}
		}
	}
}

// The same inputs give the same bits, whatever was factored before, and
// nothing is allocated; another number of threads gives the same inertia.
func TestSameBits(t *testing.T) {
	a := grid(60, true)
	n := a.SymmetricDim()
	b := make([]float64, n)
	for i := range b {
		b[i] = math.Sin(float64(i))
	}
	var inertia [2]int
	for threads := 1; threads <= 3; threads++ {
		for _, o := range []partition.Ordering{partition.OrderAMD, partition.OrderAuto} {
			opts := &partition.Options{Ordering: o}
			fresh := engineOf(t, a, opts, threads)
			s := fresh.Factor(0)
			want := slices.Clone(b)
			fresh.Solve(want, 1)
			if threads > 1 && len(fresh.tasks.runs) < 2 {
				t.Errorf("order %v: %d tasks", o, len(fresh.tasks.runs))
			}
			e := engineOf(t, a, opts, threads)
			e.Factor(-3.7) // delays other pivots
			e.Factor(2)
			for range 2 {
				if got := e.Factor(0); got != s {
					t.Fatalf("order %v, %d threads: %+v, fresh %+v", o, threads, got, s)
				}
				x := slices.Clone(b)
				e.Solve(x, 1)
				if !slices.Equal(x, want) {
					t.Fatalf("order %v, %d threads: other bits", o, threads)
				}
			}
			if e.Delayed() == 0 {
				t.Errorf("order %v: nothing was delayed", o)
			}
			if allocs := alloctest.PerRun(3, func() { e.Factor(0) }); allocs > 0 {
				t.Errorf("order %v, %d threads: a refactorization allocates %v times", o, threads, allocs)
			}
			x := make([]float64, 20*n)
			if allocs := alloctest.PerRun(3, func() { e.Solve(x, 20) }); allocs > 0 {
				t.Errorf("order %v, %d threads: a solve allocates %v times", o, threads, allocs)
			}
			if in := [2]int{s.Negative, s.Zero}; threads == 1 && o == partition.OrderAMD {
				inertia = in
			} else if in != inertia {
				t.Errorf("order %v, %d threads: inertia %v, else %v", o, threads, in, inertia)
			}
			if r := residual(e, a, 0); !(r < 1e-10) {
				t.Errorf("order %v, %d threads: residual %v", o, threads, r)
			}
		}
	}
}

// Solves from several goroutines at once.
func TestSolveSideBySide(t *testing.T) {
	a := grid(30, true)
	n := a.SymmetricDim()
	e := engineOf(t, a, nil, 1)
	e.Factor(0)
	want := make([]float64, 3*n)
	for i := range want {
		want[i] = math.Cos(float64(i))
	}
	b := slices.Clone(want)
	e.Solve(want, 3)
	done := make(chan bool)
	for range 8 {
		go func() {
			x := make([]float64, 3*n)
			same := true
			for range 20 {
				copy(x, b)
				e.Solve(x, 3)
				same = same && slices.Equal(x, want)
			}
			done <- same
		}()
	}
	for range 8 {
		if !<-done {
			t.Error("a solve beside others differs")
		}
	}
}

// Every pivot but those of the root is delayed: unknowns without a diagonal, in
// nodes of one, that all couple to the last ones.
func TestDelaysToTheRoot(t *testing.T) {
	for _, n := range []int{2, 3, 4, 40, 201} {
		half := n / 2
		a := build(n, func(b *la.SymBuilder) {
			for i := range n - half {
				b.Add(i, i, 0)
				for j := range half {
					b.Add(n-half+j, i, 1/(1+float64(i+j)*float64(i+j)))
				}
			}
			for j := range half {
				b.Add(n-half+j, n-half+j, 0)
			}
		})
		ones := make([]int, n)
		for i := range ones {
			ones[i] = 1
		}
		tr, err := partition.Given(a, nil, partition.New(ones))
		if err != nil {
			t.Fatal(err)
		}
		e := New(tr, a, Options{Backend: blas.NativeThreads(1)})
		e.Take(a.RawLower().Val, nil, 1)
		s := e.Factor(0)
		if !s.Finite || n > 3 && e.Delayed() < n-half-1 {
			t.Errorf("order %d: %d delays, %+v", n, e.Delayed(), s)
		}
		if n%2 == 0 && n < 10 && (s.Negative != half || s.Zero != 0) {
			t.Errorf("order %d: %+v", n, s)
		}
		checkFactors(t, fmt.Sprint(n), e, dense(a, nil, 0), s.Growth)
		limited := New(tr, a, Options{Backend: blas.NativeThreads(1), MemoryLimit: e.Cost().Bytes})
		limited.Take(a.RawLower().Val, nil, 1)
		if s := limited.Factor(0); n > 40 && (s.Finite || limited.Stopped() != OutOfMemory) {
			t.Errorf("order %d, limited memory: stopped %v, %+v", n, limited.Stopped(), s)
		}
		limited = New(tr, a, Options{Backend: blas.NativeThreads(1), WorkLimit: 1.01})
		limited.Take(a.RawLower().Val, nil, 1)
		if s := limited.Factor(0); n > 40 && (s.Finite || limited.Stopped() != OutOfWork) {
			t.Errorf("order %d, limited work: stopped %v, %+v", n, limited.Stopped(), s)
		}
		limited = New(tr, a, Options{Backend: blas.NativeThreads(1), DelayLimit: 10})
		limited.Take(a.RawLower().Val, nil, 1)
		if s := limited.Factor(0); n > 40 && (s.Finite || limited.Stopped() != OutOfWork || limited.Delayed() > 10) {
			t.Errorf("order %d, limited delays: stopped %v after %d, %+v", n, limited.Stopped(), limited.Delayed(), s)
		}
		limited.AllowDelays()
		if limited.Factor(0); limited.Stopped() != Complete || limited.Delayed() != e.Delayed() {
			t.Errorf("order %d, without the limit: stopped %v", n, limited.Stopped())
		}
	}
}

func TestZeros(t *testing.T) {
	empty := func(n int) *la.Sym { return build(n, func(*la.SymBuilder) {}) }
	for n := range 5 {
		e := engineOf(t, empty(n), nil, 1)
		s := e.Factor(0)
		if s.Zero != n || s.Negative != 0 || n > 0 && !math.IsInf(s.LogAbs, -1) {
			t.Errorf("zero matrix of order %d: %+v", n, s)
		}
		if s = e.Factor(-2); s.Zero != 0 || s.Negative != n || math.Abs(s.LogAbs-float64(n)*math.Ln2) > 1e-15 {
			t.Errorf("−2I of order %d: %+v", n, s)
		}
	}
	// Components, empty rows, and a front of zeros between others.
	a := build(12, func(b *la.SymBuilder) {
		b.Add(0, 0, 2)
		b.Add(1, 0, 1)
		b.Add(1, 1, -2)
		for i := 3; i < 6; i++ {
			for j := 3; j <= i; j++ {
				b.Add(i, j, 0)
			}
			b.Add(7, i, 0)
		}
		b.Add(7, 7, 1)
		b.Add(9, 8, 3)
		b.Add(11, 11, -1)
	})
	for name, tr := range trees(t, a) {
		e := New(tr, a, Options{Backend: blas.NativeThreads(1)})
		e.Take(a.RawLower().Val, nil, 3)
		s := e.Factor(0)
		if s.Negative != 3 || s.Zero != 6 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestNotFinite(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		a := grid(12, true)
		e := engineOf(t, a, nil, 2)
		good := e.Factor(0)
		low := a.RawLower()
		rng := rand.New(rand.NewPCG(4, 4))
		for range 20 {
			at := rng.IntN(len(low.Val))
			old := low.Val[at]
			low.Val[at] = bad
			if s := e.Factor(0); s.Finite || e.Stopped() != NotFinite {
				t.Errorf("%v at %d: %+v", bad, at, s)
			}
			low.Val[at] = old
			if s := e.Factor(0); s != good {
				t.Errorf("after %v: %+v, want %+v", bad, s, good)
			}
		}
	}
}

// Magnitudes far from one: log|det| neither over- nor underflows.
func TestMagnitudes(t *testing.T) {
	for _, v := range []float64{0x1p-500, 1, 0x1p500} {
		a := build(300, func(b *la.SymBuilder) {
			for i := range 300 {
				b.Add(i, i, 2*v)
				if i > 0 {
					b.Add(i, i-1, -v)
				}
			}
		})
		s := engineOf(t, a, nil, 1).Factor(0)
		want := math.Log(301) + 300*math.Log(v)
		if math.Abs(s.LogAbs-want) > 1e-9 || s.Negative != 0 || s.Zero != 0 {
			t.Errorf("%v: %+v, log|det| should be %v", v, s, want)
		}
	}
}
