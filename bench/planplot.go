package main

import (
	"fmt"

	"gonum.org/v1/plot"

	"costate/bench/internal/figure"
	"costate/la"
	"costate/la/partition"
)

// planPage draws a matrix as it came and as it is factored.
func planPage(a *la.Sym, tree *partition.Tree) *figure.Page {
	permuted := tree.Perm.Sym(a)
	before := spy(fmt.Sprintf("as it comes: order %s, bandwidth %s", group(a.SymmetricDim()), group(a.Bandwidth())), a)
	after := spy(fmt.Sprintf("as it is factored: %s, ordered by %s", plural(tree.Nodes.Blocks(), "front"), tree.Ordering), permuted)
	if tree.Nodes.Blocks() <= maxOutlines {
		outline(after, tree.Nodes, 0)
	}
	return &figure.Page{Width: 330, Height: 350, Panels: [][]*plot.Plot{{before, after}}}
}
