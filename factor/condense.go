package factor

import (
	"cmp"
	"math"
	"slices"

	"costate/la"
	"costate/la/blas"
	"costate/la/partition"
)

// leaves eliminates the groups of a plan ahead of the chain (static
// condensation). A group G couples by C to unknowns of the blocks h and h+1 of
// the chain only,
//
//	[ G  Cᵀ ]       P G Pᵀ = L D Lᵀ         Bunch–Kaufman
//	[ C  A  ]       X = C Pᵀ L⁻ᵀ
//	                A − C G⁻¹ Cᵀ = A − X D⁻¹ Xᵀ
//
// and the update goes to D_h, S_h and D_{h+1}. The block of the two in which a
// group couples to more unknowns is its major side, the other the minor one.
// Groups that couple to the same unknowns on their major side form a bundle,
// whose X stand side by side, so that one product serves them all. Only the
// factors of G are kept: a solve uses the sparse C again.
//
// A pivot whose update would be too large is not stable; its unknown is
// rejected, and belongs into the chain.
type leaves struct {
	backend blas.Backend
	split   *partition.Split
	a       *la.Sym // values at hand, set before begin
	plan    *partition.Plan

	groups  []leafGroup // by host, then bundle
	bundles []bundle
	ptr     []int // bundles of host k-1; host -1 means no coupling
	first   []int // of the chain's blocks

	shift float64
	limit float64 // largest element of an update
	stats coreStats
	done  []bool // groups of host k-1 have been counted
	cross []bool // a group of host k couples to block k+1

	strict   bool    // a rejected unknown ends the factorization
	rejected []int32 // unknowns, by their positions in the plan
	f        []float64
	e        []float64
	perm     []int

	// Workspace.
	c, x, xd []float64 // of a group: coupling, X, X D⁻¹
	u        []float64
	d, o     []float64
	big      []float64
	major    [2][]float64 // X and X D⁻¹ of a bundle, major side
	minor    [2][]float64 // the same of a run, minor side
	work     []float64
	kept     [2]keptUpdate
}

// A leafGroup is one group; its pivots are at f[at:at+n*n], e[first:], perm[first:].
type leafGroup struct {
	id, host int // in the split
	n        int
	first    int // of the unknowns, in the plan's order
	at       int
	in, next []int32 // offsets in the blocks h, h+1 that it couples to
}

// sides returns the lists of the major and the minor side, and whether the major
// side is block h+1.
func (g *leafGroup) sides() (major, minor []int32, flip bool) {
	if len(g.next) > len(g.in) {
		return g.next, g.in, true
	}
	return g.in, g.next, false
}

// A bundle is a run of groups that couple to the same unknowns on their major
// side.
type bundle struct {
	from, to int
	n        int // unknowns of its groups
	runs     []leafRun
}

// A leafRun is a run of groups of a bundle that couple to the same unknowns on
// the minor side too.
type leafRun struct {
	from, to int
	n, off   int // unknowns, and those before it in the bundle
}

// keptUpdate is what the groups of host k add to S_k and D_{k+1}.
type keptUpdate struct {
	k         int
	sub, next []float64
}

const (
	// leafGrowth is how large an update of a group may be, over ‖A‖; larger
	// ones cost the digits that refinement has to recover.
	leafGrowth = 1e5

	// tinyPivot is how many times the rounding error n·u of its group a pivot
	// must be.
	tinyPivot = 8

	// bundleWidth bounds the unknowns of a bundle, and bundleArea its elements.
	bundleWidth = 1024
	bundleArea  = 1 << 22
)

// init takes the groups of a plan for matrices with the pattern of a.
func (l *leaves) init(a *la.Sym, plan *partition.Plan, be blas.Backend) error {
	split, err := plan.Analyse(a)
	if err != nil {
		return err
	}
	*l = leaves{backend: be, split: split, plan: plan, first: append(plan.Chain.Firsts(), plan.Chain.Len())}
	n := split.Groups()
	l.groups = make([]leafGroup, n)
	type key struct {
		id, host     int
		flip         bool
		major, minor uint64
	}
	keys := make([]key, n)
	at := make([]int, n)
	total := 0
	for k := range n {
		size, host, in, next := split.Group(k)
		major, minor, flip := (&leafGroup{in: in, next: next}).sides()
		keys[k] = key{k, host, flip, hashList(major), hashList(minor)}
		at[k] = total
		total += size * size
	}
	slices.SortStableFunc(keys, func(x, y key) int {
		switch {
		case x.host != y.host:
			return x.host - y.host
		case x.flip != y.flip:
			if y.flip {
				return -1
			}
			return 1
		case x.major != y.major:
			return cmp.Compare(x.major, y.major)
		case x.minor != y.minor:
			return cmp.Compare(x.minor, y.minor)
		}
		return x.id - y.id
	})
	blocks := plan.Chain.Blocks()
	l.ptr = make([]int, blocks+2)
	l.done, l.cross = make([]bool, blocks+1), make([]bool, blocks)
	for i, k := range keys {
		size, host, in, next := split.Group(k.id)
		l.groups[i] = leafGroup{id: k.id, host: host, n: size, first: plan.Leaves.First(k.id), at: at[k.id], in: in, next: next}
		l.bundle(i, host)
		if len(next) > 0 {
			l.cross[host] = true
		}
		l.ptr[host+2] = len(l.bundles)
	}
	for k := 1; k < len(l.ptr); k++ {
		l.ptr[k] = max(l.ptr[k], l.ptr[k-1])
	}
	return nil
}

// hashList is the FNV-1a hash of a list.
func hashList(x []int32) uint64 {
	h := uint64(14695981039346656037)
	for _, v := range x {
		h = (h ^ uint64(uint32(v))) * 1099511628211
	}
	return h
}

// bundle adds group i to the last bundle, or to a new one.
func (l *leaves) bundle(i, host int) {
	g := &l.groups[i]
	major, minor, flip := g.sides()
	if last := len(l.bundles) - 1; last >= 0 {
		b := &l.bundles[last]
		p := &l.groups[b.from]
		list, _, f := p.sides()
		n := b.n + g.n
		if p.host == host && f == flip && slices.Equal(list, major) && n <= bundleWidth && n*len(major) <= bundleArea {
			r := &b.runs[len(b.runs)-1]
			if _, last, _ := l.groups[r.from].sides(); slices.Equal(last, minor) {
				r.to, r.n = i+1, r.n+g.n
			} else {
				b.runs = append(b.runs, leafRun{i, i + 1, g.n, b.n})
			}
			b.to, b.n = i+1, n
			return
		}
	}
	l.bundles = append(l.bundles, bundle{i, i + 1, g.n, []leafRun{{i, i + 1, g.n, 0}}})
}

// leafSize counts what leaves hold.
type leafSize struct {
	f, unknowns            int
	n, qn, u, major, minor int // the largest of the workspace
	keptSub, keptNext      int
}

func (l *leaves) size() leafSize {
	var s leafSize
	for i := range l.groups {
		g := &l.groups[i]
		s.f += g.n * g.n
		s.unknowns += g.n
		s.n, s.qn = max(s.n, g.n), max(s.qn, (len(g.in)+len(g.next))*g.n)
		if len(g.next) > 0 {
			q, p := l.first[g.host+1]-l.first[g.host], l.first[g.host+2]-l.first[g.host+1]
			s.keptSub, s.keptNext = max(s.keptSub, q*p), max(s.keptNext, p*p)
		}
	}
	for i := range l.bundles {
		b := &l.bundles[i]
		major, _, _ := l.groups[b.from].sides()
		q := len(major)
		s.major, s.u = max(s.major, q*b.n), max(s.u, q*q)
		for _, r := range b.runs {
			_, minor, _ := l.groups[r.from].sides()
			s.minor, s.u = max(s.minor, len(minor)*r.n), max(s.u, len(minor)*q)
		}
	}
	return s
}

// cost counts the flops and bytes of the groups.
func (l *leaves) cost() Cost {
	var c Cost
	for i := range l.groups {
		g := &l.groups[i]
		n, q := int64(g.n), int64(len(g.in)+len(g.next))
		c.Factor += n*n*n/3 + n*n*q + n*q*q
		c.Solve += 4*n*n + 8*n*q
	}
	s := l.size()
	c.Bytes = 8 * int64(s.f+2*s.unknowns+3*s.qn+s.u+3*s.n+2*(s.major+s.minor+s.keptSub+s.keptNext)+max(2*s.n, l.backend.SytrfWork(s.n)))
	return c
}

func (l *leaves) alloc() {
	s := l.size()
	l.f, l.e, l.perm = make([]float64, s.f), make([]float64, s.unknowns), make([]int, s.unknowns)
	l.c, l.x, l.xd = make([]float64, s.qn), make([]float64, s.qn), make([]float64, s.qn)
	l.u, l.d, l.o, l.big = make([]float64, s.u), make([]float64, s.n), make([]float64, s.n), make([]float64, s.n)
	for i := range 2 {
		l.major[i], l.minor[i] = make([]float64, s.major), make([]float64, s.minor)
		l.kept[i] = keptUpdate{-1, make([]float64, s.keptSub), make([]float64, s.keptNext)}
	}
	l.work = make([]float64, max(2*s.n, l.backend.SytrfWork(s.n)))
}

// fill marks the unknowns of the chain that elimination couples across blocks.
func (l *leaves) fill(first []int, up, down []bool) {
	for i := range l.groups {
		g := &l.groups[i]
		if len(g.in) == 0 || len(g.next) == 0 {
			continue
		}
		for _, o := range g.in {
			down[first[g.host]+int(o)] = true
		}
		for _, o := range g.next {
			up[first[g.host+1]+int(o)] = true
		}
	}
}

// begin starts a factorization of the values of a plus shift on the diagonal,
// with the groups that couple to nothing. No update may have elements above
// limit.
func (l *leaves) begin(a *la.Sym, shift, limit float64) {
	l.a, l.shift, l.limit = a, shift, limit
	l.stats = coreStats{sign: 1, tiny: math.Inf(1)}
	l.rejected = l.rejected[:0]
	clear(l.done)
	l.kept[0].k, l.kept[1].k = -1, -1
	for _, b := range l.bundles[:l.ptr[1]] {
		for i := b.from; i < b.to; i++ {
			l.eliminate(&l.groups[i], true)
		}
	}
	l.done[0] = true
}
