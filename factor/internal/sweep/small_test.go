package sweep

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"costate/factor/internal/pivot"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
	"costate/system/chaintest"
)

// forget makes the stages of an engine go the general way: the twin.
func forget(f *Engine) (small int) {
	for _, s := range f.stages {
		switch d := s.(type) {
		case *denseStage:
			if d.small != nil {
				small++
				d.small.fits = false
			}
		case *blockStage:
			if d.small {
				small++
				d.small = false
			}
		}
	}
	return small
}

// randomSmall is a chain of narrow layers and block stages of changing widths, some beyond
// what is small.
func randomSmall(rng *rand.Rand) *system.Chain {
	batch := 1 + rng.IntN(4)
	var stages []chaintest.Stage
	bias := rng.IntN(2) == 0
	for range 2 + rng.IntN(5) {
		s := chaintest.Stage{Out: 1 + rng.IntN(24), Bias: bias, Full: rng.IntN(6) == 0}
		if rng.IntN(3) == 0 {
			s = chaintest.Stage{Out: 1 + rng.IntN(24), Blocks: true, P: rng.IntN(40), Filled: rng.IntN(3) > 0}
		}
		stages = append(stages, s)
	}
	return chaintest.Random(rng, batch, 1+rng.IntN(6), stages...)
}

// reach is the backward error of (H + εI) x = b for the x of an engine.
func reach(c *system.Chain, f *Engine, b []float64, eps float64) float64 {
	x, r := append([]float64(nil), b...), make([]float64, len(b))
	f.Solve(x, 1)
	system.NewProduct(c, f.backend).HessVec(r, x)
	vec.Axpy(r, eps, x)
	size := vec.Norm2(r) + vec.Norm2(b)
	for i, v := range b {
		r[i] -= v
	}
	return vec.Norm2(r) / size
}

// Small stages give the facts and solutions that the general way gives: on definite and
// indefinite chains, at dampings of any size and sign.
func TestSmall(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 14))
	small, indefinite := 0, 0
	for i := range 400 {
		c := randomSmall(rng)
		if i%4 == 0 {
			c = c.GaussNewton()
		}
		be := blas.NativeThreads(1)
		f, twin := New(c, be), New(c, be)
		small += forget(twin)
		eps := make([]float64, len(c.Stages))
		e := []float64{3, 0.1, 1e-3, 1e-9, -0.05}[rng.IntN(5)]
		for k := range eps {
			eps[k] = e
		}
		got, want := f.Factor(eps), twin.Factor(eps)
		name := fmt.Sprintf("chain %d, damping %v", i, e)
		if want.Growth > 1e6*want.Scale || want.Tiny < 1e4 {
			continue // what rounding decides
		}
		if got.Negative != want.Negative || got.Zero != want.Zero || got.Finite != want.Finite {
			t.Fatalf("%s: %+v, want %+v", name, got, want)
		}
		if want.Negative > 0 {
			indefinite++
		}
		near := func(what string, x, y, tol float64) {
			if !(math.Abs(x-y) <= tol*max(1, math.Abs(y))) {
				t.Errorf("%s: %s is %v, want %v", name, what, x, y)
			}
		}
		tol := 1e-13 * max(1, want.Growth/want.Scale)
		near("log|det|", got.LogAbs, want.LogAbs, 1e-6)
		near("growth", got.Growth/want.Growth, 1, 1e4*tol)
		if want.Spread != 0 || got.Spread != 0 { // where there is a layer
			near("spread", got.Spread/want.Spread, 1, 1e4*tol)
		}
		near("scale", got.Scale/want.Scale, 1, 1e-12)
		b := make([]float64, c.Params())
		for j := range b {
			b[j] = rng.NormFloat64()
		}
		if x, y := reach(c, f, b, e), reach(c, twin, b, e); !(x <= 100*y+1e-13) {
			t.Errorf("%s: the backward error is %.2g, the twin's %.2g", name, x, y)
		}
	}
	if small < 400 || indefinite < 50 {
		t.Errorf("%d stages were small and %d chains indefinite: too few to tell", small, indefinite)
	}
}

// A stage whose pivot block is singular, or whose numbers are not finite, is reported as
// the general way reports it.
func TestSmallHazards(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 15))
	layers := []chaintest.Stage{{Out: 7}, {Out: 6}, {Out: 5}}
	be := blas.NativeThreads(1)
	facts := func(c *system.Chain, e float64) (got, want pivot.Stats) {
		f, twin := New(c, be), New(c, be)
		if forget(twin) == 0 {
			t.Fatal("no stage is small")
		}
		eps := []float64{e, e, e}
		return f.Factor(eps), twin.Factor(eps)
	}
	for batch := 1; batch <= 3; batch++ {
		c := chaintest.Random(rng, batch, 4, layers...)
		if got, want := facts(c, 0); got.Finite || want.Finite || got.Block != want.Block || got.Row != want.Row {
			t.Errorf("batch %d without damping: %+v, want %+v", batch, got, want)
		}
		for _, bad := range []float64{math.NaN(), math.Inf(1)} {
			c := chaintest.Random(rng, batch, 4, layers...)
			c.Stages[1].(*system.DenseStage).W[3] = bad
			if got, want := facts(c, 0.1); got.Finite || want.Finite {
				t.Errorf("batch %d, %v in the weights: %+v, want %+v", batch, bad, got, want)
			}
		}
	}
	// Neither the loss nor the last layer bends, and every parameter reaches the
	// states: the pivot block of the last stage is zero.
	c := chaintest.Random(rng, 4, 3, chaintest.Stage{Out: 3}, chaintest.Stage{Out: 2}, chaintest.Stage{Out: 3})
	clear(c.Loss.Full)
	last := c.Stages[2].(*system.DenseStage)
	last.Q = system.SampleMap{}
	got, want := facts(c, 0)
	if got.Zero == 0 || got.Zero != want.Zero || got.Finite != want.Finite || got.Tiny != want.Tiny || got.Block != want.Block {
		t.Errorf("nothing bends: %+v, want %+v", got, want)
	}
}

// Equal points give equal bits whatever was factored before, and nothing is allocated.
func TestSmallRepeats(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 16))
	be := blas.NativeThreads(1)
	layers := []chaintest.Stage{{Out: 10}, {Out: 3}, {Out: 9}, {Out: 10}}
	a, b := chaintest.Random(rng, 2, 5, layers...), chaintest.Random(rng, 2, 5, layers...)
	eps := []float64{0.1, 0.1, 0.1, 0.1}
	fresh := New(a, be)
	fresh.Factor(eps)
	used := New(b, be)
	used.Factor(eps)
	b.Stages[2].(*system.DenseStage).W[0] = math.NaN()
	used.Take(b)
	used.Factor(eps)
	used.Take(a)
	if n := testing.AllocsPerRun(20, func() { used.Factor(eps) }); n != 0 {
		t.Errorf("Factor allocates %v times", n)
	}
	x := make([]float64, a.Params())
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	y := append([]float64(nil), x...)
	fresh.Solve(x, 1)
	used.Solve(y, 1)
	for i := range x {
		if x[i] != y[i] {
			t.Fatalf("x[%d] is %v after other points, want %v", i, y[i], x[i])
		}
	}
}
