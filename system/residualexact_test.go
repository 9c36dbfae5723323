package system_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"costate/internal/alloctest"
	"costate/la/blas"
	"costate/system"
	"costate/system/chaintest"
)

// The residual of a vector near a solution, so that H x and b cancel, against
// arithmetic without rounding.
func TestResidualTo(t *testing.T) {
	forChains(t, func(t *testing.T, c *system.Chain) {
		rng := rand.New(rand.NewPCG(5, 7))
		h := chaintest.Exact(c)
		n := c.Params()
		p := system.NewProduct(c, blas.Native())
		for round := range 6 {
			x, b, r, eps := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, len(c.Stages))
			for k := range eps {
				eps[k] = rng.NormFloat64()
			}
			for i := range x {
				x[i] = math.Ldexp(rng.NormFloat64(), rng.IntN(1+20*round))
			}
			want, _ := exactResidual(c, h, b, x, eps)
			for i := range b { // now b ≈ (H + D) x
				v, _ := want[i].Float64()
				b[i] = -v
			}
			want, size := exactResidual(c, h, b, x, eps)
			p.ResidualTo(r, b, x, eps)
			for i, v := range want {
				w, _ := v.Float64()
				if !(math.Abs(r[i]-w) <= 0x1p-52*math.Abs(w)+0x1p-96*size) {
					t.Fatalf("round %d: r[%d] = %v, want %v; size %v", round, i, r[i], w, size)
				}
			}
			p.ResidualTo(b, b, x, eps)
			for i := range b {
				if b[i] != r[i] {
					t.Fatal("r in place of b differs")
				}
			}
		}
	})
}

// exactResidual is b − (H + D) x, and a bound of the sizes of its terms.
func exactResidual(c *system.Chain, h [][]*big.Float, b, x, eps []float64) (r []*big.Float, size float64) {
	i := 0
	for k, s := range c.Stages {
		for range s.Params() {
			v := new(big.Float).SetPrec(2000).SetFloat64(b[i])
			term := func(a *big.Float, x float64) {
				p := new(big.Float).SetPrec(2000).SetFloat64(x)
				p.Mul(p, a)
				v.Sub(v, p)
				f, _ := p.Float64()
				size = max(size, math.Abs(f))
			}
			for j := range x {
				term(h[i][j], x[j])
			}
			term(new(big.Float).SetPrec(2000).SetFloat64(eps[k]), x[i])
			r = append(r, v)
			i++
		}
	}
	return r, size * float64(len(x)*len(x))
}

func TestResidualAllocationsByKind(t *testing.T) {
	forChains(t, func(t *testing.T, c *system.Chain) {
		n := c.Params()
		p := system.NewProduct(c, blas.Native())
		x, eps := make([]float64, n), make([]float64, len(c.Stages))
		r := make([]float64, n)
		p.ResidualTo(r, x, x, eps)
		if got := alloctest.PerRun(5, func() { p.ResidualTo(r, x, x, eps) }); got != 0 {
			t.Errorf("%v allocations", got)
		}
	})
}

// The exact matrix is the one that products have.
func TestExact(t *testing.T) {
	forChains(t, func(t *testing.T, c *system.Chain) {
		exact, want := chaintest.Exact(c), explicit(c)
		for i, row := range exact {
			for j, v := range row {
				f, _ := v.Float64()
				if w := want.At(i, j); math.Abs(f-w) > 1e-12*(1+math.Abs(w)) {
					t.Fatalf("(%d, %d): %v, want %v", i, j, f, w)
				}
			}
		}
	})
}
