package vec

import (
	"math/rand/v2"
	"testing"
)

func TestOuter(t *testing.T) {
	kinds := []struct {
		name       string
		keep, sign float64
		outer      func(c []float64, ldc int, x []float64, inc, m int, y []float64)
	}{{"SetOuter", 0, 1, SetOuter}, {"AddOuter", 1, 1, AddOuter}, {"SubOuter", 1, -1, SubOuter}}
	both(t, func(t *testing.T, rng *rand.Rand) {
		for m := range 7 {
			for n := range 14 {
				for _, kind := range kinds {
					ldc, inc := n+rng.IntN(3), 1+rng.IntN(3)
					c, intact := guarded(rng, max(0, (m-1)*ldc+n))
					x, _ := guarded(rng, max(0, (m-1)*inc+1))
					y, _ := guarded(rng, n)
					// Whole numbers: products and sums are exact, fused or not.
					for _, v := range [][]float64{c, x, y} {
						for i := range v {
							v[i] = float64(rng.IntN(201) - 100)
						}
					}
					want := append([]float64(nil), c...)
					for i := range m {
						for j, v := range y {
							want[i*ldc+j] = kind.keep*want[i*ldc+j] + kind.sign*x[i*inc]*v
						}
					}
					kind.outer(c, ldc, x, inc, m, y)
					for i, v := range c {
						if v != want[i] {
							t.Fatalf("%s, %d×%d: element %d is %v, want %v", kind.name, m, n, i, v, want[i])
						}
					}
					if !intact() {
						t.Fatalf("%s, %d×%d: wrote outside", kind.name, m, n)
					}
				}
			}
		}
	})
}
