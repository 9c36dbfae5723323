package blastest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"costate/la/blas"
)

// A product is one call of Gemm, Gemmt or Syrk.
type product struct {
	op          string // gemm, gemmt or syrk
	uplo        blas.Uplo
	tA, tB      blas.Transpose
	m, n, k     int
	alpha, beta float64
	gap         int
}

func (p product) String() string {
	s := fmt.Sprintf("%s tA=%c tB=%c m=%d n=%d k=%d alpha=%g beta=%g gap=%d", p.op, p.tA, p.tB, p.m, p.n, p.k, p.alpha, p.beta, p.gap)
	if p.op != "gemm" {
		s += fmt.Sprintf(" uplo=%c", p.uplo)
	}
	return s
}

// run makes the call on random operands and compares it with plain loops.
func (p product) run(t testing.TB, g blas.Backend, rng *rand.Rand) {
	t.Helper()
	r, c := dims(p.tA, p.m, p.k)
	a := NewMatrix(r, c, p.gap).Random(rng)
	b := a
	if p.op != "syrk" {
		r, c = dims(p.tB, p.k, p.n)
		b = NewMatrix(r, c, p.gap*2).Random(rng)
	}
	dst := NewMatrix(p.m, p.n, p.gap).Random(rng)
	may := all
	if p.op != "gemm" {
		may = triangle(p.uplo)
		for i := range p.m {
			for j := range p.n {
				if !may(i, j) {
					dst.Set(i, j, math.NaN())
				}
			}
		}
	}
	fill := func(m *Matrix) {
		for i := range m.Rows {
			for j := range m.Cols {
				m.Set(i, j, math.NaN())
			}
		}
		m.Keep()
	}
	if p.beta == 0 {
		fill(dst)
	}
	if p.alpha == 0 {
		fill(a)
		fill(b)
	}
	dst.Keep()

	tB := p.tB
	switch p.op {
	case "gemm":
		g.Gemm(p.tA, p.tB, p.m, p.n, p.k, p.alpha, a.Data, a.Ld, b.Data, b.Ld, p.beta, dst.Data, dst.Ld)
	case "gemmt":
		g.Gemmt(p.uplo, p.tA, p.tB, p.n, p.k, p.alpha, a.Data, a.Ld, b.Data, b.Ld, p.beta, dst.Data, dst.Ld)
	case "syrk":
		g.Syrk(p.uplo, p.tA, p.n, p.k, p.alpha, a.Data, a.Ld, p.beta, dst.Data, dst.Ld)
		tB = flip(p.tA)
	}

	a.CheckOnly(t, p.String()+": A", nil)
	b.CheckOnly(t, p.String()+": B", nil)
	dst.CheckOnly(t, p.String()+": C", may)
	opA, opB := dense(a, p.tA, p.m, p.k), dense(b, flip(tB), p.n, p.k)
	for i := range p.m {
		x := opA[i*p.k : (i+1)*p.k]
		for j := range p.n {
			if !may(i, j) {
				continue
			}
			want, bound := 0.0, 0.0
			if p.alpha != 0 {
				for l, v := range opB[j*p.k : (j+1)*p.k] {
					v *= x[l]
					want += v
					bound += math.Abs(v)
				}
				want *= p.alpha
				bound *= math.Abs(p.alpha)
			}
			if p.beta != 0 {
				want += p.beta * dst.Was(i, j)
				bound += math.Abs(p.beta * dst.Was(i, j))
			}
			bound *= 2 * float64(p.k+4) * u
			if got := dst.At(i, j); !(math.Abs(got-want) <= bound) {
				t.Errorf("%v: C[%d,%d] = %v, want %v within %.2g", p, i, j, got, want, bound)
				return
			}
		}
	}
}

func flip(t blas.Transpose) blas.Transpose {
	if t == blas.Trans {
		return blas.NoTrans
	}
	return blas.Trans
}

// dense returns op(m), rows×cols, by rows.
func dense(m *Matrix, t blas.Transpose, rows, cols int) []float64 {
	d := make([]float64, rows*cols)
	for i := range rows {
		for j := range cols {
			d[i*cols+j] = m.T(t, i, j)
		}
	}
	return d
}

// Products tests Gemm, Gemmt and Syrk ("gemm", "gemmt", "syrk"), or those of
// them that are named: all options on small sizes, all sizes to 70 in each
// dimension, and sizes around the blockings.
func Products(t *testing.T, g blas.Backend, ops ...string) {
	if ops == nil {
		ops = []string{"gemm", "gemmt", "syrk"}
	}
	for _, op := range ops {
		t.Run(op, func(t *testing.T) {
			rng := NewRand(1)
			try := func(m, n, k int, alpha, beta float64) {
				if op != "gemm" {
					m = n
				}
				for _, tA := range transposes {
					for _, tB := range transposes {
						for _, uplo := range triangles {
							if op == "gemm" && uplo == blas.Upper || op == "syrk" && tB == blas.Trans {
								continue
							}
							product{op, uplo, tA, tB, m, n, k, alpha, beta, rng.IntN(2) * 3}.run(t, g, rng)
						}
					}
				}
			}
			for n := 0; n < 5; n += step {
				for k := 0; k < 5; k += step {
					for _, alpha := range scalars {
						for _, beta := range scalars {
							try(rng.IntN(5), n, k, alpha, beta)
						}
					}
				}
			}
			for n := 1; n <= 70; n += thin {
				try(n, n, n, pick(rng, scalars), pick(rng, scalars))
				try(n, 1+rng.IntN(70), 1+rng.IntN(20), 1, pick(rng, scalars))
				try(1+rng.IntN(70), n, 1+rng.IntN(70), -1, pick(rng, scalars))
				try(1+rng.IntN(20), 1+rng.IntN(20), n, pick(rng, scalars), 1)
				if t.Failed() {
					return
				}
			}
			for _, n := range edges {
				try(1+rng.IntN(n), n, 1+rng.IntN(40), -1, 1)
				try(n, 1+rng.IntN(80), 1+rng.IntN(40), 1, 0)
				try(1+rng.IntN(40), 1+rng.IntN(40), n, 1, 1)
			}
			if thin > 1 {
				return
			}
			// Above the thresholds of the threads and past the cache blocks.
			if op == "gemm" {
				product{op, blas.Lower, blas.NoTrans, blas.Trans, 150, 1100, 30, 1, 1, 1}.run(t, g, rng)
				product{op, blas.Lower, blas.Trans, blas.NoTrans, 1100, 90, 30, -1, 1, 0}.run(t, g, rng)
				product{op, blas.Lower, blas.NoTrans, blas.NoTrans, 67, 71, 1100, 1, 0, 0}.run(t, g, rng)
			} else {
				product{op, blas.Lower, blas.NoTrans, blas.Trans, 390, 390, 70, -1, 1, 1}.run(t, g, rng)
				product{op, blas.Upper, blas.Trans, blas.NoTrans, 390, 390, 70, 0.7, 0, 0}.run(t, g, rng)
				product{op, blas.Lower, blas.NoTrans, blas.Trans, 50, 50, 1100, 1, 0, 0}.run(t, g, rng)
			}
		})
	}
}

// Specials tests that NaN and infinities in the operands reach the elements
// that depend on them, and no others.
func Specials(t *testing.T, g blas.Backend) {
	rng := NewRand(7)
	for _, n := range thinned([]int{40, 1, 3, 8, 17, 70}) {
		for _, v := range []float64{math.NaN(), math.Inf(1)} {
			for _, tA := range transposes {
				for _, tB := range transposes {
					a, b := NewMatrix(n, n, 1).Random(rng), NewMatrix(n, n, 0).Random(rng)
					c := NewMatrix(n, n, 2).Random(rng)
					r, s := rng.IntN(n), rng.IntN(n)
					a.Set(r, s, v)
					row := r
					if tA == blas.Trans {
						row = s
					}
					g.Gemm(tA, tB, n, n, n, 1, a.Data, a.Ld, b.Data, b.Ld, 1, c.Data, c.Ld)
					for i := range n {
						for j := range n {
							if finite := c.At(i, j)-c.At(i, j) == 0; finite != (i != row) {
								t.Fatalf("gemm tA=%c tB=%c n=%d, %v in row %d of op(A): C[%d,%d] = %v", tA, tB, n, v, row, i, j, c.At(i, j))
							}
						}
					}
				}
			}
		}
	}
}
