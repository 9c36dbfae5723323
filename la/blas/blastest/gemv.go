package blastest

import (
	"math"
	"testing"

	"costate/la/blas"
)

// Gemv tests the product with a vector.
func Gemv(t *testing.T, g blas.Backend) {
	rng := NewRand(3)
	try := func(tA blas.Transpose, m, n int, alpha, beta float64) {
		a := NewMatrix(m, n, rng.IntN(2)*3).Random(rng)
		ny, nx := dims(tA, m, n)
		// Vectors are matrices of one row.
		x, y := NewMatrix(1, nx, 0).Random(rng), NewMatrix(1, ny, 0).Random(rng)
		if beta == 0 {
			for i := range y.Data {
				y.Data[i] = math.NaN()
			}
			y.Keep()
		}
		if alpha == 0 {
			for i := range x.Data {
				x.Data[i] = math.NaN()
			}
			x.Keep()
		}
		g.Gemv(tA, m, n, alpha, a.Data, a.Ld, x.Data, beta, y.Data)
		a.CheckOnly(t, "gemv: A", nil)
		x.CheckOnly(t, "gemv: x", nil)
		y.CheckOnly(t, "gemv: y", all)
		for i := range ny {
			want, bound := 0.0, 0.0
			if alpha != 0 {
				for j := range nx {
					v := alpha * a.T(tA, i, j) * x.Data[j]
					want += v
					bound += math.Abs(v)
				}
			}
			if beta != 0 {
				want += beta * y.Was(0, i)
				bound += math.Abs(beta * y.Was(0, i))
			}
			bound *= 2 * float64(nx+4) * u
			if got := y.Data[i]; !(math.Abs(got-want) <= bound) {
				t.Fatalf("gemv tA=%c m=%d n=%d alpha=%g beta=%g: y[%d] = %v, want %v within %.2g", tA, m, n, alpha, beta, i, got, want, bound)
			}
		}
	}
	for _, tA := range transposes {
		for m := 0; m < 6; m += step {
			for n := 0; n < 6; n += step {
				for _, alpha := range scalars {
					for _, beta := range scalars {
						try(tA, m, n, alpha, beta)
					}
				}
			}
		}
		for n := 1; n <= 70; n += thin {
			for m := 1; m <= 70; m += thin + rng.IntN(3) {
				try(tA, m, n, pick(rng, scalars), pick(rng, scalars))
			}
		}
		for _, n := range edges {
			try(tA, n, 1+rng.IntN(n), -1, 1)
			try(tA, 1+rng.IntN(n), n, -1, 1)
		}
	}
}
