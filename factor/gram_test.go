package factor_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/internal/alloctest"
	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

func TestGram(t *testing.T) {
	for i, tc := range chainCases {
		if tc.blocks() {
			continue
		}
		t.Run(tc.name, func(t *testing.T) {
			c := tc.make(uint64(i)).GaussNewton()
			h := chaintest.Matrix(c, blas.Native())
			var f factor.Gram
			if err := f.Analyse(c, nil); err != nil {
				t.Fatal(err)
			}
			for _, eps := range dampings {
				check(t, &f, h, eps)
			}
		})
	}
}

// A loss of low rank (its Hessian is singular in every sample, in one it is
// zero), as softmax has.
func TestGramSemidefiniteLoss(t *testing.T) {
	c := chainCases[3].make(1).GaussNewton()
	r := c.Loss.Rows
	for n := range c.Loss.Batch {
		m := c.Loss.Full[n*r*r : (n+1)*r*r]
		for i := range r {
			for j := range r {
				m[i*r+j] = -1 / float64(r*r)
				if i == j {
					m[i*r+j] += 1 / float64(r)
				}
			}
		}
	}
	clear(c.Loss.Full[:r*r])
	h := chaintest.Matrix(c, blas.Native())
	var f factor.Gram
	if err := f.Analyse(c, nil); err != nil {
		t.Fatal(err)
	}
	for _, eps := range dampings {
		check(t, &f, h, eps)
	}
}

// softmax makes the Hessian of the loss one of rank c−1 in every sample.
func softmax(rng *rand.Rand, c *system.Chain) {
	r := c.Loss.Rows
	p := make([]float64, r)
	for n := range c.Loss.Batch {
		sum := 0.0
		for i := range p {
			p[i] = rng.ExpFloat64()
			sum += p[i]
		}
		for i := range r {
			for j := range r {
				m := &c.Loss.Full[(n*r+i)*r+j]
				*m = -p[i] * p[j] / (sum * sum)
				if i == j {
					*m += p[i] / sum
				}
			}
		}
	}
}

// Orders on both sides of the panels in which the Gram matrix is summed, with one
// output (rows of z̄z̄ᵀ are then made on the way) and several (panels cut through
// the columns of R), on one thread and two, with one damping and one for each stage.
func TestGramPanels(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for _, tc := range []struct{ batch, out int }{{31, 1}, {32, 1}, {33, 1}, {64, 1}, {77, 1}, {16, 2}, {11, 3}, {13, 5}, {40, 4}} {
		for _, bias := range []bool{false, true} {
			c := chaintest.Random(rng, tc.batch, 3, chaintest.Stage{Out: 6, Bias: bias}, chaintest.Stage{Skip: true, Bias: true, Full: true}, chaintest.Stage{Out: tc.out, Bias: bias}).GaussNewton()
			h := chaintest.Matrix(c, blas.Native())
			staged := mat.NewSymDense(h.SymmetricDim(), nil)
			staged.CopySym(h)
			eps, off := make([]float64, len(c.Stages)), 0
			for k, s := range c.Stages {
				eps[k] = 0.1 * float64(k+1)
				for range s.Params() {
					staged.SetSym(off, off, staged.At(off, off)+eps[k])
					off++
				}
			}
			for _, threads := range []int{1, 2} {
				var f factor.Gram
				if err := f.Analyse(c, &factor.Options{Backend: blas.NativeThreads(threads)}); err != nil {
					t.Fatal(err)
				}
				// At smaller dampings the log-determinant is not that of a
				// backward stable method where Batch·r is above the rank.
				for _, e := range []float64{10, 0.1, 1e-2, 1e-4, -0.05} {
					check(t, &f, h, e)
				}
				if err := f.FactorizeStages(eps); err != nil {
					t.Fatal(err)
				}
				b := gaussian(rng, off)
				var x mat.VecDense
				if err := f.SolveVecTo(&x, b); err != nil {
					t.Fatal(err)
				}
				if e := backwardError(staged, mat.Norm(staged, 2), 0, &x, b); e > 2e-14 {
					t.Errorf("batch %d, %d outputs, a damping each: backward error %.2g", tc.batch, tc.out, e)
				}
			}
		}
	}
}

// The rank of the loss, and with it the order of the system, changes from point to
// point.
func TestGramRankChanges(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	stages := []chaintest.Stage{{Out: 5, Bias: true}, {Out: 3}}
	var f factor.Gram
	for k, deficient := range []bool{true, false, true, true, false} {
		c := chaintest.Random(rng, 14, 4, stages...).GaussNewton()
		if deficient {
			softmax(rng, c)
		}
		var err error
		if k == 0 {
			err = f.Analyse(c, nil)
		} else {
			err = f.Update(c)
		}
		if err != nil {
			t.Fatal(err)
		}
		h := chaintest.Matrix(c, blas.Native())
		for _, eps := range dampings {
			check(t, &f, h, eps)
		}
	}
}

// The solution for a right-hand side in output space, against that for the
// parameters, down to dampings where the latter cancels.
func TestGramOutputs(t *testing.T) {
	for i, tc := range chainCases {
		if tc.blocks() {
			continue
		}
		c := tc.make(uint64(i)).GaussNewton()
		h := chaintest.Matrix(c, blas.Native())
		norm := mat.Norm(h, 2)
		p := system.NewProduct(c, blas.Native())
		v := gaussian(rand.New(rand.NewPCG(3, 3)), c.Loss.Batch*c.Loss.Rows).RawVector().Data
		g := mat.NewVecDense(c.Params(), nil)
		p.TransOutputs(g.RawVector().Data, v)
		var f factor.Gram
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		for _, eps := range []float64{1, 1e-3, 1e-6, 1e-10, 1e-13} {
			if err := f.Factorize(eps); err != nil {
				t.Fatal(err)
			}
			var x mat.VecDense
			err := f.SolveOutputsTo(&x, v)
			e := backwardError(h, norm, eps, &x, g)
			var inaccurate *factor.AccuracyError
			if eps < 1e-12 && errors.As(err, &inaccurate) {
				// Outputs that the parameters cannot move, and a damping
				// within rounding of ‖H‖: too much, but said so.
				if !(e <= 2*inaccurate.Reached) {
					t.Errorf("%s eps=%g: backward error %.2g, said %.2g", tc.name, eps, e, inaccurate.Reached)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s eps=%g: %v", tc.name, eps, err)
			}
			if !(e <= 2e-14) {
				t.Errorf("%s eps=%g: backward error %.2g", tc.name, eps, e)
			}
		}
	}
}

func TestGramStages(t *testing.T) {
	c := chainCases[3].make(1).GaussNewton()
	eps := []float64{0.1, 0.02, 3, 0.5}
	var f factor.Gram
	var chain factor.Chain
	var x, y mat.VecDense
	b := gaussian(rand.New(rand.NewPCG(3, 3)), c.Params())
	if err := errors.Join(f.Analyse(c, nil), f.FactorizeStages(eps), f.SolveVecTo(&x, b),
		chain.Analyse(c, nil), chain.FactorizeStages(eps), chain.SolveVecTo(&y, b)); err != nil {
		t.Fatal(err)
	}
	if !mat.EqualApprox(&x, &y, 1e-12*mat.Norm(&y, 2)) {
		t.Error("gram and chain differ")
	}
	a, _ := f.LogDet()
	d, _ := chain.LogDet()
	if diff := a - d; diff > 1e-11 || diff < -1e-11 {
		t.Errorf("log-determinants %v and %v", a, d)
	}
}

func TestGramRefusesHessian(t *testing.T) {
	var f factor.Gram
	if err := f.Analyse(chainCases[3].make(1), nil); !errors.Is(err, factor.ErrNotGaussNewton) {
		t.Errorf("a chain with second derivatives: %v", err)
	}
}

func TestGramReuse(t *testing.T) {
	a, b := chainCases[3].make(1).GaussNewton(), chainCases[3].make(2).GaussNewton()
	var f factor.Gram
	g := gaussian(rand.New(rand.NewPCG(1, 1)), a.Params())
	x := mat.NewVecDense(a.Params(), nil)
	if err := f.Analyse(a, nil); err != nil {
		t.Fatal(err)
	}
	run := func() {
		if err := errors.Join(f.Update(b), f.Factorize(0.2), f.SolveVecTo(x, g)); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if n := alloctest.PerRun(5, run); n != 0 {
		t.Errorf("%v allocations per new point", n)
	}
}

// Auto agrees with what it counted.
func TestAuto(t *testing.T) {
	seen := map[string]bool{}
	few := chainCase{"few parameters", 50, 2, []chaintest.Stage{{Out: 3, Bias: true}}}
	for i, tc := range append([]chainCase{few}, chainCases...) {
		for _, c := range []*system.Chain{tc.make(uint64(i)), tc.make(uint64(i)).GaussNewton()} {
			var f factor.Auto
			if err := f.Analyse(c, nil); err != nil {
				t.Fatal(err)
			}
			seen[f.Choice().Method] = true
			check(t, &f, chaintest.Matrix(c, blas.Native()), 0.1)
		}
	}
	if !seen["chain"] || !seen["gram"] || !seen["dense"] {
		t.Errorf("methods chosen: %v", seen)
	}
}
