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

	"costate/factor"
	"costate/internal/alloctest"
	"costate/la"
	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

type chainCase struct {
	name   string
	batch  int
	in     int
	stages []chaintest.Stage
}

func repeat(s chaintest.Stage, n int, last ...chaintest.Stage) []chaintest.Stage {
	out := make([]chaintest.Stage, n, n+len(last))
	for i := range out {
		out[i] = s
	}
	return append(out, last...)
}

var chainCases = []chainCase{
	{"one layer", 3, 2, []chaintest.Stage{{Out: 3, Bias: true}}},
	{"one layer, wide", 2, 5, []chaintest.Stage{{Out: 3, Bias: true}}},
	{"one unit", 1, 1, []chaintest.Stage{{Out: 1}, {Out: 1}}},
	{"batch below width", 3, 4, []chaintest.Stage{{Out: 5, Bias: true}, {Out: 6}, {Out: 5, Bias: true}, {Out: 3}}},
	{"batch above width", 9, 3, []chaintest.Stage{{Out: 4, Bias: true}, {Out: 3}, {Out: 2, Bias: true}}},
	{"widths that change", 4, 3, []chaintest.Stage{{Out: 8}, {Out: 2, Bias: true}, {Out: 7, Bias: true}, {Out: 1}, {Out: 3}}},
	{"full maps", 3, 3, []chaintest.Stage{{Out: 3, Full: true}, {Out: 4, Bias: true, Full: true}, {Out: 3, Bias: true}, {Out: 2}}},
	{"skips", 2, 4, []chaintest.Stage{{Out: 4, Bias: true}, {Skip: true, Bias: true}, {Skip: true, Full: true}, {Skip: true}, {Out: 2}}},
	{"skips at the ends", 3, 3, []chaintest.Stage{{Skip: true, Bias: true}, {Skip: true, Full: true}}},
	{"blocks", 2, 3, []chaintest.Stage{{Blocks: true, P: 4, Out: 3}, {Out: 4, Full: true}, {Blocks: true, P: 3, Out: 2}, {Skip: true}, {Blocks: true, P: 0, Out: 2}}},
	{"twelve layers", 2, 5, repeat(chaintest.Stage{Out: 6, Bias: true}, 11, chaintest.Stage{Out: 3})},
	{"rows", 2, 6, []chaintest.Stage{{Rows: 3, Out: 2, Bias: true}, {Rows: 2, In: 2, Out: 3}, {Rows: 4, In: 3, Out: 2, Bias: true, Ones: true}, {Out: 2, Bias: true}}},
	{"rows below width", 1, 5, []chaintest.Stage{{Rows: 2, In: 5, Out: 2, Bias: true, Ones: true}, {Rows: 3, In: 4, Out: 2, Bias: true, Ones: true}, {Rows: 2, Out: 2, Bias: true}, {Rows: 1, In: 5, Out: 3}}},
	{"rows above width", 3, 4, []chaintest.Stage{{Rows: 4, Out: 2, Bias: true, Ones: true}, {Rows: 7, In: 2, Out: 1, Bias: true}, {Rows: 7, Out: 1, Full: true}, {Out: 2}}},
	{"rows, full maps", 2, 3, []chaintest.Stage{{Rows: 2, In: 2, Out: 2, Full: true}, {Rows: 3, In: 1, Out: 2, Bias: true, Full: true}, {Out: 2}}},
	{"rows, skips", 2, 4, []chaintest.Stage{{Rows: 2, Out: 2, Skip: true}, {Rows: 2, In: 3, Out: 2, Skip: true, Bias: true, Full: true}, {Rows: 2, Out: 2, Skip: true, Ones: true, Bias: true}, {Out: 2}}},
	{"passes", 2, 3, []chaintest.Stage{{Out: 3, Bias: true, Pass: true}, {Rows: 3, In: 2, Out: 1, Pass: true, Full: true, Bias: true, Ones: true}, {Rows: 2, Out: 2, Pass: true}, {Pass: true, Out: 2}}},
	{"one sample passes", 1, 4, []chaintest.Stage{{Rows: 2, Out: 3, Bias: true}, {Rows: 2, In: 6, Out: 1, Pass: true, Full: true, Bias: true}, {Rows: 3, In: 4, Out: 1, Pass: true}, {Pass: true, Out: 2}}},
	{"skip over three", 2, 4, []chaintest.Stage{{Rows: 2, Out: 2, Bias: true}, {Rows: 2, In: 2, Out: 1, Carry: true}, {Rows: 1, In: 2, Out: 2, Carry: true, Bias: true}, {Rows: 2, In: 2, Out: 1, Pass: true, Full: true}, {Out: 2}}},
	{"sparse maps", 2, 3, []chaintest.Stage{{Out: 4, Full: true, Bias: true, Sparse: true}, {Rows: 3, In: 2, Out: 2, Full: true, Bias: true, Sparse: true}, {Skip: true, Full: true, Sparse: true}, {Blocks: true, P: 2, Out: 3}, {Out: 5, Full: true, Sparse: true}}},
	{"sparse passes", 2, 5, []chaintest.Stage{{Rows: 2, Out: 3, In: 3, Pass: true, Full: true, Sparse: true}, {Rows: 3, In: 2, Out: 3, Pass: true, Full: true, Sparse: true}, {Rows: 2, In: 2, Out: 1, Carry: true, Sparse: true}, {Rows: 2, In: 3, Out: 2, Bias: true, Pass: true, Full: true, Sparse: true}, {Out: 2}}},
	{"one row, no bias", 1, 2, []chaintest.Stage{{Rows: 1, In: 1, Out: 2}, {Rows: 1, In: 1, Out: 1, Pass: true}}},
	{"rows and blocks", 2, 3, []chaintest.Stage{{Rows: 2, In: 2, Out: 2, Bias: true}, {Blocks: true, P: 3, Out: 4}, {Rows: 2, Out: 2, Pass: true, Ones: true, Bias: true}, {Blocks: true, P: 2, Out: 2}}},
	{"filled blocks", 2, 3, []chaintest.Stage{{Blocks: true, P: 4, Out: 5, Filled: true}, {Blocks: true, P: 18, Out: 9, Filled: true}, {Skip: true}, {Blocks: true, P: 7, Out: 2, Filled: true}}},
	{"by samples", 10, 4, []chaintest.Stage{{Out: 12, Bias: true}, {Out: 8, Bias: true}, {Out: 6}, {Out: 4, Full: true}}},
	{"joined", 3, 5, []chaintest.Stage{{Out: 12}, {Out: 13, Bias: true}, {Out: 12, Full: true}, {Out: 3}}},
	{"large skips", 6, 4, []chaintest.Stage{{Out: 6}, {Skip: true, Bias: true}, {Skip: true, Full: true}, {Out: 2}}},
	{"many rows", 2, 10, []chaintest.Stage{{Rows: 5, In: 5, Out: 7, Bias: true}, {Rows: 4, In: 6, Out: 6, Bias: true}, {Rows: 4, In: 6, Out: 2, Pass: true}}},
	{"wide blocks", 1, 3, []chaintest.Stage{{Blocks: true, P: 20, Out: 18}, {Blocks: true, P: 17, Out: 19}, {Blocks: true, P: 0, Out: 9}, {Blocks: true, P: 8, Out: 2}}},
}

var dampings = []float64{10, 1, 0.1, 1e-2, 1e-4, 1e-6, -0.05}

func (c chainCase) make(seed uint64) *system.Chain {
	return chaintest.Random(rand.New(rand.NewPCG(seed, 17)), c.batch, c.in, c.stages...)
}

// blocks reports stages with derivatives of their own.
func (c chainCase) blocks() bool {
	return slices.ContainsFunc(c.stages, func(s chaintest.Stage) bool { return s.Blocks })
}

func gaussian(rng *rand.Rand, n int) *mat.VecDense {
	v := mat.NewVecDense(n, nil)
	for i := range n {
		v.SetVec(i, rng.NormFloat64())
	}
	return v
}

func damped(h *mat.SymDense, eps float64) *mat.SymDense {
	a := mat.NewSymDense(h.SymmetricDim(), nil)
	a.CopySym(h)
	for i := range h.SymmetricDim() {
		a.SetSym(i, i, a.At(i, i)+eps)
	}
	return a
}

// backwardError is measured with the dense matrix and its largest eigenvalue.
func backwardError(h *mat.SymDense, norm, eps float64, x, b mat.Vector) float64 {
	var r mat.VecDense
	r.MulVec(damped(h, eps), x)
	r.SubVec(b, &r)
	return mat.Norm(&r, 2) / (norm*mat.Norm(x, 2) + mat.Norm(b, 2))
}

// eigenvalues are remembered for the matrix asked last: check needs them for
// every damping.
func eigenvalues(h *mat.SymDense) []float64 {
	eigenMutex.Lock()
	defer eigenMutex.Unlock()
	if h == eigenOf {
		return eigenKnown
	}
	eigenOf, eigenKnown = h, computeEigenvalues(h)
	return eigenKnown
}

var (
	eigenMutex sync.Mutex
	eigenOf    *mat.SymDense
	eigenKnown []float64
)

func computeEigenvalues(h *mat.SymDense) []float64 {
	var e mat.EigenSym
	if !e.Factorize(h, false) {
		panic("no eigenvalues")
	}
	return e.Values(nil)
}

// check compares a factorization with the dense matrix: backward error of a
// solve, inertia and log-determinant.
func check(t *testing.T, f factor.Factorization, h *mat.SymDense, eps float64) {
	t.Helper()
	ev := eigenvalues(h)
	norm := math.Max(math.Abs(ev[0]), math.Abs(ev[len(ev)-1]))
	neg, logDet, near := 0, 0.0, math.Inf(1)
	for _, l := range ev {
		if l+eps < 0 {
			neg++
		}
		logDet += math.Log(math.Abs(l + eps))
		near = math.Min(near, math.Abs(l+eps))
	}
	if err := f.Factorize(eps); err != nil {
		t.Errorf("eps=%g: %v (nearest eigenvalue %.2g)", eps, err, near)
		return
	}
	n := h.SymmetricDim()
	b := gaussian(rand.New(rand.NewPCG(1, 99)), n)
	var x mat.VecDense
	if err := f.SolveVecTo(&x, b); err != nil {
		t.Errorf("eps=%g: %v", eps, err)
		return
	}
	if e := backwardError(h, norm, eps, &x, b); !(e <= 2e-14) {
		t.Errorf("eps=%g: backward error %.2g, reported %.2g", eps, e, f.Report().BackwardError)
	}
	in := f.Inertia()
	if in.Negative+in.Zero+in.Positive != n {
		t.Errorf("eps=%g: inertia %v of order %d", eps, in, n)
	}
	if near > 1e-7*norm && !in.Certain {
		t.Errorf("eps=%g: inertia %v although the nearest eigenvalue is %.2g", eps, in, near)
	}
	if in.Certain && in.Negative != neg {
		t.Errorf("eps=%g: %d negative eigenvalues, want %d", eps, in.Negative, neg)
	}
	log, sign := f.LogDet()
	// First-order error of a log-determinant: Σ |ΔA|/|λ+ε|, where the backward
	// error of the factors is the growth in units of roundoff.
	growth := max(10, f.Report().Growth)
	if tol := 0x1p-53 * growth * float64(n) * (10 + norm/near); in.Certain && math.Abs(log-logDet) > tol {
		t.Errorf("eps=%g: log|det| %v, want %v ± %.1g", eps, log, logDet, tol)
	}
	if want := 1 - 2*float64(neg%2); in.Certain && sign != want {
		t.Errorf("eps=%g: sign of the determinant %v, want %v", eps, sign, want)
	}
}

func TestChain(t *testing.T) {
	for i, tc := range chainCases {
		for _, gn := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/gn=%v", tc.name, gn), func(t *testing.T) {
				c := tc.make(uint64(i))
				if gn {
					c = c.GaussNewton()
				}
				h := chaintest.Matrix(c, blas.Native())
				var f factor.Chain
				if err := f.Analyse(c, nil); err != nil {
					t.Fatal(err)
				}
				for _, eps := range dampings {
					check(t, &f, h, eps)
				}
			})
		}
	}
}

// A damping for each stage, against the dense matrix.
func TestChainStages(t *testing.T) {
	for i, tc := range chainCases {
		c := tc.make(uint64(i))
		h := chaintest.Matrix(c, blas.Native())
		eps := make([]float64, len(c.Stages))
		off := 0
		for k, s := range c.Stages {
			eps[k] = 0.1 * float64(k+1)
			for j := range s.Params() {
				h.SetSym(off+j, off+j, h.At(off+j, off+j)+eps[k])
			}
			off += s.Params()
		}
		var f factor.Chain
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		if err := f.FactorizeStages(eps); err != nil {
			t.Fatal(err)
		}
		b := gaussian(rand.New(rand.NewPCG(1, 9)), off)
		var x mat.VecDense
		if err := f.SolveVecTo(&x, b); err != nil {
			t.Fatal(err)
		}
		if e := backwardError(h, mat.Norm(h, 2), 0, &x, b); e > 2e-14 {
			t.Errorf("%s: backward error %.2g", tc.name, e)
		}
		neg := 0
		for _, l := range eigenvalues(h) {
			if l < 0 {
				neg++
			}
		}
		if in := f.Inertia(); in.Negative != neg {
			t.Errorf("%s: inertia %v, want %d negative", tc.name, in, neg)
		}
	}
}

// At the negative of an eigenvalue of the trailing stages' own Hessian a pivot
// block is singular although H + εI is well conditioned.
func TestChainUnluckyShift(t *testing.T) {
	met := 0
	for seed := range uint64(6) {
		c := chainCases[3].make(seed)
		h := chaintest.Matrix(c, blas.Native())
		n := h.SymmetricDim()
		ev := eigenvalues(h)
		norm := math.Max(math.Abs(ev[0]), ev[n-1])
		last := c.Stages[len(c.Stages)-1].Params() + c.Stages[len(c.Stages)-2].Params()
		trailing := h.SliceSym(n-last, n).(*mat.SymDense)
		for _, l := range eigenvalues(trailing) {
			eps := -l
			near := math.Inf(1)
			for _, e := range ev {
				near = math.Min(near, math.Abs(e+eps))
			}
			if math.Abs(eps) < 1e-3*norm || near < 1e-3*norm {
				continue
			}
			met++
			var f factor.Chain
			if err := f.Analyse(c, nil); err != nil {
				t.Fatal(err)
			}
			check(t, &f, h, eps)
			if f.Report().Shift == 0 {
				t.Errorf("eps=%v: no shift, growth %.1g", eps, f.Report().Growth)
			}
			if !f.Inertia().Certain {
				t.Errorf("eps=%v: inertia %v", eps, f.Inertia())
			}
		}
	}
	if met < 5 {
		t.Fatalf("only %d unlucky shifts constructed", met)
	}
}

func TestChainManySides(t *testing.T) {
	for i, tc := range chainCases {
		c := tc.make(uint64(i))
		n := c.Params()
		h := chaintest.Matrix(c, blas.Native())
		var f factor.Chain
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		if err := f.Factorize(0.3); err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(2, 2))
		b := mat.NewDense(n, 4, nil)
		for j := range 4 {
			b.SetCol(j, gaussian(rng, n).RawVector().Data)
		}
		var x mat.Dense
		if err := f.SolveTo(&x, b); err != nil {
			t.Fatal(err)
		}
		for j := range 4 {
			if e := backwardError(h, mat.Norm(h, 2), 0.3, x.ColView(j), b.ColView(j)); e > 2e-14 {
				t.Errorf("%s: column %d: backward error %.2g", tc.name, j, e)
			}
		}
		if err := f.SolveTo(b, b); err != nil || !mat.Equal(b, &x) {
			t.Errorf("%s: solving in place differs: %v", tc.name, err)
		}
	}
}

// Repeated samples make z̄ rank deficient; dead units make φ' zero; a sample
// of weight zero makes its part of δ, Q and the loss zero.
func TestChainHazards(t *testing.T) {
	spoil := map[string]func(c *system.Chain){
		"repeated samples": func(c *system.Chain) {
			for _, s := range c.Stages {
				d := s.(*system.DenseStage)
				for b := 1; b < d.Batch; b++ {
					copy(d.Z[b*d.In:(b+1)*d.In], d.Z[:d.In])
				}
			}
		},
		"dead units": func(c *system.Chain) {
			for _, s := range c.Stages {
				d := s.(*system.DenseStage)
				for i := range d.J.Diag {
					if i%3 != 0 {
						d.J.Diag[i], d.Q.Diag[i] = 0, 0
					}
				}
			}
		},
		"dead stage": func(c *system.Chain) {
			d := c.Stages[1].(*system.DenseStage)
			clear(d.J.Diag)
			clear(d.Q.Diag)
		},
		"zero weight": func(c *system.Chain) {
			for _, s := range c.Stages {
				d := s.(*system.DenseStage)
				clear(d.Delta[:d.Out])
				clear(d.Q.Diag[:d.Out])
			}
			clear(c.Loss.Full[:c.Loss.Rows*c.Loss.Rows])
		},
		"zero input": func(c *system.Chain) {
			for _, s := range c.Stages {
				clear(s.(*system.DenseStage).Z)
			}
		},
	}
	for name, f := range spoil {
		for _, tc := range []chainCase{chainCases[3], chainCases[4], chainCases[10]} {
			t.Run(name+"/"+tc.name, func(t *testing.T) {
				c := tc.make(3)
				f(c)
				h := chaintest.Matrix(c, blas.Native())
				var fac factor.Chain
				if err := fac.Analyse(c, nil); err != nil {
					t.Fatal(err)
				}
				for _, eps := range []float64{1, 1e-3, 1e-8, 1e-12, -0.05} {
					check(t, &fac, h, eps)
				}
			})
		}
	}
}

// With at least as many samples as inputs and a loss without symmetries H is
// nonsingular, and ε = 0 works; a stage without effect makes it singular.
func TestChainWithoutDamping(t *testing.T) {
	c := chainCases[4].make(2)
	h := chaintest.Matrix(c, blas.Native())
	var f factor.Chain
	if err := f.Analyse(c, nil); err != nil {
		t.Fatal(err)
	}
	check(t, &f, h, 0)

	for _, i := range []int{3, 4} {
		c := chainCases[i].make(2)
		for _, s := range c.Stages {
			clear(s.(*system.DenseStage).Z)
			clear(s.(*system.DenseStage).Delta)
		}
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		err := f.Factorize(0)
		var singular *factor.SingularError
		if !errors.As(err, &singular) || singular.Suggest <= 0 {
			t.Errorf("%s: singular H: %v", chainCases[i].name, err)
		}
		if in := f.Inertia(); in.Certain || in.Zero == 0 {
			t.Errorf("singular H: inertia %v", in)
		}
		if singular != nil {
			if err := f.Factorize(singular.Suggest); err != nil {
				t.Errorf("at the damping suggested: %v", err)
			}
		}
	}
}

func TestChainThousandStages(t *testing.T) {
	c := chaintest.Random(rand.New(rand.NewPCG(8, 8)), 2, 3, repeat(chaintest.Stage{Out: 4, Bias: true}, 1000)...)
	n := c.Params()
	var f factor.Chain
	if err := f.Analyse(c, nil); err != nil {
		t.Fatal(err)
	}
	b := gaussian(rand.New(rand.NewPCG(1, 1)), n)
	for _, eps := range []float64{1, 1e-3, -0.05} {
		if err := f.Factorize(eps); err != nil {
			t.Fatal(err)
		}
		var x, hx mat.VecDense
		if err := f.SolveVecTo(&x, b); err != nil {
			t.Fatal(err)
		}
		hx.CloneFromVec(&x)
		system.NewProduct(c, blas.Native()).HessVec(hx.RawVector().Data, x.RawVector().Data)
		hx.AddScaledVec(&hx, eps, &x)
		hx.SubVec(b, &hx)
		if e := mat.Norm(&hx, 2) / (f.Report().Norm*mat.Norm(&x, 2) + mat.Norm(b, 2)); e > 1e-14 {
			t.Errorf("eps=%g: backward error %.2g", eps, e)
		}
	}
}

func TestChainReuse(t *testing.T) {
	tc := chainCases[3]
	a, b := tc.make(1), tc.make(2)
	var f, fresh factor.Chain
	if err := f.Analyse(a, nil); err != nil {
		t.Fatal(err)
	}
	if err := fresh.Analyse(b, nil); err != nil {
		t.Fatal(err)
	}
	g := gaussian(rand.New(rand.NewPCG(1, 1)), a.Params())
	x, want := mat.NewVecDense(a.Params(), nil), mat.NewVecDense(a.Params(), nil)
	if err := errors.Join(f.Factorize(0.1), f.SolveVecTo(x, g), fresh.Factorize(0.2), fresh.SolveVecTo(want, g)); err != nil {
		t.Fatal(err)
	}
	run := func() {
		if err := errors.Join(f.Update(b), f.Factorize(0.2), f.SolveVecTo(x, g)); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if !mat.Equal(x, want) {
		t.Error("a reused factorization gives other bits than a fresh one")
	}
	if n := alloctest.PerRun(5, run); n != 0 {
		t.Errorf("%v allocations per new point", n)
	}
}

// Blocks large enough that loops and kernels are shared out among threads.
func TestChainLarge(t *testing.T) {
	for _, stages := range [][]chaintest.Stage{
		{{Out: 20, Bias: true}, {Out: 21}, {Out: 20, Bias: true}, {Out: 5}},
		{{Out: 20}, {Skip: true, Bias: true}, {Out: 20, Full: true}, {Out: 5}},
		{{Out: 30}, {Out: 14}, {Out: 12, Bias: true}, {Out: 9}},
	} {
		c := chaintest.Random(rand.New(rand.NewPCG(4, 4)), 16, 12, stages...)
		var f, again factor.Chain
		g := gaussian(rand.New(rand.NewPCG(1, 1)), c.Params())
		x, y := mat.NewVecDense(c.Params(), nil), mat.NewVecDense(c.Params(), nil)
		run := func(f *factor.Chain, x *mat.VecDense) {
			if err := errors.Join(f.Factorize(0.02), f.SolveVecTo(x, g)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(f.Analyse(c, nil), again.Analyse(c, &factor.Options{Backend: blas.NativeThreads(1)})); err != nil {
			t.Fatal(err)
		}
		run(&f, x)
		run(&again, y)
		a, _ := f.LogDet()
		b, _ := again.LogDet()
		if f.Inertia() != again.Inertia() || math.Abs(a-b) > 1e-9*math.Abs(a) {
			t.Errorf("two threads: %v, %v; one: %v, %v", f.Inertia(), a, again.Inertia(), b)
		}
		first := mat.VecDenseCopyOf(x)
		run(&f, x)
		if !mat.Equal(x, first) {
			t.Error("the same factorization twice gives other bits")
		}
		if n := alloctest.PerRun(3, func() { run(&f, x) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

func TestChainConcurrent(t *testing.T) {
	c := chainCases[3].make(1)
	var f factor.Chain
	if err := errors.Join(f.Analyse(c, nil), f.Factorize(0.1)); err != nil {
		t.Fatal(err)
	}
	b := gaussian(rand.New(rand.NewPCG(1, 1)), c.Params())
	var want mat.VecDense
	if err := f.SolveVecTo(&want, b); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for range 8 {
		go func() {
			for range 20 {
				var x mat.VecDense
				if err := f.SolveVecTo(&x, b); err != nil {
					done <- err
					return
				}
				if !mat.Equal(&x, &want) {
					done <- errors.New("solutions differ")
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestChainBadInput(t *testing.T) {
	c := chainCases[3].make(1)
	var f factor.Chain
	var memory *factor.MemoryError
	if err := f.Analyse(c, &factor.Options{MemoryLimit: 1000}); !errors.As(err, &memory) || memory.Needed <= 1000 {
		t.Errorf("memory limit: %v", err)
	}
	if err := f.Analyse(c, nil); err != nil {
		t.Fatal(err)
	}
	var damping *la.NotFiniteError
	if err := f.Factorize(math.NaN()); !errors.As(err, &damping) || err.Error() != "damping: NaN" {
		t.Errorf("NaN damping: %v", err)
	}
	each := make([]float64, len(c.Stages))
	each[1] = math.Inf(1)
	if err := f.FactorizeStages(each); !errors.As(err, &damping) || err.Error() != "damping of stage 2: +Inf" {
		t.Errorf("infinite damping of a stage: %v", err)
	}
	if err := f.Factorize(1); err != nil {
		t.Fatal(err)
	}
	b := mat.NewVecDense(c.Params(), nil)
	b.SetVec(5, math.Inf(-1))
	var x mat.VecDense
	var bad *la.NotFiniteError
	if err := f.SolveVecTo(&x, b); !errors.As(err, &bad) || bad.Index != 5 {
		t.Errorf("infinite right-hand side: %v", err)
	}
	c.Stages[0].(*system.DenseStage).W[0] = math.NaN()
	if err := f.Update(c); err == nil {
		t.Error("NaN weight accepted")
	}
	for name, misuse := range map[string]func(){
		"not analysed":   func() { new(factor.Chain).Factorize(1) },
		"not factorized": func() { f.SolveVecTo(&x, b) },
	} {
		func() {
			defer func() {
				if _, ok := recover().(factor.Error); !ok {
					t.Errorf("%s: no panic", name)
				}
			}()
			misuse()
		}()
	}
}

// residualError measures a backward error with the products of gonum's kernels.
func residualError(c *system.Chain, eps, norm float64, x, b *mat.VecDense) float64 {
	var r mat.VecDense
	r.CloneFromVec(x)
	system.NewProduct(c, blas.Gonum(1)).HessVec(r.RawVector().Data, x.RawVector().Data)
	r.AddScaledVec(&r, eps, x)
	r.SubVec(b, &r)
	return mat.Norm(&r, 2) / (norm*mat.Norm(x, 2) + mat.Norm(b, 2))
}
