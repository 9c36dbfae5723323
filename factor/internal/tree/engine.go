package tree

import (
	"math"
	"slices"

	"costate/factor/internal/pivot"
	"costate/factor/internal/space"
	"costate/la"
	"costate/la/blas"
	"costate/la/partition"
)

// DefaultThreshold is the default of Options.Threshold: elements of L are at
// most 100, which leaves the growth of a front moderate, and few pivots fail.
const DefaultThreshold = 0.01

// Options are the settings of an Engine.
type Options struct {
	Backend   blas.Backend
	Threshold float64 // u: elements of L are at most 1/u; 0 means DefaultThreshold
}

// An Engine holds the factors of S (A + σI) S for the matrices of one pattern
// and a diagonal S of powers of two. New, Take and Factor need exclusive use;
// Solve may be called by many goroutines.
type Engine struct {
	tree    *partition.Tree
	n       int
	backend blas.Backend
	u       float64

	fronts  []front
	entries entries
	scale   []float64 // S by unknown; nil for the identity
	squares []float64 // S² by position; empty for the identity
	logDet  float64   // log det S²
	size    float64   // a bound of the largest element of S A S

	arena     []float64 // W of all fronts as planned
	stacks    [2]stack
	work      []float64
	local     []int32   // of the rows of a child in the front at work
	y         []float64 // rows below as L31 D
	most      []float64
	stats     pivot.Stats
	delayed   int
	zeros     []int32 // unknowns whose pivot is zero
	planned   pivot.Cost
	allocated bool

	pool space.Pool[solveSpace]
}

// A front is one node of the tree. Its columns are its own and then those that
// its children delayed; positions are in the order of elimination.
type front struct {
	first, own int     // its own columns are first … first+own-1
	rows       []int32 // positions below
	up         []int32 // of each row in the parent: own column, or parent's own + row
	parent     int
	children   []int32
	parity     int // of its depth

	p    int       // columns: its own and the delayed ones
	cols []int32   // positions of all columns, where some are delayed
	plan []float64 // memory of w without delays
	w    []float64 // (p+q)×p by rows: L11 and D, then what is below
	e    []float64 // p
	perm []int     // p
	ne   int       // columns eliminated; the others are delayed

	c       []float64 // contribution, order p−ne+q, while it is alive
	stacked bool      // c lies on a stack
	big     []float64 // memory of its own, where delays outgrew the plan
	out     []float64 // the same for c

	elim []int32 // positions of the eliminated columns, in order of L
	down []int32 // positions of the rows below these: delayed columns, then rows
}

// delayed is the number of columns that go up to the parent.
func (f *front) delayed() int { return f.p - f.ne }

// New prepares for matrices with the pattern of a.
func New(t *partition.Tree, a *la.Sym, o Options) *Engine {
	e := &Engine{tree: t, n: a.SymmetricDim(), backend: o.Backend, u: o.Threshold}
	if !(e.u > 0) {
		e.u = DefaultThreshold
	}
	e.fronts = make([]front, len(t.Parent))
	e.shape()
	e.entries.build(a, t, e.fronts)
	e.plan()
	return e
}

// shape lays out the fronts and the maps to their parents.
func (e *Engine) shape() {
	t := e.tree
	total := 0
	for k := range e.fronts {
		f := &e.fronts[k]
		f.first, f.own, f.rows, f.parent = t.Nodes.First(k), t.Nodes.Size(k), t.Rows[k], t.Parent[k]
		total += len(f.rows)
	}
	up, counts := make([]int32, total), make([]int32, len(e.fronts)+1)
	for k := len(e.fronts) - 1; k >= 0; k-- {
		f := &e.fronts[k]
		if f.parent < 0 {
			continue
		}
		g := &e.fronts[f.parent]
		counts[f.parent+1]++
		f.parity = 1 - g.parity
		f.up, up = up[:len(f.rows):len(f.rows)], up[len(f.rows):]
		// Both ascend: one pass.
		i := 0
		for r, pos := range f.rows {
			if int(pos) < g.first+g.own {
				f.up[r] = pos - int32(g.first)
				continue
			}
			for g.rows[i] != pos {
				i++
			}
			f.up[r] = int32(g.own + i)
		}
	}
	for k := range e.fronts {
		counts[k+1] += counts[k]
	}
	all := make([]int32, counts[len(e.fronts)])
	for k := range e.fronts {
		e.fronts[k].children = all[counts[k]:counts[k]:counts[k+1]]
	}
	for k := range e.fronts {
		if p := e.fronts[k].parent; p >= 0 {
			e.fronts[p].children = append(e.fronts[p].children, int32(k))
		}
	}
}

// plan counts flops and bytes without delays.
func (e *Engine) plan() {
	var c pivot.Cost
	elements, rows, widest, tallest, below := 0, 0, 0, 0, 0
	for k := range e.fronts {
		f := &e.fronts[k]
		p, q := f.own, len(f.rows)
		x, y := int64(p), int64(q)
		c.Factor += x*x*x/3 + x*x*y + x*y*y
		c.Solve += 2*x*x + 4*x*y
		elements += (p + q) * p
		rows += q
		widest, tallest, below = max(widest, p), max(tallest, p+q), max(below, p*q)
	}
	stacks := e.stackSizes()
	e.stacks[0].planned, e.stacks[1].planned = stacks[0], stacks[1]
	n := int64(e.n)
	c.Bytes = 8 * (int64(elements) + 2*n + int64(stacks[0]+stacks[1]) + int64(below) + int64(blas.LdlpartWork(tallest, widest)))
	c.Bytes += 4*int64(rows)*3 + 4*n + int64(len(e.fronts))*280 + e.entries.bytes()
	e.planned = c
}

// stackSizes runs through the tree to find how high the two stacks get.
func (e *Engine) stackSizes() (most [2]int) {
	var height [2]int
	for k := range e.fronts {
		f := &e.fronts[k]
		q := len(f.rows)
		height[f.parity] += q * q
		most[f.parity] = max(most[f.parity], height[f.parity])
		for _, c := range f.children {
			r := len(e.fronts[c].rows)
			height[1-f.parity] -= r * r
		}
	}
	return most
}

// Cost counts flops and bytes for pivots that are not delayed, before the
// memory of the factors is made.
func (e *Engine) Cost() pivot.Cost { return e.planned }

// Tree is the tree.
func (e *Engine) Tree() *partition.Tree { return e.tree }

// Delayed is the number of times that a pivot was put off to a parent.
func (e *Engine) Delayed() int { return e.delayed }

// Zeros are the unknowns whose pivots are zero: the null space of the factors
// has their number as dimension.
func (e *Engine) Zeros() []int32 { return e.zeros }

// alloc makes the memory planned, once.
func (e *Engine) alloc() {
	if e.allocated {
		return
	}
	elements, tallest, widest, below := 0, 0, 0, 0
	for k := range e.fronts {
		f := &e.fronts[k]
		p, q := f.own, len(f.rows)
		elements += (p + q) * p
		tallest, widest, below = max(tallest, p+q), max(widest, p), max(below, p*q)
	}
	e.arena = make([]float64, elements)
	ed, perm := make([]float64, e.n), make([]int, e.n)
	elim := make([]int32, e.n)
	at := 0
	for k := range e.fronts {
		f := &e.fronts[k]
		p, q := f.own, len(f.rows)
		f.plan, at = e.arena[at:at+(p+q)*p:at+(p+q)*p], at+(p+q)*p
		f.e, f.perm, f.elim = ed[f.first:f.first+p:f.first+p], perm[f.first:f.first+p:f.first+p], elim[f.first:f.first+p:f.first+p]
	}
	for i := range e.stacks {
		e.stacks[i].data = make([]float64, e.stacks[i].planned)
	}
	e.reserve(tallest, widest, below)
	e.allocated = true
}

// reserve makes workspace for fronts of so many rows and columns.
func (e *Engine) reserve(rows, cols, below int) {
	need := max(blas.LdlpartWork(rows, cols), e.backend.SytrfWork(cols))
	if len(e.work) < need {
		e.work = make([]float64, need)
	}
	if len(e.y) < below {
		e.y = make([]float64, below)
	}
	if len(e.most) < cols {
		e.most = make([]float64, cols)
	}
}

// A stack holds contributions, the last on top.
type stack struct {
	planned int
	data    []float64
	top     int
}

// push takes n elements from the stack; nil where there is no room.
func (s *stack) push(n int) []float64 {
	if s.top+n > len(s.data) {
		return nil
	}
	s.top += n
	return s.data[s.top-n : s.top : s.top]
}

// Take takes the values of a matrix with the pattern analysed, scaled by the
// diagonal scale (nil for the identity), which must be powers of two and is kept.
// values are those of the scaled matrix, by the storage of la.Sym, and are kept,
// too; size bounds the largest of them.
func (e *Engine) Take(values, scale []float64, size float64) {
	e.entries.val, e.scale, e.size = values, scale, size
	e.squares, e.logDet = e.squares[:0], 0
	if scale == nil {
		return
	}
	e.squares = slices.Grow(e.squares, e.n)[:e.n]
	exponents := 0
	for i, from := range e.tree.Perm {
		e.squares[i] = scale[from] * scale[from]
		exponents += 2 * math.Ilogb(scale[from])
	}
	e.logDet = float64(exponents) * math.Ln2
}

// Scale is the diagonal of S, nil for the identity.
func (e *Engine) Scale() []float64 { return e.scale }
