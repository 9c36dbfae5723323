package la

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// Residuals of vectors near a solution, so that A x and b cancel, against
// arithmetic of 300 bits.
func TestResidualTo(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	for n := range 25 {
		b := NewSymBuilder(n, 0)
		for i := range n {
			for range 4 {
				b.Add(i, rng.IntN(i+1), math.Ldexp(rng.NormFloat64(), rng.IntN(40)-20))
			}
		}
		a, _ := b.Build()
		checkResidual(t, rng, n, a.At, a.ResidualTo)
	}
	for blocks := 1; blocks < 6; blocks++ {
		sizes := make([]int, blocks)
		for k := range sizes {
			sizes[k] = 1 + rng.IntN(5)
		}
		a := NewBlockTridiag(sizes)
		for i := range a.Raw() {
			a.Raw()[i] = 0
		}
		for k := range blocks {
			d, ld := a.Diag(k)
			for i := range ld {
				for j := range i + 1 {
					d[i*ld+j] = rng.NormFloat64()
				}
			}
			if k+1 < blocks {
				s, _ := a.Sub(k)
				for i := range s {
					s[i] = rng.NormFloat64()
				}
			}
		}
		checkResidual(t, rng, a.SymmetricDim(), a.At, a.ResidualTo)
	}
}

func checkResidual(t *testing.T, rng *rand.Rand, n int, at func(i, j int) float64, residual func(r, lo, b, x []float64, shift float64)) {
	t.Helper()
	x, b, r, lo := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	shift := rng.NormFloat64()
	number := func(v float64) *big.Float { return new(big.Float).SetPrec(300).SetFloat64(v) }
	for round := range 2 {
		size := 0.0
		want := make([]float64, n)
		for i := range n {
			s := number(b[i])
			for j := range n {
				v := number(at(i, j))
				v.Mul(v, number(x[j]))
				s.Sub(s, v)
				size += math.Abs(at(i, j) * x[j])
			}
			v := number(shift)
			s.Sub(s, v.Mul(v, number(x[i])))
			want[i], _ = s.Float64()
		}
		residual(r, lo, b, x, shift)
		for i, w := range want {
			if !(math.Abs(r[i]-w) <= 0x1p-52*math.Abs(w)+0x1p-98*size) {
				t.Fatalf("order %d, round %d: r[%d] = %v, want %v", n, round, i, r[i], w)
			}
			b[i] -= w // near A x from now on
		}
	}
	copy(lo, b)
	residual(b, make([]float64, n), b, x, shift)
	for i := range b {
		if b[i] != r[i] {
			want := make([]float64, n)
			residual(want, make([]float64, n), lo, x, shift)
			if b[i] != want[i] {
				t.Fatal("r in place of b differs")
			}
		}
	}
}
