package factor

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor/internal/certify"
	"costate/factor/internal/pivot"
	"costate/factor/internal/tree"
	"costate/la"
	"costate/la/partition"
)

// Sparse solves Ax = b for any sparse symmetric matrix, definite or not, by LDLᵀ, and
// knows A's inertia, determinant, condition and the diagonal of its inverse. It is the
// right tool for regularized and plain KKT systems, finite elements, power networks, pose
// graphs, bands and chains of blocks that fit the memory, and where many right-hand sides,
// shifts or new values follow in one pattern. For the Hessian of a network take Auto, which
// never assembles it; for blocks that are dense already Block, for a full matrix gonum's
// mat package; where Cost is too large, an iterative method. A singular
// matrix is a *SingularError, and still solves what is consistent.
//
//	P S A S Pᵀ = L D Lᵀ       S  powers of two       D  pivots of order 1 and 2
//
// Analyse scales the matrix, pairs unknowns whose diagonal is weak and orders
// them, and finds the assembly tree of the order; Factorize eliminates the tree
// front by front with threshold pivoting, and puts off to the parent front what
// finds no stable pivot. Elements of L are at most 1/Options.PivotTolerance, so
// growth is bounded, and with it the error of the factors. Solutions are refined
// with residuals of A itself.
//
// The zero value is ready for Factorize. Analyse is only needed to set options
// or to know the cost beforehand. After Factorize has returned nil, solves and
// queries may run in several goroutines at once; what factors needs exclusive
// use. After the first Factorize and the first solve of a pattern, later ones
// neither search nor sort nor allocate, unless new values make a pivot unstable
// that was stable before.
//
// Sources: see the package costate/factor/internal/tree and
// costate/la/partition; D. Ruiz, A scaling algorithm to equilibrate both rows
// and columns norms in matrices, RAL-TR-2001-034 (2001).
type Sparse struct {
	answers
	kept   *la.Sym // A
	s      *la.Sym // S A S: kept itself, or own
	own    *la.Sym
	eq     equilibration
	matrix symMatrix
	mates  []int32 // of a matching; nil if none was made
	tree   *partition.Tree
	paired *partition.Tree // in reserve, if tree is on trial; may be nil
	engine treeEngine
	mumps  shiftedMUMPS // in place of tree and engine, if Options ask for it
	spent  int64        // flops of attempts before, for the same values

	unpaired error // why a tree with pairs was refused
}

var _ Solver = (*Sparse)(nil)

// A treeEngine factors A − σI: the shift of the judge comes on top.
type treeEngine struct {
	*tree.Engine
	base float64

	// pair, if not nil, makes another engine where too many pivots are put off, and
	// loads it, or loads this one again. mostDelays is how many are too many.
	pair       func()
	mostDelays float64
}

// Factor factors A + (base + shift) I.
func (e *treeEngine) Factor(shift float64) pivot.Stats {
	s := e.Engine.Factor(e.base + shift)
	if e.pair == nil || e.Stopped() != tree.OutOfWork && float64(e.Delayed()) <= e.mostDelays {
		return s
	}
	pair := e.pair
	e.pair = nil
	pair()
	return e.Engine.Factor(e.base + shift)
}

// treeOptions are those of an engine over a tree.
func treeOptions(o *Options) tree.Options {
	return tree.Options{Backend: o.Backend, Threshold: o.PivotTolerance, MemoryLimit: o.MemoryLimit, Interrupt: o.Interrupt}
}

// Analyse prepares for matrices with the pattern of a; nil opts mean the
// defaults, of which Tolerance, MaxRefinements, PivotTolerance, Ordering, Engine,
// Backend and MemoryLimit matter here. Of the values of a only the orders of magnitude
// count. It returns a *MemoryError before anything large is allocated if Cost
// exceeds the limit, and a *la.NotFiniteError if a holds a NaN or an infinity.
func (f *Sparse) Analyse(a *la.Sym, opts *Options) error {
	if err := f.take(a, opts); err != nil {
		return err
	}
	switch name, err := f.opts.engineName(); {
	case err != nil:
		return err
	case name == EngineMUMPS:
		return f.prepareMUMPS()
	}
	return f.order()
}

// workBytes is what is held beside an engine: the matrix twice, its scaling, and the
// workspace of a solve.
func (f *Sparse) workBytes() int64 {
	n, m := int64(f.kept.SymmetricDim()), int64(f.kept.Stored())
	return 8*(14*n+2*m) + 4*m
}

const (
	// pairsAtMost is how many times the predicted time of an order without pairs
	// one with pairs may take to be preferred: it is the one without surprises.
	pairsAtMost = 2.5

	// wideFronts is the number of columns that fronts must have in the mean for unknowns
	// with a weak diagonal to find partners in them without a matching.
	wideFronts = 4

	// worthAnother is the predicted seconds of a factorization with pairs, for each
	// unknown and entry, from which an order without them is looked for: a few
	// times what that order takes.
	worthAnother = 0.6e-6

	// delaysAllowed is how many times its planned flops a factorization without
	// pairs may take, and manyDelays the part of the unknowns that it may put off,
	// where it is not known what pairs would cost: beyond, fronts are on the way to full
	// ones, and pairs are made after all.
	delaysAllowed = 3
	manyDelays    = 0.1

	// pairsFlops is the part of the flops with pairs that a factorization without them
	// may take where both are known.
	pairsFlops = 0.8
)

// partition are the settings of an order.
func (o *Options) partition() *partition.Options {
	return &partition.Options{Ordering: o.Ordering, Perm: o.Perm, Interrupt: o.Interrupt}
}

// assembly finds a tree, or the error of this package that it was interrupted.
func assembly(a *la.Sym, o *partition.Options) (*partition.Tree, error) {
	t, err := partition.Auto(a, o)
	if err == partition.ErrInterrupted {
		err = ErrInterrupted
	}
	return t, err
}

// order finds the tree. Where diagonals are weak it makes pairs of unknowns by a
// matching, unless the order that the matrix comes in is full already, as that of
// dense blocks, whose fronts are wide enough to find their pivots, or pairs would
// cost much more; then they are kept for the case that too many pivots are put
// off.
func (f *Sparse) order() error {
	o := f.opts.partition()
	auto := o.Ordering == partition.OrderAuto && o.Perm == nil
	if weak := weakDiagonal(f.s, f.eq.row); !weak || auto && partition.Full(f.s) {
		t, err := assembly(f.s, o)
		if err != nil {
			return err
		}
		if !weak || len(t.Perm) >= wideFronts*len(t.Parent) {
			return f.prepare(t, &trial{delaysAllowed, manyDelays * float64(len(t.Perm))})
		}
	}
	if err := f.match(); err != nil {
		return err
	}
	o.Mates = f.mates
	paired, err := assembly(f.s, o)
	if err != nil {
		return err
	}
	if seconds := paired.Cost.Seconds(); seconds < worthAnother*float64(f.kept.SymmetricDim()+2*f.kept.Stored()) {
		return f.prepare(paired, nil)
	}
	o.Mates = nil
	single, err := assembly(f.s, o)
	if err != nil {
		return err
	}
	budget := pairsFlops * paired.Cost.Flops / single.Cost.Flops
	if paired.Cost.Time <= pairsAtMost*single.Cost.Time || budget <= 1 {
		return f.prepare(paired, nil)
	}
	f.paired = paired
	return f.prepare(single, &trial{budget, math.Inf(1)})
}

// A trial bounds what a tree without pairs may do before one with pairs takes its place:
// flops, as a multiple of those planned, and delayed pivots.
type trial struct{ work, delays float64 }

// match finds partners for unknowns without a diagonal to rely on, and scales by
// the same matching.
//
// Source: I. S. Duff and S. Pralet, Strategies for scaling and pivoting for sparse
// symmetric indefinite problems, SIAM J. Matrix Anal. Appl. 27 (2005).
func (f *Sparse) match() error {
	m, err := partition.MatchUntil(f.kept, f.opts.Interrupt)
	if err != nil {
		return ErrInterrupted
	}
	f.mates, f.eq.start = m.Mate, m.Scale
	return f.rescale()
}

// pair makes a new tree, with pairs, while values are being factored. Where that
// is refused all stays as it is but for the scaling, which is loaded.
func (f *Sparse) pair() {
	planned := f.planned
	if f.unpaired = f.makePairs(); f.unpaired != nil {
		f.planned = planned
	}
	if f.unpaired == ErrInterrupted { // the next factorization may try again
		f.unpaired, f.engine.pair = nil, f.pair
	}
	f.load()
}

func (f *Sparse) makePairs() error {
	if f.mates == nil {
		if err := f.match(); err != nil {
			return err
		}
	}
	t := f.paired
	f.paired = nil
	if t == nil {
		o := f.opts.partition()
		o.Mates = f.mates
		var err error
		if t, err = assembly(f.s, o); err != nil {
			return err
		}
	}
	return f.prepare(t, nil)
}

// strongDiagonal is the part of the largest element of a row from which its
// diagonal is taken for a pivot that will do: elements of L are then about 10,
// well below 1/u.
const strongDiagonal = 0.1

// weakDiagonal reports whether a row has a larger element than its diagonal, by
// more than that. scratch has the order of a.
func weakDiagonal(a *la.Sym, scratch []float64) bool {
	low := a.RawLower()
	most := scratch[:low.N]
	clear(most)
	for i := range low.N {
		for t := low.Ptr[i]; t < low.Ptr[i+1]; t++ {
			if j := int(low.Col[t]); j != i {
				v := math.Abs(low.Val[t])
				most[i], most[j] = max(most[i], v), max(most[j], v)
			}
		}
	}
	for i := range low.N {
		d := 0.0
		if end := low.Ptr[i+1]; end > low.Ptr[i] && int(low.Col[end-1]) == i {
			d = math.Abs(low.Val[end-1])
		}
		if d < strongDiagonal*most[i] {
			return true
		}
	}
	return false
}

// AnalyseTree is Analyse with a tree that is known, from partition.Given for
// example. It returns an error if the tree does not fit the pattern of a, and an
// *EngineError with another engine than the native one.
func (f *Sparse) AnalyseTree(a *la.Sym, t *partition.Tree, opts *Options) error {
	if err := f.take(a, opts); err != nil {
		return err
	}
	if err := t.Fits(a); err != nil {
		return err
	}
	switch name, err := f.opts.engineName(); {
	case err != nil:
		return err
	case name != EngineNative:
		return &EngineError{name, errNoTree}
	}
	return f.prepare(t, nil)
}

// take copies a and scales it.
func (f *Sparse) take(a *la.Sym, opts *Options) error {
	f.Reset()
	f.opts = opts.withDefaults()
	f.kept = a.Clone()
	f.s = f.kept
	f.matrix.a = f.kept
	f.eq.resize(a.SymmetricDim())
	return f.rescale()
}

// rescale scales the kept values.
func (f *Sparse) rescale() error {
	norm, err := f.eq.measure(f.kept)
	if err != nil {
		return err
	}
	f.matrix.norm = norm
	f.scaleValues()
	return nil
}

// scaleValues makes S A S.
func (f *Sparse) scaleValues() {
	if f.eq.plain {
		f.s = f.kept
		return
	}
	if f.own == nil {
		f.own = f.kept.Clone()
	}
	f.s = f.own
	f.eq.apply(f.s, f.kept)
}

// prepare makes what the tree asks for. A tree on trial is given up for one with pairs
// if too many pivots are put off.
func (f *Sparse) prepare(t *partition.Tree, on *trial) error {
	least := int64(math.Min(t.Cost.Bytes, math.MaxInt64/4))
	if err := f.planTree(Cost{Bytes: least}); err != nil {
		return err
	}
	o := treeOptions(&f.opts)
	var pair func()
	if on != nil {
		o.WorkLimit, pair, f.engine.mostDelays = on.work, f.pair, on.delays
	}
	engine := tree.New(t, f.kept, o)
	c := Cost(engine.Cost())
	c.Solve += 4 * int64(f.kept.Stored()) // a residual
	c.Bytes += f.workBytes()
	if err := f.planTree(c); err != nil {
		return err
	}
	f.tree, f.engine.Engine, f.engine.pair = t, engine, pair
	f.judge.Begin(&f.engine, &f.matrix, f.opts.settings(), nil)
	f.ready = true
	return nil
}

func (f *Sparse) planTree(c Cost) error {
	err := f.plan(fmt.Sprintf("an LDLᵀ of order %d", f.kept.SymmetricDim()), c)
	if e, ok := err.(*MemoryError); ok {
		e.Instead = "an iterative method such as MINRES would need less"
	}
	return err
}

// Factorize factors a, which is copied and not changed. It analyses first, with
// the options of the last Analyse, if the pattern of a is not that of the last
// call. It returns a *SingularError naming the row without pivot if a is singular
// to working accuracy, a *la.NotFiniteError naming the element if a holds a NaN or
// an infinity, and the errors of Analyse.
func (f *Sparse) Factorize(a *la.Sym) error { return f.FactorizeShifted(a, 0) }

// FactorizeShifted is Factorize for A − σI: solves, inertia and determinant are
// then those of that matrix. A shift that is not finite is a *la.NotFiniteError.
func (f *Sparse) FactorizeShifted(a *la.Sym, sigma float64) error {
	f.factored, f.known = false, false
	if sigma-sigma != 0 {
		return &NotFiniteError{Where: "shift", Index: -1, Value: sigma}
	}
	if !f.ready || !f.kept.SamePattern(a) {
		opts := f.opts
		if err := f.Analyse(a, &opts); err != nil {
			return err
		}
		return f.factorize(sigma)
	}
	return f.refactorize(a, sigma)
}

// FactorizeSymmetric factors any symmetric matrix, such as mat.SymBanded or
// mat.SymDense; see la.FromSymmetric for what is taken as its pattern, and la.FromCSR
// and la.FromFull for matrices whose symmetry is to be checked.
func (f *Sparse) FactorizeSymmetric(a mat.Symmetric) error {
	s, ok := a.(*la.Sym)
	if !ok {
		var err error
		if s, err = la.FromSymmetric(a); err != nil {
			f.factored, f.known = false, false
			return err
		}
	}
	return f.Factorize(s)
}

// Refactorize is Factorize for new values in the pattern that was analysed, which
// is checked by the order and the number of entries only: it panics with ErrShape
// if these differ.
func (f *Sparse) Refactorize(a *la.Sym) error {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	if a.SymmetricDim() != f.kept.SymmetricDim() || a.Stored() != f.kept.Stored() {
		panic(ErrShape)
	}
	return f.refactorize(a, 0)
}

func (f *Sparse) refactorize(a *la.Sym, sigma float64) error {
	f.factored, f.known = false, false
	copy(f.kept.RawLower().Val, a.RawLower().Val)
	return f.factorize(sigma)
}

// factorize factors the values at hand, less sigma on the diagonal.
func (f *Sparse) factorize(sigma float64) error {
	f.engine.base, f.mumps.base, f.matrix.shift, f.eq.shift = -sigma, -sigma, -sigma, -sigma
	f.spent = 0
	if f.mumps.Engine != nil {
		f.mumps.SetThreshold(f.opts.mumpsThreshold())
	}
	if err := f.rescale(); err != nil {
		return err
	}
	err := f.attempt()
	if err == ErrInterrupted {
		return err
	}
	if f.eq.plain && f.doubtful(err) {
		// Large elements may hide that others are small by scaling only.
		if f.eq.force(f.kept) {
			f.scaleValues()
			err = f.attempt()
		} else {
			f.eq.unscale()
		}
	}
	err = f.again(err)
	if f.mates == nil && f.unsure(err) && weakDiagonal(f.s, f.eq.row) {
		// Only a matching shows what matters where elements are of all orders
		// of magnitude.
		if err := f.match(); err != nil {
			return err
		}
		err = f.attempt()
	}
	return err
}

// doubtfulPivot is how many times the rounding errors of its front a pivot must
// be for the scaling not to be doubted: with pivots of a size that is what
// cancellation of a few digits leaves.
const doubtfulPivot = 1e4

// doubtful reports whether another scaling could serve better.
func (f *Sparse) doubtful(err error) bool {
	return err != nil || f.judge.Stats().Tiny < doubtfulPivot
}

// unsure reports whether a factorization found the matrix singular, or its inertia
// not for certain.
func (f *Sparse) unsure(err error) bool {
	if err != nil {
		return isSingular(err)
	}
	return f.doubtful(nil) && !f.Inertia().Certain
}

// load gives the engine the values at hand.
func (f *Sparse) load() {
	var scale []float64
	if !f.eq.plain {
		scale = f.eq.s
	}
	f.factors().Take(f.s.RawLower().Val, scale, f.eq.size)
}

func (f *Sparse) attempt() error {
	f.load()
	factorize := f.judge.Again
	if f.spent == 0 {
		factorize = f.judge.Factorize
	}
	err := f.run(factorize, 0, "A·v", func(g certify.Finding) *SingularError {
		return &SingularError{Block: -1, Pivot: -1, Row: g.Row}
	})
	f.report.Flops += f.spent
	f.spent = f.report.Flops
	if f.mumps.Engine != nil {
		f.report.Bytes = f.mumps.Cost().Bytes + f.workBytes()
		return err
	}
	f.report.Bytes += f.engine.Grown()
	switch f.engine.Stopped() {
	case tree.OutOfWork: // of a tree without pairs, which pairs did not replace
		f.factored, f.known = false, false
		return f.unpaired
	case tree.OutOfMemory:
		f.factored, f.known = false, false
		return &MemoryError{Needed: f.planned.Bytes, Limit: f.opts.MemoryLimit, What: fmt.Sprintf("an LDLᵀ of order %d with pivots that are put off", f.kept.SymmetricDim())}
	}
	return err
}

// Reset empties the factorization, options included.
func (f *Sparse) Reset() {
	f.mumps.release()
	*f = Sparse{}
}

// Tree returns how the matrix is ordered and partitioned, to be read only; nil with
// another engine than the native one.
func (f *Sparse) Tree() *partition.Tree {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	return f.tree
}

// SymmetricDim returns the order of the matrix.
func (f *Sparse) SymmetricDim() int {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	return f.kept.SymmetricDim()
}

// SolveRaw overwrites the nr right-hand sides in x, one a row, with the solution
// as the factors give it: no refinement, no check. With a shift in Report the
// factors are those of A + shift·I.
func (f *Sparse) SolveRaw(x []float64, nr int) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if nr < 0 || len(x) != f.kept.SymmetricDim()*nr {
		panic(ErrShape)
	}
	f.factors().Solve(x, nr)
}
