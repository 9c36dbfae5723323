package mumps

import (
	"fmt"

	"costate/factor/internal/pivot"
	"costate/la/partition"
	"costate/system"
)

// Options are the settings of an Engine.
type Options struct {
	// Ordering is one of Orderings, or empty for that which MUMPS chooses. Perm, if not
	// nil, is the order to use instead.
	Ordering string
	Perm     partition.Perm

	// Threshold is u: elements of L are at most 1/u. It is at most 0.5.
	Threshold float64

	// Threads are those of the BLAS on one machine, shared by its ranks.
	Threads int

	// MemoryLimit is the number of bytes that the ranks of one machine may plan for.
	MemoryLimit int64

	// OutOfCore, if not empty, is the directory to which each rank writes its factors.
	OutOfCore string
}

// An Engine holds the factors of S (A + σI) S. All methods may be called by several
// goroutines, but only Solve by several at once. Where MUMPS fails for another reason than the matrix, Factor returns
// Stats that are not finite and Solve numbers that are not, and Err has the reason until
// the next Take.
type Engine interface {
	// Take takes the values of a matrix of the pattern analysed; see tree.Engine.Take.
	Take(values, scale []float64, size float64)

	// Factor factors S (A + shift·I) S; see tree.Engine.Factor.
	Factor(shift float64) pivot.Stats

	// FactorEven factors S (A + shift·I) S + even·I; see tree.Engine.FactorEven.
	FactorEven(shift, even float64) pivot.Stats

	// Solve overwrites each of the nrhs rows of x with (A + shift·I)⁻¹ times it.
	Solve(x []float64, nrhs int)

	// Threshold is that of the next Factor, and SetThreshold changes it.
	Threshold() float64
	SetThreshold(u float64)

	// Scale is the diagonal of S, nil for the identity.
	Scale() []float64

	// Cost is what MUMPS predicted, on the machine that needs most memory.
	Cost() pivot.Cost

	// Plan tells what came of the analysis.
	Plan() Plan

	// Err is why MUMPS gave up.
	Err() error

	// Release frees what MUMPS holds. The engine is of no use then.
	Release()
}

// A Chain is the engine of the augmented system K of a chain: it factors
// S (K + D + shift·I) S, with the damping D of Damp and the scaling S of Rescale. The ranks hold K together: each assembles, keeps and
// multiplies by what a range of stages writes, and no rank has all of it. Methods may be
// called as those of an Engine, and products as Solve.
type Chain interface {
	Factor(shift float64) pivot.Stats
	FactorEven(shift, even float64) pivot.Stats
	Scale() []float64
	Solve(x []float64, nrhs int)
	Threshold() float64
	SetThreshold(u float64)
	Cost() pivot.Cost
	Plan() Plan
	Err() error
	Release()

	// Update takes another chain of the same shapes, at the damping 0.
	Update(c *system.Chain)

	// Damp sets the damping of each stage; an empty slice is none.
	Damp(eps []float64)

	// Rescale finds a scaling S for K + D. The next Factor factors S (K + D + shift·I) S.
	Rescale()

	// Norm is a lower bound of ‖K + D‖₂.
	Norm() float64

	// SymmetricDim, MulVecTo and ResidualTo are as those of la.Sym, for K + D. The sums
	// over the ranks are one MPI_Allreduce a product, in twice the working precision for a
	// residual.
	SymmetricDim() int
	MulVecTo(dst, x []float64)
	ResidualTo(r, work, b, x []float64, shift float64)

	// Stored is the number of elements of K that each rank stores.
	Stored() []int64
}

// A Plan is what came of an analysis.
type Plan struct {
	Ordering string // as in Orderings, or "given"
	Fronts   int    // of the assembly tree
	FrontMax int    // order of the largest
	Ranks    int

	Entries   int64 // of the factors
	RankBytes int64 // that the rank with most needs for MUMPS
}

// A MemoryError says that the analysis plans, or delayed pivots ask, for more than
// Options.MemoryLimit.
type MemoryError struct{ Needed int64 }

func (e *MemoryError) Error() string { return fmt.Sprintf("MUMPS needs %d bytes", e.Needed) }

// Orderings are the names of the orderings of MUMPS. A build of MUMPS need not have
// scotch and metis; Debian's has neither.
func Orderings() []string {
	return []string{"amd", "amf", "qamd", "pord", "scotch", "metis"}
}
