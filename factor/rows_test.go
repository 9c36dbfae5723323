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
	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

// The chains of the networks that rows are for, with random numbers in the places
// that the network leaves open: a convolution has an overlapping gather and a map
// that pools, a transformer block maps that mix rows and skips that are carried, a
// network on Taylor channels rows without bias.

// im2col gathers the patches of k×k pixels of an image of h×h pixels and c channels,
// at a stride.
func im2col(h, c, k, stride int) *system.Matrix {
	a := &system.Matrix{Cols: h * h * c, Ptr: []int{0}}
	for y := 0; y+k <= h; y += stride {
		for x := 0; x+k <= h; x += stride {
			for dy := range k {
				for i := range k * c {
					a.Col, a.Val = append(a.Col, ((y+dy)*h+x)*c+i), append(a.Val, 1)
					a.Rows++
					a.Ptr = append(a.Ptr, a.Rows)
				}
			}
		}
	}
	return a
}

// chosen is the gather of the inputs from first on, n of cols.
func chosen(first, n, cols int) *system.Matrix {
	a := &system.Matrix{Rows: n, Cols: cols, Ptr: make([]int, n+1)}
	for i := range n {
		a.Col, a.Val = append(a.Col, first+i), append(a.Val, 1)
		a.Ptr[i+1] = i + 1
	}
	return a
}

// netStage describes a stage of rows of in numbers, gathered.
type netStage struct {
	rows, in, out int
	gather        *system.Matrix
	ones          []float64
	outputs       int // of J, in full; 0 is a map of each number
	carry         int // inputs that are passed on behind the outputs, the first ones
	pass          bool
}

func (s netStage) make(rng *rand.Rand, batch, inputs int) *system.DenseStage {
	d := &system.DenseStage{Batch: batch, Rows: s.rows, In: s.in, Out: s.out, Bias: true, Gather: s.gather, Ones: s.ones}
	pre := s.rows * s.out
	numbers := func(n int, scale float64) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = scale * rng.NormFloat64()
		}
		return v
	}
	symmetric := func(n int, scale float64) system.SampleMap {
		m := system.SampleMap{Batch: batch, Rows: n, Cols: n, Full: numbers(batch*n*n, scale)}
		for b := range batch {
			for i := range n {
				for j := range i {
					m.Full[(b*n+j)*n+i] = m.Full[(b*n+i)*n+j]
				}
			}
		}
		return m
	}
	d.W, d.Z = numbers(s.out*s.in, 1.2/math.Sqrt(float64(s.in))), numbers(batch*s.rows*s.in, 1)
	d.Delta = numbers(batch*s.rows*s.out, 0.2)
	own := pre
	if s.outputs > 0 {
		own = s.outputs
	}
	outputs := own + s.carry
	if s.outputs == 0 && s.carry == 0 {
		d.J = system.SampleMap{Batch: batch, Rows: pre, Cols: pre, Diag: numbers(batch*pre, 0.7)}
		d.Q = system.SampleMap{Batch: batch, Rows: pre, Cols: pre, Diag: numbers(batch*pre, 0.2)}
	} else {
		d.J = system.SampleMap{Batch: batch, Rows: outputs, Cols: pre, Full: numbers(batch*outputs*pre, 0.7/math.Sqrt(float64(pre)))}
		for b := range batch {
			clear(d.J.Full[(b*outputs+own)*pre : (b+1)*outputs*pre])
		}
		d.Q = symmetric(pre, 0.1)
	}
	if s.carry > 0 || s.pass {
		d.Pass = &system.Pass{J: system.SampleMap{Batch: batch, Rows: outputs, Cols: inputs, Full: make([]float64, batch*outputs*inputs)}}
		for b := range batch {
			for i := range s.carry {
				d.Pass.J.Full[(b*outputs+own+i)*inputs+i] = 1
			}
			for i := range own {
				if s.pass {
					copy(d.Pass.J.Full[(b*outputs+i)*inputs:][:inputs], numbers(inputs, 0.3))
				}
			}
		}
	}
	if s.pass {
		d.Pass.Cross = system.SampleMap{Batch: batch, Rows: pre, Cols: inputs, Full: numbers(batch*pre*inputs, 0.05)}
		d.Pass.Q = symmetric(inputs, 0.05)
	}
	return d
}

func makeNet(seed uint64, batch, inputs int, stages ...netStage) *system.Chain {
	rng := rand.New(rand.NewPCG(seed, 12))
	c := &system.Chain{}
	for _, s := range stages {
		d := s.make(rng, batch, inputs)
		c.Stages = append(c.Stages, d)
		inputs = d.SampleOutputs()
	}
	c.Loss = chaintest.Random(rng, batch, inputs, chaintest.Stage{Out: inputs}).Loss
	return c
}

// rowNets are the cases of the study that the formulas were checked with.
func rowNets() map[string]*system.Chain {
	derivatives := []float64{1, 0, 0, 0}
	conv := []netStage{{rows: 16, in: 9, out: 3, gather: im2col(6, 1, 3, 1)}, {rows: 4, in: 12, out: 4, gather: im2col(4, 3, 2, 2), outputs: 4}, {rows: 1, in: 4, out: 3}}
	n := 12 // three tokens of four numbers; behind the outputs of a stage the stream that skips it
	transformer := []netStage{
		{rows: 3, in: 2, out: 4, outputs: 2 * n},
		{rows: 3, in: 4, out: 12, gather: chosen(0, n, 2*n), outputs: n, carry: n},
		{rows: 3, in: 4, out: 4, gather: chosen(0, n, 2*n), outputs: 2 * n, pass: true},
		{rows: 3, in: 4, out: 8, gather: chosen(0, n, 2*n), carry: n},
		{rows: 3, in: 8, out: 4, gather: chosen(0, 2*n, 3*n), outputs: 4, pass: true},
		{rows: 1, in: 4, out: 3},
	}
	pde := func(widths ...int) (s []netStage) {
		for k, out := range widths[1:] {
			st := netStage{rows: 4, in: widths[k], out: out, ones: derivatives, outputs: 4 * out}
			if k == len(widths)-2 {
				st.outputs = 1
			}
			s = append(s, st)
		}
		return s
	}
	sparse := makeNet(9, 3, 6, transformer...)
	rng := rand.New(rand.NewPCG(9, 13))
	for _, s := range sparse.Stages {
		d := s.(*system.DenseStage)
		d.J = chaintest.Thin(rng, d.J)
		if p := d.Pass; p != nil {
			p.J, p.Cross = chaintest.Thin(rng, p.J), chaintest.Thin(rng, p.Cross)
		}
	}
	return map[string]*system.Chain{
		"sparse maps of 3":        sparse,
		"convolution of 3":        makeNet(1, 3, 36, conv...),
		"convolution of 1":        makeNet(2, 1, 36, conv...),
		"transformer block of 2":  makeNet(3, 2, 6, transformer...),
		"transformer block of 5":  makeNet(4, 5, 6, transformer...),
		"Poisson, 5 points":       makeNet(5, 5, 8, pde(2, 6, 5, 1)...),
		"Poisson, 1 point, wide":  makeNet(6, 1, 8, pde(2, 9, 8, 1)...),
		"Burgers, 6 points":       makeNet(7, 6, 8, pde(2, 5, 5, 1)...),
		"Poisson, 40 points, P<q": makeNet(8, 40, 8, pde(2, 2, 1)...),
	}
}

// Every method on every net: backward error of a solve, inertia and log-determinant
// against the eigenvalues of the dense matrix.
func TestRows(t *testing.T) {
	for name, exact := range rowNets() {
		for _, c := range []*system.Chain{exact, exact.GaussNewton()} {
			h := chaintest.Matrix(c, blas.Native())
			methods := map[string]factor.Factorization{
				"chain": new(factor.Chain), "augmented": new(factor.Augmented), "dense": new(factor.Dense), "auto": new(factor.Auto),
			}
			if c.IsGaussNewton() {
				methods["gram"] = new(factor.Gram)
			}
			for method, f := range methods {
				t.Run(fmt.Sprintf("%s/gn=%v/%s", name, c.IsGaussNewton(), method), func(t *testing.T) {
					if err := f.Analyse(c, nil); err != nil {
						t.Fatal(err)
					}
					for _, eps := range []float64{10, 1, 0.1, 1e-2, 1e-3, 1e-4, 1e-6, -0.05} {
						if method == "gram" && eps > 0 && eps < 1e-2 && c.Loss.Batch*c.Loss.Rows > c.Params() {
							continue // the log-determinant is Dense's to give: see Gram
						}
						check(t, f, h, eps)
					}
				})
			}
		}
	}
}

// The Gauss–Newton matrix is JᵀRJ for the Jacobian of the outputs.
func TestRowsGaussNewton(t *testing.T) {
	for name, exact := range rowNets() {
		c := exact.GaussNewton()
		h := chaintest.Matrix(c, blas.Native())
		n, m := c.Params(), c.Loss.Batch*c.Loss.Rows
		p := system.NewProduct(c, blas.Native())
		j := mat.NewDense(m, n, nil)
		w, row := make([]float64, m), make([]float64, n)
		for i := range m {
			clear(w)
			w[i] = 1
			p.TransOutputs(row, w)
			j.SetRow(i, row)
		}
		r := mat.NewDense(m, m, nil)
		for i := range m {
			clear(w)
			w[i] = 1
			col := make([]float64, m)
			c.Loss.MulTo(col, w)
			r.SetCol(i, col)
		}
		var rj, want mat.Dense
		rj.Mul(r, j)
		want.Mul(j.T(), &rj)
		if want.Sub(&want, h); mat.Norm(&want, 2) > 1e-14*float64(n)*mat.Norm(h, 2) {
			t.Errorf("%s: JᵀRJ is off by %.1e of %.1e", name, mat.Norm(&want, 2), mat.Norm(h, 2))
		}
	}
}

// Fewer parameters than outputs: Auto takes the matrix of the parameters, formed from
// J̃, and its cost says so.
func TestRowsAutoDense(t *testing.T) {
	c := rowNets()["Poisson, 40 points, P<q"].GaussNewton()
	var f factor.Auto
	if err := f.Analyse(c, nil); err != nil {
		t.Fatal(err)
	}
	n, q := int64(c.Params()), int64(c.Loss.Batch)
	if n >= q || f.Choice().Method != "dense" {
		t.Errorf("%d parameters, %d outputs: %s", n, q, f.Choice().Reason)
	}
	if by := n * c.ProductFlops(); f.Choice().Dense.Point >= by {
		t.Errorf("H counts %d flops, by products %d", f.Choice().Dense.Point, by)
	}
	check(t, &f, chaintest.Matrix(c, blas.Native()), 1e-3)
}

// A new point of the same shapes, factors and a solution allocate nothing, and are the
// same bits as those of a fresh factorization.
func TestRowsReuse(t *testing.T) {
	nets := rowNets()
	for name, exact := range nets {
		a := exact.GaussNewton()
		b := *a
		b.Stages = append([]system.Stage(nil), a.Stages...)
		first := *a.Stages[0].(*system.DenseStage)
		first.Z = append([]float64(nil), first.Z...)
		for i := range first.Z {
			first.Z[i] *= 1.5
		}
		b.Stages[0] = &first
		n := a.Params()
		g := gaussian(rand.New(rand.NewPCG(1, 1)), n)
		for method, make := range map[string]func() factor.Factorization{
			"chain":     func() factor.Factorization { return new(factor.Chain) },
			"gram":      func() factor.Factorization { return new(factor.Gram) },
			"dense":     func() factor.Factorization { return new(factor.Dense) },
			"augmented": func() factor.Factorization { return new(factor.Augmented) },
		} {
			f, fresh := make(), make()
			x, want := mat.NewVecDense(n, nil), mat.NewVecDense(n, nil)
			if err := errors.Join(f.Analyse(a, nil), f.Factorize(1), fresh.Analyse(&b, nil), fresh.Factorize(0.2), fresh.SolveVecTo(want, g)); err != nil {
				t.Fatal(err)
			}
			run := func() {
				if err := errors.Join(f.Update(&b), f.Factorize(0.2), f.SolveVecTo(x, g)); err != nil {
					t.Fatal(err)
				}
			}
			run()
			if !mat.Equal(x, want) {
				t.Errorf("%s, %s: other bits than a fresh factorization", name, method)
			}
			if got := alloctest.PerRun(3, run); got != 0 {
				t.Errorf("%s, %s: %v allocations", name, method, got)
			}
		}
	}
}

// The same object takes the Hessian and the Gauss–Newton matrix in turn, with a pass in
// whole, in part and without numbers.
func TestRowsUpdateKinds(t *testing.T) {
	for _, name := range []string{"transformer block of 2", "Poisson, 40 points, P<q"} {
		exact := rowNets()[name]
		bare := *exact
		bare.Stages = append([]system.Stage(nil), exact.Stages...)
		for k, s := range bare.Stages {
			d := *s.(*system.DenseStage)
			d.Q = system.SampleMap{}
			if d.Pass != nil {
				d.Pass = &system.Pass{Q: d.Pass.Q}
			}
			bare.Stages[k] = &d
		}
		for method, f := range map[string]factor.Factorization{"chain": new(factor.Chain), "auto": new(factor.Auto), "dense": new(factor.Dense)} {
			if err := f.Analyse(exact.GaussNewton(), nil); err != nil {
				t.Fatal(err)
			}
			for i, c := range []*system.Chain{exact, exact.GaussNewton(), &bare, exact, bare.GaussNewton()} {
				if err := f.Update(c); err != nil {
					t.Fatalf("%s, %s, %d: %v", name, method, i, err)
				}
				check(t, f, chaintest.Matrix(c, blas.Native()), 0.1)
			}
		}
	}
}

// The same shapes in everything but the rows, and memory refused before it is taken.
func TestRowsShapes(t *testing.T) {
	c := rowNets()["convolution of 3"].GaussNewton()
	for name, f := range methods() {
		if err := f.Analyse(c, nil); err != nil {
			t.Fatal(err)
		}
		other := *c
		other.Stages = append([]system.Stage(nil), c.Stages...)
		d := *c.Stages[1].(*system.DenseStage)
		d.Rows, d.In, d.Out = 16, 3, 1 // as many numbers, other rows
		other.Stages[1] = &d
		if e := panicOf(func() { f.Update(&other) }); e != factor.ErrShape {
			t.Errorf("%s: other rows: %q", name, e)
		}
	}
	for _, f := range []factor.Factorization{new(factor.Chain), new(factor.Gram), new(factor.Dense), new(factor.Augmented)} {
		var m *factor.MemoryError
		if err := f.Analyse(c, &factor.Options{MemoryLimit: 10000}); !errors.As(err, &m) || m.Needed <= 10000 {
			t.Errorf("%T: %v", f, err)
		}
	}
}
