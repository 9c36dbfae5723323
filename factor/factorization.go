package factor

import (
	"gonum.org/v1/gonum/mat"

	"costate/factor/internal/certify"
	"costate/la"
	"costate/la/blas"
	"costate/la/partition"
	"costate/system"
)

// A Solver has factored a symmetric matrix A, or prepared to solve with it, and
// answers for it. All factorizations of this package are Solvers but Shifted, whose matrix
// is complex.
//
// After a factorization has returned nil, SolveTo, SolveVecTo, Inertia, LogDet,
// Cond and Report may be called from several goroutines at once; what factors
// needs exclusive use. What is asked for before it has been factored panics with
// ErrNotAnalysed or ErrNotFactorized.
type Solver interface {
	// SolveTo solves A X = B; the columns of B are right-hand sides. An empty
	// dst is resized; dst may be b. The error is an *AccuracyError if the
	// measured backward error of a column stays above Options.Tolerance (dst
	// then holds the best solution reached), or a *la.NotFiniteError if b holds
	// a NaN or infinity (dst is then not written). For order 0 nothing is done.
	SolveTo(dst *mat.Dense, b mat.Matrix) error

	// SolveVecTo is SolveTo for one right-hand side.
	SolveVecTo(dst *mat.VecDense, b mat.Vector) error

	// SymmetricDim is the order of A.
	SymmetricDim() int

	// Inertia counts the negative, zero and positive eigenvalues of A, exactly
	// if Certain is true: that rests on a bound of what rounding may have
	// changed, see the package comment. The first call after a factorization
	// solves a few times to find it.
	Inertia() la.Inertia

	// LogDet returns log|det A| and the sign of the determinant, which is 0
	// where the inertia is not certain; -Inf and 0 for a singular A. Report
	// bounds the error of the logarithm. Both are NaN for the iterative
	// methods, which do not know them.
	LogDet() (log, sign float64)

	// Cond estimates the condition number ‖A‖₂‖A⁻¹‖₂, from below and seldom by
	// more than a factor of three. The first call after a factorization solves
	// a few times. It is NaN for the iterative methods.
	Cond() float64

	// Report tells how the last factorization and the last solve went; before
	// these it is empty.
	Report() Report

	// Cost estimates the work and memory of one factorization and of one solve
	// with one right-hand side.
	Cost() Cost

	// Reset empties the Solver, options included; IsEmpty reports whether
	// nothing has been analysed.
	Reset()
	IsEmpty() bool
}

// A Factorization is a Solver for A = H + εI and the matrix H of a chain (its
// Hessian or Gauss–Newton matrix), in three phases: Analyse once for the
// shapes, Factorize for each damping ε, SolveTo for each set of right-hand
// sides. After the first call of each, none of them allocates.
type Factorization interface {
	Solver

	// Analyse prepares for chains of the shapes of c, and takes c as the
	// point to factorize. It returns a *MemoryError before anything large is
	// allocated if the estimate of Cost exceeds the limit of the options, and
	// a *la.NotFiniteError if the chain holds a NaN or infinity. A nil opts
	// means the defaults.
	Analyse(c *system.Chain, opts *Options) error

	// Update takes a new point: a chain of the same shapes, by itself an exact
	// Hessian or a Gauss–Newton matrix. It panics with ErrShape if the shapes
	// differ, and returns a *la.NotFiniteError as Analyse; Factorize then
	// returns that error too, until an Update succeeds.
	Update(c *system.Chain) error

	// Factorize factors H + εI. It returns a *SingularError if that matrix is
	// singular to working accuracy; what is known may then still be asked for,
	// and consistent systems be solved. An eigenvalue close to zero otherwise
	// only makes the inertia uncertain.
	Factorize(eps float64) error

	// FactorizeStages factors H + diag(ε_1 I, …, ε_L I): a damping for each
	// stage, such as prior precisions by layer. The slice has one element a
	// stage, else it panics with ErrShape.
	FactorizeStages(eps []float64) error
}

// Options are the settings of a factorization; the zero value and a nil
// pointer mean the defaults.
type Options struct {
	// Backend is the set of dense kernels. The default is blas.Native().
	Backend blas.Backend

	// Tolerance is the normwise backward error that a solution must reach,
	//
	//	‖b − Ax‖ / (‖A‖‖x‖ + ‖b‖),
	//
	// from a residual in twice the working precision and a lower bound of ‖A‖₂.
	//
	// The default is 1e-14.
	Tolerance float64

	// MaxRefinements bounds the steps of iterative refinement of a solve.
	// The default is 10.
	MaxRefinements int

	// PivotTolerance is the threshold u of pivoting in sparse factorizations:
	// elements of L are at most 1/u. A larger one, up to 0.5, bounds growth
	// better and fills more. The default is 0.01, and 0.1 for MUMPS. What that solves
	// badly, or leaves uncertain where the inertia is asked for, Sparse factors again with 0.5.
	PivotTolerance float64

	// Ordering is that of sparse factorizations; the default predicts the
	// cheapest. Perm, if not nil, is taken instead.
	Ordering partition.Ordering
	Perm     partition.Perm

	// Engine names what factors in Sparse and Augmented: EngineNative, which is the
	// default, or EngineMUMPS, with its own settings. All engines are judged alike. An
	// engine that the build does not have is an *EngineError of Analyse.
	Engine string
	MUMPS  MUMPSOptions

	// MaxIterations bounds the iterations of the iterative methods. The
	// default is ten times the order.
	MaxIterations int

	// Interrupt, unless it is nil, is asked now and then whether to give up what is under
	// way: a factorization at every stage or front, a solve at every right-hand side, an
	// iterative one at every iteration. Where it returns true, and goes on to do so, the
	// error is ErrInterrupted, and nothing is factored. It is asked from several
	// goroutines, for instance for the end of a context. It is asked while an order is
	// looked for and at every panel of a large dense matrix, too; an analysis that it ends
	// has to be made again. MUMPS runs to its end.
	Interrupt func() bool

	// MemoryLimit is the greatest number of bytes that an analysis may plan
	// for. The default is the memory of the machine.
	MemoryLimit int64
}

// A Report tells what a factorization and its last solve did. Growth, Shift
// and Flops belong to Factorize, BackwardError and Refinements to the solve.
type Report struct {
	// Eps is the damping asked for, that of the first stage where each has its own.
	Eps float64 `json:"eps"`
	// Shift is ε' − ε where the matrix was factored at another damping ε' to
	// avoid a singular pivot block; solutions are refined against ε. Where Sparse found a
	// matrix singular whose rows are of such different sizes that a multiple of I would
	// hide the small ones, the factors are those of A + Shift·S⁻², with its diagonal S of
	// scales.
	Shift float64 `json:"shift"`
	// BackwardError is the measured normwise backward error of the last
	// solve: the worst of its columns.
	BackwardError float64 `json:"backward_error"`
	// Refinements is the number of refinement steps (for the iterative
	// methods: iterations) of the last solve.
	Refinements int `json:"refinements"`
	// Growth is the largest element of the pivot blocks over ‖A‖.
	Growth float64 `json:"growth"`
	// Norm is the lower bound of ‖A‖₂ that the backward error of the last
	// solve was measured with: no estimate flatters the error.
	Norm float64 `json:"norm"`
	// LogDetError bounds the absolute error of LogDet, infinite where nothing
	// is known; it is set by LogDet.
	LogDetError float64 `json:"logdet_error"`
	// Flops counts the floating-point operations of Factorize by formula:
	// those of Cost for each factorization that it took.
	Flops int64 `json:"flops"`
	// Bytes is the memory held by the factorization.
	Bytes int64 `json:"bytes"`
}

// A Cost is an estimate made before anything is allocated: floating-point
// operations and bytes.
type Cost struct {
	Point  int64 // flops of Update: what the method prepares for a new point
	Factor int64 // flops of one factorization
	Solve  int64 // flops of one solve with one right-hand side
	Bytes  int64 // memory of the factorization and its workspace
}

// withDefaults fills in the defaults.
func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	if d.Backend == nil {
		d.Backend = blas.Native()
	}
	if !(d.Tolerance > 0) {
		d.Tolerance = 1e-14
	}
	if d.MaxRefinements <= 0 {
		d.MaxRefinements = 10
	}
	if d.MemoryLimit <= 0 {
		d.MemoryLimit = machineMemory()
	}
	return d
}

// settings are those of the judge.
func (o *Options) settings() certify.Settings {
	return certify.Settings{Tolerance: o.Tolerance, MaxRefinements: o.MaxRefinements, Threads: o.Backend.Threads(), Backend: o.Backend, Interrupt: o.Interrupt}
}

// interrupted asks whether to give up.
func (o *Options) interrupted() bool { return o.Interrupt != nil && o.Interrupt() }
