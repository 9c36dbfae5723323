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

// thin makes about half of the elements of the blocks of m zero, in the same places in
// all of them, and returns m with the pattern of the rest.
func thin(m system.SampleMap, rng *rand.Rand) system.SampleMap {
	p := &system.Pattern{Ptr: []int{0}}
	for i := range m.Rows {
		for j := range m.Cols {
			if rng.IntN(2) == 0 {
				p.Col = append(p.Col, j)
				continue
			}
			for n := range m.Batch {
				m.Full[(n*m.Rows+i)*m.Cols+j] = 0
			}
		}
		p.Ptr = append(p.Ptr, len(p.Col))
	}
	m.Pattern = p
	return m
}

// Products and residuals of maps with a pattern are those of the same maps without.
func TestPattern(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 9))
		c := chaintest.Random(rng, 3, 4, chaintest.Stage{Out: 3, Full: true, Rows: 2, Pass: true}, chaintest.Stage{Out: 2, Rows: 3, In: 2, Full: true, Pass: true}, chaintest.Stage{Out: 4, Full: true})
		plain := &system.Chain{Loss: c.Loss}
		thinned := 0
		for k, s := range c.Stages {
			d := s.(*system.DenseStage)
			if d.J.Full != nil {
				d.J = thin(d.J, rng)
				thinned++
			}
			e := *d
			e.J.Pattern = nil
			if d.Pass != nil && d.Pass.J.Full != nil {
				pass := *d.Pass
				d.Pass.J = thin(d.Pass.J, rng)
				thinned++
				pass.J = d.Pass.J
				pass.J.Pattern = nil
				e.Pass = &pass
			}
			c.Stages[k] = d
			plain.Stages = append(plain.Stages, &e)
		}
		if thinned < 4 {
			t.Fatalf("%d maps with a pattern", thinned)
		}
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		if c.ProductFlops() >= plain.ProductFlops() || system.EntriesOf(c) != system.EntriesOf(plain) {
			t.Errorf("%d flops with a pattern, %d without", c.ProductFlops(), plain.ProductFlops())
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
					t.Fatalf("%s: %v with a pattern, %v without", name, got[i], want[i])
				}
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
		d.J = system.SampleMap{Batch: 1, Rows: 2, Cols: 3, Full: make([]float64, 6), Pattern: p}
		c.Loss = system.SampleMap{Batch: 1, Rows: 2, Cols: 2, Diag: []float64{1, 1}}
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	for i, v := range []float64{math.NaN(), math.Inf(-1)} {
		c := chaintest.Random(rand.New(rand.NewPCG(1, 1)), 2, 2, chaintest.Stage{Out: 3, Full: true})
		d := c.Stages[0].(*system.DenseStage)
		d.J = thin(d.J, rand.New(rand.NewPCG(1, 1)))
		p := d.J.Pattern
		at := (d.J.Rows+1)*d.J.Cols + p.Col[p.Ptr[1]] // of row 1 of the second sample
		d.J.Full[at] = v
		var e *la.NotFiniteError
		if err := c.Check(); !errors.As(err, &e) || e.Index != at {
			t.Errorf("%d: %v; want element %d of J", i, err, at)
		}
	}
}
