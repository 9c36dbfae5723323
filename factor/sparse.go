package factor

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

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
// matrix is a *SingularError, and still solves what is consistent. Rows of very different
// sizes do not hide that; the number of zero eigenvalues is that of the scaled matrix below,
// within some 1e-14 of its norm, and so not certain.
//
//	P S A S Pᵀ = L D Lᵀ       S  powers of two       D  pivots of order 1 and 2
//
// Analyse scales the matrix, pairs unknowns whose diagonal is weak and orders
// them, and finds the assembly tree of the order; Factorize eliminates the tree
// front by front with threshold pivoting, and puts off to the parent front what
// finds no stable pivot. Elements of L are at most 1/Options.PivotTolerance, so
// growth is bounded, and with it the error of the factors. Solutions are refined
// with residuals of A itself; where that does not suffice A is factored once more, without S,
// and those factors are kept, too.
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
	fresh  bool // order has scaled the values at hand, without a shift
	matrix symMatrix
	mates  []int32 // of a matching; nil if none was made
	tree   *partition.Tree
	paired *partition.Tree // in reserve, if tree is on trial; may be nil
	engine treeEngine
	mumps  shiftedMUMPS // in place of tree and engine, if Options ask for it
	spent  int64        // flops of attempts before, for the same values

	unpaired error // why a tree with pairs was refused
	stopped  error // why a factorization under way was given up

	structure structure // what the pattern says
	whole     bool      // A itself is to be factored, whatever that says
	aside     bool      // it only gives a second opinion
	byRest    bool      // the factors at hand are those of structure.rest

	judgesRest bool // the judge is over these

	aid alternatives
}

var _ Solver = (*Sparse)(nil)

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
	// may take where both are known, and certainFlops what it may take by what is certain
	// beforehand: more pivots are put off than those.
	pairsFlops   = 0.8
	certainFlops = 0.6
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
	weak := hollow(f.kept)
	if !weak {
		if err := f.rescale(); err != nil {
			return err
		}
		f.fresh = f.eq.shift == 0
		weak = weakDiagonal(f.s, f.eq.row)
	}
	if !weak || auto && partition.Full(f.kept) {
		t, err := assembly(f.kept, o)
		if err != nil {
			return err
		}
		on := trial{delaysAllowed, manyDelays * float64(len(t.Perm))}
		if !weak || len(t.Perm) >= wideFronts*len(t.Parent) && !on.exceeded(t, f.kept) {
			return f.prepare(t, &on)
		}
	}
	if err := f.match(); err != nil {
		return err
	}
	if f.deficient() && !f.whole {
		return f.prepareRest()
	}
	o.Mates = f.mates
	paired, err := assembly(f.kept, o)
	if err != nil {
		return err
	}
	if seconds := paired.Cost.Seconds(); seconds < worthAnother*float64(f.kept.SymmetricDim()+2*f.kept.Stored()) {
		return f.prepare(paired, nil)
	}
	o.Mates = nil
	single, err := assembly(f.kept, o)
	if err != nil {
		return err
	}
	saves := paired.Cost.Flops / single.Cost.Flops
	on, likely := trial{pairsFlops * saves, math.Inf(1)}, trial{certainFlops * saves, math.Inf(1)}
	if paired.Cost.Time <= pairsAtMost*single.Cost.Time || on.work <= 1 || likely.exceeded(single, f.kept) {
		return f.prepare(paired, nil)
	}
	f.paired = paired
	return f.prepare(single, &on)
}

// hollow reports whether the diagonal is zero in a row of the lower triangle that is not:
// such a diagonal is weak in any scaling. It sees most matrices of saddle points so.
func hollow(a *la.Sym) bool {
	low := a.RawLower()
	for i := range low.N {
		first, end := low.Ptr[i], low.Ptr[i+1]
		if first < end && int(low.Col[end-1]) == i {
			end--
			if low.Val[end] != 0 {
				continue
			}
		}
		for _, v := range low.Val[first:end] {
			if v != 0 {
				return true
			}
		}
	}
	return false
}

// strongDiagonal is the part of the largest element of a row from which its
// diagonal is taken for a pivot that will do: elements of L are then about 10,
// well below 1/u.
const strongDiagonal = 0.1

// weakDiagonal reports whether a row has a larger element than its diagonal, by
// more than that. scratch has the order of a.
func weakDiagonal(a *la.Sym, scratch []float64) bool {
	low := a.RawLower()
	diagonal := scratch[:low.N]
	for i := range diagonal {
		diagonal[i] = 0
		if end := low.Ptr[i+1]; end > low.Ptr[i] && int(low.Col[end-1]) == i {
			diagonal[i] = math.Abs(low.Val[end-1])
		}
	}
	for i, d := range diagonal {
		first, end := low.Ptr[i], low.Ptr[i+1]
		val := low.Val[first:end]
		for t, j := range low.Col[first:end] {
			if v := strongDiagonal * math.Abs(val[t]); (v > d || v > diagonal[j]) && int(j) != i {
				return true
			}
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

// take copies a. What is analysed is scaled where its scaling matters.
func (f *Sparse) take(a *la.Sym, opts *Options) error {
	f.Reset()
	f.opts = opts.withDefaults()
	f.kept = a.Clone()
	f.s = f.kept
	f.matrix.a = f.kept
	f.eq.resize(a.SymmetricDim())
	return f.kept.CheckFinite("A")
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
	o.WorkLimit = max(workAllowed, flopsAllowed/max(t.Cost.Flops, 1))
	var pair func()
	if on != nil {
		o.WorkLimit, pair, f.engine.mostDelays = on.work, f.pair, on.delays
		if on.delays < math.MaxInt32 {
			o.DelayLimit = int(on.delays) + 1
		}
	}
	engine := tree.New(t, f.kept, o)
	c := Cost(engine.Cost())
	c.Solve += 4 * int64(f.kept.Stored()) // a residual
	c.Bytes += f.workBytes()
	if err := f.planTree(c); err != nil {
		return err
	}
	f.tree, f.engine.Engine, f.engine.pair, f.engine.giveUp = t, engine, pair, f.giveUp
	f.gaveUp = func() error { return f.stopped }
	f.judgeTree()
	f.ready = true
	return nil
}

// judgeTree puts the judge over the engine of the tree. It gives up where that has.
func (f *Sparse) judgeTree() {
	set := f.opts.settings()
	set.Interrupt = func() bool { return f.stopped != nil || f.opts.interrupted() }
	second := f.opinion
	if f.aside {
		second = nil
	} else {
		set.Relief = f.unscaled
	}
	f.judge.Begin(&f.engine, &f.matrix, set, second)
	f.judgesRest = false
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
// an infinity, a *WorkError if pivots that are put off would take 100 times the planned
// flops, and the errors of Analyse.
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
	old, val := f.kept.RawLower().Val, a.RawLower().Val
	f.fresh = f.fresh && slices.Equal(old, val)
	copy(old, val)
	return f.factorize(sigma)
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
// factors are those of A + shift·I, or of a singular A as it is said there.
func (f *Sparse) SolveRaw(x []float64, nr int) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	if nr < 0 || len(x) != f.kept.SymmetricDim()*nr {
		panic(ErrShape)
	}
	f.factors().Solve(x, nr)
}
