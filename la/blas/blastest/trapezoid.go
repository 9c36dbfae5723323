package blastest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"costate/la/blas"
)

// MulTrapezoid tests the product by a trapezoidal matrix, transposed or not: every element
// that is asked for against its sum, and that nothing else is read or written.
func MulTrapezoid(t *testing.T, g blas.Backend) {
	rng := NewRand(29)
	for _, tall := range thinned([]int{1, 2, 5, 6, 7, 8, 12, 16, 23, 24, 64, 70}) {
		for _, wide := range []int{0, 1, (tall + 1) / 2, tall - 1, tall} {
			for _, n := range thinned([]int{0, 1, 3, 4, 7, 8, 9, 20, 48, 97, 500}) {
				for _, tA := range transposes {
					m, k := tall, wide
					if tA == blas.Trans {
						m, k = wide, tall
					}
					for _, step := range []int{0, 1, 3, (n + m) / max(m, 1)} {
						trapezoidCase(t, g, rng, tA, m, n, k, step)
						if t.Failed() {
							return
						}
					}
				}
			}
		}
	}
	trapezoidZeros(t, g)
	trapezoidArguments(t, g)
}

// lowerTrapezoid is a random matrix with zeros above its diagonal.
func lowerTrapezoid(rng *rand.Rand, rows, cols, gap int) *Matrix {
	a := NewMatrix(rows, cols, gap).Random(rng)
	for p := range rows {
		for i := p + 1; i < cols; i++ {
			a.Set(p, i, 0)
		}
	}
	return a.Keep()
}

func trapezoidCase(t *testing.T, g blas.Backend, rng *rand.Rand, tA blas.Transpose, m, n, k, step int) {
	rows, cols := dims(tA, m, k)
	a := lowerTrapezoid(rng, rows, cols, rng.IntN(3))
	b := NewMatrix(k, n, rng.IntN(3)).Random(rng)
	c := NewMatrix(m, n, rng.IntN(3))
	name := fmt.Sprintf("%d×%d, transposed %v, by %d columns, step %d", rows, cols, tA == blas.Trans, n, step)
	blas.MulTrapezoid(g, tA, m, n, k, a.Data, a.Ld, b.Data, b.Ld, c.Data, c.Ld, step)
	a.CheckOnly(t, name, nil)
	b.CheckOnly(t, name, nil)
	c.CheckOnly(t, name, all)
	for i := range m {
		for j := range n {
			if step > 0 && j >= (i+1)*step {
				continue
			}
			sum, size := 0.0, 0.0
			for p := range k {
				sum += a.T(tA, i, p) * b.At(p, j)
				size += math.Abs(a.T(tA, i, p) * b.At(p, j))
			}
			if !(math.Abs(c.At(i, j)-sum) <= 2*float64(k+1)*u*size) {
				t.Errorf("%s: element (%d, %d) is %v, want %v", name, i, j, c.At(i, j), sum)
			}
		}
	}
}

// trapezoidZeros tests that rows of B far above what a row of C sums, or with A as it stands
// far below, are not used: a NaN there shows in the rows of C at that end only.
func trapezoidZeros(t *testing.T, g blas.Backend) {
	const short, n, tall = 40, 30, 50
	rng := NewRand(31)
	for _, tA := range transposes {
		m, k, at := tall, short, short-1
		if tA == blas.Trans {
			m, k, at = short, tall, 0
		}
		a := lowerTrapezoid(rng, tall, short, 0)
		for p := range tall {
			for i := range min(p+1, short) {
				a.Set(p, i, 1+rng.Float64())
			}
		}
		b, c := NewMatrix(k, n, 0).Random(rng), NewMatrix(m, n, 0)
		for j := range n {
			b.Set(at, j, math.NaN())
		}
		blas.MulTrapezoid(g, tA, m, n, k, a.Data, a.Ld, b.Data, b.Ld, c.Data, c.Ld, 0)
		for i := range m {
			for j := range n {
				v := c.At(i, j)
				if a.T(tA, i, at) != 0 && v == v {
					t.Fatalf("element (%d, %d) is %v, where a NaN went in", i, j, v)
				}
				if d := i - at; (d > 24 || d < -24) && a.T(tA, i, at) == 0 && v != v {
					t.Fatalf("element (%d, %d) is NaN, by a row of B that it does not sum", i, j)
				}
			}
		}
	}
}

func trapezoidArguments(t *testing.T, g blas.Backend) {
	x := make([]float64, 100)
	for name, call := range map[string]func(){
		"more columns than rows":           func() { blas.MulTrapezoid(g, blas.Trans, 5, 2, 4, x, 5, x, 2, x, 2, 0) },
		"more columns than rows, as it is": func() { blas.MulTrapezoid(g, blas.NoTrans, 4, 2, 5, x, 5, x, 2, x, 2, 0) },
		"a negative step":                  func() { blas.MulTrapezoid(g, blas.Trans, 2, 2, 4, x, 2, x, 2, x, 2, -1) },
		"a short A":                        func() { blas.MulTrapezoid(g, blas.Trans, 2, 2, 4, x[:7], 2, x, 2, x, 2, 0) },
		"a short B":                        func() { blas.MulTrapezoid(g, blas.Trans, 2, 2, 4, x, 2, x[:7], 2, x, 2, 0) },
		"a short C":                        func() { blas.MulTrapezoid(g, blas.Trans, 2, 2, 4, x, 2, x, 2, x[:3], 2, 0) },
		"a negative size":                  func() { blas.MulTrapezoid(g, blas.Trans, -1, 2, 4, x, 2, x, 2, x, 2, 0) },
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
