package factor_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/internal/alloctest"
	"costate/la"
	"costate/la/blas"
	"costate/la/partition"
	"costate/system"
	"costate/system/chaintest"
)

func TestAugmented(t *testing.T) {
	for i, tc := range chainCases {
		for _, gn := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/gn=%v", tc.name, gn), func(t *testing.T) {
				c := tc.make(uint64(i))
				if gn {
					c = c.GaussNewton()
				}
				h := chaintest.Matrix(c, blas.Native())
				var f factor.Augmented
				if err := f.Analyse(c, nil); err != nil {
					t.Fatal(err)
				}
				eps := dampings
				if gn {
					eps = []float64{1, 1e-6}
				}
				for _, eps := range eps {
					check(t, &f, h, eps)
				}
			})
		}
	}
}

// The same system with whole blocks: K permuted to stage order, each stage's
// unknowns together, and factored by Block without knowledge of what they are.
func TestAugmentedTwin(t *testing.T) {
	for i, tc := range chainCases {
		t.Run(tc.name, func(t *testing.T) {
			c := tc.make(uint64(i))
			n := c.Params()
			b := gaussian(rand.New(rand.NewPCG(7, 7)), n)
			var f factor.Augmented
			if err := f.Analyse(c, nil); err != nil {
				t.Fatal(err)
			}
			for _, eps := range []float64{1, 1e-2, -0.05} {
				a := system.Assemble(c, eps)
				order, sizes := a.StageOrder()
				perm := partition.Perm(order)
				gather, err := partition.Analyse(a.K, perm, partition.New(sizes))
				if err != nil {
					t.Fatal(err)
				}
				blocks := gather.New()
				gather.To(blocks, a.K)
				var twin factor.Block
				if err := errors.Join(twin.Factorize(blocks), f.Factorize(eps)); err != nil {
					t.Fatal(err)
				}
				want, got := twin.Inertia(), f.Inertia()
				got = got.Add(la.Inertia{Negative: a.States(), Positive: a.States(), Certain: true})
				if want.Certain && got.Certain && want != got {
					t.Errorf("eps=%g: inertia %v, of whole blocks %v", eps, got, want)
				}
				log, _ := f.LogDet()
				wantLog, _ := twin.LogDet()
				growth := max(f.Report().Growth, twin.Report().Growth)
				if tol := 1e-15 * float64(n) * twin.Cond() * (10 + growth); want.Certain && math.Abs(log-wantLog) > tol {
					t.Errorf("eps=%g: log|det| %v, of whole blocks %v ± %.1g", eps, log, wantLog, tol)
				}
				lifted, stage := make([]float64, a.Order()), make([]float64, a.Order())
				a.LiftTo(lifted, b.RawVector().Data)
				perm.Apply(stage, lifted)
				var y, x mat.VecDense
				if err := errors.Join(twin.SolveVecTo(&y, mat.NewVecDense(len(stage), stage)), f.SolveVecTo(&x, b)); err != nil {
					t.Fatal(err)
				}
				perm.ApplyInverse(lifted, y.RawVector().Data)
				part, _, _ := a.Split(lifted)
				var d mat.VecDense
				d.SubVec(mat.NewVecDense(n, part), &x)
				if e := mat.Norm(&d, 2) / mat.Norm(&y, 2); e > 1e-14*twin.Cond() {
					t.Errorf("eps=%g: solutions differ by %.2g, condition number %.2g", eps, e, twin.Cond())
				}
			}
		})
	}
}

func TestAugmentedStages(t *testing.T) {
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
		var f factor.Augmented
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		if err := f.FactorizeStages(eps); err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 9))
		b := mat.NewDense(off, 4, nil)
		for j := range 4 {
			b.SetCol(j, gaussian(rng, off).RawVector().Data)
		}
		var x mat.Dense
		if err := f.SolveTo(&x, b); err != nil {
			t.Fatal(err)
		}
		for j := range 4 {
			if e := backwardError(h, mat.Norm(h, 2), 0, x.ColView(j), b.ColView(j)); e > 2e-14 {
				t.Errorf("%s: column %d: backward error %.2g", tc.name, j, e)
			}
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
// block of stages is singular although H + εI is well conditioned. Pivots that are
// tested over all rows of their fronts do not meet it.
func TestAugmentedUnluckyShift(t *testing.T) {
	met := 0
	for seed := range uint64(4) {
		c := chainCases[3].make(seed)
		h := chaintest.Matrix(c, blas.Native())
		n := h.SymmetricDim()
		ev := eigenvalues(h)
		norm := math.Max(math.Abs(ev[0]), ev[n-1])
		last := c.Stages[len(c.Stages)-1].Params() + c.Stages[len(c.Stages)-2].Params()
		var f factor.Augmented
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		for _, l := range eigenvalues(h.SliceSym(n-last, n).(*mat.SymDense)) {
			near := math.Inf(1)
			for _, e := range ev {
				near = math.Min(near, math.Abs(e-l))
			}
			if math.Abs(l) < 1e-3*norm || near < 1e-3*norm {
				continue
			}
			met++
			check(t, &f, h, -l)
			if f.Report().Shift != 0 || f.Report().Growth > 1e4 || !f.Inertia().Certain {
				t.Errorf("eps=%v: shift %g, growth %.1g, inertia %v", -l, f.Report().Shift, f.Report().Growth, f.Inertia())
			}
		}
	}
	if met < 5 {
		t.Fatalf("only %d unlucky shifts constructed", met)
	}
}

// Chains that networks in trouble give: repeated samples, a stage whose units
// are all dead, an input of zeros, a sample of weight zero.
func TestAugmentedHazards(t *testing.T) {
	spoil := map[string]func(k int, d *system.DenseStage){
		"repeated samples": func(_ int, d *system.DenseStage) {
			for b := 1; b < d.Batch; b++ {
				copy(d.Z[b*d.In:(b+1)*d.In], d.Z[:d.In])
			}
		},
		"dead stage": func(k int, d *system.DenseStage) {
			if k == 1 {
				clear(d.J.Diag)
				clear(d.Q.Diag)
			}
		},
		"zero input": func(_ int, d *system.DenseStage) { clear(d.Z) },
		"zero weight": func(_ int, d *system.DenseStage) {
			clear(d.Delta[:d.Out])
			clear(d.Q.Diag[:d.Out])
		},
	}
	for name, f := range spoil {
		for _, tc := range []chainCase{chainCases[3], chainCases[4]} {
			t.Run(name+"/"+tc.name, func(t *testing.T) {
				c := tc.make(3)
				for k, s := range c.Stages {
					f(k, s.(*system.DenseStage))
				}
				if name == "zero weight" {
					clear(c.Loss.Full[:c.Loss.Rows*c.Loss.Rows])
				}
				h := chaintest.Matrix(c, blas.Native())
				var fac factor.Augmented
				if err := fac.Analyse(c, nil); err != nil {
					t.Fatal(err)
				}
				for _, eps := range []float64{1, 1e-3, 1e-8, -0.05} {
					check(t, &fac, h, eps)
				}
			})
		}
	}
}

// A thousand stages, against the factorization in compressed parameters.
func TestAugmentedThousand(t *testing.T) {
	c := stack(3, 4, 2, 1000, 2)
	b := gaussian(rand.New(rand.NewPCG(1, 1)), c.Params())
	var f factor.Augmented
	var twin factor.Chain
	if err := errors.Join(f.Analyse(c, nil), twin.Analyse(c, nil)); err != nil {
		t.Fatal(err)
	}
	for _, eps := range []float64{1, 1e-3, -0.05} {
		if err := errors.Join(f.Factorize(eps), twin.Factorize(eps)); err != nil {
			t.Fatal(err)
		}
		if a, b := f.Inertia(), twin.Inertia(); a.Certain && b.Certain && a != b {
			t.Errorf("eps=%g: inertia %v, the twin's %v", eps, a, b)
		}
		a, _ := f.LogDet()
		want, _ := twin.LogDet()
		if math.Abs(a-want) > 1e-9*math.Abs(want) {
			t.Errorf("eps=%g: log|det| %v, the twin's %v", eps, a, want)
		}
		var x mat.VecDense
		if err := f.SolveVecTo(&x, b); err != nil {
			t.Errorf("eps=%g: %v", eps, err)
		}
	}
}

func TestAugmentedUpdate(t *testing.T) {
	a, b := chainCases[3].make(1), chainCases[3].make(2)
	var f, fresh factor.Augmented
	g := gaussian(rand.New(rand.NewPCG(1, 1)), a.Params())
	x, want := mat.NewVecDense(a.Params(), nil), mat.NewVecDense(a.Params(), nil)
	if err := errors.Join(f.Analyse(a, nil), fresh.Analyse(b, nil), f.Factorize(0.1), f.SolveVecTo(x, g), fresh.Factorize(0.2), fresh.SolveVecTo(want, g)); err != nil {
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
	c := chainCases[3].make(3)
	c.Stages[2].(*system.DenseStage).W[1] = math.NaN()
	if err := f.Update(c); err == nil {
		t.Error("a NaN was taken")
	}
}

func TestAugmentedMemory(t *testing.T) {
	var f factor.Augmented
	var m *factor.MemoryError
	if err := f.Analyse(chainCases[0].make(1), &factor.Options{MemoryLimit: 1000}); !errors.As(err, &m) || m.Needed <= 1000 {
		t.Errorf("error %v", err)
	}
	// 10⁵ parameters in one stage, whose dense block would have 80 GB.
	const in, out = 1000, 100
	d := &system.DenseStage{Batch: 1, In: in, Out: out, W: make([]float64, in*out), Z: make([]float64, in)}
	c := &system.Chain{Stages: []system.Stage{d}, Loss: system.SampleMap{Batch: 1, Rows: out, Cols: out, Diag: make([]float64, out)}}
	if err := f.Analyse(c, &factor.Options{MemoryLimit: 1 << 30}); err != nil {
		t.Errorf("error %v", err)
	}
}

func TestAugmentedBackends(t *testing.T) {
	c := stack(4, 8, 3, 4, 5)
	h := chaintest.Matrix(c, blas.Native())
	for _, name := range blas.Names() {
		be, err := blas.ByName(name, 2)
		if err != nil {
			t.Log(err)
			continue
		}
		var f factor.Augmented
		if err := f.Analyse(c, &factor.Options{Backend: be}); err != nil {
			t.Fatal(err)
		}
		for _, eps := range []float64{1, 1e-4, -0.05} {
			check(t, &f, h, eps)
		}
	}
}
