package factor

import (
	"gonum.org/v1/gonum/mat"

	"costate/la"
	"costate/la/blas"
	"costate/system"
)

// A Factorization solves (H + εI) X = B for the matrix H of a chain (its
// Hessian or Gauss–Newton matrix), in three phases: Analyse once for the
// shapes, Factorize for each damping ε, SolveTo for each set of right-hand
// sides. After the first call of each, none of them allocates.
//
// After Factorize has returned nil, SolveTo, SolveVecTo, Inertia, LogDet and
// Report may be called from several goroutines at once. Analyse, Update and
// Factorize need exclusive use. Calling a later phase before an earlier one
// panics with ErrNotAnalysed or ErrNotFactorized.
type Factorization interface {
	// Analyse prepares for chains of the shapes of c, and takes c as the
	// point to factorize. It returns a *MemoryError before anything large is
	// allocated if the estimate of Cost exceeds the limit of the options, and
	// a *la.NotFiniteError if the chain holds a NaN or infinity. A nil opts means
	// the defaults.
	Analyse(c *system.Chain, opts *Options) error

	// Update takes a new point: a chain of the same shapes, by itself an exact
	// Hessian or a Gauss–Newton matrix. It panics with ErrShape if the shapes
	// differ, and returns a *la.NotFiniteError as Analyse; Factorize then returns
	// that error too, until an Update succeeds.
	Update(c *system.Chain) error

	// Factorize factors H + εI. It returns a *SingularError if that matrix is
	// singular to working accuracy; Inertia then still tells what is known.
	Factorize(eps float64) error

	// FactorizeStages factors H + diag(ε_1 I, …, ε_L I): a damping for each
	// stage, such as prior precisions by layer. What is said of ε holds for
	// each of them; a shift moves all. The slice has one element a stage, else
	// it panics with ErrShape.
	FactorizeStages(eps []float64) error

	// SolveTo solves (H + εI) X = B; the columns of B are right-hand sides.
	// An empty dst is resized. dst may be b. The error is an *AccuracyError if
	// the measured backward error of a column stays above Options.Tolerance
	// (dst then holds the best solution reached), or a *la.NotFiniteError if b
	// holds a NaN or infinity (dst is then not written).
	SolveTo(dst *mat.Dense, b mat.Matrix) error

	// SolveVecTo is SolveTo for one right-hand side.
	SolveVecTo(dst *mat.VecDense, b mat.Vector) error

	// Order is the number of parameters: the order of H.
	Order() int

	// Inertia counts the negative, zero and positive eigenvalues of H + εI,
	// exactly if Certain is true.
	Inertia() la.Inertia

	// LogDet returns log|det(H + εI)| and the sign of the determinant. The
	// sign is 0 where the inertia is not certain. Where Report gives a shift δ
	// the logarithm is the mean of those at ε±δ, which for an eigenvalue λ of
	// H + εI is off by about (δ/λ)²/2. Both are NaN for the iterative methods,
	// which do not know them.
	LogDet() (log, sign float64)

	// Report tells how the last Factorize and the last solve went.
	Report() Report

	// Cost estimates the work and memory of one Factorize and one solve
	// with one right-hand side.
	Cost() Cost
}

// Options are the settings of a factorization; the zero value and a nil
// pointer mean the defaults.
type Options struct {
	// Backend is the set of dense kernels. The default is blas.Native().
	Backend blas.Backend

	// Tolerance is the normwise backward error that a solution must reach,
	//
	//	‖b − (H+εI)x‖ / (‖H‖‖x‖ + ‖b‖).
	//
	// The default is 1e-14.
	Tolerance float64

	// MaxRefinements bounds the steps of iterative refinement of a solve.
	// The default is 10.
	MaxRefinements int

	// MaxIterations bounds the iterations of the iterative methods. The
	// default is ten times the order.
	MaxIterations int

	// MemoryLimit is the greatest number of bytes that an analysis may plan
	// for. The default is the memory of the machine.
	MemoryLimit int64
}

// A Report tells what a factorization and its last solve did. Growth, Shift
// and Flops belong to Factorize, BackwardError and Refinements to the solve.
type Report struct {
	// Eps is the damping asked for.
	Eps float64 `json:"eps"`
	// Shift is ε' − ε where the matrix was factored at another damping ε' to
	// avoid a singular pivot block; solutions are refined against ε.
	Shift float64 `json:"shift"`
	// BackwardError is the measured normwise backward error of the last
	// solve: the worst of its columns.
	BackwardError float64 `json:"backward_error"`
	// Refinements is the number of refinement steps (for the iterative
	// methods: iterations) of the last solve.
	Refinements int `json:"refinements"`
	// Growth is the largest element of the pivot blocks over ‖H + εI‖.
	Growth float64 `json:"growth"`
	// NormH is the lower bound of ‖H‖₂ that the backward error of the last
	// solve was measured with: no estimate flatters the error.
	NormH float64 `json:"norm_h"`
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
