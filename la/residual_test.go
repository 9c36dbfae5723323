package la

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/internal/alloctest"
)

// residualer is what has a product and a residual.
type residualer interface {
	mat.Symmetric
	MulVecTo(dst, x []float64)
	ResidualTo(r, work, b, x []float64, shift float64)
}

func TestResidual(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	wild := func(v []float64) {
		for i := range v {
			v[i] *= math.Pow(10, 16*rng.Float64()-8)
		}
	}
	var matrices []residualer
	for _, n := range []int{0, 1, 2, 7, 40} {
		a := randomSym(rng, n, 6*n)
		b := a.Clone()
		wild(b.RawLower().Val)
		matrices = append(matrices, a, b)
	}
	matrices = append(matrices, &Sym{})
	for t, sizes := range [][]int{{}, {1}, {3}, {1, 1}, {2, 5}, {4, 1, 3, 3}, {7, 12, 19, 8}, {12, 12, 12}} {
		a := NewBlockTridiag(sizes)
		fillBlocks(a, rng)
		if t == 7 { // few rows and columns
			for k := range 2 {
				s, _ := a.Sub(k)
				clear(s)
				a.SetSub(k, []int{1, 5, 11}, []int{0, 7})
			}
			for _, at := range [][2]int{{13, 0}, {17, 7}, {23, 0}, {35, 19}, {25, 12}} {
				a.Set(at[0], at[1], rng.NormFloat64())
			}
		}
		b := NewBlockTridiag(nil)
		b.CopyFrom(a)
		wild(b.Raw())
		matrices = append(matrices, a, b)
	}
	for _, a := range matrices {
		n := a.SymmetricDim()
		x, b := make([]float64, n), make([]float64, n)
		for _, shift := range []float64{0, -1e6 * rng.Float64(), rng.NormFloat64()} {
			for i := range x {
				x[i], b[i] = rng.NormFloat64(), rng.NormFloat64()
			}
			wild(x)
			checkResidualTo(t, a, b, x, shift)
			// b close to (A + shift I) x.
			a.MulVecTo(b, x)
			for i := range b {
				b[i] += shift * x[i]
			}
			checkResidualTo(t, a, b, x, shift)
		}
	}
}

func checkResidualTo(t *testing.T, a residualer, b, x []float64, shift float64) {
	t.Helper()
	n := a.SymmetricDim()
	r := make([]float64, n)
	work := make([]float64, 2*n)
	for i := range work {
		work[i] = math.NaN()
	}
	a.ResidualTo(r, work, b, x, shift)
	for i := range r {
		want, bound := new(big.Float).SetPrec(1000).SetFloat64(b[i]), math.Abs(b[i])
		sub := func(v, x float64) {
			want.Sub(want, new(big.Float).SetPrec(1000).Mul(big.NewFloat(v), big.NewFloat(x)))
			bound += math.Abs(v * x)
		}
		for j := range n {
			sub(a.At(i, j), x[j])
		}
		sub(shift, x[i])
		w, _ := want.Float64()
		d, _ := want.Sub(want, big.NewFloat(r[i])).Float64()
		if !(math.Abs(d) <= 2*unit*math.Abs(w)+float64((n+3)*(n+3))*unit*unit*bound) {
			t.Fatalf("%T of order %d: element %d is %v, want %v: %g off, of %g", a, n, i, r[i], w, d, bound)
		}
	}
	for _, overwriteX := range []bool{false, true} {
		b2, x2 := append([]float64(nil), b...), append([]float64(nil), x...)
		dst := b2
		if overwriteX {
			dst = x2
		}
		a.ResidualTo(dst, work, b2, x2, shift)
		for i := range r {
			if dst[i] != r[i] {
				t.Fatalf("%T in place: element %d is %v, not %v", a, i, dst[i], r[i])
			}
		}
	}
}

func TestResidualAllocates(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	b := NewBlockTridiag([]int{3, 4, 15})
	fillBlocks(b, rng)
	for _, a := range []residualer{randomSym(rng, 30, 100), b} {
		x, work := make([]float64, a.SymmetricDim()), make([]float64, 2*a.SymmetricDim())
		if n := alloctest.PerRun(5, func() { a.ResidualTo(x, work, x, x, 1) }); n != 0 {
			t.Errorf("%T: %v allocations", a, n)
		}
		mustPanicWith(t, ErrLength, func() { a.ResidualTo(x, x, x, x, 1) })
		mustPanicWith(t, ErrAlias, func() { a.ResidualTo(work[:len(x)], work, x, x, 1) })
	}
}
