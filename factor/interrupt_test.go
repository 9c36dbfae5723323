package factor_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
	"costate/la/partition"
	"costate/system"
	"costate/system/chaintest"
)

// A countdown interrupts when it is asked for the nth time; it never does while n is 0.
type countdown struct{ asked, n atomic.Int64 }

func (c *countdown) interrupt() bool {
	n := c.n.Load()
	return c.asked.Add(1) >= n && n > 0
}

// from lets c interrupt when it is asked for the nth time from now on.
func (c *countdown) from(n int64) {
	c.asked.Store(0)
	c.n.Store(n)
}

// An interruptible is a method with its chain or matrix at hand.
type interruptible struct {
	factorize func() error
	solve     func(dst *mat.Dense, b mat.Matrix) error
	order     int
}

// interruptibles are all methods that can be interrupted, on a long chain and on a mesh.
func interruptibles(t *testing.T, o *factor.Options) map[string]interruptible {
	t.Helper()
	c := chaintest.Random(rand.New(rand.NewPCG(1, 2)), 2, 4, repeat(chaintest.Stage{Out: 4, Bias: true}, 30, chaintest.Stage{Out: 2})...)
	all := map[string]interruptible{}
	for name, f := range map[string]factor.Factorization{
		"chain": new(factor.Chain), "augmented": new(factor.Augmented), "auto": new(factor.Auto), "dense": new(factor.Dense),
		"cg": new(factor.CG), "minres": new(factor.MINRES),
	} {
		if err := f.Analyse(c, o); err != nil {
			t.Fatal(err)
		}
		all[name] = interruptible{func() error { return f.Factorize(1000) }, f.SolveTo, c.Params()}
	}
	var g factor.Gram
	if err := g.Analyse(convex(c.GaussNewton()), o); err != nil {
		t.Fatal(err)
	}
	all["gram"] = interruptible{func() error { return g.Factorize(0.1) }, g.SolveTo, c.Params()}
	var s factor.Shifted
	if err := s.Analyse(c, o); err != nil {
		t.Fatal(err)
	}
	all["shifted"] = interruptible{func() error { return s.Factorize(0.1, 1) }, func(dst *mat.Dense, b mat.Matrix) error {
		var im mat.Dense
		return s.SolveTo(dst, &im, b, nil)
	}, c.Params()}
	a := mesh(20)
	var sparse factor.Sparse
	if err := sparse.Analyse(a, o); err != nil {
		t.Fatal(err)
	}
	all["sparse"] = interruptible{func() error { return sparse.Factorize(a) }, sparse.SolveTo, a.SymmetricDim()}
	return all
}

// convex makes the loss of a chain one of squares.
func convex(c *system.Chain) *system.Chain {
	n := c.Loss.Batch * c.Loss.Rows
	ones := make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	c.Loss = system.SampleMap{Batch: c.Loss.Batch, Rows: c.Loss.Rows, Cols: c.Loss.Rows, Diag: ones}
	return c
}

// mesh is the five-point matrix of an n×n grid.
func mesh(n int) *la.Sym {
	b := la.NewSymBuilder(n*n, 3*n*n)
	for i := range n {
		for j := range n {
			k := i*n + j
			b.Add(k, k, 4)
			if i > 0 {
				b.Add(k, k-n, -1)
			}
			if j > 0 {
				b.Add(k, k-1, -1)
			}
		}
	}
	a, _ := b.Build()
	return a
}

// TestInterrupt: whenever a method is interrupted it says so at once, knows nothing then,
// and the next call is as good as ever.
func TestInterrupt(t *testing.T) {
	var c countdown
	for name, f := range interruptibles(t, &factor.Options{Interrupt: c.interrupt}) {
		b := mat.NewDense(f.order, 3, nil)
		for i := range f.order {
			b.Set(i, i%3, float64(i%5-2))
		}
		var want mat.Dense
		c.from(0)
		err := errors.Join(f.factorize(), f.solve(&want, b))
		most := c.asked.Load()
		if err != nil || most < 2 {
			t.Fatalf("%s: %v, asked %d times", name, err, most)
		}
		interrupted := 0
		for n := int64(1); n <= most; n += 1 + most/40 {
			what := fmt.Sprintf("%s, interrupted the %dth time of %d", name, n, most)
			c.from(n)
			var x mat.Dense
			err := f.factorize()
			if err == nil {
				err = f.solve(&x, b)
			} else {
				panicsWith(t, factor.ErrNotFactorized, func() { f.solve(&x, b) })
			}
			if err != factor.ErrInterrupted {
				t.Errorf("%s: %v", what, err)
				continue
			}
			interrupted++
			if late := c.asked.Load() - n; late > 200 {
				t.Errorf("%s: asked %d times more", what, late)
			}
			c.from(0)
			if err := errors.Join(f.factorize(), f.solve(&x, b)); err != nil || !mat.Equal(&x, &want) {
				t.Errorf("%s: then %v", what, err)
			}
		}
		if interrupted == 0 {
			t.Errorf("%s was never interrupted", name)
		}
	}
}

// TestInterruptAnalysis: an order that is being looked for can be given up, by minimum
// degree, by nested dissection, and while partners are, and the next analysis is as good
// as ever.
func TestInterruptAnalysis(t *testing.T) {
	strong, weak := mesh(60), mesh(60)
	for i := range weak.SymmetricDim() { // no diagonal to rely on
		weak.RawLower().Val[weak.Index(i, i)] = 0.01
	}
	for _, ordering := range []partition.Ordering{partition.OrderAuto, partition.OrderAMD, partition.OrderND} {
		for name, a := range map[string]*la.Sym{"strong diagonal": strong, "weak diagonal": weak} {
			var c countdown
			var f factor.Sparse
			o := &factor.Options{Ordering: ordering, Interrupt: c.interrupt}
			if err := f.Analyse(a, o); err != nil {
				t.Fatal(err)
			}
			most, want := c.asked.Load(), f.Tree().Perm
			if most < 3 {
				t.Errorf("%v, %s: asked %d times", ordering, name, most)
			}
			for n := int64(1); n <= most; n += 1 + most/20 {
				c.from(n)
				if err := f.Analyse(a, o); err != factor.ErrInterrupted {
					t.Errorf("%v, %s, interrupted the %dth time of %d: %v", ordering, name, n, most, err)
				}
				if late := c.asked.Load() - n; late > 200 {
					t.Errorf("%v, %s: asked %d times more", ordering, name, late)
				}
				c.from(0)
				if err := errors.Join(f.Analyse(a, o), f.Factorize(a)); err != nil || !slices.Equal(f.Tree().Perm, want) {
					t.Errorf("%v, %s: then %v", ordering, name, err)
				}
			}
		}
	}
}

// TestInterruptDense: one factorization of a dense matrix is given up between panels.
func TestInterruptDense(t *testing.T) {
	var c countdown
	chain := chaintest.Random(rand.New(rand.NewPCG(1, 2)), 2, 20, chaintest.Stage{Out: 20, Bias: true}, chaintest.Stage{Out: 2})
	var f factor.Dense
	if err := f.Analyse(chain, &factor.Options{Interrupt: c.interrupt}); err != nil {
		t.Fatal(err)
	}
	c.from(0)
	if err := f.Factorize(1000); err != nil {
		t.Fatal(err)
	}
	most, want := c.asked.Load(), f.Inertia()
	if panels := int64(chain.Params() / 100); most < panels {
		t.Errorf("asked %d times", most)
	}
	for n := int64(1); n <= most; n++ {
		c.from(n)
		if err := f.Factorize(1000); err != factor.ErrInterrupted {
			t.Errorf("interrupted the %dth time of %d: %v", n, most, err)
		}
		c.from(0)
		if err := f.Factorize(1000); err != nil || f.Inertia() != want {
			t.Errorf("then %v", err)
		}
	}
}

// TestInterruptPoint: what forms a matrix can be interrupted as well, and needs a new
// point then.
func TestInterruptPoint(t *testing.T) {
	chain := convex(chainCases[4].make(1).GaussNewton())
	var c countdown
	for name, f := range map[string]factor.Factorization{"gram": new(factor.Gram), "dense": new(factor.Dense)} {
		c.from(1)
		if err := f.Analyse(chain, &factor.Options{Interrupt: c.interrupt}); err != factor.ErrInterrupted && name == "gram" {
			t.Errorf("%s: Analyse: %v", name, err)
		}
		c.from(0)
		if err := f.Analyse(chain, &factor.Options{Interrupt: c.interrupt}); err != nil {
			t.Fatal(err)
		}
		c.from(1)
		if err := f.Update(chain); err == nil && name == "gram" || err != nil && err != factor.ErrInterrupted {
			t.Errorf("%s: Update: %v", name, err)
		}
		c.from(0)
		if err := errors.Join(f.Update(chain), f.Factorize(1)); err != nil {
			t.Errorf("%s: then %v", name, err)
		}
	}
}
