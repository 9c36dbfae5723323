package blastest

import (
	"fmt"
	"math"
	"testing"

	"costate/la/blas"
)

// LdlRows tests the rows below a block that is factored by itself: L21, L21 D,
// the Schur complement and the greatest elements.
func LdlRows(t *testing.T, g blas.Backend) {
	rng := NewRand(18)
	for _, kind := range Kinds[:8] {
		for _, n := range thinned([]int{64, 1, 2, 5, 20, 62, 63, 65, 130}) {
			for _, q := range []int{0, 1, 9, 30} {
				name := fmt.Sprintf("%s, %d rows below a block of %d", kind.Name, q, n)
				f := NewFront(kind, n+q, n, 2, 1, rng)
				a, x, y, z, most := NewFactor(kind, n, 1, rng), NewMatrix(q, n, 2), NewMatrix(q, n, 0), NewMatrix(q, n, 1), make([]float64, n)
				for i := range n {
					for j := range i + 1 {
						a.A.Set(i, j, f.Full[i*n+j])
					}
				}
				a.Factorize(g)
				for i := range q {
					for j := range n {
						x.Set(i, j, f.Full[(n+i)*n+j])
					}
				}
				a.A.Keep()
				x.Keep()
				largest := blas.LdlBelow(g, q, n, a.A.Data, a.A.Ld, a.E, a.Perm, x.Data, x.Ld, y.Data, y.Ld, most)
				a.A.CheckOnly(t, name, nil)
				x.CheckOnly(t, name, all)
				y.CheckOnly(t, name, all)
				if negative, zero, positive := blas.DInertia(n, a.A.Data, a.A.Ld, a.E); zero > 0 || negative+positive < n {
					continue
				}
				greatest(t, name, x, largest, most)
				// The front, from the factor and L21.
				w := &Front{M: n + q, P: n, A: NewMatrix(n+q, n, 0), Full: f.Full, Norm: f.Norm, E: a.E, Perm: a.Perm, Ne: n}
				for i := range n + q {
					for j := range min(i+1, n) {
						if i < n {
							w.A.Set(i, j, a.A.At(i, j))
						} else {
							w.A.Set(i, j, x.At(i-n, j))
						}
					}
				}
				w.reconstruct(t, name, 0)
				// And L21 D in two ways.
				blas.DMulRows(q, n, a.A.Data, a.A.Ld, a.E, x.Data, x.Ld, z.Data, z.Ld)
				z.CheckOnly(t, name, all)
				for i := range q {
					for k := range n {
						v := w.ld(n+i, k, 1)
						size := math.Abs(v) + math.Abs(x.At(i, k)*a.A.At(k, k)) + math.Abs(y.At(i, k))
						if k > 0 {
							size += math.Abs(x.At(i, k-1) * a.E[k-1])
						}
						if !(math.Abs(v-z.At(i, k)) <= 8*u*size) || !(math.Abs(v-y.At(i, k)) <= 64*u*size) {
							t.Errorf("%s: (L21 D)[%d,%d] is %v and %v, want %v", name, i, k, y.At(i, k), z.At(i, k), v)
							return
						}
					}
				}
				if t.Failed() {
					return
				}
			}
		}
	}
	t.Run("zero pivots", zeroPivotRows)
	t.Run("not finite", notFiniteRows)
}

// greatest compares most and largest with the elements of x.
func greatest(t *testing.T, name string, x *Matrix, largest float64, most []float64) {
	t.Helper()
	all := 0.0
	for j := range x.Cols {
		m := 0.0
		for i := range x.Rows {
			m = math.Max(m, math.Abs(x.At(i, j))) // NaN if one of them is
		}
		all = math.Max(all, m)
		if m != most[j] && !(m != m && most[j] != most[j]) {
			t.Errorf("%s: the greatest magnitude of column %d is %v, want %v", name, j, most[j], m)
		}
	}
	if all != largest && !(all != all && largest != largest) {
		t.Errorf("%s: the greatest magnitude is %v, want %v", name, largest, all)
	}
}

// zeroPivotRows tests rows below zero pivots.
func zeroPivotRows(t *testing.T) {
	a := []float64{2, 0, 0, 0, 0, 0, 0, 0, 4}
	e := make([]float64, 3)
	x, z, most := []float64{1, 0, 1}, make([]float64, 3), make([]float64, 3)
	if m := blas.DSolveRows(1, 3, a, 3, e, x, 3, z, 3, most); m != 0.5 || z[0] != 0.5 || z[1] != 0 || z[2] != 0.25 || most[1] != 0 {
		t.Errorf("a zero pivot with zeros below gives %v, at most %v %v", z, m, most)
	}
	x[1] = -3
	if m := blas.DSolveRows(1, 3, a, 3, e, x, 3, z, 3, most); !math.IsInf(m, 1) || !math.IsInf(most[1], 1) || most[2] != 0.25 {
		t.Errorf("a zero pivot with %v below gives %v, at most %v %v", x[1], z, m, most)
	}
}

// notFiniteRows tests that no NaN is lost, wherever it is.
func notFiniteRows(t *testing.T) {
	const q, n = 5, 70
	a, e := NewMatrix(n, n, 0), make([]float64, n)
	for i := range n {
		a.Set(i, i, 2)
	}
	e[10], e[68] = 9, 9
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for i := range q {
			for _, j := range []int{0, 1, 10, 11, 62, 63, 64, 68, 69} {
				x, z, most := NewMatrix(q, n, 1).Random(NewRand(1)), NewMatrix(q, n, 0), make([]float64, n)
				x.Set(i, j, bad)
				m := blas.DSolveRows(q, n, a.Data, n, e, x.Data, x.Ld, z.Data, z.Ld, most)
				greatest(t, "not finite", z, m, most)
				if m <= math.MaxFloat64 || most[j] <= math.MaxFloat64 {
					t.Fatalf("with %v in row %d, column %d the greatest magnitudes are %v and %v", bad, i, j, m, most[j])
				}
			}
		}
	}
}
