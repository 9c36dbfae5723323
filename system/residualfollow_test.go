package system_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"costate/internal/alloctest"
	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

// longChain is a chain of so many dense stages that two goroutines share its residuals.
func longChain(rng *rand.Rand, bias, skip bool) *system.Chain {
	stages := make([]chaintest.Stage, 90)
	for i := range stages {
		stages[i] = chaintest.Stage{Out: 10, Bias: bias, Skip: skip && i%3 == 1}
	}
	return chaintest.Random(rng, 2, 10, stages...)
}

func normals(rng *rand.Rand, n int, size float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = size * rng.NormFloat64()
	}
	return x
}

// Residuals have the same bits on one thread and on two, behind a solve or after it, and
// where r is b or x.
func TestResidualFollowed(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	for i, size := range []float64{1, 1e-60, 1e60, 0} {
		for _, gauss := range []bool{false, true} {
			c := longChain(rng, i%2 == 0, i%2 == 1)
			if gauss {
				c = c.GaussNewton()
			}
			n := c.Params()
			if n < 1<<13 {
				t.Fatalf("%d parameters are too few to share", n)
			}
			b, x := normals(rng, n, 1), normals(rng, n, size)
			eps := normals(rng, len(c.Stages), 1)
			want := make([]float64, n)
			system.NewProduct(c, blas.NativeThreads(1)).ResidualTo(want, b, x, eps)
			for _, threads := range []int{1, 2} {
				p := system.NewProduct(c, blas.NativeThreads(threads))
				same := func(what string, got []float64) {
					t.Helper()
					for j, v := range got {
						if math.Float64bits(v) != math.Float64bits(want[j]) {
							t.Fatalf("%s, %d threads, size %g: element %d is %v, want %v", what, threads, size, j, v, want[j])
						}
					}
				}
				for range 20 {
					r := make([]float64, n)
					p.ResidualTo(r, b, x, eps)
					same("after", r)
					copy(r, x)
					p.ResidualTo(r, b, r, eps)
					same("in place of x", r)
					if threads == 1 {
						if p.Follow(x) {
							t.Fatal("one thread follows itself")
						}
						continue
					}
					same("behind", follow(p, c, b, x, eps))
				}
			}
		}
	}
}

// follow computes a residual behind the making of x.
func follow(p *system.Product, c *system.Chain, b, x, eps []float64) []float64 {
	r, y := append([]float64(nil), b...), make([]float64, len(x))
	p.Follow(y)
	off := 0
	for k, s := range c.Stages {
		copy(y[off:off+s.Params()], x[off:])
		off += s.Params()
		p.Came(k + 1)
	}
	p.ResidualFollowed(r, r, eps)
	return r
}

// Residuals that are shared allocate nothing.
func TestResidualFollowedAllocatesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 2))
	c := longChain(rng, true, false)
	n := c.Params()
	b, x := normals(rng, n, 1), normals(rng, n, 1)
	p := system.NewProduct(c, blas.NativeThreads(2))
	r := make([]float64, n)
	shared := func() {
		p.Follow(x)
		for k := range c.Stages {
			p.Came(k + 1)
		}
		p.ResidualFollowed(r, b, nil)
	}
	if n := alloctest.PerRun(5, shared); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
