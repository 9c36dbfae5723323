package pivot

import "math"

// Unit is the unit roundoff of float64.
const Unit = 0x1p-53

// Stats is what a factorization learned from its pivots: facts, without a
// verdict. All magnitudes are in the units of the matrix that was asked to be
// factored.
type Stats struct {
	Negative, Zero int     // pivots below zero, and zero
	LogAbs         float64 // log|det|

	// Growth is the largest element of the pivot blocks, Scale a lower bound
	// of the norm of the matrix read off on the way.
	Growth, Scale float64

	// Spread is the largest element of the matrices from which the pivot
	// blocks were formed. Where it is larger than they are, they are what a
	// cancellation left.
	Spread float64

	// Tiny is the smallest pivot in units of the rounding error of its block,
	//
	//	|d| / (order · Unit · max(|S|, Spread)),
	//
	// an eigenvalue of a 2×2 block for d. It was met at (Block, Row).
	Tiny       float64
	Block, Row int

	// Finite is false if a NaN or an infinity was met.
	Finite bool
}

// Empty is the Stats of a factorization without pivots.
func Empty() Stats { return Stats{Finite: true, Tiny: math.Inf(1)} }
