package blastest

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"costate/la/blas"
)

// Run tests the whole contract.
func Run(t *testing.T, g blas.Backend) {
	t.Run("Arguments", func(t *testing.T) { Arguments(t, g) })
	t.Run("Products", func(t *testing.T) { Products(t, g) })
	t.Run("Specials", func(t *testing.T) { Specials(t, g) })
	t.Run("MulTrapezoid", func(t *testing.T) { MulTrapezoid(t, g) })
	t.Run("Gemv", func(t *testing.T) { Gemv(t, g) })
	t.Run("Trsm", func(t *testing.T) { Trsm(t, g) })
	t.Run("Potrf", func(t *testing.T) { Potrf(t, g) })
	t.Run("Sytrf", func(t *testing.T) { Sytrf(t, g) })
	t.Run("Ldlpart", func(t *testing.T) { Ldlpart(t, g) })
	t.Run("Ldlfront", func(t *testing.T) { Ldlfront(t, g) })
	t.Run("Schur", func(t *testing.T) { Schur(t, g) })
	t.Run("LdlRows", func(t *testing.T) { LdlRows(t, g) })
	t.Run("Sytrs", func(t *testing.T) { Sytrs(t, g) })
	t.Run("Pages", func(t *testing.T) { Pages(t, g) })
	t.Run("Aliasing", func(t *testing.T) { Aliasing(t, g) })
	t.Run("Concurrent", func(t *testing.T) { Concurrent(t, g) })
}

// A job is one call of each kernel on operands of its own, of one order.
type job struct {
	n          int
	a, b, c, s *Matrix
	e, work    []float64
	perm       []int
}

func newJob(n int, rng *rand.Rand, g blas.Backend) *job {
	j := &job{
		n: n, a: NewMatrix(n, n, 1).Random(rng), b: NewMatrix(n, n, 0).Random(rng), c: NewMatrix(n, n, 2).Random(rng),
		s: NewFactor(Kinds[0], n, 1, rng).A,
		e: make([]float64, n), perm: make([]int, n), work: make([]float64, max(g.SytrfWork(n), n*n)),
	}
	for i := range n {
		j.a.Set(i, i, 1+math.Abs(j.a.At(i, i)))
	}
	return j
}

func (j *job) run(g blas.Backend) {
	n, a, b, c := j.n, j.a, j.b, j.c
	for _, tA := range transposes {
		for _, tB := range transposes {
			g.Gemm(tA, tB, n, n, n, 0.5, a.Data, a.Ld, b.Data, b.Ld, 0.5, c.Data, c.Ld)
		}
		g.Gemmt(blas.Lower, tA, blas.NoTrans, n, n, 0.5, a.Data, a.Ld, b.Data, b.Ld, 0.5, c.Data, c.Ld)
		g.Syrk(blas.Lower, tA, n, n, 0.5, a.Data, a.Ld, 0.5, c.Data, c.Ld)
		g.Gemv(tA, n, n, 0.5, a.Data, a.Ld, b.Data[:n], 0.5, c.Data[:n])
		g.Trsm(blas.Left, blas.Lower, tA, blas.NonUnit, n, n, 1, a.Data, a.Ld, c.Data, c.Ld)
		g.Trsm(blas.Right, blas.Upper, tA, blas.NonUnit, n, n, 1, a.Data, a.Ld, c.Data, c.Ld)
		g.Trsm(blas.Left, blas.Lower, tA, blas.NonUnit, n, 1, 1, a.Data, a.Ld, c.Data, 1)
	}
	g.Sytrf(n, j.s.Data, j.s.Ld, j.e, j.perm, j.work)
	g.Sytrs(n, n, j.s.Data, j.s.Ld, j.e, j.perm, b.Data, b.Ld, j.work)
	g.Potrf(n, a.Data, a.Ld)
}

func (j *job) restore() {
	for _, m := range []*Matrix{j.a, j.b, j.c, j.s} {
		m.Restore()
	}
}

func (j *job) bits() (h uint64) {
	for _, m := range []*Matrix{j.a, j.b, j.c, j.s} {
		for _, v := range m.Data {
			h = (h ^ math.Float64bits(v)) * 0x100000001b3
		}
	}
	return h
}

// Concurrent tests that many goroutines may use one backend, and that the same
// call gives the same bits every time.
func Concurrent(t *testing.T, g blas.Backend) {
	for _, n := range thinned([]int{72, 5, 40, 150}) {
		ref := newJob(n, NewRand(8), g)
		ref.run(g)
		want := ref.bits()
		var wg sync.WaitGroup
		got := make([]uint64, 6)
		for i := range got {
			wg.Go(func() {
				j := newJob(n, NewRand(8), g)
				j.run(g)
				got[i] = j.bits()
			})
		}
		wg.Wait()
		for _, h := range got {
			if h != want {
				t.Fatalf("order %d: the same calls gave different bits", n)
			}
		}
	}
}

// Allocs tests that no kernel allocates, after its first call.
func Allocs(t *testing.T, g blas.Backend) {
	for _, n := range thinned([]int{70, 1, 3, 20, 200}) {
		j := newJob(n, NewRand(9), g)
		j.run(g)
		if a := testing.AllocsPerRun(5, func() {
			j.restore()
			j.run(g)
		}); a > 4 { // restore's own slice
			t.Errorf("order %d: %v allocations", n, a)
		}
	}
}
