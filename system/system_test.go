package system_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/internal/alloctest"
	"costate/la"
	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

type named struct {
	name   string
	batch  int
	in     int
	stages []chaintest.Stage
}

var chains = []named{
	{"one layer", 3, 2, []chaintest.Stage{{Out: 3, Bias: true}}},
	{"one unit", 1, 1, []chaintest.Stage{{Out: 1}, {Out: 1}}},
	{"dense", 3, 4, []chaintest.Stage{{Out: 5, Bias: true}, {Out: 2}, {Out: 3, Bias: true}}},
	{"full maps", 2, 3, []chaintest.Stage{{Out: 3, Full: true}, {Out: 3, Bias: true, Full: true}, {Out: 2}}},
	{"skips", 2, 3, []chaintest.Stage{{Out: 3, Bias: true}, {Skip: true, Bias: true}, {Skip: true, Full: true}, {Out: 2}}},
	{"skip last and first", 2, 3, []chaintest.Stage{{Skip: true, Bias: true}, {Skip: true}}},
	{"blocks", 2, 3, []chaintest.Stage{{Blocks: true, P: 4, Out: 3}, {Out: 4, Full: true}, {Blocks: true, P: 3, Out: 2}, {Skip: true}, {Blocks: true, P: 0, Out: 2}}},
	{"rows", 2, 6, []chaintest.Stage{{Rows: 3, Out: 2, Bias: true}, {Rows: 2, In: 2, Out: 3}, {Rows: 4, In: 3, Out: 2, Bias: true, Ones: true}, {Out: 2, Bias: true}}},
	{"many rows", 1, 4, []chaintest.Stage{{Rows: 7, In: 2, Out: 1, Bias: true}, {Rows: 7, Out: 2, Bias: true, Ones: true}, {Out: 2}}},
	{"rows, full maps", 2, 3, []chaintest.Stage{{Rows: 2, In: 2, Out: 2, Full: true}, {Rows: 3, In: 1, Out: 2, Bias: true, Full: true}, {Out: 2}}},
	{"rows, skips", 2, 4, []chaintest.Stage{{Rows: 2, Out: 2, Skip: true}, {Rows: 2, In: 3, Out: 2, Skip: true, Bias: true, Full: true}, {Out: 2}}},
	{"passes", 2, 3, []chaintest.Stage{{Out: 3, Bias: true, Pass: true}, {Rows: 3, In: 2, Out: 1, Pass: true, Full: true, Bias: true, Ones: true}, {Rows: 2, Out: 2, Pass: true}, {Pass: true, Out: 2}}},
	{"skip over three", 2, 4, []chaintest.Stage{{Rows: 2, Out: 2, Bias: true}, {Rows: 2, In: 2, Out: 1, Carry: true}, {Rows: 1, In: 2, Out: 2, Carry: true, Bias: true}, {Rows: 2, In: 2, Out: 1, Pass: true, Full: true}, {Out: 2}}},
	{"sparse maps", 2, 3, []chaintest.Stage{{Out: 4, Full: true, Bias: true, Sparse: true}, {Rows: 3, In: 2, Out: 2, Full: true, Bias: true, Sparse: true}, {Skip: true, Full: true, Sparse: true}, {Blocks: true, P: 2, Out: 3}, {Out: 5, Full: true, Sparse: true}}},
	{"sparse passes", 2, 5, []chaintest.Stage{{Rows: 2, Out: 3, In: 3, Pass: true, Full: true, Sparse: true}, {Rows: 3, In: 2, Out: 3, Pass: true, Full: true, Sparse: true}, {Rows: 2, In: 2, Out: 1, Carry: true, Sparse: true}, {Rows: 2, In: 3, Out: 2, Bias: true, Pass: true, Full: true, Sparse: true}, {Out: 2}}},
	{"one row, no bias", 1, 2, []chaintest.Stage{{Rows: 1, In: 1, Out: 2}, {Rows: 1, In: 1, Out: 1, Pass: true}}},
	{"rows and blocks", 2, 3, []chaintest.Stage{{Rows: 2, In: 2, Out: 2, Bias: true}, {Blocks: true, P: 3, Out: 4}, {Rows: 2, Out: 2, Pass: true, Ones: true, Bias: true}, {Blocks: true, P: 2, Out: 2}}},
	{"filled blocks", 2, 3, []chaintest.Stage{{Blocks: true, P: 4, Out: 5, Filled: true}, {Blocks: true, P: 9, Out: 3, Filled: true}, {Skip: true}, {Blocks: true, P: 1, Out: 2, Filled: true}}},
}

// explicit forms H from its definition with dense matrices: H = ∂²/∂x² of the
// quadratic form of the chain, by running the chain on unit directions and
// pairing the results (polarisation), without the adjoint pass.
func explicit(c *system.Chain) *mat.Dense {
	n := c.Params()
	dirs := make([]trace, n)
	for i := range n {
		v := make([]float64, n)
		v[i] = 1
		dirs[i] = run(c, v)
	}
	h := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			h.Set(i, j, pairing(c, dirs[i], dirs[j]))
		}
	}
	return h
}

type trace struct {
	x, y, s [][]float64 // y[k] enters stage k
	out     []float64
}

func run(c *system.Chain, v []float64) trace {
	var t trace
	var y []float64
	for k, s := range c.Stages {
		if k == 0 {
			y = make([]float64, s.Inputs())
		}
		x := v[:s.Params()]
		v = v[s.Params():]
		t.x, t.y = append(t.x, x), append(t.y, y)
		next := make([]float64, s.Outputs())
		var pre []float64
		switch s := s.(type) {
		case *system.DenseStage:
			pre = runDense(s, x, y, next)
		case *system.BlockStage:
			for i := range next {
				for j := range s.P {
					next[i] += s.G.At(i, j) * x[j]
				}
				for j := range s.NIn {
					next[i] += s.F.At(i, j) * y[j]
				}
			}
		}
		t.s = append(t.s, pre)
		y = next
	}
	t.out = y
	return t
}

// runDense computes the outputs, next, and returns the pre-activations.
func runDense(s *system.DenseStage, x, y, next []float64) (pre []float64) {
	rows, in, np := s.SampleOutputs(), s.SampleInputs(), s.SampleStates()
	g := gathered(s, y)
	pre = make([]float64, s.BatchRows()*s.Out)
	for n := range s.BatchRows() {
		for o := range s.Out {
			for b := range s.In {
				pre[n*s.Out+o] += g[n*s.In+b]*s.W[o*s.In+b] + s.Z[n*s.In+b]*x[o*s.In+b]
			}
			if s.Bias {
				pre[n*s.Out+o] += one(s, n) * x[s.Out*s.In+o]
			}
		}
	}
	for n := range s.Batch {
		for r := range rows {
			for o := range np {
				next[n*rows+r] += element(&s.J, n, r, o, 1) * pre[n*np+o]
			}
			if s.Skip {
				next[n*rows+r] += y[n*rows+r]
			}
			if s.Pass != nil {
				for i := range in {
					next[n*rows+r] += element(&s.Pass.J, n, r, i, 0) * y[n*in+i]
				}
			}
		}
	}
	return pre
}

// gathered is A y of the batch, with A element by element.
func gathered(s *system.DenseStage, y []float64) []float64 {
	if s.Gather == nil {
		return y
	}
	rows, in := s.SampleRows()*s.In, s.SampleInputs()
	g := make([]float64, s.Batch*rows)
	for n := range s.Batch {
		for r := range rows {
			for i := range in {
				g[n*rows+r] += s.Gather.At(r, i) * y[n*in+i]
			}
		}
	}
	return g
}

// one is what row r of the batch has in place of the bias.
func one(s *system.DenseStage, r int) float64 {
	if s.Ones == nil {
		return 1
	}
	return s.Ones[r%s.SampleRows()]
}

func element(m *system.SampleMap, n, i, j int, zero float64) float64 {
	switch {
	case m.Full != nil:
		return m.Full[(n*m.Rows+i)*m.Cols+j]
	case m.Sparse != nil:
		p := m.Pattern
		for t := p.Ptr[i]; t < p.Ptr[i+1]; t++ {
			if p.Col[t] == j {
				return m.Sparse[n*len(p.Col)+t]
			}
		}
		return 0
	case i != j:
		return 0
	case m.Diag != nil:
		return m.Diag[n*m.Rows+i]
	}
	return zero
}

func pairing(c *system.Chain, a, b trace) float64 {
	sum := 0.0
	for k, s := range c.Stages {
		switch s := s.(type) {
		case *system.DenseStage:
			sum += pairDense(s, a.x[k], a.y[k], a.s[k], b.x[k], b.y[k], b.s[k])
		case *system.BlockStage:
			for i := range s.P {
				for j := range s.P {
					if s.A != nil {
						sum += a.x[k][i] * s.A.At(i, j) * b.x[k][j]
					}
				}
				for j := range s.NIn {
					if s.C != nil {
						sum += s.C.At(i, j) * (a.x[k][i]*b.y[k][j] + b.x[k][i]*a.y[k][j])
					}
				}
			}
			for i := range s.NIn {
				for j := range s.NIn {
					if s.Q != nil {
						sum += a.y[k][i] * s.Q.At(i, j) * b.y[k][j]
					}
				}
			}
		}
	}
	r := c.Loss.Rows
	for n := range c.Loss.Batch {
		for i := range r {
			for j := range r {
				sum += a.out[n*r+i] * element(&c.Loss, n, i, j, 0) * b.out[n*r+j]
			}
		}
	}
	return sum
}

// pairDense is the part of a DenseStage in pairing.
func pairDense(s *system.DenseStage, ax, ay, as, bx, by, bs []float64) (sum float64) {
	ag, bg := gathered(s, ay), gathered(s, by)
	for n := range s.BatchRows() {
		for o := range s.Out {
			for i := range s.In {
				d := 0.0
				if s.Delta != nil {
					d = s.Delta[n*s.Out+o]
				}
				sum += d * (ax[o*s.In+i]*bg[n*s.In+i] + bx[o*s.In+i]*ag[n*s.In+i])
			}
		}
	}
	in, np := s.SampleInputs(), s.SampleStates()
	for n := range s.Batch {
		for o := range np {
			for p := range np {
				sum += as[n*np+o] * element(&s.Q, n, o, p, 0) * bs[n*np+p]
			}
		}
		if s.Pass == nil {
			continue
		}
		for i := range in {
			for o := range np {
				sum += element(&s.Pass.Cross, n, o, i, 0) * (as[n*np+o]*by[n*in+i] + bs[n*np+o]*ay[n*in+i])
			}
			for l := range in {
				sum += element(&s.Pass.Q, n, i, l, 0) * ay[n*in+i] * by[n*in+l]
			}
		}
	}
	return sum
}

func forChains(t *testing.T, f func(t *testing.T, c *system.Chain)) {
	for i, tc := range chains {
		c := chaintest.Random(rand.New(rand.NewPCG(7, uint64(i))), tc.batch, tc.in, tc.stages...)
		t.Run(tc.name, func(t *testing.T) { f(t, c) })
		t.Run(tc.name+"/Gauss-Newton", func(t *testing.T) { f(t, c.GaussNewton()) })
	}
}

func TestCheckAccepts(t *testing.T) {
	forChains(t, func(t *testing.T, c *system.Chain) {
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
	})
}

// The product against the definition of the quadratic form.
func TestHessVec(t *testing.T) {
	forChains(t, func(t *testing.T, c *system.Chain) {
		want := explicit(c)
		n := c.Params()
		p := system.NewProduct(c, blas.Native())
		got, v := make([]float64, n), make([]float64, n)
		norm := mat.Norm(want, 2)
		for j := range n {
			clear(v)
			v[j] = 1
			p.HessVec(got, v)
			for i := range n {
				if d := math.Abs(got[i] - want.At(i, j)); d > 64*0x1p-53*norm {
					t.Fatalf("element (%d,%d): got %v, want %v", i, j, got[i], want.At(i, j))
				}
			}
			p.HessVec(v, v) // in place
			for i := range n {
				if v[i] != got[i] {
					t.Fatalf("column %d in place differs at %d", j, i)
				}
			}
		}
	})
}

// The form of sums of two unit vectors, which have all elements of H in them, and of one that
// has them all.
func TestForm(t *testing.T) {
	forChains(t, func(t *testing.T, c *system.Chain) {
		want := explicit(c)
		n := c.Params()
		p := system.NewProduct(c, blas.Native())
		v := make([]float64, n)
		norm := mat.Norm(want, 2)
		check := func() {
			t.Helper()
			x := mat.NewVecDense(n, v)
			if got, form := p.Form(v), mat.Inner(x, want, x); !(math.Abs(got-form) <= 64*0x1p-53*norm*mat.Dot(x, x)) {
				t.Fatalf("of %v: %v, want %v", v, got, form)
			}
		}
		for i := range n {
			for j := range i + 1 {
				clear(v)
				v[i]++
				v[j]++
				check()
			}
		}
		for i := range v {
			v[i] = math.Sin(float64(i + 1))
		}
		check()
	})
}

// K against H: eliminating states and costates leaves H + εI, inertia and
// determinant follow.
func TestAugmented(t *testing.T) {
	forChains(t, func(t *testing.T, c *system.Chain) {
		const eps = 0.37
		n, states := c.Params(), c.States()
		h := explicit(c)
		a := system.Assemble(c, 1e3)
		a.Update(c, eps)
		k := mat.DenseCopyOf(a.K)
		hs := mat.NewSymDense(n, nil)
		for i := range n {
			for j := i; j < n; j++ {
				hs.SetSym(i, j, h.At(i, j))
			}
			hs.SetSym(i, i, h.At(i, i)+eps)
		}
		// Solve with K for a right-hand side (g, 0, 0).
		rng := rand.New(rand.NewPCG(1, 2))
		g := make([]float64, n)
		for i := range g {
			g[i] = rng.NormFloat64()
		}
		b := make([]float64, a.Order())
		a.LiftTo(b, g)
		var sol mat.VecDense
		if err := sol.SolveVec(k, mat.NewVecDense(len(b), b)); err != nil {
			t.Fatal(err)
		}
		x, _, _ := a.Split(sol.RawVector().Data)
		var r mat.VecDense
		r.MulVec(hs, mat.NewVecDense(n, x))
		r.SubVec(mat.NewVecDense(n, g), &r)
		scale := mat.Norm(hs, 2)*mat.Norm(mat.NewVecDense(n, x), 2) + mat.Norm(mat.NewVecDense(n, g), 2)
		if e := mat.Norm(&r, 2) / scale; e > 1e-11 {
			t.Errorf("backward error of x from K: %.2g", e)
		}
		var ek, eh mat.EigenSym
		ek.Factorize(a.K, false)
		eh.Factorize(hs, false)
		if nk, nh := negative(ek.Values(nil)), negative(eh.Values(nil)); nk != nh+states {
			t.Errorf("K has %d negative eigenvalues, want %d + %d", nk, nh, states)
		}
		lk, lh := logAbs(ek.Values(nil)), logAbs(eh.Values(nil))
		if math.Abs(lk-lh) > 1e-10*float64(n+states) {
			t.Errorf("log|det K| = %v, log|det(H+εI)| = %v", lk, lh)
		}
	})
}

// The blocks by stage are block tridiagonal: no coupling reaches further than
// to the neighbour.
func TestAugmentedNeighbours(t *testing.T) {
	forChains(t, func(t *testing.T, c *system.Chain) {
		a := system.Assemble(c, 1)
		stage := make([]int, a.Order())
		for k := range a.Stages() {
			x, y, m := a.Stage(k)
			for _, r := range [][2]int{x, y, m} {
				for i := r[0]; i < r[1]; i++ {
					stage[i] = k
				}
			}
		}
		a.K.DoNonZero(func(i, j int, v float64) {
			if d := stage[i] - stage[j]; d > 1 || d < -1 {
				t.Fatalf("entry (%d,%d) couples stages %d and %d", i, j, stage[i], stage[j])
			}
		})
	})
}

func TestUpdateAllocatesNothing(t *testing.T) {
	c := chaintest.Random(rand.New(rand.NewPCG(3, 3)), 3, 4, chains[4].stages...)
	a := system.Assemble(c, 1)
	p := system.NewProduct(c, blas.Native())
	v := make([]float64, c.Params())
	if n := alloctest.PerRun(5, func() { a.Update(c, 2); p.HessVec(v, v) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// J v and Jᵀ w are adjoint, and Jᵀ R J is the Gauss–Newton matrix.
func TestOutputs(t *testing.T) {
	forChains(t, func(t *testing.T, c *system.Chain) {
		rng := rand.New(rand.NewPCG(4, 4))
		p := system.NewProduct(c, blas.Native())
		n := c.Params()
		v, jtw := make([]float64, n), make([]float64, n)
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		jv := append([]float64(nil), p.Outputs(v)...)
		w := make([]float64, len(jv))
		for i := range w {
			w[i] = rng.NormFloat64()
		}
		p.TransOutputs(jtw, w)
		a, b, scale := 0.0, 0.0, 0.0
		for i := range jv {
			a += jv[i] * w[i]
			scale += math.Abs(jv[i] * w[i])
		}
		for i := range v {
			b += v[i] * jtw[i]
			scale += math.Abs(v[i] * jtw[i])
		}
		if math.Abs(a-b) > 1e-13*scale {
			t.Errorf("⟨Jv,w⟩ = %v, ⟨v,Jᵀw⟩ = %v", a, b)
		}
	})
}

func TestCheckRejects(t *testing.T) {
	for name, spoil := range map[string]func(c *system.Chain){
		"no stages":       func(c *system.Chain) { c.Stages = nil },
		"NaN":             func(c *system.Chain) { c.Stages[1].(*system.DenseStage).W[3] = math.NaN() },
		"Inf":             func(c *system.Chain) { c.Stages[0].(*system.DenseStage).Delta[0] = math.Inf(1) },
		"short Z":         func(c *system.Chain) { d := c.Stages[0].(*system.DenseStage); d.Z = d.Z[1:] },
		"width":           func(c *system.Chain) { c.Stages = c.Stages[:2] },
		"asymmetric loss": func(c *system.Chain) { c.Loss.Full[1]++ },
		"missing stage":   func(c *system.Chain) { c.Stages = append(c.Stages[:1], c.Stages[2:]...) },
	} {
		c := chaintest.Random(rand.New(rand.NewPCG(5, 5)), 3, 4, chains[2].stages...)
		spoil(c)
		if err := c.Check(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// What is wrong with the rows of a stage is said with the stage, what it has and what
// it needs.
func TestCheckRows(t *testing.T) {
	for want, spoil := range map[string]func(d *system.DenseStage){
		"system: stage 2: bad shape: batch 2, rows -1, in 2, out 2":                             func(d *system.DenseStage) { d.Rows = -1 },
		"system: stage 2: Gather is 6×6, want 8×6":                                              func(d *system.DenseStage) { d.Rows = 4 },
		"system: stage 2: Gather has 0 columns, the inputs of a sample":                         func(d *system.DenseStage) { d.Gather.Cols = 0 },
		"system: stage 2: Gather: columns of row 0 are out of range or not ascending":           func(d *system.DenseStage) { d.Gather.Col[0] = 6 },
		"Gather of stage 2, element 1: NaN":                                                     func(d *system.DenseStage) { d.Gather.Val[1] = math.NaN() },
		"system: stage 2: Ones has length 2, want 3":                                            func(d *system.DenseStage) { d.Ones = d.Ones[:2] },
		"system: stage 2: Z has length 10, want 12":                                             func(d *system.DenseStage) { d.Z = d.Z[:10] },
		"system: stage 2: Delta has length 10, want 12":                                         func(d *system.DenseStage) { d.Delta = d.Delta[:10] },
		"system: stage 2: Q is 2 blocks of 5×5, want 2 of 6×6":                                  func(d *system.DenseStage) { d.Q.Rows, d.Q.Cols = 5, 5 },
		"system: stage 2: J is 2 blocks of 7×5, want 2 of 7×6":                                  func(d *system.DenseStage) { d.J.Cols = 5 },
		"system: stage 2: Pass.J is 2 blocks of 6×6, want 2 of 7×6":                             func(d *system.DenseStage) { d.Pass.J.Rows = 6 },
		"system: stage 2: Pass.Cross is 1 blocks of 6×6, want 2 of 6×6":                         func(d *system.DenseStage) { d.Pass.Cross.Batch = 1 },
		"system: stage 2: Pass.Q is 2 blocks of 4×4, want 2 of 6×6":                             func(d *system.DenseStage) { d.Pass.Q.Rows, d.Pass.Q.Cols = 4, 4 },
		"system: stage 2: a stage with Skip has a Pass, too: add the identity to its J instead": func(d *system.DenseStage) { d.Skip = true },
		"system: stage 2: J of a stage with a skip has 7 rows, want 6":                          func(d *system.DenseStage) { d.Skip, d.Pass = true, nil },
		"system: stage 2: a skip needs as many outputs as inputs: in 4, out 6":                  func(d *system.DenseStage) { d.Skip, d.Pass, d.Gather = true, nil, trim(d.Gather, 4) },
		"system: stage 2 takes 8 numbers, stage 1 gives 12":                                     func(d *system.DenseStage) { d.Pass, d.Gather = nil, trim(d.Gather, 4) },
		"system: stage 3 takes 14 numbers, stage 2 gives 12":                                    func(d *system.DenseStage) { d.J, d.Pass = system.SampleMap{}, nil },
	} {
		c := chaintest.Random(rand.New(rand.NewPCG(5, 5)), 2, 3, chaintest.Stage{Rows: 3, Out: 2}, chaintest.Stage{Rows: 3, In: 2, Out: 2, Bias: true, Ones: true, Pass: true, Full: true}, chaintest.Stage{Out: 2})
		d := c.Stages[1].(*system.DenseStage)
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		spoil(d)
		if err := c.Check(); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// trim leaves the entries of a in the first columns.
func trim(a *system.Matrix, cols int) *system.Matrix {
	b := &system.Matrix{Rows: a.Rows, Cols: cols, Ptr: []int{0}}
	for i := range a.Rows {
		for p := a.Ptr[i]; p < a.Ptr[i+1]; p++ {
			if a.Col[p] < cols {
				b.Col, b.Val = append(b.Col, a.Col[p]), append(b.Val, a.Val[p])
			}
		}
		b.Ptr = append(b.Ptr, len(b.Col))
	}
	return b
}

func TestCheckNamesThePlace(t *testing.T) {
	c := chaintest.Random(rand.New(rand.NewPCG(5, 5)), 2, 3, chains[6].stages...)
	for _, tc := range []struct {
		array []float64
		want  string
	}{
		{c.Stages[0].(*system.BlockStage).A.Val, "A of stage 1, element 2: NaN"},
		{c.Stages[1].(*system.DenseStage).W, "W of stage 2, element 2: NaN"},
		{c.Stages[3].(*system.DenseStage).Q.Diag, "Q of stage 4, element 2: NaN"},
		{c.Loss.Full, "loss, element 2: NaN"},
	} {
		v := tc.array[2]
		tc.array[2] = math.NaN()
		var e *la.NotFiniteError
		if err := c.Check(); !errors.As(err, &e) || err.Error() != tc.want || e.Index != 2 {
			t.Errorf("got %v, want %v", err, tc.want)
		}
		tc.array[2] = v
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
}

func TestPanics(t *testing.T) {
	c := chaintest.Random(rand.New(rand.NewPCG(5, 5)), 2, 3, chains[2].stages...)
	other := chaintest.Random(rand.New(rand.NewPCG(5, 5)), 2, 3, chains[3].stages...)
	n := c.Params()
	p := system.NewProduct(c, blas.Native())
	a := system.Assemble(c, 1)
	v := make([]float64, n)
	for name, tc := range map[string]struct {
		want system.Error
		f    func()
	}{
		"HessVec":      {system.ErrLength, func() { p.HessVec(v, v[1:]) }},
		"Outputs":      {system.ErrLength, func() { p.Outputs(v[1:]) }},
		"TransOutputs": {system.ErrLength, func() { p.TransOutputs(v, v) }},
		"ResidualTo":   {system.ErrLength, func() { p.ResidualTo(v, v, v, v[:1]) }},
		"LiftTo":       {system.ErrLength, func() { a.LiftTo(v, v) }},
		"Split":        {system.ErrLength, func() { a.Split(v) }},
		"Update":       {system.ErrShape, func() { a.Update(other, 1) }},
		"FromDense":    {system.ErrLength, func() { system.FromDense(2, 2, v[:3]) }},
	} {
		func() {
			defer func() {
				if r := recover(); r != tc.want {
					t.Errorf("%s: panic %v, want %v", name, r, tc.want)
				}
			}()
			tc.f()
		}()
	}
}

func negative(v []float64) (n int) {
	for _, x := range v {
		if x < 0 {
			n++
		}
	}
	return n
}

func logAbs(v []float64) (s float64) {
	for _, x := range v {
		s += math.Log(math.Abs(x))
	}
	return s
}
