package tree

import (
	"math"

	"costate/factor/internal/pivot"
	"costate/internal/space"
	"costate/la"
	"costate/la/blas"
	"costate/la/partition"
)

// DefaultThreshold is the default of Options.Threshold: elements of L are at
// most 100, which leaves the growth of a front moderate, and few pivots fail.
const DefaultThreshold = 0.01

// MaxThreshold is the largest: with it some pivot always passes in a full front.
const MaxThreshold = 0.5

// Options are the settings of an Engine.
type Options struct {
	// Backend has the kernels; nil means the native ones.
	Backend blas.Backend

	// Serial has the kernels of subtrees that are factored side by side. Nil
	// means the native backend on one thread where Backend is native with
	// several threads, and that nothing is done side by side otherwise.
	Serial blas.Backend

	// Threshold is u: elements of L are at most 1/u. 0 means DefaultThreshold; it
	// is at most MaxThreshold.
	Threshold float64

	// MemoryLimit bounds the bytes held, those that delayed pivots ask for
	// included; 0 is no limit.
	MemoryLimit int64

	// WorkLimit bounds the flops of one factorization as a multiple, greater than 1,
	// of those planned without delayed pivots; 0 is no limit. It stops as soon as what
	// delays have cost and what is planned for the rest exceed it together.
	WorkLimit float64

	// DelayLimit bounds the number of times that a pivot is put off, in a subtree that is
	// factored by one worker; 0 is no limit. Beyond it the factorization stops as by
	// WorkLimit.
	DelayLimit int

	// Interrupt, unless it is nil, is asked at every front, from several goroutines,
	// whether to give up.
	Interrupt func() bool
}

// A Stop says why a factorization was given up.
type Stop int

// Reasons to stop.
const (
	Complete    Stop = iota
	NotFinite        // a NaN or an infinity was met
	OutOfMemory      // delayed pivots asked for more than MemoryLimit
	OutOfWork        // delayed pivots asked for more than WorkLimit, or are too many
	Interrupted      // Interrupt returned true
)

// An Engine holds the factors of S (A + σI) S for the matrices of one pattern
// and a diagonal S of powers of two. New, Take and Factor need exclusive use;
// Solve may be called by many goroutines.
type Engine struct {
	tree    *partition.Tree
	n       int
	backend blas.Backend
	serial  blas.Backend
	u       float64
	opts    Options

	fronts []front
	up     []int32 // of the rows of all nodes; see front
	source Source

	scale   []float64 // S by unknown; nil for the identity
	squares []float64 // S² by position; empty for the identity
	octaves int       // log₂ det S²
	size    float64   // a bound of the largest element of S A S
	shift   float64   // of the factorization at hand
	even    float64   // added to the diagonal of the scaled matrix

	arena   []float64 // fronts as planned
	columns []int32   // their columns
	tasks   tasks
	layout  layout
	memory  memory
	held    bool
	blank   bool // the fronts' memory is new, all zeros
	facts   facts

	pool space.Pool[solveSpace]
}

// New prepares for matrices with the pattern of a, which the tree fits.
func New(t *partition.Tree, a *la.Sym, o Options) *Engine {
	e := newEngine(t, o)
	s := new(entries)
	s.build(a, t, e)
	e.source = s
	e.plan()
	return e
}

// NewFrom prepares for a matrix whose entries a source gives node by node.
func NewFrom(t *partition.Tree, s Source, o Options) *Engine {
	e := newEngine(t, o)
	e.source = s
	e.plan()
	return e
}

// withDefaults fills in what is left out.
func (o Options) withDefaults() Options {
	if o.Backend == nil {
		o.Backend = blas.Native()
	}
	if !(o.Threshold > 0) {
		o.Threshold = DefaultThreshold
	}
	if o.Serial == nil {
		o.Serial = o.Backend
		if o.Backend.Name() == "native" && o.Backend.Threads() > 1 {
			o.Serial = blas.NativeThreads(1)
		}
	}
	return o
}

// Threads is how many subtrees may be factored side by side.
func (o Options) Threads() int {
	if o = o.withDefaults(); o.Serial.Threads() > 1 {
		return 1
	}
	return o.Backend.Threads()
}

func newEngine(t *partition.Tree, o Options) *Engine {
	o = o.withDefaults()
	e := &Engine{tree: t, n: len(t.Perm), backend: o.Backend, serial: o.Serial, opts: o}
	e.SetThreshold(o.Threshold)
	e.shape()
	return e
}

// Take takes the values of a matrix with the pattern analysed by New, scaled by
// the diagonal scale (nil for the identity), which must be powers of two and is
// kept. values are those of the scaled matrix, by the storage of la.Sym, and are
// kept, too; size bounds the largest of them.
func (e *Engine) Take(values, scale []float64, size float64) {
	e.source.(*entries).val = values
	e.Scaled(scale, size)
}

// Scaled says that the source gives the entries of S A S, with S the diagonal
// scale, which must be powers of two and is kept; nil is the identity. size
// bounds the largest of them.
func (e *Engine) Scaled(scale []float64, size float64) {
	e.scale, e.size = scale, size
	e.squares, e.octaves = e.squares[:0], 0
	if scale == nil {
		return
	}
	e.squares = space.Resize(e.squares, e.n)
	for i, from := range e.tree.Perm {
		e.squares[i] = math.Min(scale[from]*scale[from], math.MaxFloat64)
		e.octaves += 2 * math.Ilogb(scale[from])
	}
}

// Scale is the diagonal of S, nil for the identity.
func (e *Engine) Scale() []float64 { return e.scale }

// Tree is the tree.
func (e *Engine) Tree() *partition.Tree { return e.tree }

// Factor factors S (A + shift·I) S. What it returns is in the units of that
// matrix but for LogAbs, which is log|det(A + shift·I)|. Where it stops before
// the end (see Stopped) Finite is false.
//
// The same numbers give the same bits, whatever was factored before. After a
// first factorization and another one that settles the memory of delayed
// pivots, nothing is allocated unless more pivots are delayed.
func (e *Engine) Factor(shift float64) pivot.Stats { return e.FactorEven(shift, 0) }

// FactorEven factors S (A + shift·I) S + even·I, of the determinant of which LogAbs
// says nothing unless even is 0.
func (e *Engine) FactorEven(shift, even float64) pivot.Stats {
	e.hold()
	e.shift, e.even = shift, even
	t := e.run()
	e.blank = false
	e.facts = t.facts
	t.exponent -= e.octaves // while both are whole numbers, so that nothing cancels
	s := t.stats()
	s.Scale = e.size
	if e.facts.stop != Complete {
		s.Finite = false
	}
	return s
}

// A facts tells what a factorization met besides its pivots.
type facts struct {
	delayed int
	extra   float64 // flops beyond those planned
	stop    Stop
}

// Delayed is the number of times that a pivot was put off to a parent.
func (e *Engine) Delayed() int { return e.facts.delayed }

// Threshold is u of the next Factor, and SetThreshold changes it; 0 stands for that of the
// Options.
func (e *Engine) Threshold() float64 { return e.u }
func (e *Engine) SetThreshold(u float64) {
	if u <= 0 {
		u = e.opts.Threshold
	}
	e.u = math.Min(u, MaxThreshold)
}

// SetWorkLimit changes Options.WorkLimit, and returns what it was.
func (e *Engine) SetWorkLimit(limit float64) (before float64) {
	before, e.opts.WorkLimit = e.opts.WorkLimit, limit
	return before
}

// AllowDelays lifts Options.DelayLimit.
func (e *Engine) AllowDelays() { e.opts.DelayLimit = 0 }

// Stopped says whether and why the last factorization was given up.
func (e *Engine) Stopped() Stop { return e.facts.stop }
