package partition

import (
	"fmt"
	"slices"

	"costate/la"
)

// Options are the settings of Auto. A nil pointer stands for the zero value.
type Options struct {
	// NoLeaves keeps all unknowns in the chain.
	NoLeaves bool

	// PatternOnly ignores the values of the matrix. Otherwise an entry that
	// is zero is no pivot for a group of leaves, and of two groupings of about
	// the same cost the one with larger pivots is taken.
	PatternOnly bool
}

// A Plan says how to factor a sparse symmetric matrix: which small groups of
// unknowns to eliminate first, each by itself (the leaves), and how the others
// form a block-tridiagonal chain. The permuted matrix is
//
//	[ G_1                 C_1ᵀ   ]
//	[      G_2            C_2ᵀ   ]      G_i small and dense
//	[           ⋱          ⋮     ]
//	[ C_1  C_2  …   D_0  S_0ᵀ    ]      every C_i meets at most the two blocks
//	[               S_0  D_1  ⋱  ]      Host[i] and Host[i]+1 of the chain
//	[                     ⋱   ⋱  ]
//
// Eliminating the groups leaves the chain block tridiagonal.
type Plan struct {
	// Perm orders the unknowns: the leaves group by group, then the chain
	// block by block.
	Perm Perm

	// Leaves has the groups as blocks; it is empty if there are none.
	Leaves Partition

	// Host is, for each group, the first block of the chain that it couples
	// to, or -1 if it couples to nothing.
	Host []int

	// Chain partitions the unknowns after the leaves: its index 0 is position
	// Leaves.Len() of Perm.
	Chain Partition

	// Components is the number of connected components of the matrix.
	Components int

	// Cost estimates the factorization, leaves and chain.
	Cost Cost
}

// Given checks a permutation and a partition that the caller knows: it returns
// the plan that they make, without leaves, and the error of Analyse if the
// permuted matrix is not block tridiagonal.
func Given(a *la.Sym, p Perm, part Partition) (*Plan, error) {
	g, err := Analyse(a, p, part)
	if err != nil {
		return nil, err
	}
	if p == nil {
		p = Identity(a.SymmetricDim())
	}
	low, graph := a.RawLower(), &graph{}
	components := graph.countComponents(low, graph.compress(low))
	return &Plan{Perm: p, Chain: part, Components: components, Cost: g.Cost()}, nil
}

// Auto finds a plan for any sparse symmetric matrix. An order that gives full
// blocks as it comes is taken at once. Otherwise Auto compares the order
// that the matrix comes in, those of Cuthill and McKee from both ends of
// each connected component, and their reverses, each with blocks cut as finely
// as stays block tridiagonal and then merged towards sizes that dense kernels
// like; and level structures whose alternate levels can go ahead as leaves. It
// takes the alternative with the least estimated time. The work is near
// linear in the number of entries; nothing is factored.
//
// Matrices without a good block-tridiagonal form (with a dense row, or from
// three-dimensional meshes) get a plan with large blocks: Cost tells.
//
// Sources: A. George and J. W. H. Liu, Computer Solution of Large Sparse
// Positive Definite Systems (1981), chapters 4 and 6; E. Cuthill and J. McKee,
// Reducing the bandwidth of sparse symmetric matrices, Proc. ACM Nat. Conf.
// (1969).
func Auto(a *la.Sym, opts *Options) (*Plan, error) {
	if opts == nil {
		opts = &Options{}
	}
	if a == nil {
		return nil, fmt.Errorf("partition: no matrix")
	}
	low, g := a.RawLower(), &graph{}
	vertex := g.compress(low)
	if f, ok := g.natural(low, vertex); ok {
		p := &planner{g: g}
		p.addFitting(f)
		return p.plan(low.N, g.countComponents(low, vertex)), nil
	}
	var mag func(t int) int16
	if !opts.NoLeaves {
		mag = exponents(a, opts.PatternOnly)
	}
	g.build(low, vertex, mag)
	nodes, ptr := g.components()
	p := newPlanner(g, opts)
	for c := 0; c+1 < len(ptr); c++ {
		p.component(nodes[ptr[c]:ptr[c+1]])
	}
	return p.plan(low.N, len(ptr)-1), nil
}

// A planner collects the parts of a plan component by component.
type planner struct {
	g    *graph
	opts *Options

	a, b  *search
	fit   *fitter
	split *splitter

	leaves []int32 // vertices of the groups
	groups []int   // sizes
	host   []int
	chain  []int32 // vertices of the chain
	blocks []int   // sizes
	cost   Cost

	open   bool // the last block has small components and may take more
	before Cost // of the plan without that block
}

func newPlanner(g *graph, opts *Options) *planner {
	p := &planner{g: g, opts: opts, a: newSearch(g), b: newSearch(g), fit: newFitter(g)}
	if !opts.NoLeaves {
		p.split = newSplitter(g)
	}
	return p
}

const (
	// smallComponent is the largest component that is a group or a block of
	// its own without being ordered, and packLimit the largest block that such
	// ones share.
	smallComponent = 24
	packLimit      = 8

	// narrow is the largest block of a chain that is too narrow for leaves to
	// help.
	narrow = 16
)

// component adds a connected component, its vertices in ascending order.
func (p *planner) component(nodes []int32) {
	if n := p.g.total(nodes); n <= smallComponent {
		p.small(nodes, n)
		return
	}
	p.open = false
	pseudoPeripheral(p.a, p.b, nodes[0])
	best := p.fit.fit(nodes)
	for _, s := range []*search{p.a, p.b} {
		if f := p.fit.fit(slices.Clone(s.order)); f.time < best.time {
			best = f
		}
	}
	best.merge()
	if !p.opts.NoLeaves && best.largest() > narrow {
		if c, ok := p.condense(p.a, p.b, best.time); ok {
			p.addCondensed(c)
			return
		}
	}
	p.addFitting(best)
}

// small adds a component of n unknowns that is not worth ordering.
func (p *planner) small(nodes []int32, n int) {
	if !p.opts.NoLeaves && len(nodes) < p.g.n {
		p.leaves = append(p.leaves, nodes...)
		p.groups = append(p.groups, n)
		p.host = append(p.host, -1)
		p.cost.addGroup(n, 0)
		return
	}
	last := len(p.blocks) - 1
	p.chain = append(p.chain, nodes...)
	if p.open && p.blocks[last]+n <= packLimit {
		p.cost = p.before
		n += p.blocks[last]
		p.blocks = p.blocks[:last]
	}
	p.before = p.cost
	p.addBlocks([]int{0, n}, []int{0})
	p.open = true
}

// addFitting adds a component without leaves.
func (p *planner) addFitting(f fitting) {
	p.chain = append(p.chain, f.order...)
	p.addBlocks(f.first, f.rows)
}

// addBlocks adds blocks to the chain, and their cost.
func (p *planner) addBlocks(first, rows []int) {
	for k := range rows {
		n, m := first[k+1]-first[k], 0
		if k+1 < len(rows) {
			m = rows[k+1]
		}
		p.blocks = append(p.blocks, n)
		p.cost.add(n, m)
	}
}

// plan finishes.
func (p *planner) plan(n, components int) *Plan {
	plan := &Plan{Host: p.host, Components: components, Leaves: New(p.groups), Chain: New(p.blocks), Cost: p.cost}
	plan.Perm = make(Perm, 0, n)
	for _, part := range [][]int32{p.leaves, p.chain} {
		for _, v := range part {
			for _, i := range p.g.member[p.g.first[v]:p.g.first[v+1]] {
				plan.Perm = append(plan.Perm, int(i))
			}
		}
	}
	return plan
}
