package factor_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/blas"
	"costate/nn"
	"costate/system"
	"costate/system/chaintest"
)

// inverters are the methods that take a chain.
func inverters(c *system.Chain) map[string]factor.Inverter {
	m := map[string]factor.Inverter{"chain": new(factor.Chain), "dense": new(factor.Dense)}
	if c.IsGaussNewton() {
		m["gram"] = new(factor.Gram)
	}
	return m
}

// outputJacobian is J, one product a row.
func outputJacobian(c *system.Chain) *mat.Dense {
	n := c.Stages[len(c.Stages)-1].Outputs()
	j := mat.NewDense(n, c.Params(), nil)
	p := system.NewProduct(c, blas.Native())
	e := make([]float64, n)
	for i := range n {
		e[i] = 1
		p.TransOutputs(j.RawRowView(i), e)
		e[i] = 0
	}
	return j
}

// dampingsOf are dampings by stage: one for all, different ones, and for an exact
// Hessian ones that leave it indefinite. Eigenvalues stay away from zero.
func dampingsOf(c *system.Chain, ev []float64) [][]float64 {
	norm := math.Max(-ev[0], ev[len(ev)-1])
	safe := math.Max(0, -ev[0])
	same, differ, low := make([]float64, len(c.Stages)), make([]float64, len(c.Stages)), make([]float64, len(c.Stages))
	for k := range same {
		same[k] = safe + 0.05*norm
		differ[k] = safe + norm*(0.02+0.1*float64(k%3))
		low[k] = 0.01 * norm * float64(1+k%2)
	}
	return [][]float64{same, differ, low}
}

// plus is H with a damping of each stage.
func plus(c *system.Chain, h *mat.SymDense, eps []float64) *mat.SymDense {
	a := mat.NewSymDense(h.SymmetricDim(), nil)
	a.CopySym(h)
	i := 0
	for k, s := range c.Stages {
		for range s.Params() {
			a.SetSym(i, i, a.At(i, i)+eps[k])
			i++
		}
	}
	return a
}

// near compares with the greatest element of want as unit.
func near(t *testing.T, what string, got, want mat.Matrix, tol float64) {
	t.Helper()
	var d mat.Dense
	d.Sub(got, want)
	big := math.Max(mat.Max(want), -mat.Min(want))
	if e := math.Max(mat.Max(&d), -mat.Min(&d)); !(e <= tol*big) {
		t.Errorf("%s: off by %.2g of %.2g", what, e, big)
	}
}

// inverseCases add stages with many perpendicular parameters to those of the solves.
var inverseCases = append(chainCases,
	chainCase{"many directions", 11, 12, []chaintest.Stage{{Out: 9, Bias: true}, {Out: 10, Bias: true}, {Out: 2, Bias: true}}},
	chainCase{"few samples", 2, 9, []chaintest.Stage{{Out: 8, Bias: true}, {Out: 9, Bias: true}, {Skip: true, Bias: true}, {Out: 1, Bias: true}}},
)

func TestInverter(t *testing.T) {
	for _, tc := range inverseCases {
		exact := tc.make(3)
		for _, c := range []*system.Chain{exact, exact.GaussNewton()} {
			h := chaintest.Matrix(c, blas.Native())
			ev := computeEigenvalues(h)
			for at, eps := range dampingsOf(c, ev) {
				a := plus(c, h, eps)
				evA := computeEigenvalues(a)
				cond := 0.0
				least := math.Inf(1)
				for _, l := range evA {
					cond, least = math.Max(cond, math.Abs(l)), math.Min(least, math.Abs(l))
				}
				cond /= least
				if cond > 1e5 {
					continue
				}
				var z mat.Dense
				if err := z.Inverse(a); err != nil {
					t.Fatal(err)
				}
				for name, f := range inverters(c) {
					t.Run(fmt.Sprintf("%s/gn=%v/%d/%s", tc.name, c.IsGaussNewton(), at, name), func(t *testing.T) {
						err := f.Analyse(c, nil)
						if errors.Is(err, factor.ErrNotGaussNewton) {
							return // blocks
						}
						if err := errors.Join(err, f.FactorizeStages(eps)); err != nil {
							t.Fatal(err)
						}
						checkInverter(t, f, c, &z, evA[0] > 0, 1e-13*cond)
					})
				}
			}
		}
	}
}

func checkInverter(t *testing.T, f factor.Inverter, c *system.Chain, z *mat.Dense, definite bool, tol float64) {
	n := c.Params()
	diag, err := f.InverseDiagTo(nil)
	if _, dense := f.(*factor.Dense); !dense && !isPlain(c) {
		var block mat.SymDense
		if _, terr := f.StageTracesTo(nil); !errors.Is(err, factor.ErrRows) || !errors.Is(terr, factor.ErrRows) || !errors.Is(f.OutputInverseTo(&block), factor.ErrRows) {
			t.Errorf("the inverse of stages with rows: %v", err)
		}
		checkSamples(t, f, z, definite, tol)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	want := mat.NewVecDense(n, nil)
	for i := range n {
		want.SetVec(i, z.At(i, i))
	}
	near(t, "diagonal", mat.NewVecDense(n, diag), want, tol)
	traces, err := f.StageTracesTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	off, scale := 0, 0.0
	for i := range n {
		scale += math.Abs(diag[i])
	}
	for k, s := range c.Stages {
		p := s.Params()
		trace := 0.0
		for i := off; i < off+p; i++ {
			trace += z.At(i, i)
		}
		if !(math.Abs(traces[k]-trace) <= tol*scale) {
			t.Errorf("trace of stage %d is %v, want %v", k, traces[k], trace)
		}
		var block mat.SymDense
		if err := f.StageInverseTo(&block, k); err != nil {
			t.Fatal(err)
		}
		if p > 0 {
			near(t, fmt.Sprint("block of stage ", k), &block, z.Slice(off, off+p, off, off+p), tol)
		}
		off += p
	}
	j := outputJacobian(c)
	var jz, jzj mat.Dense
	jz.Mul(j, z)
	jzj.Mul(&jz, j.T())
	var out mat.SymDense
	if err := f.OutputInverseTo(&out); err != nil {
		t.Fatal(err)
	}
	near(t, "outputs", &out, &jzj, tol)
	checkSamples(t, f, z, definite, tol)
}

// isPlain reports whether all stages have one row a sample and nothing passes by.
func isPlain(c *system.Chain) bool {
	for _, s := range c.Stages {
		if d, ok := s.(*system.DenseStage); ok && (d.Rows > 1 || d.Gather != nil || d.Ones != nil || d.Pass != nil) {
			return false
		}
	}
	return true
}

// checkSamples draws with each unit vector: A Aᵀ is the inverse.
func checkSamples(t *testing.T, f factor.Inverter, z *mat.Dense, definite bool, tol float64) {
	t.Helper()
	n, m := f.SymmetricDim(), f.Normals()
	a := mat.NewDense(m, n, nil)
	e := make([]float64, m)
	for i := range m {
		e[i] = 1
		x := mat.NewVecDense(n, a.RawRowView(i))
		err := f.SampleTo(x, e)
		var indefinite *factor.IndefiniteError
		if !definite {
			if !errors.As(err, &indefinite) || indefinite.Inertia != f.Inertia() {
				t.Fatalf("a sample without a distribution: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		e[i] = 0
	}
	var aat mat.Dense
	aat.Mul(a.T(), a)
	near(t, "samples: A Aᵀ", &aat, z, tol)
}

// A trained-like ReLU network: dead units and repeated samples.
func TestInverterReLU(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for _, batch := range []int{3, 30} {
		net, err := nn.New(4, nn.CrossEntropy, nn.MLP([]int{4, 6, 5, 3}, nn.ReLU, true)...)
		if err != nil {
			t.Fatal(err)
		}
		net.Init(2, &nn.Init{Gain: 1.4})
		b := &nn.Batch{N: batch, X: make([]float64, 4*batch), Labels: make([]int, batch)}
		for i := range b.X {
			b.X[i] = rng.NormFloat64()
		}
		copy(b.X[4:8], b.X[:4])
		for i := range b.Labels {
			b.Labels[i] = rng.IntN(3)
		}
		var lin nn.Linearization
		if err := net.Linearize(&lin, b); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*system.Chain{&lin.Chain, lin.Chain.GaussNewton()} {
			h := chaintest.Matrix(c, blas.Native())
			for _, eps := range dampingsOf(c, computeEigenvalues(h))[:2] {
				a := plus(c, h, eps)
				var z mat.Dense
				if err := z.Inverse(a); err != nil {
					t.Fatal(err)
				}
				for _, f := range inverters(c) {
					if err := errors.Join(f.Analyse(c, nil), f.FactorizeStages(eps)); err != nil {
						t.Fatal(err)
					}
					checkInverter(t, f, c, &z, true, 1e-10)
				}
			}
		}
	}
}

// Test outputs, parts and preimages of a Gram.
func TestGramCross(t *testing.T) {
	for _, loss := range []nn.Loss{nn.CrossEntropy, nn.SquaredError} {
		rng := rand.New(rand.NewPCG(5, 1))
		net, err := nn.New(3, loss, nn.MLP([]int{3, 6, 5, 3}, nn.Tanh, true)...)
		if err != nil {
			t.Fatal(err)
		}
		net.Init(2, nil)
		draw := func(n int) *nn.Batch {
			b := &nn.Batch{N: n, X: make([]float64, 3*n), Labels: make([]int, n)}
			for i := range b.X {
				b.X[i] = rng.NormFloat64()
			}
			for i := range b.Labels {
				b.Labels[i] = rng.IntN(3)
			}
			return b
		}
		var lin, other nn.Linearization
		train := draw(17)
		test := draw(40)
		copy(test.X, train.X) // the training samples are among the test samples
		if err := errors.Join(net.Linearize(&lin, train), net.Linearize(&other, test)); err != nil {
			t.Fatal(err)
		}
		c, ct := lin.Chain.GaussNewton(), other.Chain.GaussNewton()
		for _, scale := range []float64{0.1, 1e-6} {
			eps := []float64{scale, 2 * scale, 3 * scale}
			a := plus(c, chaintest.Matrix(c, blas.Native()), eps)
			var f factor.Gram
			if err := errors.Join(f.Analyse(c, nil), f.FactorizeStages(eps)); err != nil {
				t.Fatal(err)
			}
			j, jt := outputJacobian(c), outputJacobian(ct)
			var z, jz, cov, want mat.Dense
			var chol mat.Cholesky
			if !chol.Factorize(a) {
				t.Fatal("not definite")
			}
			if err := chol.SolveTo(&z, jt.T()); err != nil {
				t.Fatal(err)
			}
			cov.Mul(jt, &z)
			blocks := make([]float64, 40*9)
			if err := f.TestCovTo(blocks, ct); err != nil {
				t.Fatal(err)
			}
			for n := range 40 {
				near(t, fmt.Sprintf("%s, ε %g: covariance of test sample %d", loss.Name(), scale, n), mat.NewDense(3, 3, blocks[n*9:(n+1)*9]), cov.Slice(3*n, 3*n+3, 3*n, 3*n+3), 2e-7)
			}
			// J'(H+D)⁻¹Jᵀ v for v in the range of R, by CrossTo and PreimageTo.
			var cross mat.Dense
			if err := f.CrossTo(&cross, ct); err != nil {
				t.Fatal(err)
			}
			jz.Mul(j, &z)
			w, v := mat.NewVecDense(f.Rank(), nil), mat.NewVecDense(51, nil)
			for n := range 17 {
				v.SetVec(3*n, 1)
				v.SetVec(3*n+1, -2)
				v.SetVec(3*n+2, 1)
			}
			if outside := f.PreimageTo(w.RawVector().Data, v.RawVector().Data); !(outside <= 1e-13) {
				t.Errorf("%g of a vector in the range of R is outside", outside)
			}
			var got mat.VecDense
			got.MulVec(&cross, w)
			want.Mul(jz.T(), v)
			near(t, loss.Name()+": test × train", &got, &want, 1e-8)
		}
		// The parts add up.
		var f factor.Gram
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		sum := mat.NewSymDense(f.Rank(), nil)
		for k, in := range []int{3, 6, 5} {
			for _, p := range []struct {
				lo, hi int
				bias   bool
			}{{0, 1, false}, {1, in, false}, {0, 0, true}} {
				var g mat.SymDense
				if err := f.PartTo(&g, k, p.lo, p.hi, p.bias); err != nil {
					t.Fatal(err)
				}
				sum.AddSym(sum, &g)
			}
		}
		ev := computeEigenvalues(sum)
		evH := computeEigenvalues(chaintest.Matrix(c, blas.Native()))
		for i := range min(len(ev), len(evH)) {
			a, b := ev[len(ev)-1-i], evH[len(evH)-1-i]
			if !(math.Abs(a-b) <= 1e-12*ev[len(ev)-1]) {
				t.Fatalf("%s: eigenvalue %d of the sum of the parts is %v, of H %v", loss.Name(), i, a, b)
			}
		}
	}
}

// Nothing is read off factors of a shifted matrix.
func TestInverterShifted(t *testing.T) {
	c := chainCases[3].make(1)
	h := chaintest.Matrix(c, blas.Native())
	// The pivot block of the last stage is singular where −ε is an eigenvalue of its
	// part of H.
	n := h.SymmetricDim()
	last := c.Stages[len(c.Stages)-1].Params()
	part := h.SliceSym(n-last, n)
	sub := mat.NewSymDense(last, nil)
	sub.CopySym(part)
	ev := computeEigenvalues(sub)
	var f factor.Chain
	if err := f.Analyse(c, nil); err != nil {
		t.Fatal(err)
	}
	shifted := 0
	for _, l := range ev {
		if math.Abs(l) < 1e-3 {
			continue
		}
		if err := f.Factorize(-l); err != nil {
			continue
		}
		_, err := f.InverseDiagTo(nil)
		var refused *factor.InverseError
		switch {
		case f.Report().Shift != 0:
			shifted++
			if !errors.As(err, &refused) || refused.Shift == 0 {
				t.Errorf("ε = %g: an inverse from shifted factors: %v", -l, err)
			}
		case err != nil && !errors.As(err, &refused):
			t.Error(err)
		}
	}
	if shifted == 0 {
		t.Error("no damping made the factorization shift")
	}
}

func TestInverterConcurrent(t *testing.T) {
	c := inverseCases[len(inverseCases)-2].make(1).GaussNewton()
	for name, f := range inverters(c) {
		if err := errors.Join(f.Analyse(c, nil), f.Factorize(0.3)); err != nil {
			t.Fatal(err)
		}
		want, err := f.InverseDiagTo(nil)
		if err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				got, err := f.InverseDiagTo(nil)
				if err != nil {
					t.Error(err)
					return
				}
				for i, v := range got {
					if v != want[i] {
						t.Errorf("%s: element %d is %v, then %v", name, i, want[i], v)
						return
					}
				}
			})
		}
		wait.Wait()
	}
}
