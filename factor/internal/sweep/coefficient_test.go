package sweep

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"costate/la/blas"
	"costate/system"
)

// randomMatrix stores about a share fill of its elements.
func randomMatrix(rng *rand.Rand, rows, cols int, fill float64) *system.Matrix {
	m := &system.Matrix{Rows: rows, Cols: cols, Ptr: make([]int, rows+1)}
	for i := range rows {
		for j := range cols {
			if rng.Float64() < fill {
				m.Col, m.Val = append(m.Col, j), append(m.Val, rng.NormFloat64())
			}
		}
		m.Ptr[i+1] = len(m.Col)
	}
	return m
}

// The products of a coefficient, by stored elements and by kernels, against sums
// element by element.
func TestCoefficient(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 4))
	sizes := []int{1, 3, 4, 5, 8, 15, 16, 23, 64}
	dense := 0
	var c coefficient // of one after the other, as the stages of new points are
	for range 300 {
		rows, cols := sizes[rng.IntN(len(sizes))], sizes[rng.IntN(len(sizes))]
		fill := []float64{0, 0.1, 0.5, 0.9, 2}[rng.IntN(5)]
		m := randomMatrix(rng, rows, cols, fill)
		c.take(m)
		if c.full != nil {
			dense++
		}
		if want := isDense(m); (c.full != nil) != want {
			t.Fatalf("%d×%d, fill %v: dense is %v, want %v", rows, cols, fill, c.full != nil, want)
		}
		t.Run(fmt.Sprintf("%d×%d/fill=%v", rows, cols, fill), func(t *testing.T) { checkCoefficient(t, rng, &c, m) })
	}
	if dense < 50 || dense > 250 {
		t.Errorf("%d of 300 were dense: one of the ways is hardly tested", dense)
	}
	c.take(nil)
	dst := []float64{1, 2}
	c.setTo(dst)
	if c.full != nil || dst[0] != 0 || dst[1] != 0 {
		t.Error("no matrix is not zero")
	}
}

func checkCoefficient(t *testing.T, rng *rand.Rand, c *coefficient, m *system.Matrix) {
	be := blas.NativeThreads(1)
	rows, cols := m.Rows, m.Cols
	normal := func(n int) []float64 {
		a := make([]float64, n)
		for i := range a {
			a[i] = rng.NormFloat64()
		}
		return a
	}
	near := func(what string, i int, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 1e-13*float64(1+rows+cols)) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got, want)
		}
	}
	k := 1 + rng.IntN(9)

	set := normal(rows * cols)
	c.setTo(set)
	for i := range set {
		near("setTo", i, set[i], m.At(i/cols, i%cols))
	}

	a, dst := normal(k*rows), normal(k*cols)
	c.times(be, dst, a, k)
	for i := range dst {
		sum := 0.0
		for l := range rows {
			sum += a[i/cols*rows+l] * m.At(l, i%cols)
		}
		near("times", i, dst[i], sum)
	}

	a, dst = normal(rows*k), normal(cols*k)
	before := append([]float64(nil), dst...)
	c.addTrans(be, dst, a, k)
	for i := range dst {
		sum := before[i]
		for l := range rows {
			sum += m.At(l, i/k) * a[l*k+i%k]
		}
		near("addTrans", i, dst[i], sum)
	}

	a, dst = normal(rows*cols), normal(cols*cols)
	before = append(before[:0], dst...)
	c.addTransLower(be, dst, a)
	for i := range dst {
		if i%cols > i/cols {
			continue
		}
		sum := before[i]
		for l := range rows {
			sum += m.At(l, i/cols) * a[l*cols+i%cols]
		}
		near("addTransLower", i, dst[i], sum)
	}

	for _, nrhs := range []int{1, 3} {
		x, y := normal(nrhs*cols), normal(nrhs*rows)
		before = append(before[:0], y...)
		c.apply(be, y, x, nrhs)
		for i := range y {
			sum := before[i]
			for l := range cols {
				sum += m.At(i%rows, l) * x[i/rows*cols+l]
			}
			near("apply", i, y[i], sum)
		}
		x, y = normal(nrhs*rows), normal(nrhs*cols)
		before = append(before[:0], y...)
		c.applyTrans(be, y, x, nrhs)
		for i := range y {
			sum := before[i]
			for l := range rows {
				sum += m.At(l, i%cols) * x[i/cols*rows+l]
			}
			near("applyTrans", i, y[i], sum)
		}
	}
}
