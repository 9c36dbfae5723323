package factor

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"costate/la"
	"costate/la/blas"
)

// Block is the block LDLᵀ factorization of any symmetric block-tridiagonal
// matrix, definite or not,
//
//	    [ D_0  S_0ᵀ           ]        C_0 = D_0
//	A = [ S_0  D_1  S_1ᵀ      ]        C_k = D_k − S_{k-1} C_{k-1}⁻¹ S_{k-1}ᵀ
//	    [      S_1  D_2   ⋱   ]        P_k C_k P_kᵀ = L_k Δ_k L_kᵀ
//	    [           ⋱     ⋱   ]
//
// with the pivoting of Bunch and Kaufman inside each pivot block C_k. Only the
// rows and columns of S_k that its structure names enter the update. The work
// is linear in the number of blocks:
//
//	Σ  n³/3 + n²r + nr²        n = order of C_k, r = rows (or columns) of S_k
//
// Every solution is refined with the residual of a kept copy of A, and leaves
// with its measured backward error in Report. Inertia is exact or says that
// it is not certain.
//
// The zero value is ready for Factorize. Analyse is only needed to set options
// or to know the cost beforehand. After Factorize has returned nil, solves and
// queries may run in several goroutines at once; Analyse and Factorize need
// exclusive use. After the first Factorize and the first solve of a shape,
// later ones allocate nothing.
//
// Pivot blocks may be singular although A is not (a zero diagonal block, for
// example), because pivoting does not cross blocks. Such a block is merged with
// the next one, and stays so until the next Analyse. Where that would make
// blocks too large, Factorize factors A + σI instead, with a small σ that
// Report tells, and solutions are refined against A.
//
// Sources: J. R. Bunch and L. Kaufman, Some stable methods for calculating
// inertia and solving symmetric linear systems, Math. Comp. 31 (1977); G. H.
// Golub and C. F. Van Loan, Matrix Computations, 4th ed. (2013), section 4.5;
// N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (2002),
// chapters 11, 12 and 15.
type Block struct {
	opts   Options
	core   core
	source tridiagSource
	a      la.BlockTridiag
	cost   Cost
	ready  bool // analysed

	factored bool
	known    bool // inertia tells something
	inertia  la.Inertia
	logAbs   float64
	sign     float64
	norm     float64 // largest column of A in the 2-norm
	shift    float64
	invNorm  float64 // estimate of ‖A⁻¹‖₁, or negative if not made yet
	normOne  float64
	sums     []float64

	mu     sync.Mutex // guards report and invNorm
	report Report
	pool   pool[blockSpace]

	inverses pool[inverseSpace]
	strict   strictCore
}

// blockSpace is the workspace of a solve.
type blockSpace struct{ x, b, xc, bc, r, best []float64 }

// Analyse prepares for matrices with the block sizes and the structure of a;
// nil opts mean the defaults, of which Tolerance, MaxRefinements, Backend and
// MemoryLimit matter here. It returns a *MemoryError before anything large is
// allocated if Cost exceeds the limit.
func (f *Block) Analyse(a *la.BlockTridiag, opts *Options) error {
	f.opts = Options{}
	if opts != nil {
		f.opts = *opts
	}
	return f.analyse(a)
}

func (f *Block) analyse(a *la.BlockTridiag) error {
	f.ready, f.factored, f.known = false, false, false
	f.strict = strictCore{}
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
	f.core.shape(a, f.opts.Backend)
	f.cost = f.core.cost()
	f.cost.Bytes += 8 * int64(len(a.Raw())+7*a.SymmetricDim())
	if f.cost.Bytes > f.opts.MemoryLimit {
		return &MemoryError{Needed: f.cost.Bytes, Limit: f.opts.MemoryLimit, What: fmt.Sprintf("a block LDLᵀ of order %d", a.SymmetricDim())}
	}
	f.core.alloc()
	f.sums = resize(f.sums, 2*a.SymmetricDim())
	f.a.CopyFrom(a)
	f.source = tridiagSource{&f.a}
	f.pool.reset()
	f.ready = true
	return nil
}

// fits reports whether a has the sizes and structure that were analysed.
func (f *Block) fits(a *la.BlockTridiag) bool {
	if !f.ready || a.Blocks() != f.a.Blocks() {
		return false
	}
	for k := range a.Blocks() {
		if a.BlockSize(k) != f.a.BlockSize(k) {
			return false
		}
	}
	for k := 0; k+1 < a.Blocks(); k++ {
		if !slices.Equal(a.SubRows(k), f.a.SubRows(k)) || !slices.Equal(a.SubCols(k), f.a.SubCols(k)) {
			return false
		}
	}
	return true
}

// Factorize factors a, which is copied and not changed. It analyses first if
// the sizes or the structure of a are not those of the last call. It returns a
// *SingularError naming block and pivot if a is singular to working accuracy,
// a *la.NotFiniteError naming the element if a holds a NaN or an infinity, and
// the error of Analyse; the factorization must then not be used to solve, but
// after a *SingularError Inertia tells what is known.
func (f *Block) Factorize(a *la.BlockTridiag) error { return f.FactorizeShifted(a, 0) }

// FactorizeShifted is Factorize for A − σI: solves, inertia and determinant are
// then those of that matrix. It keeps no second copy of A. A shift that is not
// finite is a *la.NotFiniteError.
func (f *Block) FactorizeShifted(a *la.BlockTridiag, sigma float64) error {
	f.factored, f.known = false, false
	if sigma-sigma != 0 {
		return &la.NotFiniteError{Where: "shift", Index: -1, Value: sigma}
	}
	if !f.fits(a) {
		if err := f.analyse(a); err != nil {
			return err
		}
	}
	f.a.CopyFrom(a)
	if sigma != 0 {
		for k := range f.a.Blocks() {
			d, ld := f.a.Diag(k)
			for i := range ld {
				d[i*ld+i] -= sigma
			}
		}
	}
	largest := f.measure()
	if largest-largest != 0 {
		if err := a.CheckFinite("A"); err != nil {
			return err
		}
	}
	f.invNorm = -1
	f.strict.done = false
	f.core.growth = mergeGrowth * f.norm
	f.report = Report{Flops: f.cost.Factor, Bytes: f.cost.Bytes, NormH: f.norm}
	blocks := len(f.core.blocks)
	err := f.factorize()
	if len(f.core.blocks) < blocks {
		f.recount()
	}
	return err
}

func (f *Block) factorize() error {
	err := f.core.factor(&f.source, 0, nil)
	if err == nil && !f.alarming(0) {
		f.settle(f.core.stats, 0, true)
		if f.core.stats.tiny < 1 && f.Cond() > 1/unit {
			s := f.core.stats
			return f.singular(f.place(s.block, s.at))
		}
		f.factored = true
		return nil
	}
	if e, ok := err.(*SingularError); ok {
		err = f.place(e.Block, e.Pivot)
	}
	return f.avoid(err)
}

// measure computes the norms of the kept matrix and returns its largest
// element in absolute value; NaN or infinite if it is not finite.
func (f *Block) measure() float64 {
	n := f.a.SymmetricDim()
	sums, squares := f.sums[:n], f.sums[n:2*n]
	clear(f.sums)
	largest, bad := 0.0, 0.0
	for k := range f.a.Blocks() {
		first := f.a.BlockFirst(k)
		d, ld := f.a.Diag(k)
		for i := range ld {
			for j, v := range d[i*ld : i*ld+i+1] {
				bad += v - v
				s := v * v
				v = math.Abs(v)
				largest = math.Max(largest, v)
				sums[first+j] += v
				squares[first+j] += s
				if j != i {
					sums[first+i] += v
					squares[first+i] += s
				}
			}
		}
		if k+1 == f.a.Blocks() {
			break
		}
		b, ld := f.a.Sub(k)
		next := f.a.BlockFirst(k + 1)
		for i := range f.a.BlockSize(k + 1) {
			for j, v := range b[i*ld : i*ld+ld] {
				bad += v - v
				s := v * v
				v = math.Abs(v)
				largest = math.Max(largest, v)
				sums[first+j] += v
				squares[first+j] += s
				sums[next+i] += v
				squares[next+i] += s
			}
		}
	}
	if bad != 0 {
		return math.NaN()
	}
	f.normOne, f.norm = largestAbs(sums), math.Sqrt(largestAbs(squares))
	if f.norm == 0 || math.IsInf(f.norm, 1) || largest < 1e-150 {
		f.norm = largest // squares over- or underflow
	}
	return largest
}

// alarming reports growth that makes the pivots worthless.
func (f *Block) alarming(shift float64) bool {
	return !(f.core.stats.largest <= growthAlarm*math.Max(f.norm, math.Abs(shift)))
}

// settle records a factorization of A + shift I.
func (f *Block) settle(s coreStats, shift float64, certain bool) {
	f.inertia = la.Inertia{Negative: s.negative, Zero: s.zero, Positive: s.positive, Certain: certain}
	f.logAbs, f.sign, f.shift, f.known = s.log, s.sign, shift, true
	f.report.Shift = shift
	if f.norm > 0 {
		f.report.Growth = s.largest / f.norm
	}
}

// avoid handles a pivot block that is singular, or nearly so that growth is
// alarming. Factorizations a little to either side do not meet it; if they
// count the same negative eigenvalues none lies between them, and the count
// is certain.
func (f *Block) avoid(cause error) error {
	scale := f.norm
	if scale == 0 {
		scale = 1
	}
	for delta := shiftBy * scale; delta <= 16*shiftBy*scale; delta *= 2.3 {
		if f.core.factor(&f.source, -delta, nil) != nil || f.alarming(delta) {
			continue
		}
		below := f.core.stats
		if f.core.factor(&f.source, delta, nil) != nil || f.alarming(delta) {
			continue
		}
		above := f.core.stats
		if below.negative == above.negative {
			f.settle(above, delta, true)
			// The derivative of log|det| drops out of the mean.
			f.logAbs = (below.log + above.log) / 2
			f.factored = true
			return nil
		}
		// An eigenvalue lies within delta of zero.
		s := coreStats{negative: above.negative, zero: below.negative - above.negative, log: math.Inf(-1)}
		s.positive = f.core.order - s.negative - s.zero
		f.settle(s, 0, false)
		if cause == nil {
			cause = f.place(above.block, above.at)
		}
		return cause
	}
	if cause == nil {
		cause = f.place(f.core.stats.block, f.core.stats.at)
	}
	f.settle(coreStats{log: math.NaN()}, 0, false)
	return cause
}

// place names an unknown of a block of the core by a block of the matrix.
func (f *Block) place(k, at int) *SingularError {
	if k >= len(f.core.blocks) {
		return &SingularError{}
	}
	i := f.core.blocks[k].first + at
	block := f.a.BlockOf(i)
	return &SingularError{Block: block, Pivot: i - f.a.BlockFirst(block)}
}

// recount updates the cost after blocks have been merged.
func (f *Block) recount() {
	f.cost = f.core.cost()
	f.cost.Bytes += 8 * int64(len(f.a.Raw())+7*f.a.SymmetricDim())
	f.report.Flops, f.report.Bytes = f.cost.Factor, f.cost.Bytes
}

// singular reports a matrix whose pivots are as small as rounding errors.
func (f *Block) singular(e *SingularError) error {
	f.inertia.Certain = false
	f.logAbs, f.sign = math.Inf(-1), 0
	return e
}

// Order returns the order of the matrix.
func (f *Block) Order() int {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	return f.core.order
}

// Inertia counts the negative, zero and positive eigenvalues of the matrix. It
// is certain unless an eigenvalue is so small that rounding could have moved it
// across zero: where the estimated condition number is above 1/(n·u·growth).
func (f *Block) Inertia() la.Inertia {
	if !f.known {
		panic(ErrNotFactorized)
	}
	in := f.inertia
	if in.Certain && f.shift == 0 && f.core.order > 0 {
		growth := math.Max(1, f.report.Growth)
		in.Certain = f.Cond()*growth*unit*math.Sqrt(float64(f.core.order)) < 0.1
	}
	return in
}

// LogDet returns the logarithm of |det A| and the sign of the determinant. The
// sign is 0 where the inertia is not certain.
func (f *Block) LogDet() (log, sign float64) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	switch in := f.Inertia(); {
	case !in.Certain:
		return f.logAbs, 0
	case in.Negative%2 == 1:
		return f.logAbs, -1
	}
	return f.logAbs, 1
}

// Report tells how the last Factorize and the last solve went. Eps is 0.
func (f *Block) Report() Report {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.report
}

// Cost returns the work and memory of the shape that was analysed, also where
// Analyse refused it. The bytes include the kept copy of the matrix.
func (f *Block) Cost() Cost {
	if f.core.backend == nil {
		panic(ErrNotAnalysed)
	}
	return f.cost
}

// Reset empties the factorization, options included.
func (f *Block) Reset() { *f = Block{} }

// IsEmpty reports whether there is nothing analysed.
func (f *Block) IsEmpty() bool { return !f.ready }
