package outputs

import (
	"math"
	"math/rand/v2"
	"testing"

	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

// outputRows is J by products, in the order of RowsOf: outputs first, then samples.
func outputRows(c *system.Chain) [][]float64 {
	p := system.NewProduct(c, blas.Native())
	batch, width := c.Loss.Batch, c.Loss.Rows
	var j [][]float64
	v := make([]float64, batch*width)
	for i := range batch * width {
		clear(v)
		v[i%batch*width+i/batch] = 1
		row := make([]float64, c.Params())
		p.TransOutputs(row, v)
		j = append(j, row)
	}
	return j
}

// columns marks the parameters of the weights of the inputs from lo to hi in stage k,
// and of its biases.
func columns(f *Engine, k, lo, hi int, bias bool) []bool {
	d := f.stage(k)
	in := make([]bool, f.n)
	for o := range d.Out {
		for i := lo; i < hi; i++ {
			in[f.offsets[k]+o*d.In+i] = true
		}
		if bias {
			in[f.offsets[k]+d.Out*d.In+o] = true
		}
	}
	return in
}

// weighted is Σ_i a_i b_i weight_i, and bound the sum of the magnitudes.
func weighted(a, b []float64, weight func(i int) float64) (sum, bound float64) {
	for i, v := range a {
		t := v * b[i] * weight(i)
		sum += t
		bound += math.Abs(t)
	}
	return sum, bound
}

// Parts of the Gram matrix, and the products with the rows of another chain's outputs
// and with themselves, against rows by products.
func TestCross(t *testing.T) {
	pairs, formed := 0, 0
	rng := rand.New(rand.NewPCG(3, 6))
	for round := range 60 {
		stages, in := stagesOf(rng), 1+rng.IntN(6)
		seed := rng.Uint64()
		draw := func(batch int, stream uint64) *system.Chain {
			return chaintest.Random(rand.New(rand.NewPCG(seed, stream)), batch, in, stages...).GaussNewton()
		}
		c, test := draw(1+rng.IntN(40), 1), draw(1+rng.IntN(9), 2)
		f := New(c, blas.NativeThreads(1+round%2))
		if !f.Take(c) {
			t.Fatal("not taken")
		}
		eps := make([]float64, len(c.Stages))
		for k := range eps {
			eps[k] = 0.5 + rng.Float64()
		}
		f.Factor(eps)
		near := func(what string, got, want, bound float64) {
			t.Helper()
			if !(math.Abs(got-want) <= 1e-13*(bound+1)) {
				t.Fatalf("round %d: %s is %v, want %v", round, what, got, want)
			}
		}
		j := rowsOf(c, f.root)
		part := make([]float64, f.q*f.q)
		for k := range eps {
			d := f.stage(k)
			if f.formed[k] != nil {
				formed++
			} else if d.SampleRows() > 1 {
				pairs++
			}
			lo := rng.IntN(d.In + 1)
			hi, bias := lo+rng.IntN(d.In-lo+1), d.Bias && rng.IntN(2) == 0
			f.Part(part, k, lo, hi, bias)
			marked := columns(f, k, lo, hi, bias)
			for a := range f.q {
				for b := range f.q {
					want, bound := weighted(j[a], j[b], func(i int) float64 {
						if marked[i] {
							return 1
						}
						return 0
					})
					near("part", part[a*f.q+b], want, bound)
				}
			}
		}
		damping := make([]float64, 0, f.n)
		for k, s := range c.Stages {
			for range s.Params() {
				damping = append(damping, eps[k])
			}
		}
		inverse := func(i int) float64 { return 1 / damping[i] }
		r, jt := f.RowsOf(test), outputRows(test)
		cross, own := make([]float64, r.q*f.q), make([]float64, r.q*r.Width)
		f.Cross(cross, r)
		f.Own(own, r)
		for a := range r.q {
			for b := range f.q {
				want, bound := weighted(jt[a], j[b], inverse)
				near("test × train", cross[a*f.q+b], want, bound)
			}
			for b := range r.q {
				if n := a % r.Batch; n == b%r.Batch {
					want, bound := weighted(jt[a], jt[b], inverse)
					near("test × test", own[(n*r.Width+a/r.Batch)*r.Width+b/r.Batch], want, bound)
				}
			}
		}
	}
	if pairs < 15 || formed < 15 {
		t.Errorf("%d stages by pairs, %d formed", pairs, formed)
	}
}
