package certify

import (
	"math"
	"math/rand/v2"
	"testing"

	"costate/factor/internal/pivot"
	"costate/la/vec"
)

// identity is the operator of the unit matrix.
type identity int

func (n identity) Order() int             { return int(n) }
func (n identity) MulTo(dst, x []float64) { copy(dst, x) }
func (n identity) Norm() float64          { return 1 }
func (n identity) IsZero() bool           { return false }
func (n identity) Sharpen() bool          { return false }
func (n identity) ResidualTo(r, b, x []float64) {
	for i := range r {
		r[i] = b[i] - x[i]
	}
}

// planted is an engine of the unit matrix whose factors err by size·vvᵀ for each v:
// I − A F⁻¹ is their sum.
type planted struct {
	size float64
	v    [][]float64 // orthonormal
}

func (e planted) Factor(float64) pivot.Stats { return pivot.Empty() }

func (e planted) Solve(x []float64, nrhs int) {
	n := len(x) / nrhs
	for r := range nrhs {
		x := x[r*n : (r+1)*n]
		var dots [64]float64
		for k, v := range e.v {
			dots[k] = vec.Dot(v, x)
		}
		for k, v := range e.v {
			vec.Axpy(x, -e.size*dots[k], v)
		}
	}
}

// Errors of the factors in one direction, in a few and in all: the bound of the
// log-determinant, which for the factors is 0, holds also where the directions tried miss them.
func TestDeterminantBound(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	const size = 1e-9
	for _, c := range []struct{ n, rank, rounds int }{{17, 1, 100000}, {40, 1, 20000}, {40, 2, 5000}, {64, 64, 50}, {5, 1, 1000}} {
		widest := 0.0
		for range c.rounds {
			e := planted{size: size, v: orthonormal(rng, c.rank, c.n)}
			var j Judge
			j.Begin(e, identity(c.n), Settings{Tolerance: 1e-14, Threads: 1}, nil)
			j.Factorize()
			log, bound := j.LogDet()
			exact := float64(c.rank) * math.Log1p(-size) // of A relative to F
			if !(math.Abs(log-exact) <= bound) {
				t.Fatalf("order %d, rank %d: off by %.1e, bound %.1e", c.n, c.rank, math.Abs(log-exact), bound)
			}
			widest = max(widest, bound)
		}
		if !(widest <= 2*(lucky+bulk*8)*8*size) {
			t.Errorf("order %d, rank %d: bound %.1e for an error of %.0e", c.n, c.rank, widest, size)
		}
	}
}

// orthonormal returns k orthonormal vectors of length n, by Gram and Schmidt, twice.
func orthonormal(rng *rand.Rand, k, n int) [][]float64 {
	var v [][]float64
	for range k {
		x := make([]float64, n)
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		for range 2 {
			for _, u := range v {
				vec.Axpy(x, -vec.Dot(u, x), u)
			}
		}
		vec.Scale(x, 1/vec.Norm2(x), x)
		v = append(v, x)
	}
	return v
}
