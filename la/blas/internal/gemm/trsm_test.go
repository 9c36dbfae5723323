package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// solveCase makes a triangular matrix with guards in all that must not be read,
// solves, and checks the backward error of every right-hand side, row by row,
// as in Higham (2002), theorem 8.5.
func solveCase(rnd *rand.Rand, left, lower, trans, unit bool, m, n int) error {
	order := m
	if !left {
		order = n
	}
	a := newGuarded(rnd, order, order, rnd.IntN(3))
	tAt := func(i, j int) *float64 {
		if trans {
			i, j = j, i
		}
		return &a.x[i*a.ld+j]
	}
	for i := range order {
		for j := range order {
			switch {
			case i == j && unit, i < j && lower, i > j && !lower:
				*tAt(i, j) = math.Float64frombits(guardBits)
			case i == j:
				*tAt(i, j) = 1 + rnd.Float64()
			default:
				*tAt(i, j) = rnd.NormFloat64() / math.Sqrt(float64(order))
			}
		}
	}
	b := newGuarded(rnd, m, n, rnd.IntN(3))
	x := b.clone()
	Trsm(left, lower, trans, unit, m, n, a.x, a.ld, x.x, x.ld)
	if err := x.broken(); err != nil {
		return err
	}
	for i := range m {
		for j := range n {
			// The equation of element (i, j) of B.
			var sum, size float64
			for q := range order {
				var f, v float64
				var r, c int
				if left {
					r, c, v = i, q, x.x[q*x.ld+j]
				} else {
					r, c, v = q, j, x.x[i*x.ld+q]
				}
				switch {
				case r == c && unit:
					f = 1
				case r < c && lower, r > c && !lower:
					continue
				default:
					f = *tAt(r, c)
				}
				sum += f * v
				size += math.Abs(f * v)
			}
			want := b.x[i*b.ld+j]
			if d := math.Abs(sum - want); !(d <= 2*float64(order+3)*0x1p-53*(size+math.Abs(want))) {
				return fmt.Errorf("equation (%d, %d): residual %g of %g", i, j, d, size)
			}
		}
	}
	return nil
}

func TestTrsm(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(7, 8))
		for order := 0; order <= 70; order += 1 + rnd.IntN(thinning) {
			for x := range 16 {
				others := rnd.IntN(28)
				left, lower, trans, unit := x&1 != 0, x&2 != 0, x&4 != 0, x&8 != 0
				m, n := order, others
				if !left {
					m, n = n, m
				}
				if err := solveCase(rnd, left, lower, trans, unit, m, n); err != nil {
					t.Fatalf("left %v lower %v trans %v unit %v m %d n %d: %v", left, lower, trans, unit, m, n, err)
				}
			}
		}
	})
}

// TestTrsmTinyDiagonal has a diagonal whose reciprocal is infinite.
func TestTrsmTinyDiagonal(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		const d = 0x1p-1060
		a := []float64{d, 0, 0, 1}
		b := []float64{d, 2 * d, 3 * d, 4 * d, 5 * d, 6 * d, 7 * d, 8 * d, 1, 2, 3, 4, 5, 6, 7, 8}
		Trsm(true, true, false, false, 2, 8, a, 2, b, 8)
		for j := range 8 {
			if b[j] != float64(j+1) || b[8+j] != float64(j+1) {
				t.Fatalf("x = %v", b)
			}
		}
	})
}
