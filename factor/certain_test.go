package factor_test

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"costate/factor"
	"costate/la"
	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

// A campaign is -certain 1000000; a thousandth runs by itself.
// Campaigns of different seeds run side by side, and add up.
var (
	certain     = flag.Int("certain", 1000, "systems near eigenvalues to count exactly, for each test")
	certainSeed = flag.Uint64("certain-seed", 77, "seed of the random systems of the campaign")
)

// tuned is a chain of three scalar stages whose last two pivots lie 1e-4 to 1e-9
// from zero, of either sign.
func tuned(rng *rand.Rand) *system.Chain {
	one := func(v float64) *system.Matrix {
		return &system.Matrix{Rows: 1, Cols: 1, Ptr: []int{0, 1}, Col: []int{0}, Val: []float64{v}}
	}
	c := &system.Chain{Loss: system.SampleMap{Batch: 1, Rows: 1, Cols: 1, Diag: []float64{rng.NormFloat64()}}}
	p := c.Loss.Diag[0]
	var stages []system.Stage
	for k := 2; k >= 0; k-- {
		g := rng.NormFloat64()
		s := &system.BlockStage{P: 1, NOut: 1, G: one(g)}
		a, pivot := rng.NormFloat64(), 0.0
		switch k {
		case 2, 1:
			pivot = math.Pow(10, -4-5*rng.Float64()) * rng.NormFloat64()
			a = -g*p*g + pivot
		}
		s.A = one(a)
		if k > 0 {
			f, q := rng.NormFloat64(), rng.NormFloat64()
			// Its square over the pivot is of size 1, within a factor of 100.
			coupling := math.Sqrt(math.Abs(pivot)) * math.Pow(10, 2*rng.Float64()-1)
			s.NIn, s.F, s.Q, s.C = 1, one(f), one(q), one(-g*p*f+coupling)
			kk := g*p*f + s.C.Val[0]
			p = f*p*f + q - kk/(a+g*p*g)*kk
		}
		stages = append([]system.Stage{s}, stages...)
	}
	c.Stages = stages
	return c
}

// placed is a small random chain, and a damping within a few rounding errors to a
// few digits of the negative of an eigenvalue.
func placed(rng *rand.Rand) (*system.Chain, float64) {
	stages := []chaintest.Stage{{Out: 2, Bias: rng.IntN(2) == 0}, {Out: 1 + rng.IntN(2)}}
	if rng.IntN(3) == 0 { // several rows a sample, and what goes around them
		stages = []chaintest.Stage{
			{Rows: 2, In: 1, Out: 1, Bias: rng.IntN(2) == 0, Ones: rng.IntN(2) == 0},
			{Rows: 1 + rng.IntN(2), In: 1 + rng.IntN(2), Out: 1, Pass: rng.IntN(2) == 0, Full: rng.IntN(2) == 0},
		}
	}
	c := chaintest.Random(rng, 1+rng.IntN(2), 1+rng.IntN(2), stages...)
	ev := eigenvalues(chaintest.Matrix(c, blas.Native()))
	norm := math.Max(math.Abs(ev[0]), math.Abs(ev[len(ev)-1]))
	off := norm * math.Pow(10, -16*rng.Float64()) * rng.NormFloat64()
	return c, off - ev[rng.IntN(len(ev))]
}

// A count judges certificates.
type count struct{ certain, uncertain, wrong, shy int }

func (c *count) add(t *testing.T, what string, in la.Inertia, negative, zero int, log, bound, exact, cond float64) {
	switch {
	case !in.Certain:
		c.uncertain++
		if cond < 1e10 {
			c.shy++
		}
	case in.Negative != negative || in.Zero != zero:
		c.wrong++
		t.Errorf("%s: certain of %v, exactly %d negative and %d zero, condition %.1e", what, in, negative, zero, cond)
	default:
		c.certain++
		if log != exact && !(math.Abs(log-exact) <= bound+1e-15*math.Abs(exact)) {
			t.Errorf("%s: log|det| %v off by %.1e, bound %.1e", what, log, math.Abs(log-exact), bound)
		}
	}
}

func (c *count) check(t *testing.T, name string, total int) {
	t.Logf("%s: %+v", name, *c)
	if c.shy*100 > total {
		t.Errorf("%s: uncertain of %d of %d with a condition below 1e10", name, c.shy, total)
	}
	if c.certain < total/10 {
		t.Errorf("%s: certain of %d of %d only", name, c.certain, total)
	}
}

// systems is how many systems a test takes.
func systems() int {
	if testing.Short() {
		return *certain / 5
	}
	return *certain
}

// In arithmetic without rounding: what is certain is right, and little is left
// uncertain.
func TestCertain(t *testing.T) {
	for _, kind := range []string{"tuned", "placed"} {
		counts := map[string]*count{}
		rng := rand.New(rand.NewPCG(*certainSeed, uint64(len(kind))))
		for round := range systems() {
			var c *system.Chain
			eps := 0.0
			if kind == "tuned" {
				c = tuned(rng)
			} else {
				c, eps = placed(rng)
			}
			h := chaintest.Exact(c)
			negative, zero, exact := chaintest.Inertia(h, eps)
			cond := conditionOf(h, eps)
			for name, f := range map[string]factor.Factorization{
				"chain": new(factor.Chain), "augmented": new(factor.Augmented), "dense": new(factor.Dense), "auto": new(factor.Auto),
			} {
				if counts[name] == nil {
					counts[name] = new(count)
				}
				if err := f.Analyse(c, &factor.Options{Backend: blas.NativeThreads(1)}); err != nil {
					t.Fatal(err)
				}
				err := f.Factorize(eps)
				if _, singular := err.(*factor.SingularError); err != nil && !singular {
					t.Fatalf("%s %d, %s: %v", kind, round, name, err)
				}
				log, bound := math.Inf(-1), math.Inf(1)
				in := f.Inertia()
				if err == nil {
					log, _ = f.LogDet()
					bound = f.Report().LogDetError
				}
				counts[name].add(t, fmt.Sprintf("%s %d, %s", kind, round, name), in, negative, zero, log, bound, exact, cond)
			}
		}
		for name, c := range counts {
			c.check(t, kind+", "+name, systems())
		}
	}
}

// Systems whose augmented matrix errs in its determinant where the Hessian's directions
// do not show it: the bound is that of all directions of the augmented matrix.
func TestAugmentedDeterminantBound(t *testing.T) {
	wanted := map[int]bool{845: true, 9686: true, 9991: true}
	rng := rand.New(rand.NewPCG(42, uint64(len("placed"))))
	for round := range 9992 {
		c, eps := placed(rng)
		if !wanted[round] {
			continue
		}
		_, _, exact := chaintest.Inertia(chaintest.Exact(c), eps)
		var f factor.Augmented
		if err := errors.Join(f.Analyse(c, &factor.Options{Backend: blas.NativeThreads(1)}), f.Factorize(eps)); err != nil {
			t.Errorf("%d: %v", round, err)
			continue
		}
		log, _ := f.LogDet()
		bound := f.Report().LogDetError
		if log != exact && !(math.Abs(log-exact) <= bound) || bound > 1e-9 {
			t.Errorf("%d: log|det| %v off by %.1e, bound %.1e", round, log, math.Abs(log-exact), bound)
		}
	}
}

// conditionOf is the condition number of H + εI, from eigenvalues of the rounded
// matrix where these tell it, else infinite.
func conditionOf(h [][]*big.Float, eps float64) float64 {
	n := len(h)
	b := la.NewSymBuilder(n, n*n)
	for i := range n {
		for j := range i + 1 {
			v := new(big.Float).Set(h[i][j])
			if i == j {
				v.Add(v, big.NewFloat(eps))
			}
			x, _ := v.Float64()
			b.Add(i, j, x)
		}
	}
	a, _ := b.Build()
	return condition(a)
}
