package outputs

import (
	"math"
	"math/rand/v2"
	"testing"

	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

// rowsOf is J̃ by products: row (j, n) is column j of R, for sample n, taken back.
func rowsOf(c *system.Chain, r *root) [][]float64 {
	p := system.NewProduct(c, blas.Native())
	var j [][]float64
	e, v := make([]float64, r.batch*r.width), make([]float64, r.batch*r.c)
	for i := range e {
		clear(e)
		e[i] = 1
		r.mul(v, e)
		row := make([]float64, c.Params())
		p.TransOutputs(row, v)
		j = append(j, row)
	}
	return j
}

// stagesOf describes stages of which some are formed and others summed by pairs.
func stagesOf(rng *rand.Rand) []chaintest.Stage {
	return []chaintest.Stage{
		{Rows: 1 + rng.IntN(6), In: 1 + rng.IntN(30), Out: 1 + rng.IntN(4), Bias: rng.IntN(2) == 0, Ones: rng.IntN(2) == 0, Pass: rng.IntN(2) == 0, Full: rng.IntN(2) == 0, Sparse: rng.IntN(2) == 0},
		{Rows: 1 + rng.IntN(3), In: 1 + rng.IntN(40), Out: 1 + rng.IntN(4), Bias: rng.IntN(2) == 0, Skip: rng.IntN(3) == 0, Carry: rng.IntN(4) == 0},
		{Out: 1 + rng.IntN(3), Bias: true},
	}
}

// The two ways to the Gram matrix, and the matrix of the parameters, against J̃ by
// products, for chains in which counted flops choose each of the ways.
func TestWays(t *testing.T) {
	pairs, formed, parts := 0, 0, 0
	rng := rand.New(rand.NewPCG(2, 6))
	for round := range 100 {
		batch, stages := 1+rng.IntN(40), stagesOf(rng)
		if round%8 == 0 { // more rows of J̃ than parameters
			batch, stages = 40, []chaintest.Stage{{Rows: 2, In: 2, Out: 1, Ones: true, Bias: true}, {Out: 3}}
		}
		c := chaintest.Random(rng, batch, 1+rng.IntN(6), stages...).GaussNewton()
		f := New(c, blas.NativeThreads(1+round%2))
		if !f.Take(c) {
			t.Fatal("not taken")
		}
		for k, s := range c.Stages {
			switch d := s.(*system.DenseStage); {
			case f.formed[k] != nil:
				formed++
			case d.SampleRows() > 1:
				pairs++
			}
		}
		j := rowsOf(c, f.root)
		n := c.Params()
		normal := NewNormal(c, blas.Native())
		h := make([]float64, n*n)
		if !normal.Form(h, c) {
			t.Fatal("not formed")
		}
		if partRows(f.q, n) < f.q {
			parts++
		}
		largest := 0.0
		for a := range f.q {
			for _, v := range j[a] {
				largest = math.Max(largest, math.Abs(v))
			}
		}
		for a := range f.q {
			for b := range a + 1 {
				want := 0.0
				for i, v := range j[a] {
					want += v * j[b][i]
				}
				if got := f.gram[a*f.q+b]; !(math.Abs(got-want) <= 1e-14*float64(n)*largest*largest) {
					t.Fatalf("round %d: Gram (%d,%d) is %v, want %v", round, a, b, got, want)
				}
			}
		}
		for a := range n {
			for b := range a + 1 {
				want := 0.0
				for i := range j {
					want += j[i][a] * j[i][b]
				}
				if got := h[a*n+b]; !(math.Abs(got-want) <= 1e-14*float64(len(j))*largest*largest) {
					t.Fatalf("round %d: H (%d,%d) is %v, want %v", round, a, b, got, want)
				}
			}
		}
	}
	if pairs < 10 || formed < 10 || parts < 3 {
		t.Errorf("%d stages by pairs, %d formed, %d matrices in parts", pairs, formed, parts)
	}
}

// The cost counts what is chosen: a stage is formed where that counts fewer flops, and
// no way counts less than its share of the total.
func TestWaysCost(t *testing.T) {
	for _, tc := range []struct {
		rows, in, out, batch int
		formed               bool
	}{{16, 9, 8, 32, true}, {2, 64, 4, 32, false}, {1, 2, 2, 32, false}, {64, 25, 6, 8, true}} {
		c := chaintest.Random(rand.New(rand.NewPCG(1, 1)), tc.batch, 5, chaintest.Stage{Rows: tc.rows, In: tc.in, Out: tc.out}, chaintest.Stage{Out: 3}).GaussNewton()
		d := c.Stages[0].(*system.DenseStage)
		q := int64(3 * tc.batch)
		if got := forms(d, int(q)); got != tc.formed || got != (tc.rows > 1 && formFlops(d, q) < pairFlops(d, q)) {
			t.Errorf("%+v: formed is %v", tc, got)
		}
		cost, ok := CostOf(c)
		if !ok || cost.Point < min(formFlops(d, q), pairFlops(d, q)) {
			t.Errorf("%+v: a point counts %d flops, the first stage alone takes %d or %d", tc, cost.Point, pairFlops(d, q), formFlops(d, q))
		}
	}
}
