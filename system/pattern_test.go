package system_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"costate/la"
	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

// full is m with its blocks in full.
func full(m system.SampleMap) system.SampleMap {
	if m.Sparse == nil {
		return m
	}
	f := system.SampleMap{Batch: m.Batch, Rows: m.Rows, Cols: m.Cols}
	room := make([]float64, m.Room())
	for n := range m.Batch {
		f.Full = append(f.Full, m.Block(room, n)...)
	}
	return f
}

// Products and residuals of sparse maps are those of the same maps in full, and so is the
// augmented matrix.
func TestPattern(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 9))
		c := chaintest.Random(rng, 3, 4, chaintest.Stage{Out: 3, Full: true, Rows: 2, Pass: true, Sparse: true},
			chaintest.Stage{Out: 2, Rows: 3, In: 2, Full: true, Pass: true, Sparse: true}, chaintest.Stage{Out: 4, Full: true, Sparse: true})
		plain := &system.Chain{Loss: c.Loss}
		sparse := 0
		count := func(m system.SampleMap) system.SampleMap {
			if m.Sparse != nil {
				sparse++
			}
			return full(m)
		}
		for _, s := range c.Stages {
			e := *s.(*system.DenseStage)
			e.J = count(e.J)
			if e.Pass != nil {
				e.Pass = &system.Pass{J: count(e.Pass.J), Cross: count(e.Pass.Cross), Q: e.Pass.Q}
			}
			plain.Stages = append(plain.Stages, &e)
		}
		if sparse < 5 {
			t.Fatalf("%d sparse maps", sparse)
		}
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		if c.ProductFlops() >= plain.ProductFlops() || system.EntriesOf(c) >= system.EntriesOf(plain) {
			t.Errorf("%d flops and %d entries when sparse, %d and %d otherwise", c.ProductFlops(), system.EntriesOf(c), plain.ProductFlops(), system.EntriesOf(plain))
		}
		n := c.Params()
		x, b := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i], b[i] = rng.NormFloat64(), rng.NormFloat64()
		}
		for name, f := range map[string]func(p *system.Product, dst []float64){
			"H v":      func(p *system.Product, dst []float64) { p.HessVec(dst, x) },
			"residual": func(p *system.Product, dst []float64) { p.ResidualTo(dst, b, x, []float64{0.1, 0.2, 0.3}) },
			"J v":      func(p *system.Product, dst []float64) { copy(dst, p.Outputs(x)) },
			"Jᵀ w": func(p *system.Product, dst []float64) {
				p.TransOutputs(dst, b[:c.Loss.Batch*c.Loss.Rows])
			},
		} {
			got, want := make([]float64, n), make([]float64, n)
			f(system.NewProduct(c, blas.Native()), got)
			f(system.NewProduct(plain, blas.Native()), want)
			for i := range got {
				if math.Abs(got[i]-want[i]) > 1e-13*(1+math.Abs(want[i])) {
					t.Fatalf("%s: %v when sparse, %v otherwise", name, got[i], want[i])
				}
			}
		}
		k, l := system.Assemble(c, 0.1).K, system.Assemble(plain, 0.1).K
		for i := range k.SymmetricDim() {
			for j := range i + 1 {
				if got, want := k.At(i, j), l.At(i, j); math.Abs(got-want) > 1e-14*(1+math.Abs(want)) {
					t.Fatalf("K[%d,%d] is %v when sparse, %v otherwise", i, j, got, want)
				}
			}
		}
	}
}

// Products with sparse maps of all sizes, whose rows have groups of all kinds, are those
// of the same maps in full.
func TestPatternGroups(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 4))
		numbers := func(n int) []float64 {
			x := make([]float64, n)
			for i := range x {
				x[i] = rng.NormFloat64()
			}
			return x
		}
		batch, rows, cols := 1+rng.IntN(3), 1+rng.IntN(40), 1+rng.IntN(40)
		m := chaintest.Thin(rng, system.SampleMap{Batch: batch, Rows: rows, Cols: cols, Full: numbers(batch * rows * cols)})
		f := full(m)
		same := func(what string, got, want []float64) {
			for i, v := range want {
				if math.Abs(got[i]-v) > 1e-13*(1+math.Abs(v)) {
					t.Fatalf("seed %d, %d×%d: %s is %v at %d, want %v", seed, rows, cols, what, got[i], i, v)
				}
			}
		}
		x, y := numbers(batch*cols), numbers(batch*rows)
		for what, do := range map[string]func(m *system.SampleMap, dst []float64){
			"M x":  func(m *system.SampleMap, dst []float64) { m.MulAdd(dst[:batch*rows], x) },
			"Mᵀ x": func(m *system.SampleMap, dst []float64) { m.MulTransAdd(dst[:batch*cols], y) },
		} {
			got := numbers(batch * max(rows, cols))
			want := append([]float64(nil), got...)
			do(&m, got)
			do(&f, want)
			same(what, got, want)
		}
		const width = 7
		n, lda, ldd := rng.IntN(batch), rows+rng.IntN(3), cols+rng.IntN(3)
		a, got := numbers(width*lda), numbers(width*ldd)
		want := append([]float64(nil), got...)
		m.RowsTimesAdd(got, ldd, a, lda, width, n)
		block := f.Block(nil, n)
		for i := range width {
			for j := range cols {
				for l := range rows {
					want[i*ldd+j] += a[i*lda+l] * block[l*cols+j]
				}
			}
		}
		same("A M", got, want)
	}
}

// Residuals with such maps are those with the maps in full, to far more digits than
// float64 has of H x.
func TestPatternResidual(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 5))
		numbers := func(n int) []float64 {
			x := make([]float64, n)
			for i := range x {
				x[i] = float64(rng.IntN(1<<20)) + 0x1p-30*float64(rng.IntN(1<<20))
			}
			return x
		}
		batch, in, out, outputs := 1+rng.IntN(2), 1+rng.IntN(4), 4+rng.IntN(20), 4+rng.IntN(20)
		d := &system.DenseStage{Batch: batch, In: in, Out: out, Z: numbers(batch * in), W: numbers(out * in)}
		d.J = chaintest.Thin(rng, system.SampleMap{Batch: batch, Rows: outputs, Cols: out, Full: numbers(batch * outputs * out)})
		c := &system.Chain{Stages: []system.Stage{d}, Loss: system.SampleMap{Batch: batch, Rows: outputs, Cols: outputs, Diag: numbers(batch * outputs)}}
		plain := *d
		plain.J = full(d.J)
		twin := &system.Chain{Stages: []system.Stage{&plain}, Loss: c.Loss}
		n := c.Params()
		x, b := numbers(n), make([]float64, n)
		system.NewProduct(twin, blas.Native()).HessVec(b, x) // so that b − H x is of the size of rounding
		got, want := make([]float64, n), make([]float64, n)
		system.NewProduct(c, blas.Native()).ResidualTo(got, b, x, nil)
		system.NewProduct(twin, blas.Native()).ResidualTo(want, b, x, nil)
		scale := 0.0
		for _, v := range b {
			scale = max(scale, math.Abs(v))
		}
		for i, v := range want {
			if math.Abs(got[i]-v) > 1e-25*scale {
				t.Fatalf("seed %d: residual %v when sparse, %v otherwise; H x is %v", seed, got[i], v, b[i])
			}
		}
	}
}

func TestPatternErrors(t *testing.T) {
	for want, p := range map[string]*system.Pattern{
		"not one of 2 rows": {Ptr: []int{0, 1}, Col: []int{0}},
		"Ptr[2] = 1 after":  {Ptr: []int{0, 2, 1}, Col: []int{0}},
		"column 1 after 1":  {Ptr: []int{0, 2, 3}, Col: []int{1, 1, 0}},
		"column 3 after -1": {Ptr: []int{0, 1, 1}, Col: []int{3}},
	} {
		c := chaintest.Random(rand.New(rand.NewPCG(1, 1)), 1, 2, chaintest.Stage{Out: 3, Full: true})
		d := c.Stages[0].(*system.DenseStage)
		d.J = system.SampleMap{Batch: 1, Rows: 2, Cols: 3, Sparse: make([]float64, 6), Pattern: p}
		c.Loss = system.SampleMap{Batch: 1, Rows: 2, Cols: 2, Diag: []float64{1, 1}}
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	for i, v := range []float64{math.NaN(), math.Inf(-1)} {
		c := chaintest.Random(rand.New(rand.NewPCG(1, 2)), 2, 2, chaintest.Stage{Out: 3, Full: true, Sparse: true})
		d := c.Stages[0].(*system.DenseStage)
		at := len(d.J.Sparse) - 1
		d.J.Sparse[at] = v
		var e *la.NotFiniteError
		if err := c.Check(); !errors.As(err, &e) || e.Index != at {
			t.Errorf("%d: %v; want element %d of J", i, err, at)
		}
	}
	for want, spoil := range map[string]func(c *system.Chain, d *system.DenseStage){
		"J is Sparse without a Pattern": func(_ *system.Chain, d *system.DenseStage) { d.J.Pattern = nil },
		"numbers in more than one":      func(_ *system.Chain, d *system.DenseStage) { d.J.Full = make([]float64, 2*4*3) },
		"J has length":                  func(_ *system.Chain, d *system.DenseStage) { d.J.Sparse = d.J.Sparse[1:] },
		"loss is Sparse; a symmetric map has": func(c *system.Chain, _ *system.DenseStage) {
			c.Loss = chaintest.Thin(rand.New(rand.NewPCG(1, 1)), c.Loss)
		},
	} {
		c := chaintest.Random(rand.New(rand.NewPCG(1, 2)), 2, 2, chaintest.Stage{Out: 3, Full: true, Sparse: true})
		spoil(c, c.Stages[0].(*system.DenseStage))
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}
