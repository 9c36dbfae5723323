package factor_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"costate/factor"
	"costate/la"
	"costate/la/blas"
	"costate/la/matrixtest"
	"costate/system/chaintest"
)

// condition is ‖A‖‖A⁻¹‖ by eigenvalues, infinite where rounding decides.
func condition(a *la.Sym) float64 {
	ev := matrixtest.Eigenvalues(panicker{}, a)
	least, most := math.Inf(1), 0.0
	for _, v := range ev {
		least, most = min(least, math.Abs(v)), max(most, math.Abs(v))
	}
	return most / least
}

type panicker struct{}

func (panicker) Fatal(a ...any) { panic(fmt.Sprint(a...)) }

// saddle is a random saddle-point matrix of n variables and m constraints with d
// on the multipliers, entries of ±1 or normal.
func saddle(rng *rand.Rand, n, m int, d float64) *la.Sym {
	b := la.NewSymBuilder(n+m, 0)
	unit := rng.IntN(2) == 0
	entry := func() float64 {
		if unit {
			return float64(2*rng.IntN(2) - 1)
		}
		return rng.NormFloat64()
	}
	for i := range n {
		b.Add(i, i, 1+rng.Float64())
		if i > 0 && rng.IntN(2) == 0 {
			b.Add(i, rng.IntN(i), 0.3*entry())
		}
	}
	for i := range m {
		b.Add(n+i, i, entry()) // of full rank most often
		for range 1 + rng.IntN(3) {
			b.Add(n+i, rng.IntN(n), entry())
		}
		if rng.IntN(3) > 0 || d == 0 {
			b.Add(n+i, n+i, d)
		}
	}
	a, _ := b.Build()
	return a
}

func exactOf(a *la.Sym) [][]*big.Float {
	n := a.SymmetricDim()
	h := make([][]*big.Float, n)
	for i := range n {
		h[i] = make([]*big.Float, n)
		for j := range n {
			h[i][j] = new(big.Float).SetPrec(2000).SetFloat64(a.At(i, j))
		}
	}
	return h
}

// Regularized and plain saddle points, and shifts that put any matrix next to an
// eigenvalue: none is refused that is not singular, none is counted wrong.
func TestCertainSparse(t *testing.T) {
	counts := map[string]*count{"saddle": {}, "shifted": {}}
	rng := rand.New(rand.NewPCG(*certainSeed+1, 1))
	for round := range *certain {
		kind, shift := "saddle", 0.0
		n := 2 + rng.IntN(8)
		a := saddle(rng, n, 1+rng.IntN(n), []float64{0, -1e-16, -1e-12, -1e-8, -1e-4}[rng.IntN(5)])
		if round%2 == 1 {
			kind = "shifted"
			ev := matrixtest.Eigenvalues(t, a)
			norm := math.Max(math.Abs(ev[0]), math.Abs(ev[len(ev)-1]))
			shift = ev[rng.IntN(len(ev))] + norm*math.Pow(10, -16*rng.Float64())*rng.NormFloat64()
		}
		negative, zero, exact := chaintest.Inertia(exactOf(a), -shift)
		cond := shiftedCondition(a, shift)
		var f factor.Sparse
		if err := f.Analyse(a, &factor.Options{Backend: blas.NativeThreads(1)}); err != nil {
			t.Fatal(err)
		}
		err := f.FactorizeShifted(a, shift)
		what := fmt.Sprintf("%s %d, order %d", kind, round, a.SymmetricDim())
		if err != nil && cond < 1e12 {
			t.Errorf("%s: refused at condition %.1e: %v", what, cond, err)
		}
		log, bound := math.Inf(-1), math.Inf(1)
		in := f.Inertia()
		if err == nil {
			log, _ = f.LogDet()
			bound = f.Report().LogDetError
		}
		counts[kind].add(t, what, in, negative, zero, log, bound, exact, cond)
	}
	for name, c := range counts {
		c.check(t, name, *certain/2)
	}
}

func shiftedCondition(a *la.Sym, shift float64) float64 {
	ev := matrixtest.Eigenvalues(panicker{}, a)
	least, most := math.Inf(1), 0.0
	for _, v := range ev {
		least, most = min(least, math.Abs(v-shift)), max(most, math.Abs(v-shift))
	}
	return most / least
}
