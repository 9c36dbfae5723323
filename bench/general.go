package main

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"

	"costate/factor"
	"costate/la"
	"costate/la/partition"
)

// A general solves with any sparse symmetric matrix, by the block-tridiagonal
// form that is found for it.
type general struct {
	plan   *partition.Plan
	gather *partition.Gather
	tri    *la.BlockTridiag
	block  factor.Block
	b, x   *mat.VecDense // permuted
}

// newGeneral orders the matrix and prepares to factor matrices of its pattern.
func newGeneral(a *la.Sym, opts *factor.Options) (*general, error) {
	g := new(general)
	var err error
	if g.plan, err = partition.Auto(a, &partition.Options{NoLeaves: true}); err != nil {
		return nil, err
	}
	if g.gather, err = partition.Analyse(a, g.plan.Perm, g.plan.Chain); err != nil {
		return nil, err
	}
	if bytes := 2 * 8 * int64(g.gather.Elements()); opts.MemoryLimit > 0 && bytes > opts.MemoryLimit {
		return nil, &factor.MemoryError{Needed: bytes, Limit: opts.MemoryLimit,
			What: fmt.Sprintf("a block-tridiagonal form with blocks of order up to %d", g.plan.Chain.Largest())}
	}
	g.tri = g.gather.New()
	n := a.SymmetricDim()
	g.b, g.x = mat.NewVecDense(n, nil), mat.NewVecDense(n, nil)
	return g, g.block.Analyse(g.tri, opts)
}

func (g *general) factorize(a *la.Sym) error {
	g.gather.To(g.tri, a)
	return g.block.Factorize(g.tri)
}

func (g *general) solve(x, b *mat.VecDense) error {
	g.plan.Perm.Apply(g.b.RawVector().Data, b.RawVector().Data)
	err := g.block.SolveVecTo(g.x, g.b)
	g.plan.Perm.ApplyInverse(x.RawVector().Data, g.x.RawVector().Data)
	return err
}

func (g *general) blocks() (count, largest int) { return g.plan.Chain.Blocks(), g.plan.Chain.Largest() }
func (g *general) report() factor.Report        { return g.block.Report() }
func (g *general) inertia() la.Inertia          { return g.block.Inertia() }
func (g *general) logDet() (log, sign float64)  { return g.block.LogDet() }

// page draws the matrix as it came and as it is factored.
func (g *general) page(a *la.Sym) *page {
	before := spy(fmt.Sprintf("as it comes: order %s, bandwidth %s", group(a.SymmetricDim()), group(a.Bandwidth())), a)
	permuted := g.plan.Perm.Sym(a)
	after := spy(fmt.Sprintf("as it is factored: %s, bandwidth %s", plural(g.plan.Chain.Blocks(), "block"), group(permuted.Bandwidth())), permuted)
	if g.plan.Chain.Blocks() <= 64 {
		outline(after, g.plan.Chain)
	}
	return &page{width: 330, height: 350, panels: [][]*plot.Plot{{before, after}}}
}
