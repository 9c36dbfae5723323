package blastest

import (
	"fmt"
	"math"
	"testing"

	"costate/la/blas"
)

// Fuzz compares calls of any kernel, shape and options with plain loops, and
// factorizations of any kind of matrix with what they factor.
func Fuzz(f *testing.F, g blas.Backend) {
	for op := range uint8(6) {
		f.Add(op, uint8(0), uint8(3), uint8(4), uint8(5), 1.0, 0.0, uint64(1))
		f.Add(op, uint8(0xff), uint8(70), uint8(49), uint8(65), -1.0, 1.0, uint64(2))
		f.Add(op, uint8(0xa5), uint8(1), uint8(0), uint8(130), 0.0, 0.5, uint64(3))
	}
	f.Fuzz(func(t *testing.T, op, options, m, n, k uint8, alpha, beta float64, seed uint64) {
		for _, v := range []*float64{&alpha, &beta} {
			if a := math.Abs(*v); a != 0 && !(a > 1e-100 && a < 1e100) {
				*v = 1
			}
		}
		bit := func(i int) bool { return options>>i&1 == 1 }
		tA, tB := choose(bit(0), blas.Trans, blas.NoTrans), choose(bit(1), blas.Trans, blas.NoTrans)
		uplo, gap := choose(bit(2), blas.Lower, blas.Upper), int(options>>6)
		rng := NewRand(seed)
		switch op % 6 {
		case 0:
			product{"gemm", uplo, tA, tB, int(m), int(n), int(k), alpha, beta, gap}.run(t, g, rng)
		case 1:
			product{"gemmt", uplo, tA, tB, int(n), int(n), int(k), alpha, beta, gap}.run(t, g, rng)
		case 2:
			product{"syrk", uplo, tA, tA, int(n), int(n), int(k), alpha, beta, gap}.run(t, g, rng)
		case 3:
			side, diag := choose(bit(3), blas.Left, blas.Right), choose(bit(4), blas.Unit, blas.NonUnit)
			solve{side, uplo, tA, diag, int(m), int(n), alpha, gap}.run(t, g, rng)
		default:
			kind := Kinds[int(m)%len(Kinds)]
			s := NewFactor(kind, int(n), gap, rng)
			s.Factorize(g)
			s.Check(t, fmt.Sprintf("%s of order %d", kind.Name, n))
		}
	})
}

func choose[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}
