package gemm

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"costate/internal/alloctest"
)

// TestThreadsSameBits: the result does not depend on the number of threads.
func TestThreadsSameBits(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(9, 10))
		for x, size := range [][3]int{{150, 150, 150}, {301, 67, 99}, {61, 333, 120}, {97, 97, 530}} {
			for _, sh := range []shape{whole, lower, upper} {
				if sh != whole {
					size[1] = size[0]
				}
				p := newProblem(rnd, sh, x&1 != 0, x&2 != 0, size[0], size[1], size[2], 1.5, 0.5)
				var first []float64
				for threads := 1; threads <= 7; threads += 1 + thinning/4 {
					got := p.c.clone()
					pr := p.product()
					pr.c = got.x
					if threads > 1 {
						pr.parallel(active.Load(), threads)
					} else {
						pr.compute(1)
						first = got.x
					}
					for i, v := range got.x {
						if math.Float64bits(v) != math.Float64bits(first[i]) {
							t.Fatalf("shape %d size %v: element %d differs with %d threads: %v, %v", sh, size, i, threads, v, first[i])
						}
					}
					if err := got.broken(); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	})
}

// TestNotFinite: a NaN or an infinity in A or B shows in the row or column of
// C that it belongs to, and only there, also where it meets zeros.
func TestNotFinite(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(11, 12))
		for _, n := range []int{1, 2, 3, 7, 13, 31, 50} {
			for x := range 8 {
				tA, tB, inA := x&1 != 0, x&2 != 0, x&4 != 0
				p := newProblem(rnd, whole, tA, tB, n, n, n, 1, 0)
				bad := math.NaN()
				if n%2 == 0 {
					bad = math.Inf(1)
				}
				i, q := rnd.IntN(n), rnd.IntN(n)
				if inA {
					clearMatrix(p.b)
					set(p.a, tA, i, q, bad)
				} else {
					clearMatrix(p.a)
					set(p.b, tB, q, i, bad)
				}
				pr := p.product()
				pr.compute(1)
				for r := range n {
					for c := range n {
						v := p.c.x[r*p.c.ld+c]
						hit := inA && r == i || !inA && c == i
						if hit != math.IsNaN(v) || !hit && v != 0 {
							t.Fatalf("n %d tA %v tB %v inA %v (%d, %d): C[%d,%d] = %v", n, tA, tB, inA, i, q, r, c, v)
						}
					}
				}
			}
		}
	})
}

func clearMatrix(g *guarded) {
	for i := range g.r {
		clear(g.x[i*g.ld : i*g.ld+g.c])
	}
}

func set(g *guarded, trans bool, i, j int, v float64) {
	if trans {
		i, j = j, i
	}
	g.x[i*g.ld+j] = v
}

// TestNoAllocation: after the first call nothing is allocated.
func TestNoAllocation(t *testing.T) {
	for _, n := range []int{5, 20, 70, 200} {
		x, y, z := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
		for i := range n {
			x[i*(n+1)] = 1
		}
		for _, threads := range []int{1, 3} {
			got := alloctest.PerRun(10, func() {
				Gemm(false, false, n, n, n, 1, x, n, y, n, 1, z, n, threads)
				Gemm(true, true, n, n, n, 1, x, n, y, n, 0, z, n, threads)
				Gemm(false, true, n, 1, n, 1, x, n, y, n, 0, z, n, threads)
				Gemmt(true, false, true, n, n, 1, x, n, x, n, 0, z, n, threads)
				Trsm(false, true, false, false, n, n, x, n, y, n)
			})
			if got > 0 {
				t.Errorf("n %d, %d threads: %v allocations", n, threads, got)
			}
		}
	}
}

// TestConcurrent has many callers at once, each with several threads.
func TestConcurrent(t *testing.T) {
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Go(func() {
			rnd := rand.New(rand.NewPCG(13, uint64(g)))
			for x := range max(1, 6/thinning) {
				n := 40 + rnd.IntN(90)
				p := newProblem(rnd, shape(x%3), x&1 != 0, x&2 != 0, n, n, n, 1, 0)
				if err := p.run(1 + g%4); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

func TestBadArguments(t *testing.T) {
	x := make([]float64, 100)
	for _, c := range []struct {
		name string
		f    func()
	}{
		{badSize, func() { Gemm(false, false, -1, 2, 2, 1, x, 2, x, 2, 0, x, 2, 1) }},
		{badLdA, func() { Gemm(false, false, 2, 2, 3, 1, x, 2, x, 2, 0, x, 2, 1) }},
		{badLdB, func() { Gemm(false, true, 2, 2, 3, 1, x, 3, x, 2, 0, x, 2, 1) }},
		{badLdC, func() { Gemm(false, false, 2, 3, 2, 1, x, 2, x, 3, 0, x, 2, 1) }},
		{shortA, func() { Gemm(true, false, 2, 2, 3, 1, x[:5], 2, x, 2, 0, x, 2, 1) }},
		{shortB, func() { Gemm(false, false, 2, 2, 3, 1, x, 3, x[:5], 2, 0, x, 2, 1) }},
		{shortC, func() { Gemm(false, false, 2, 2, 3, 1, x, 3, x, 2, 0, x[:3], 2, 1) }},
		{shortC, func() { Gemmt(true, false, false, 2, 3, 1, x, 3, x, 2, 0, x[:3], 2, 1) }},
		{shortA, func() { Gemm(false, false, math.MaxInt/2, 2, math.MaxInt/4, 1, x, math.MaxInt/4, x, 2, 0, x, 2, 1) }},
		{badLdT, func() { Trsm(true, true, false, false, 3, 2, x, 2, x, 2) }},
		{shortT, func() { Trsm(true, true, false, false, 3, 2, x[:8], 3, x, 2) }},
		{shortB, func() { Trsm(false, true, false, false, 3, 2, x, 2, x[:5], 2) }},
	} {
		func() {
			defer func() {
				if r := recover(); r != c.name {
					t.Errorf("panic is %v, want %v", r, c.name)
				}
			}()
			c.f()
		}()
	}
}

func TestForceUnknown(t *testing.T) {
	before := ISA()
	if _, err := Force("vax"); err == nil {
		t.Error("no error")
	}
	if ISA() != before {
		t.Errorf("in use is %s, want %s", ISA(), before)
	}
}

// FuzzGemm compares products of any shape with their definition.
func FuzzGemm(f *testing.F) {
	f.Add(uint64(1), uint8(6), uint8(8), uint8(4), uint8(0), uint8(1))
	f.Add(uint64(2), uint8(13), uint8(27), uint8(70), uint8(7), uint8(3))
	f.Add(uint64(3), uint8(90), uint8(90), uint8(90), uint8(13), uint8(2))
	f.Fuzz(func(t *testing.T, seed uint64, m, n, k, flags, threads uint8) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		s := scalars[int(seed%uint64(len(scalars)))]
		sh := shape(flags / 4 % 3)
		if sh != whole {
			m = n
		}
		p := newProblem(rnd, sh, flags&1 != 0, flags&2 != 0, int(m), int(n), int(k), s[0], s[1])
		if err := p.run(1 + int(threads%4)); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzTrsm checks the equations of small triangular systems.
func FuzzTrsm(f *testing.F) {
	f.Add(uint64(1), uint8(6), uint8(8), uint8(0))
	f.Add(uint64(2), uint8(19), uint8(33), uint8(9))
	f.Fuzz(func(t *testing.T, seed uint64, m, n, flags uint8) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		err := solveCase(rnd, flags&1 != 0, flags&2 != 0, flags&4 != 0, flags&8 != 0, int(m%80), int(n%80))
		if err != nil {
			t.Fatal(err)
		}
	})
}
