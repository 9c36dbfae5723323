package sweep

import (
	"math/rand/v2"
	"slices"
	"testing"

	"costate/la/blas"
	"costate/system/chaintest"
)

// A new point whose stages threads share gives the bits that the stages give one after
// another: stages of all kinds, with more numbers than the least that is shared.
func TestTakeShares(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 21))
	var stages []chaintest.Stage
	for i := range 400 {
		stages = append(stages, chaintest.Stage{Out: 9 + i%3, Bias: i%2 == 0})
		switch {
		case i%100 == 30:
			stages = append(stages, chaintest.Stage{Blocks: true, Filled: true, P: 5, Out: 10})
		case i%100 == 60:
			stages = append(stages, chaintest.Stage{Out: 40})
		}
	}
	first, second := chaintest.Random(rng, 2, 6, stages...), chaintest.Random(rng, 2, 6, stages...)
	if n := first.Params(); n < 1<<15 {
		t.Fatalf("%d parameters are too few to share", n)
	}
	be := blas.NativeThreads(3)
	f, twin := New(first, be), New(first, be)
	f.Take(second)
	bands := twin.w.bands
	twin.w.bands = nil
	twin.Take(second)
	twin.w.bands = bands
	eps := make([]float64, len(second.Stages))
	for k := range eps {
		eps[k] = 0.1
	}
	if got, want := f.Factor(eps), twin.Factor(eps); got != want {
		t.Errorf("facts %+v, want %+v", got, want)
	}
	x := make([]float64, second.Params())
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	b, y := slices.Clone(x), slices.Clone(x)
	f.Solve(x, 1)
	twin.Solve(y, 1)
	if !slices.Equal(x, y) {
		t.Error("other solutions")
	}
	if e := reach(second, f, b, 0.1); !(e < 1e-9) {
		t.Errorf("backward error %.2g: the numbers are not those of the new chain", e)
	}
}
