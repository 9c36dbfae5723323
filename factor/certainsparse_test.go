package factor_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

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

// drawn is system number round of a campaign: a saddle point, and every other time
// a shift next to one of its eigenvalues.
func drawn(t *testing.T, rng *rand.Rand, round int) (a *la.Sym, shift float64) {
	n := 2 + rng.IntN(8)
	a = saddle(rng, n, 1+rng.IntN(n), []float64{0, -1e-16, -1e-12, -1e-8, -1e-4}[rng.IntN(5)])
	if round%2 == 0 {
		return a, 0
	}
	ev := matrixtest.Eigenvalues(t, a)
	norm := math.Max(math.Abs(ev[0]), math.Abs(ev[len(ev)-1]))
	return a, ev[rng.IntN(len(ev))] + norm*math.Pow(10, -16*rng.Float64())*rng.NormFloat64()
}

// Regularized and plain saddle points, and shifts that put any matrix next to an
// eigenvalue: none is refused that is not singular, none is counted wrong.
func TestCertainSparse(t *testing.T) {
	counts := map[string]*count{"saddle": {}, "shifted": {}}
	rng := rand.New(rand.NewPCG(*certainSeed+1, 1))
	for round := range systems() {
		a, shift := drawn(t, rng, round)
		kind := []string{"saddle", "shifted"}[round%2]
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
		c.check(t, name, systems()/2)
	}
}

// Systems whose scaling makes them worse, to a condition of 1e15 from 1e11, so that
// the scaled matrix alone would pass for singular.
func TestScalingIsNotSingular(t *testing.T) {
	for _, at := range []struct {
		seed  uint64
		round int
	}{{1002, 651}, {2006, 3447}, {2007, 107}} {
		rng := rand.New(rand.NewPCG(at.seed, 1))
		var a *la.Sym
		var shift float64
		for round := range at.round + 1 {
			a, shift = drawn(t, rng, round)
		}
		cond := shiftedCondition(a, shift)
		if !(cond > 1e11 && cond < 1e12) {
			t.Fatalf("system %d of seed %d has another condition, %g", at.round, at.seed, cond)
		}
		var f factor.Sparse
		if err := f.FactorizeShifted(a, shift); err != nil {
			t.Errorf("system %d of seed %d, condition %.1e: %v", at.round, at.seed, cond, err)
		}
	}
}

// The Laplacian of two graphs that hang together by a weak edge is singular however
// weak it is: it has one eigenvalue that is zero, and a small one, which is not. Systems
// with right-hand sides whose sum is zero have solutions, others have none.
func TestWeakEdgeIsSingular(t *testing.T) {
	for e := 20; e <= 32; e += 2 {
		for _, half := range []int{3, 10, 40, 300} {
			b := la.NewSymBuilder(2*half, 0)
			edge := func(i, j int, w float64) {
				b.Add(i, i, w)
				b.Add(j, j, w)
				b.Add(max(i, j), min(i, j), -w)
			}
			for i := range half - 1 {
				edge(i, i+1, 1)
				edge(half+i, half+i+1, 1)
			}
			for i := range half - 3 {
				edge(i, i+3, 2)
				edge(half+i, half+i+2, 1)
			}
			edge(0, half, math.Ldexp(1, -e))
			a, _ := b.Build()
			var f factor.Sparse
			var singular *factor.SingularError
			if err := f.Factorize(a); !errors.As(err, &singular) || f.Inertia().Zero != 1 {
				t.Errorf("edge 2^-%d, order %d: %v, %v", e, 2*half, f.Inertia(), err)
			}
			good, bad := mat.NewVecDense(2*half, nil), mat.NewVecDense(2*half, nil)
			good.SetVec(0, 1)
			good.SetVec(2*half-1, -1)
			bad.SetVec(0, 1)
			var x mat.VecDense
			if err := f.SolveVecTo(&x, good); err != nil {
				t.Errorf("edge 2^-%d, order %d, in the range: %v", e, 2*half, err)
			}
			var inaccurate *factor.AccuracyError
			if err := f.SolveVecTo(&x, bad); !errors.As(err, &inaccurate) || !inaccurate.Singular {
				t.Errorf("edge 2^-%d, order %d, not in the range: %v", e, 2*half, err)
			}
		}
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
