package factor_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"costate/factor"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
	"costate/system/chaintest"
)

// directMethods are those that count eigenvalues of a Gauss–Newton chain.
func directMethods() map[string]factor.Factorization {
	return map[string]factor.Factorization{
		"chain": new(factor.Chain), "gram": new(factor.Gram), "dense": new(factor.Dense),
		"augmented": new(factor.Augmented), "auto": new(factor.Auto),
	}
}

// checkSingular holds what a method says of H + εI against its eigenvalues, ascending,
// and reports whether these call for no error.
func checkSingular(t *testing.T, what string, f factor.Factorization, eps float64, ev []float64) (regular bool) {
	t.Helper()
	err := f.Factorize(eps)
	var singular *factor.SingularError
	is := errors.As(err, &singular)
	in := f.Inertia()
	log, sign := math.Inf(-1), 0.0
	blind := is && singular.Blind
	if !blind {
		log, sign = f.LogDet()
	}
	least, most := math.Inf(1), 0.0
	for _, v := range ev {
		least, most = min(least, math.Abs(v+eps)), max(most, math.Abs(v+eps))
	}
	regular = least > 1e-10*max(most, 1) // elements of K are about 1
	switch {
	case err != nil && !is:
		t.Errorf("%s, eps %g: %v", what, eps, err)
	case !is && in.Zero > 0:
		t.Errorf("%s, eps %g: no error, but %v", what, eps, in)
	case is && regular:
		t.Errorf("%s, eps %g: %v, of eigenvalues from %g to %g", what, eps, err, least, most)
	case most == 0 && !is:
		t.Errorf("%s, eps %g: no error for a matrix of zeros", what, eps)
	case in.Zero > 0 && (!math.IsInf(log, -1) || sign != 0):
		t.Errorf("%s, eps %g: %v, log-determinant %g, sign %g", what, eps, in, log, sign)
	case least > 0 && !blind && f.Report().LogDetError == 0:
		t.Errorf("%s, eps %g: a log-determinant %g without error", what, eps, log)
	}
	return regular
}

// A method that counts eigenvalues that are zero has said that the matrix is
// singular, none says so of a matrix that is not, and no bound of a determinant
// is too good: for networks whose weights and inputs are zero in part or
// altogether, as at a start from zero, and dampings at and beside eigenvalues.
func TestZeroIsSingular(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 40))
	regular := 0
	for rep := range 300 {
		in, mid, out, batch := 1+rng.IntN(3), 1+rng.IntN(3), 1+rng.IntN(3), 1+rng.IntN(3)
		c := chaintest.Random(rng, batch, in, chaintest.Stage{Out: mid}, chaintest.Stage{Out: out})
		c = c.GaussNewton()
		all := rep%3 == 0
		for _, s := range c.Stages {
			d := s.(*system.DenseStage)
			if all || rng.IntN(3) == 0 {
				clear(d.Z)
			}
			if all || rng.IntN(3) == 0 {
				clear(d.W)
			}
		}
		ev := eigenvalues(chaintest.Matrix(c, blas.Native()))
		for name, f := range directMethods() {
			if err := f.Analyse(c, nil); err != nil {
				t.Fatal(err)
			}
			for _, eps := range []float64{0, 1e-17, -1e-17, 1e-14, 1, -ev[rng.IntN(len(ev))], -ev[len(ev)-1] * (1 + 1e-12)} {
				if checkSingular(t, fmt.Sprintf("%d, %s", rep, name), f, eps, ev) {
					regular++
				}
			}
		}
	}
	if regular < 1000 {
		t.Errorf("only %d matrices are regular", regular)
	}
}

// A stage of derivative blocks whose curvature cancels what comes back from the
// output leaves a pivot of rounding errors, which is no pivot.
func TestBlockStageCancels(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 42))
	for rep := range 500 {
		c := tuned(rng)
		c.Stages = c.Stages[2:]
		s := c.Stages[0].(*system.BlockStage)
		s.NIn, s.F, s.Q, s.C = 0, nil, nil, nil
		g, p := s.G.Val[0], c.Loss.Diag[0]
		s.A.Val[0] = -(g * p) * g * (1 + float64(rng.IntN(3)-1)*0x1p-52)
		exact := new(big.Rat).SetFloat64(g)
		exact.Mul(exact, exact).Mul(exact, new(big.Rat).SetFloat64(p)).Add(exact, new(big.Rat).SetFloat64(s.A.Val[0]))
		var f factor.Chain
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		err := f.Factorize(0)
		in := f.Inertia()
		if in.Certain && (in.Negative != 0) != (exact.Sign() < 0) || err == nil && in.Zero > 0 || in.Certain && in.Zero > 0 && exact.Sign() != 0 {
			t.Errorf("%d: %v, %v, exactly %v", rep, err, in, exact.Sign())
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
