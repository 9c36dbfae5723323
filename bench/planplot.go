package main

import (
	"fmt"

	"gonum.org/v1/plot"

	"costate/bench/internal/figure"
	"costate/bench/internal/prose"
	"costate/la"
	"costate/la/partition"
)

// planPage draws a matrix as it came and as it is factored.
func planPage(a *la.Sym, plan *partition.Plan) *figure.Page {
	permuted := plan.Perm.Sym(a)
	before := spy(fmt.Sprintf("as it comes: order %s, bandwidth %s", prose.Group(a.SymmetricDim()), prose.Group(a.Bandwidth())), a)
	title := fmt.Sprintf("as it is factored: %s", prose.Plural(plan.Chain.Blocks(), "block"))
	if n := plan.Leaves.Len(); n > 0 {
		title = fmt.Sprintf("as it is factored: %s ahead, %s", prose.Plural(n, "unknown"), prose.Plural(plan.Chain.Blocks(), "block"))
	}
	after := spy(title, permuted)
	if plan.Chain.Blocks() <= maxOutlines {
		outline(after, plan.Chain, plan.Leaves.Len())
	}
	return &figure.Page{Width: 330, Height: 350, Panels: [][]*plot.Plot{{before, after}}}
}
