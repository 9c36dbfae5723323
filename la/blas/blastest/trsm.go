package blastest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"costate/la/blas"
)

// A solve is one call of Trsm.
type solve struct {
	side  blas.Side
	uplo  blas.Uplo
	tA    blas.Transpose
	diag  blas.Diag
	m, n  int
	alpha float64
	gap   int
}

func (p solve) String() string {
	return fmt.Sprintf("trsm side=%c uplo=%c tA=%c diag=%c m=%d n=%d alpha=%g gap=%d", p.side, p.uplo, p.tA, p.diag, p.m, p.n, p.alpha, p.gap)
}

// run makes the call and checks the residual of every element of the solution,
// |B - op(A) X| ≤ γ |op(A)| |X|, which substitution in any order meets.
func (p solve) run(t testing.TB, g blas.Backend, rng *rand.Rand) {
	t.Helper()
	na := p.m
	if p.side == blas.Right {
		na = p.n
	}
	a := NewMatrix(na, na, p.gap).Random(rng)
	for i := range na {
		for j := range na {
			// Well conditioned, so that X does not overflow.
			v := a.At(i, j) / math.Sqrt(float64(na))
			if i == j {
				v = 1 + math.Abs(v)
			}
			a.Set(i, j, v/2)
		}
	}
	a.Triangle(p.uplo, p.diag == blas.Unit)
	b := NewMatrix(p.m, p.n, p.gap*2).Random(rng)
	if p.alpha == 0 {
		for i := range a.Data {
			a.Data[i] = math.NaN()
		}
		a.Keep()
	}

	g.Trsm(p.side, p.uplo, p.tA, p.diag, p.m, p.n, p.alpha, a.Data, a.Ld, b.Data, b.Ld)
	a.CheckOnly(t, p.String()+": A", nil)
	b.CheckOnly(t, p.String()+": B", all)
	if p.alpha == 0 {
		for i := range p.m {
			for j := range p.n {
				if b.At(i, j) != 0 {
					t.Errorf("%v: X[%d,%d] = %v, want 0", p, i, j, b.At(i, j))
					return
				}
			}
		}
		return
	}
	// op(A) as a full matrix.
	full := make([]float64, na*na)
	for i := range na {
		for j := range na {
			v := 0.0
			switch {
			case i == j && p.diag == blas.Unit:
				v = 1
			case in(p.uplo, i, j):
				v = a.At(i, j)
			}
			if p.tA == blas.Trans {
				full[j*na+i] = v
			} else {
				full[i*na+j] = v
			}
		}
	}
	gamma := 8 * float64(na+4) * u
	for i := range p.m {
		for j := range p.n {
			want := p.alpha * b.Was(i, j)
			sum, bound := 0.0, math.Abs(want)
			for l := range na {
				var v float64
				if p.side == blas.Left {
					v = full[i*na+l] * b.At(l, j)
				} else {
					v = b.At(i, l) * full[l*na+j]
				}
				sum += v
				bound += math.Abs(v)
			}
			if !(math.Abs(sum-want) <= gamma*bound) {
				t.Errorf("%v: residual %.3g in [%d,%d], want at most %.3g", p, sum-want, i, j, gamma*bound)
				return
			}
		}
	}
}

// Trsm tests the triangular solve: all options on small sizes, all orders to
// 70 against few and many right-hand sides, and orders around the blockings.
func Trsm(t *testing.T, g blas.Backend) {
	rng := NewRand(2)
	try := func(m, n int, alpha float64) {
		for _, s := range sides {
			for _, uplo := range triangles {
				for _, tA := range transposes {
					for _, d := range diagonals {
						solve{s, uplo, tA, d, m, n, alpha, rng.IntN(2) * 3}.run(t, g, rng)
					}
				}
			}
		}
	}
	for m := 0; m < 5; m += step {
		for n := 0; n < 5; n += step {
			for _, alpha := range scalars {
				try(m, n, alpha)
			}
		}
	}
	for n := 1; n <= 70; n += thin {
		try(n, 1, 1)
		try(1, n, 1)
		try(n, 1+rng.IntN(40), pick(rng, scalars))
		try(1+rng.IntN(40), n, pick(rng, scalars))
		if t.Failed() {
			return
		}
	}
	for _, n := range edges {
		p := solve{pick(rng, sides), pick(rng, triangles), pick(rng, transposes), pick(rng, diagonals), n, 1 + rng.IntN(50), 1, 1}
		p.run(t, g, rng)
		p.side, p.m, p.n = blas.Right, p.n, p.m
		p.run(t, g, rng)
		p.side, p.tA, p.uplo, p.n = blas.Left, blas.NoTrans, blas.Lower, p.m+9
		p.run(t, g, rng)
	}
}
