package factor_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"costate/factor"
	"costate/la/vec"
	"costate/system"
	"costate/system/chaintest"
)

// A method that counts eigenvalues that are zero says that H is singular, as the
// others do, also where a second opinion is what counted them.
func TestZeroIsSingular(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 40))
	for rep := range 200 {
		in, mid, out, batch := 1+rng.IntN(3), 1+rng.IntN(3), 1+rng.IntN(3), 1+rng.IntN(3)
		c := chaintest.Random(rng, batch, in, chaintest.Stage{Out: mid}, chaintest.Stage{Out: out})
		c = c.GaussNewton()
		// Zero weights and inputs, as at a start from zero, take H away in whole or in part.
		all := rep%2 == 0
		for _, s := range c.Stages {
			d := s.(*system.DenseStage)
			if all || rng.IntN(2) == 0 {
				clear(d.Z)
			}
			if all || rng.IntN(2) == 0 {
				clear(d.W)
			}
		}
		for name, f := range map[string]factor.Factorization{
			"chain": new(factor.Chain), "dense": new(factor.Dense), "augmented": new(factor.Augmented),
			"auto": new(factor.Auto),
		} {
			if err := f.Analyse(c, nil); err != nil {
				t.Fatal(err)
			}
			err := f.Factorize(0)
			var singular *factor.SingularError
			zero := f.Inertia().Zero
			what := fmt.Sprintf("%d, %s: %v, %d zero", rep, name, err, zero)
			switch is := errors.As(err, &singular); {
			case err != nil && !is:
				t.Error(what)
			case zero > 0 && !is, all && !is:
				t.Errorf("%s: not reported singular", what)
			}
			if err := f.Factorize(1); err != nil {
				t.Errorf("%s: damped: %v", what, err)
			}
		}
	}
}

// A second opinion is of the point that is there, also where the chain is the same
// one with other numbers, as after a linearization into the same place.
func TestOpinionFollowsPoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 41))
	certain := 0
	for rep := range 200 {
		c := tuned(rng)
		for name, f := range map[string]factor.Factorization{"chain": new(factor.Chain), "auto": new(factor.Auto)} {
			if err := f.Analyse(c, nil); err != nil {
				t.Fatal(err)
			}
			f.Factorize(0)
			f.Inertia()
			negate(c)
			if err := f.Update(c); err != nil {
				t.Fatal(err)
			}
			f.Factorize(0)
			got := f.Inertia()
			log, sign := f.LogDet()
			var fresh factor.Chain
			if err := fresh.Analyse(c, nil); err != nil {
				t.Fatal(err)
			}
			fresh.Factorize(0)
			want := fresh.Inertia()
			wantLog, wantSign := fresh.LogDet()
			if got != want || log != wantLog && math.Abs(log-wantLog) > f.Report().LogDetError || sign != wantSign {
				t.Errorf("%d, %s: after an update in place %v, log-determinant %g, %g; anew %v, %g, %g", rep, name, got, log, sign, want, wantLog, wantSign)
			}
			if want.Certain {
				certain++
			}
			negate(c)
		}
	}
	if certain < 200 {
		t.Errorf("only %d inertias of 400 are certain, which compares little", certain)
	}
}

// negate makes H of a chain −H, in place.
func negate(c *system.Chain) {
	scaleCurvature(c, -1)
	vec.Scale(c.Loss.Diag, -1, c.Loss.Diag)
}
