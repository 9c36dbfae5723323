package blastest

import (
	"math"
	"math/rand/v2"
)

// A Kind is a family of symmetric matrices with a reason to be tested. Fill
// gives element (i, j), i ≥ j, of the matrix of order n.
type Kind struct {
	Name string
	// Singular families have no unique solution for every order.
	Singular bool
	Fill     func(rng *rand.Rand, n int) func(i, j int) float64
}

// Kinds are the families of symmetric matrices of the factorization's tests.
var Kinds = []Kind{
	{"normal", false, func(rng *rand.Rand, n int) func(i, j int) float64 {
		return func(i, j int) float64 { return rng.NormFloat64() }
	}},
	{"zero-diagonal", true, func(rng *rand.Rand, n int) func(i, j int) float64 {
		// The first pivot has order two.
		return func(i, j int) float64 {
			if i == j {
				return 0
			}
			return rng.NormFloat64()
		}
	}},
	{"definite", false, func(rng *rand.Rand, n int) func(i, j int) float64 {
		return func(i, j int) float64 {
			if i == j {
				return float64(n) + rng.Float64()
			}
			return rng.Float64()
		}
	}},
	{"sparse", true, func(rng *rand.Rand, n int) func(i, j int) float64 {
		return func(i, j int) float64 {
			if rng.IntN(4) > 0 {
				return 0
			}
			return rng.NormFloat64()
		}
	}},
	{"signs", true, func(rng *rand.Rand, n int) func(i, j int) float64 {
		// Ties everywhere, and exact cancellation.
		return func(i, j int) float64 { return float64(rng.IntN(3) - 1) }
	}},
	{"saddle", false, func(rng *rand.Rand, n int) func(i, j int) float64 {
		// [ I  Bᵀ ]
		// [ B  0  ]  with a diagonally dominant B.
		h := (n + 1) / 2
		return func(i, j int) float64 {
			switch {
			case i < h && i == j:
				return 1
			case i < h || j >= h:
				return 0
			case i-h == j:
				return 3
			}
			return rng.NormFloat64() / math.Sqrt(float64(n))
		}
	}},
	{"exchange", false, func(rng *rand.Rand, n int) func(i, j int) float64 {
		// Ones on the other diagonal: pivots of order two, far interchanges.
		return func(i, j int) float64 {
			if i+j == n-1 {
				return 1
			}
			return 0
		}
	}},
	{"graded", false, func(rng *rand.Rand, n int) func(i, j int) float64 {
		// Small leading elements, so that far rows become pivots.
		s := func(i int) float64 { return math.Exp2(float64(20 * i / max(1, n))) }
		return func(i, j int) float64 { return rng.NormFloat64() * s(i) * s(j) }
	}},
	{"zero", true, func(rng *rand.Rand, n int) func(i, j int) float64 {
		return func(i, j int) float64 { return 0 }
	}},
	{"ones", true, func(rng *rand.Rand, n int) func(i, j int) float64 {
		// Rank one: every pivot but the first is exactly zero.
		return func(i, j int) float64 { return 1 }
	}},
	{"bordered-zero", true, func(rng *rand.Rand, n int) func(i, j int) float64 {
		// Rows and columns n/3 and n/2 are zero.
		return func(i, j int) float64 {
			v := rng.NormFloat64()
			for _, z := range []int{n / 3, n / 2} {
				if i == z || j == z {
					v = 0
				}
			}
			return v
		}
	}},
	{"tiny", false, func(rng *rand.Rand, n int) func(i, j int) float64 {
		// Products of two elements underflow.
		return func(i, j int) float64 { return rng.NormFloat64() * 0x1p-900 }
	}},
	{"huge", false, func(rng *rand.Rand, n int) func(i, j int) float64 {
		// Products of two elements overflow.
		return func(i, j int) float64 { return rng.NormFloat64() * 0x1p+900 }
	}},
}
