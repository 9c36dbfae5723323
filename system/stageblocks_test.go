package system_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

// Diagonal, traces and diagonal blocks against products with unit vectors.
func TestStageBlocks(t *testing.T) {
	forChains(t, func(t *testing.T, c *system.Chain) { checkStageBlocks(t, c) })
	// No map, and a loss over all outputs at once.
	c := chaintest.Random(rand.New(rand.NewPCG(2, 2)), 3, 4, chaintest.Stage{Out: 3, Bias: true}, chaintest.Stage{Skip: true}, chaintest.Stage{Out: 2})
	for _, s := range c.Stages {
		s.(*system.DenseStage).J = system.SampleMap{}
	}
	checkStageBlocks(t, c)
	whole := system.SampleMap{Batch: 1, Rows: 6, Cols: 6, Full: make([]float64, 36)}
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range 6 {
		for j := range i + 1 {
			v := rng.NormFloat64()
			whole.Full[i*6+j], whole.Full[j*6+i] = v, v
		}
	}
	c.Loss = whole
	checkStageBlocks(t, c)
	c.Loss = system.SampleMap{Batch: 3, Rows: 2, Cols: 2, Diag: []float64{1, 2, 3, 4, 5, 6}}
	checkStageBlocks(t, c)
}

// Update leaves nothing of the chain before, whatever the shapes of both.
func TestStageBlocksUpdate(t *testing.T) {
	s := system.NewStageBlocks(chaintest.Random(rand.New(rand.NewPCG(1, 1)), 3, 4, chaintest.Stage{Out: 3, Bias: true}), blas.Native())
	forChains(t, func(t *testing.T, c *system.Chain) {
		got, want := make([]float64, c.Params()), make([]float64, c.Params())
		for range 2 {
			s.Update(c)
			s.DiagTo(got)
			system.NewStageBlocks(c, blas.Native()).DiagTo(want)
			if !slices.Equal(got, want) {
				t.Fatalf("diagonal %v, want %v", got, want)
			}
		}
	})
}

func checkStageBlocks(t *testing.T, c *system.Chain) {
	t.Helper()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	n := c.Params()
	p := system.NewProduct(c, blas.Native())
	h := make([][]float64, n)
	norm := 0.0
	for j := range n {
		e := make([]float64, n)
		e[j] = 1
		h[j] = make([]float64, n)
		p.HessVec(h[j], e)
		for _, v := range h[j] {
			norm = math.Hypot(norm, v)
		}
	}
	near := func(what string, got, want, size float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 1e-14*size) {
			t.Fatalf("%s is %v, want %v", what, got, want)
		}
	}
	s := system.NewStageBlocks(c, blas.Native())
	diag := make([]float64, n)
	s.DiagTo(diag)
	trace := 0.0
	for i := range n {
		near("an element of the diagonal", diag[i], h[i][i], norm)
		trace += h[i][i]
	}
	near("the trace", s.Trace(), trace, float64(n)*norm)
	off := 0
	for k, stage := range c.Stages {
		m := stage.Params()
		block := make([]float64, m*m)
		s.BlockTo(block, k)
		trace := 0.0
		for i := range m {
			for j := range m {
				near("an element of a block", block[i*m+j], h[off+i][off+j], norm)
			}
			trace += h[off+i][off+i]
		}
		near("the trace of a block", s.StageTrace(k), trace, float64(m)*norm)
		off += m
	}
}
