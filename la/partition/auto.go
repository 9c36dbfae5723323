package partition

import (
	"fmt"

	"costate/la"
)

// An Ordering is a way to order the unknowns of a sparse symmetric matrix.
type Ordering int

// Orderings.
const (
	OrderAuto    Ordering = iota // the least predicted time of those below
	OrderNatural                 // as the unknowns come
	OrderAMD                     // approximate minimum degree
	OrderND                      // nested dissection
)

func (o Ordering) String() string {
	switch o {
	case OrderAuto:
		return "auto"
	case OrderNatural:
		return "natural"
	case OrderAMD:
		return "amd"
	case OrderND:
		return "nd"
	}
	return fmt.Sprintf("Ordering(%d)", int(o))
}

// Options are the settings of Auto. A nil pointer stands for the zero
// value.
type Options struct {
	// Ordering is the ordering to use.
	Ordering Ordering

	// Perm, if not nil, is the order to use, and Ordering is OrderAuto. The tree
	// has an order that makes the same fill: see Auto.
	Perm Perm

	// Mates are pairs of unknowns to be eliminated as one, as a matching finds
	// them for pivots of order two: Mates[i] is the partner of i, whose
	// partner is i, and i or -1 if it has none. A nil slice has no pairs.
	Mates []int32

	// Apart says that mates are neighbours in the order, no more, and may come to be in different
	// nodes: for programs that take an order and make nodes of their own. Tree, costs and choice are
	// then those of the pattern as it is.
	Apart bool

	// Interrupt, unless it is nil, is asked now and then, from several goroutines, whether
	// to give up. Where it returns true, and goes on to do so, the error is
	// ErrInterrupted.
	Interrupt func() bool

	// Reuse is the number of factorizations to come on this tree, as far
	// as is known; 0 is unknown. Many are worth a longer search: for a tree that
	// goes to AnalyseTree of factor.Sparse, which without one does not know.
	Reuse int
}

// manyReuses is the Reuse from which only factorizations count.
const manyReuses = 10

const (
	// naturalFull is the share of the matrix's entries in the factor of the natural order
	// from which no other order is looked for: a factor of less than twice the entries has
	// little left to save. naturalFullOften is the same if the factorization is repeated.
	naturalFull      = 0.5
	naturalFullOften = 0.8

	// amdSeconds and ndSeconds are what orderings take for each unknown and
	// each entry, on one core of an AMD EPYC.
	amdSeconds = 0.06e-6
	ndSeconds  = 0.7e-6

	// worthwhile is how many times the seconds of nested dissection the factorization
	// must take for that to be tried: where it is worth anything it halves the flops, most
	// often, and so pays for itself. worthwhileOften is the same if they are repeated.
	worthwhile      = 2.0
	worthwhileOften = worthwhile / manyReuses

	// triesTimes is how many times longer the factorization must take for several separators
	// of the whole to be tried: that is a third of the time of nested dissection, and saves a
	// tenth of the flops, which are half of what they were.
	triesTimes = 4.0
)

// Auto finds an assembly tree for any sparse symmetric matrix, from its pattern,
// explicit zeros included. Unknowns that are indistinguishable, and mates, become
// one; an order is chosen, by predicted time from exact counts and never by
// measured time; its elimination tree is found, its columns are grouped into
// supernodes, and small ones are merged into their parents where this stores few
// zeros.
//
// OrderAuto takes the natural order where its factor is full enough, or so quick
// that another would take longer to find: bands, chains of blocks and arrows keep
// their order. Otherwise it tries minimum degree, and nested dissection if what
// minimum degree gives takes long enough to be worth that.
//
// Whatever the order, the tree eliminates subtree by subtree, children in an
// order that keeps the stack low: Tree.Perm makes the same fill as the order, and
// is in general another one. Mates are neighbours in it and in one node, but for
// Options.Apart, with which the order that the tree is of has them as neighbours.
//
// Mates that are no pairs, a Perm that is no permutation, or both a Perm and an
// Ordering are errors. The time is near linear in the number of entries and
// of Rows.
//
// Source: J. W. H. Liu, The multifrontal method for sparse matrix solution:
// theory and practice, SIAM Review 34 (1992).
func Auto(a *la.Sym, opts *Options) (*Tree, error) {
	if opts == nil {
		opts = &Options{}
	}
	if a == nil {
		return nil, fmt.Errorf("partition: no matrix")
	}
	low := a.RawLower()
	if err := opts.check(low.N); err != nil {
		return nil, err
	}
	q := compress(low, opts.Mates)
	q.interrupt = opts.Interrupt
	pairs := q
	if opts.Apart && opts.Mates != nil {
		q = compress(low, nil)
		pairs.apart = func(order []int32) *etree { return newETree(&q.wgraph, q.byFirst(pairs.unknowns(order))) }
	}
	best := chosen(&pairs.wgraph, pairs, opts)
	if best == nil {
		return nil, ErrInterrupted
	}
	t := assemble(&q.wgraph, best.nodes, q, best.tree.order)
	t.Components = best.tree.components()
	t.Ordering = best.ordering
	return t, nil
}

func (o *Options) check(n int) error {
	if o.Ordering < OrderAuto || o.Ordering > OrderND {
		return fmt.Errorf("partition: unknown ordering %d", int(o.Ordering))
	}
	if o.Perm != nil {
		if o.Ordering != OrderAuto {
			return fmt.Errorf("partition: a permutation is given, and the ordering %v", o.Ordering)
		}
		if len(o.Perm) != n {
			return fmt.Errorf("partition: permutation of %d for %d unknowns", len(o.Perm), n)
		}
		if err := o.Perm.Validate(); err != nil {
			return err
		}
	}
	return checkMates(o.Mates, n)
}

// A candidate is an order with its supernodes and their cost.
type candidate struct {
	ordering Ordering
	tree     *etree
	nodes    *supernodes
	cost     Cost
}

// newCandidate returns nil where finding the order was interrupted.
func newCandidate(o Ordering, g *wgraph, order []int32) *candidate {
	if order == nil && g.len() > 0 || g.interrupted() {
		return nil
	}
	return g.etree(order).candidate(o)
}

// etree returns the elimination tree by which an order is counted.
func (g *wgraph) etree(order []int32) *etree {
	if g.apart != nil {
		return g.apart(order)
	}
	return newETree(g, order)
}

func (t *etree) candidate(o Ordering) *candidate {
	c := &candidate{ordering: o, tree: t, nodes: t.fundamental().amalgamated()}
	c.cost = c.nodes.cost()
	return c
}

// better returns the candidate that takes less time, c if they are equal, and nil if
// finding one was interrupted.
func (c *candidate) better(d *candidate) *candidate {
	if c == nil || d == nil {
		return nil
	}
	if d.cost.Time < c.cost.Time {
		return d
	}
	return c
}

// chosen returns the order that the options ask for.
func chosen(g *wgraph, q *quotient, opts *Options) *candidate {
	if opts.Perm != nil {
		return newCandidate(OrderAuto, g, q.byFirst(opts.Perm))
	}
	switch opts.Ordering {
	case OrderNatural:
		return newCandidate(OrderNatural, g, identity(g.len()))
	case OrderND:
		return newCandidate(OrderND, g, dissect(g, mostTries))
	case OrderAMD:
		return newCandidate(OrderAMD, g, minDegree(g))
	}
	full, amdTimes, ndTimes := naturalFull, 1.0, worthwhile
	if opts.Reuse >= manyReuses {
		full, amdTimes, ndTimes = naturalFullOften, worthwhileOften, worthwhileOften
	}
	size := float64(g.len() + len(g.adj))
	quick := Cost{Time: amdTimes * amdSeconds * size * fullSpeed}
	if g.interrupted() {
		return nil
	}
	if best, known := searchedSolid(g, full, ndTimes*ndSeconds*size); known {
		return best
	}
	natural := newNaturalOrder(g)
	if natural.mayBeFull(full) || natural.least <= quick.Time {
		t := natural.tree()
		// The exact flops bound the time from below: many natural orders are out of the
		// question before their nodes are known.
		if t.full() >= full || t.flops() <= quick.Time {
			if c := t.candidate(OrderNatural); t.full() >= full || c.cost.Time <= quick.Time {
				return c
			}
		}
	}
	best := searched(g, ndTimes*ndSeconds*size)
	if best != nil && natural.least < best.cost.Time && natural.tree().flops() < best.cost.Time {
		best = natural.tree().candidate(OrderNatural).better(best)
	}
	return best
}

// A naturalOrder is the order that the vertices have, with its elimination tree, which is
// counted only where bounds do not say enough.
type naturalOrder struct {
	g       *wgraph
	parent  []int32
	entries float64 // of L beside its diagonal blocks, at least
	least   float64 // flops, at least
	counted *etree
}

func newNaturalOrder(g *wgraph) *naturalOrder {
	if g.apart != nil { // the tree is of another graph, of which there are no bounds
		return &naturalOrder{g: g, counted: g.etree(identity(g.len()))}
	}
	n := &naturalOrder{g: g, parent: eliminationTree(g, identity(g.len()))}
	n.entries = g.leastEntries(n.parent)
	// Columns of m entries take m² flops each, of which the sum is least where all have
	// as many.
	n.least = n.entries * n.entries / float64(max(g.total(), 1))
	return n
}

// mayBeFull reports whether the share of entries of the matrix in those of L may be so large.
func (n *naturalOrder) mayBeFull(share float64) bool {
	entries, square := n.g.entries()
	return (entries+square)/max(n.entries+square, 1) >= share
}

func (n *naturalOrder) tree() *etree {
	if n.counted == nil {
		n.counted = newETreeOf(n.g, identity(n.g.len()), n.parent)
	}
	return n.counted
}

// searchedSolid returns the order of nested dissection if the pattern says that it is the best,
// and whether it does. A factorization that takes worth seconds is worth this search; of
// natural orders only those are as good that fill in by less than a share.
func searchedSolid(g *wgraph, share, worth float64) (best *candidate, known bool) {
	if n := float64(g.total()); solidFlops*n*n < worth*fullSpeed || !g.solid() || g.fullAsItComes(share) {
		return nil, false
	}
	best = newCandidate(OrderND, g, dissect(g, mostTries))
	return best, best == nil || best.cost.Seconds() > worth/2
}

// searched returns the better order of minimum degree and nested dissection, of which the
// latter is looked for where the factorization takes more than worth seconds.
func searched(g *wgraph, worth float64) *candidate {
	best := newCandidate(OrderAMD, g, minDegree(g))
	if best == nil || best.cost.Seconds() <= worth {
		return best
	}
	tries := mostTries
	if best.cost.Seconds() <= triesTimes*worth {
		tries = 0
	}
	return best.better(newCandidate(OrderND, g, dissect(g, tries)))
}

// Full reports whether a, in the order that it comes in, gets so few new entries by
// elimination that Auto looks for no other order: bands, chains of dense blocks, arrows.
// It is quick: new entries are counted row by row, until they are too many.
func Full(a *la.Sym) bool {
	low := a.RawLower()
	g := wgraph{ptr: low.Ptr, adj: low.Col, weight: ones(low.N)}
	return g.fullAsItComes(naturalFull)
}

// fullAsItComes reports whether the entries of the matrix are at least a share of those of L in
// the order of the vertices. Neighbours above a vertex, and itself, may be missing in its list.
//
// Source: T. A. Davis, Direct methods for sparse linear systems, SIAM (2006), section
// 4.2: a row of L is what is met on the way up the elimination tree from its entries.
func (g *wgraph) fullAsItComes(share float64) bool {
	n := int32(g.len())
	entries, square := g.entries()
	room := (entries+square)/share - square
	parent, seen := make([]int32, n), make([]int32, n)
	found := 0.0
	for v := range n {
		parent[v], seen[v] = none, v
		row := 0
		for _, u := range g.neighbours(v) {
			if u > v {
				continue
			}
			for ; seen[u] != v; u = parent[u] {
				seen[u] = v
				row += int(g.weight[u])
				if parent[u] == none {
					parent[u] = v
				}
			}
		}
		if found += float64(row) * float64(g.weight[v]); found > room {
			return false
		}
	}
	return true
}

// entries counts those of the matrix below its diagonal blocks, and in the lower triangles of
// these. Neighbours above a vertex may be missing in its list.
func (g *wgraph) entries() (below, square float64) {
	for v, x := range g.weight {
		w, sum := float64(x), 0
		for _, u := range g.neighbours(int32(v)) {
			if int(u) < v {
				sum += int(g.weight[u])
			}
		}
		below += w * float64(sum)
		square += w * (w + 1) / 2
	}
	return below, square
}

// full returns the share of entries of the matrix in those of L.
func (t *etree) full() float64 {
	factor := 0.0
	for v, w := range t.weight {
		x := float64(w)
		factor += x * (float64(t.count[v]) - (x-1)/2)
	}
	below, square := t.given.entries()
	return (below + square) / max(factor, 1)
}

// flops returns those of the entries of L, which are no more than those of its nodes.
func (t *etree) flops() float64 {
	var c Cost
	for v, w := range t.weight {
		c.addFront(int(w), int(t.count[v]-w))
	}
	return c.Flops
}

// components counts the roots.
func (t *etree) components() int {
	n := 0
	for _, p := range t.parent {
		if p < 0 {
			n++
		}
	}
	return n
}

// identity returns 0, …, n-1.
func identity(n int) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	return order
}

// unknowns returns those of the vertices, in this order.
func (q *quotient) unknowns(order []int32) Perm {
	p := make(Perm, 0, len(q.member))
	for _, v := range order {
		for _, i := range q.member[q.first[v]:q.first[v+1]] {
			p = append(p, int(i))
		}
	}
	return p
}

// byFirst returns the vertices in the order in which p has their first unknowns.
func (q *quotient) byFirst(p Perm) []int32 {
	order := make([]int32, 0, q.len())
	seen := make([]bool, q.len())
	for _, i := range p {
		if v := q.of[i]; !seen[v] {
			seen[v] = true
			order = append(order, v)
		}
	}
	return order
}
