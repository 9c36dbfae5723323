package blastest

import (
	"fmt"
	"math"
	"testing"

	"costate/la/blas"
)

// MulTrapezoid tests the product by a transposed trapezoidal matrix: every element that is
// asked for against its sum, and that nothing else is read or written.
func MulTrapezoid(t *testing.T, g blas.Backend) {
	rng := NewRand(29)
	for _, k := range thinned([]int{1, 2, 5, 6, 7, 8, 12, 16, 23, 24, 64, 70}) {
		for _, m := range []int{0, 1, (k + 1) / 2, k - 1, k} {
			for _, n := range thinned([]int{0, 1, 3, 4, 7, 8, 9, 20, 48, 97, 500}) {
				for _, step := range []int{0, 1, 3, (n + m) / max(m, 1)} {
					a := NewMatrix(k, m, rng.IntN(3)).Random(rng)
					for p := range k {
						for i := p + 1; i < m; i++ {
							a.Set(p, i, 0)
						}
					}
					a.Keep()
					b := NewMatrix(k, n, rng.IntN(3)).Random(rng)
					c := NewMatrix(m, n, rng.IntN(3))
					name := fmt.Sprintf("%d×%d by %d columns, step %d", k, m, n, step)
					blas.MulTrapezoid(g, m, n, k, a.Data, a.Ld, b.Data, b.Ld, c.Data, c.Ld, step)
					a.CheckOnly(t, name, nil)
					b.CheckOnly(t, name, nil)
					c.CheckOnly(t, name, all)
					for i := range m {
						for j := range n {
							if step > 0 && j >= (i+1)*step {
								continue
							}
							sum, size := 0.0, 0.0
							for p := i; p < k; p++ {
								sum += a.At(p, i) * b.At(p, j)
								size += math.Abs(a.At(p, i) * b.At(p, j))
							}
							if !(math.Abs(c.At(i, j)-sum) <= 2*float64(k+1)*u*size) {
								t.Errorf("%s: element (%d, %d) is %v, want %v", name, i, j, c.At(i, j), sum)
							}
						}
					}
					if t.Failed() {
						return
					}
				}
			}
		}
	}
	trapezoidZeros(t, g)
	trapezoidArguments(t, g)
}

// trapezoidZeros tests that rows of B far above what a row of C sums are not used: a NaN in
// the first one shows in the first rows only.
func trapezoidZeros(t *testing.T, g blas.Backend) {
	const m, n, k = 40, 30, 50
	rng := NewRand(31)
	a, b, c := NewMatrix(k, m, 0), NewMatrix(k, n, 0).Random(rng), NewMatrix(m, n, 0)
	for p := range k {
		for i := range m {
			a.Set(p, i, 0)
			if i <= p {
				a.Set(p, i, 1+rng.Float64())
			}
		}
	}
	for j := range n {
		b.Set(0, j, math.NaN())
	}
	blas.MulTrapezoid(g, m, n, k, a.Data, a.Ld, b.Data, b.Ld, c.Data, c.Ld, 0)
	for j := range n {
		if v := c.At(0, j); v == v {
			t.Fatalf("element (0, %d) is %v, where a NaN went in", j, v)
		}
		for i := 24; i < m; i++ {
			if v := c.At(i, j); v != v {
				t.Fatalf("element (%d, %d) is NaN, by a row of B that it does not sum", i, j)
			}
		}
	}
}

func trapezoidArguments(t *testing.T, g blas.Backend) {
	x := make([]float64, 100)
	for name, call := range map[string]func(){
		"more columns than rows": func() { blas.MulTrapezoid(g, 5, 2, 4, x, 5, x, 2, x, 2, 0) },
		"a negative step":        func() { blas.MulTrapezoid(g, 2, 2, 4, x, 2, x, 2, x, 2, -1) },
		"a short A":              func() { blas.MulTrapezoid(g, 2, 2, 4, x[:7], 2, x, 2, x, 2, 0) },
		"a short B":              func() { blas.MulTrapezoid(g, 2, 2, 4, x, 2, x[:7], 2, x, 2, 0) },
		"a short C":              func() { blas.MulTrapezoid(g, 2, 2, 4, x, 2, x, 2, x[:3], 2, 0) },
		"a negative size":        func() { blas.MulTrapezoid(g, -1, 2, 4, x, 2, x, 2, x, 2, 0) },
	} {
		func() {
			defer func() {
				if _, ok := recover().(blas.Error); !ok {
					t.Errorf("%s did not panic with an error of the package", name)
				}
			}()
			call()
		}()
	}
}
