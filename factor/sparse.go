package factor

import (
	"fmt"
	"math"
	"sync"

	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/blas"
	"costate/la/partition"
)

// Sparse is the LDLᵀ factorization of any sparse symmetric matrix, definite or
// not:
//
//	P S A S Pᵀ = [ G      Cᵀ              ]     S  powers of two
//	             [    D_0  S_0ᵀ           ]     G  many small groups, eliminated first
//	             [ C  S_0  D_1  S_1ᵀ      ]     D  the blocks of a chain
//	             [         S_1   ⋱    ⋱   ]
//
// Analyse scales the matrix so that the largest element of each row is about 1
// and finds the permutation and the partition (partition.Auto): connected
// components apart, small groups of unknowns that couple to few others first,
// the rest block tridiagonal. Factorize eliminates the groups where that is
// stable, moving unknowns without a stable pivot into the chain, and factors
// the chain with the pivoting of Bunch and Kaufman inside its blocks, as Block
// does. Solutions are refined with residuals of A itself.
//
// The work is that of the blocks: for n unknowns in blocks of order w, about
// 7/3 n w² flops and 16 n w bytes. It is the right tool where a matrix is long and
// narrow: bands, chains of blocks, time series, networks. There is no nested
// dissection, so for large meshes in two dimensions it needs some times the
// work of a general sparse solver, and in three dimensions far more.
//
// The zero value is ready for Factorize. Analyse is only needed to set options
// or to know the cost beforehand. After Factorize has returned nil, solves and
// queries may run in several goroutines at once; Analyse, Factorize and
// NullVector need exclusive use. After the first Factorize and the first solve
// of a pattern, later ones neither search nor sort nor allocate, unless new
// values make a pivot unstable that was stable before.
//
// Sources: A. George and J. W. H. Liu, Computer Solution of Large Sparse
// Positive Definite Systems (1981), chapters 4 to 6; R. J. Guyan, Reduction of
// stiffness and mass matrices, AIAA J. 3 (1965), for condensation; I. S. Duff and
// J. K. Reid, The multifrontal solution of indefinite sparse symmetric linear
// systems, ACM Trans. Math. Softw. 9 (1983), for pivots that are put off; N. J.
// Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002),
// chapters 7, 11, 12 and 15.
type Sparse struct {
	opts Options
	kept *la.Sym // A
	s    *la.Sym // S A S: kept itself, or own
	own  *la.Sym
	eq   equilibration
	plan *partition.Plan
	core core
	src  sparseSource
	lead *leaves // nil if there are none
	cost Cost

	ready    bool // analysed
	held     bool // memory of the factors
	factored bool
	known    bool // inertia tells something
	stats    coreStats
	inertia  la.Inertia
	logAbs   float64
	norm     float64 // of A: the largest 2-norm of a column
	scaled   float64 // of S A S
	shift    float64 // added to S A S

	mu     sync.Mutex // guards report and the estimates
	cond   float64    // estimate of the condition number, or negative if not made yet
	condS  float64    // the same of S A S
	defect float64    // estimate of what rounding changed, see Inertia; negative: none yet
	report Report
	pool   pool[sparseSpace]
}

// Analyse prepares for matrices with the pattern of a; nil opts mean the
// defaults, of which Tolerance, MaxRefinements, Backend and MemoryLimit matter
// here. Of the values of a only the orders of magnitude count: which unknowns
// can be eliminated first depends on them. It returns a *MemoryError before
// anything large is allocated if Cost exceeds the limit, and a
// *la.NotFiniteError if a holds a NaN or an infinity.
func (f *Sparse) Analyse(a *la.Sym, opts *Options) error {
	if err := f.take(a, opts); err != nil {
		return err
	}
	plan, err := orderSparse(f.s)
	if err != nil {
		return err
	}
	return f.prepare(settlePlan(f.s, plan, f.opts.Backend))
}

// AnalysePlan is Analyse with a plan that is known, from partition.Given for
// example. It returns an error if the plan does not fit the pattern of a.
func (f *Sparse) AnalysePlan(a *la.Sym, plan *partition.Plan, opts *Options) error {
	if err := f.take(a, opts); err != nil {
		return err
	}
	if n := a.SymmetricDim(); len(plan.Perm) != n || plan.Leaves.Len()+plan.Chain.Len() != n || len(plan.Host) != plan.Leaves.Blocks() {
		return fmt.Errorf("factor: a plan for %d unknowns does not fit a matrix of order %d", len(plan.Perm), n)
	}
	if err := plan.Perm.Validate(); err != nil {
		return err
	}
	for k, h := range plan.Host {
		if h < -1 || h >= plan.Chain.Blocks() {
			return fmt.Errorf("factor: the plan gives group %d to block %d of %d", k, h, plan.Chain.Blocks())
		}
	}
	return f.prepare(plan)
}

// take copies a and scales it.
func (f *Sparse) take(a *la.Sym, opts *Options) error {
	f.ready, f.factored, f.known = false, false, false
	if opts != nil {
		f.opts = *opts
	}
	if f.opts.Backend == nil {
		f.opts.Backend = blas.Native()
	}
	if f.opts.Tolerance <= 0 {
		f.opts.Tolerance = 1e-14
	}
	if f.opts.MaxRefinements <= 0 {
		f.opts.MaxRefinements = 10
	}
	if f.opts.MemoryLimit <= 0 {
		f.opts.MemoryLimit = machineMemory()
	}
	f.kept = a.Clone()
	f.s, f.own = f.kept, nil
	f.eq.resize(a.SymmetricDim())
	return f.rescale()
}

// rescale scales the kept values.
func (f *Sparse) rescale() (err error) {
	if f.norm, f.scaled, err = f.eq.measure(f.kept); err != nil {
		return err
	}
	f.scaleValues()
	return nil
}

// scaleValues makes S A S.
func (f *Sparse) scaleValues() {
	if f.eq.plain {
		f.s = f.kept
	} else {
		if f.own == nil {
			f.own = f.kept.Clone()
		}
		f.s = f.own
		f.eq.apply(f.s, f.kept)
	}
	f.src.a = f.s
}

// prepare makes what the plan asks for.
func (f *Sparse) prepare(plan *partition.Plan) error {
	f.plan = plan
	bytes := 0.0 // at least
	for k := range plan.Chain.Blocks() {
		q := float64(plan.Chain.Size(k))
		bytes += 8 * q * q
	}
	if bytes > float64(f.opts.MemoryLimit) {
		return f.tooLarge(int64(math.Min(bytes, math.MaxInt64/2)))
	}
	f.lead = nil
	if plan.Leaves.Blocks() > 0 {
		f.lead = new(leaves)
		if err := f.lead.init(f.kept, plan, f.opts.Backend); err != nil {
			return err
		}
	}
	if err := f.src.build(f.kept, plan, f.lead); err != nil {
		return err
	}
	f.src.a = f.s
	f.src.shapeCore(&f.core, f.opts.Backend)
	f.count()
	if f.cost.Bytes > f.opts.MemoryLimit {
		return f.tooLarge(f.cost.Bytes)
	}
	f.pool.reset()
	f.ready, f.held = true, false
	return nil
}

// count updates the cost.
func (f *Sparse) count() {
	f.cost = f.core.cost()
	if f.lead != nil {
		c := f.lead.cost()
		f.cost.Factor += c.Factor
		f.cost.Solve += c.Solve
		f.cost.Bytes += c.Bytes
	}
	n, m := int64(f.kept.SymmetricDim()), int64(f.kept.Stored())
	f.cost.Solve += 4 * m // a residual
	f.cost.Bytes += 8*(14*n+2*m) + 4*m + 16*int64(len(f.src.diag.all)+len(f.src.sub.all))
}

func (f *Sparse) tooLarge(needed int64) error {
	return &MemoryError{
		Needed: needed, Limit: f.opts.MemoryLimit,
		What:    fmt.Sprintf("a block LDLᵀ of order %d with blocks of up to %d unknowns", f.kept.SymmetricDim(), f.plan.Chain.Largest()),
		Instead: "a sparse solver with nested dissection, or an iterative one such as MINRES, would need less",
	}
}

// Factorize factors a, which is copied and not changed. It analyses first if
// the pattern of a is not that of the last call. It returns a *SingularError
// naming the row without pivot if a is singular to working accuracy, a
// *la.NotFiniteError naming the element if a holds a NaN or an infinity, and
// the errors of Analyse; the factorization must then not be used to solve, but
// after a *SingularError Inertia tells what is known, and NullVector helps.
func (f *Sparse) Factorize(a *la.Sym) error {
	if !f.ready || !f.kept.SamePattern(a) {
		f.factored, f.known = false, false
		if err := f.Analyse(a, nil); err != nil {
			return err
		}
		return f.factorize()
	}
	return f.Update(a)
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

// Update is Factorize for new values in the pattern that was analysed, which is
// checked by the order and the number of entries only: it panics with ErrShape
// if these differ.
func (f *Sparse) Update(a *la.Sym) error {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	if a.SymmetricDim() != f.kept.SymmetricDim() || a.Stored() != f.kept.Stored() {
		panic(ErrShape)
	}
	f.factored, f.known = false, false
	copy(f.kept.RawLower().Val, a.RawLower().Val)
	if err := f.rescale(); err != nil {
		return err
	}
	return f.factorize()
}

// Reset empties the factorization, options included.
func (f *Sparse) Reset() {
	f.opts, f.kept, f.s, f.own, f.plan, f.lead = Options{}, nil, nil, nil, nil, nil
	f.eq, f.core, f.src, f.cost = equilibration{}, core{}, sparseSource{}, Cost{}
	f.ready, f.factored, f.known = false, false, false
	f.report = Report{}
	f.pool.reset()
}

// IsEmpty reports whether there is nothing analysed.
func (f *Sparse) IsEmpty() bool { return !f.ready }

// Plan returns how the matrix is ordered and partitioned, to be read only.
// Factorize may change it where a pivot is not stable.
func (f *Sparse) Plan() *partition.Plan {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	return f.plan
}

// SymmetricDim returns the order of the matrix.
func (f *Sparse) SymmetricDim() int {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	return f.kept.SymmetricDim()
}

// Cost returns the work and memory for the pattern that was analysed. The bytes
// include copies of the matrix.
func (f *Sparse) Cost() Cost {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	return f.cost
}

// Report tells how the last Factorize and the last solve went. Eps is 0, Shift
// is in the units of the scaled matrix, NormH is the norm of A in the backward
// error: the largest 2-norm of a column.
func (f *Sparse) Report() Report {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.report
}
