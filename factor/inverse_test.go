package factor_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"costate/factor"
	"costate/la/blas"
	"costate/nn"
	"costate/system"
	"costate/system/chaintest"
)

// testingT is a test, or one of the random cases of a property.
type testingT interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Fatal(args ...any)
}

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
func near(t testingT, what string, got, want mat.Matrix, tol float64) {
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
	chainCase{"rows, many directions", 2, 9, []chaintest.Stage{{Rows: 3, In: 8, Out: 3, Bias: true, Ones: true}, {Rows: 2, In: 9, Out: 4, Bias: true, Ones: true, Pass: true}, {Rows: 2, Out: 3, Bias: true}, {In: 7, Out: 2, Skip: true}, {Out: 2, Bias: true}}},
	chainCase{"sparse rows formed", 4, 6, []chaintest.Stage{{Rows: 9, In: 2, Out: 2, Bias: true, Full: true, Sparse: true}, {Rows: 8, In: 3, Out: 1, Bias: true, Full: true, Pass: true, Sparse: true}, {Out: 2, Bias: true}}},
	chainCase{"rows formed", 4, 6, []chaintest.Stage{{Rows: 9, In: 2, Out: 2, Bias: true, Ones: true}, {Rows: 8, In: 3, Out: 1, Bias: true, Carry: true}, {Rows: 2, Out: 2, Bias: true, Full: true}, {Out: 2, Bias: true}}},
	chainCase{"few samples", 2, 9, []chaintest.Stage{{Out: 8, Bias: true}, {Out: 9, Bias: true}, {Skip: true, Bias: true}, {Out: 1, Bias: true}}},
)

func TestInverter(t *testing.T) {
	for _, tc := range inverseCases {
		exact := tc.make(3)
		for _, c := range []*system.Chain{exact, exact.GaussNewton()} {
			forInverses(c, func(name string, f factor.Inverter, eps []float64, z *mat.Dense, definite bool, cond float64) {
				t.Run(fmt.Sprintf("%s/gn=%v/%v/%s", tc.name, c.IsGaussNewton(), eps, name), func(t *testing.T) {
					checkInverter(t, f, c, eps, z, definite, 1e-13*cond)
				})
			})
		}
	}
}

// Inverses and samples of chains of any shapes.
func TestInverterShapes(t *testing.T) {
	done := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		stages := drawStages(t)
		c := drawChain(t, stages, rapid.IntRange(1, 5).Draw(t, "batch"), rapid.IntRange(1, 5).Draw(t, "in"))
		if c.Params() == 0 {
			return
		}
		if rapid.Bool().Draw(t, "Gauss–Newton") {
			c = c.GaussNewton()
		}
		forInverses(c, func(name string, f factor.Inverter, eps []float64, z *mat.Dense, definite bool, cond float64) {
			if checkInverter(t, f, c, eps, z, definite, 1e-13*cond) {
				done[name]++
			}
		})
	})
	for name, n := range done {
		t.Logf("%s: %d inverses", name, n)
	}
	if len(done) < 3 {
		t.Errorf("inverses by %v only", done)
	}
}

// forInverses calls check with each method, dampings of c for which the condition of
// H + D is not bad, the inverse, and the condition of what the method factors: Gram's
// S = I + J̃D⁻¹J̃ᵀ may have a worse one than H + D, where H has full rank.
func forInverses(c *system.Chain, check func(name string, f factor.Inverter, eps []float64, z *mat.Dense, definite bool, cond float64)) {
	h := chaintest.Matrix(c, blas.Native())
	evH := computeEigenvalues(h)
	for _, eps := range dampingsOf(c, evH) {
		a := plus(c, h, eps)
		ev := computeEigenvalues(a)
		// Rounding errors are those of H and D, of which H + D may be a small rest.
		cond, least := math.Max(-evH[0], evH[len(evH)-1])+slices.Max(eps), math.Inf(1)
		for _, l := range ev {
			least = math.Min(least, math.Abs(l))
		}
		cond /= least
		var z mat.Dense
		if !(cond <= 1e5) || z.Inverse(a) != nil {
			continue
		}
		for name, f := range inverters(c) {
			factored := cond
			if name == "gram" {
				factored = 1 + evH[len(evH)-1]/slices.Min(eps)
			}
			check(name, f, eps, &z, ev[0] > 0, factored)
		}
	}
}

// checkInverter analyses and checks all that f inverts against z; false if f does not
// take the chain. tol is for factors no larger than the matrix: their error grows with them,
// which for an indefinite matrix may be without bad condition.
func checkInverter(t testingT, f factor.Inverter, c *system.Chain, eps []float64, z *mat.Dense, definite bool, tol float64) bool {
	t.Helper()
	err := f.Analyse(c, nil)
	if errors.Is(err, factor.ErrNotGaussNewton) {
		return false // blocks
	}
	if err := errors.Join(err, f.FactorizeStages(eps)); err != nil {
		t.Fatal(err)
	}
	tol *= math.Max(1, f.Report().Growth)
	n := c.Params()
	diag, err := f.InverseDiagTo(nil)
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
	return true
}

// checkSamples draws with each unit vector: A Aᵀ is the inverse.
func checkSamples(t testingT, f factor.Inverter, z *mat.Dense, definite bool, tol float64) {
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
					checkInverter(t, f, c, eps, &z, true, 1e-10)
				}
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

// Types have the methods of an Inverter where these work, and only there.
func TestInverters(t *testing.T) {
	for name, want := range map[string]bool{"chain": true, "gram": true, "dense": true, "augmented": false, "auto": false, "cg": false, "minres": false} {
		if _, got := methods()[name].(factor.Inverter); got != want {
			t.Errorf("%s: an Inverter %v, want %v", name, got, want)
		}
	}
	for name, f := range map[string]any{"augmented": new(factor.Augmented), "block": new(factor.Block), "sparse": new(factor.Sparse)} {
		if _, has := f.(interface {
			SampleTo(*mat.VecDense, []float64) error
		}); has {
			t.Errorf("%s has samples", name)
		}
	}
}

// Stages whose parts are shared out to threads: with fewer samples than inputs and with more, and
// with rows that are gathered. The same threads give the same bits.
func TestInverseDiagThreads(t *testing.T) {
	for _, tc := range []chainCase{
		{"few samples", 12, 11, []chaintest.Stage{{Out: 20, Bias: true}, {Out: 21, Bias: true}, {Out: 19, Bias: true}, {Out: 2, Bias: true}}},
		{"many samples", 30, 5, []chaintest.Stage{{Out: 9, Bias: true}, {Out: 8}, {Out: 9, Bias: true}, {Out: 2, Bias: true}}},
		{"gathered", 10, 8, []chaintest.Stage{{Out: 24, Bias: true}, {Rows: 3, In: 32, Out: 9, Bias: true}, {Out: 12, Bias: true}, {Out: 2, Bias: true}}},
	} {
		c := tc.make(5)
		var dense factor.Dense
		h := chaintest.Matrix(c, blas.Native())
		ev := computeEigenvalues(h)
		eps := math.Max(0, -ev[0]) + 0.05*(ev[len(ev)-1]-ev[0])
		if err := errors.Join(dense.Analyse(c, nil), dense.Factorize(eps)); err != nil {
			t.Fatal(err)
		}
		want, err := dense.InverseDiagTo(nil)
		if err != nil {
			t.Fatal(err)
		}
		big := slices.Max(want)
		for _, threads := range []int{1, 2, 3} {
			var f factor.Chain
			if err := errors.Join(f.Analyse(c, &factor.Options{Backend: blas.NativeThreads(threads)}), f.Factorize(eps)); err != nil {
				t.Fatal(err)
			}
			first, err := f.InverseDiagTo(nil)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range first {
				if !(math.Abs(v-want[i]) <= 1e-12*big) {
					t.Fatalf("%s, %d threads: element %d is %v, want %v", tc.name, threads, i, v, want[i])
				}
			}
			for range 3 {
				again, err := f.InverseDiagTo(nil)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(first, again) {
					t.Fatalf("%s, %d threads: other bits the second time", tc.name, threads)
				}
			}
		}
	}
}

// The diagonal again takes no memory, by whatever stages: with few and many rows, small and
// large, gathered, with blocks, and with perpendicular parameters or without.
func TestInverseDiagAllocates(t *testing.T) {
	for _, tc := range inverseCases {
		c := tc.make(3)
		if c.Params() == 0 {
			continue
		}
		for _, threads := range []int{1, 2} {
			var f factor.Chain
			if err := errors.Join(f.Analyse(c, &factor.Options{Backend: blas.NativeThreads(threads)}), f.Factorize(30)); err != nil {
				t.Fatal(err)
			}
			dst := make([]float64, c.Params())
			traces := make([]float64, len(c.Stages))
			run := func() {
				if _, err := f.InverseDiagTo(dst); err != nil {
					t.Fatalf("%s: %v", tc.name, err)
				}
				if _, err := f.StageTracesTo(traces); err != nil {
					t.Fatalf("%s: %v", tc.name, err)
				}
			}
			run()
			run() // the two methods change their workspaces about
			if n := testing.AllocsPerRun(5, run); n > 0 {
				t.Errorf("%s, %d threads: %v allocations", tc.name, threads, n)
			}
		}
	}
}
