package blastest

import (
	"fmt"
	"math"
	"testing"

	"costate/la/blas"
)

// Ldlfront tests the elimination of a front in one call: the contract of the
// partial factorization, and the part of the Schur complement.
func Ldlfront(t *testing.T, g blas.Backend) {
	for m := 1; m < 400; m++ {
		for p := 1; p <= m; p += 1 + p/8 {
			if n := blas.LdlfrontWork(m, p); n < blas.LdlfrontWork(m-1, p) || n < blas.LdlfrontWork(m, p-1) {
				t.Fatalf("%d×%d needs less work than a smaller front", m, p)
			}
			if n := blas.LdlpartWork(m, p); n < blas.LdlpartWork(m-1, p) || n < blas.LdlpartWork(m, p-1) {
				t.Fatalf("ldlpart: %d×%d needs less work than a smaller front", m, p)
			}
		}
	}
	PartialFactorization(t, func(m, p int, w []float64, ld int, u, tol float64, final bool, e []float64, perm []int, work []float64) (ne, zero int, finite bool) {
		// Work that is exactly what is asked for, where m and p are sizes.
		var own []float64
		if len(work) >= blas.LdlpartWork(m, p) {
			own = NewMatrix(1, blas.LdlfrontWork(m, p), 0).Data
		}
		return blas.Ldlfront(g, m, p, w, ld, u, tol, final, e, perm, nil, 0, own)
	})
	rng := NewRand(19)
	for _, kind := range Kinds {
		t.Run("complement/"+kind.Name, func(t *testing.T) {
			for _, p := range thinned([]int{20, 0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 33, 60}) {
				for _, q := range []int{0, 1, 2, 3, 4, 5, 11, 30, 100} {
					for _, below := range []float64{0.1, 100} {
						f := NewFront(kind, p+q, p, 1, below, rng)
						c := NewMatrix(q, q, rng.IntN(3))
						f.Factorize(func(m, p int, w []float64, ld int, u, tol float64, final bool, e []float64, perm []int, _ []float64) (ne, zero int, finite bool) {
							work := NewMatrix(1, blas.LdlfrontWork(m, p), 0)
							return blas.Ldlfront(g, m, p, w, ld, u, tol, final, e, perm, c.Data, c.Ld, work.Data)
						}, 0.1, 0, false)
						name := fmt.Sprintf("%s, %d×%d, %v below", kind.Name, p+q, p, below)
						f.Check(t, name, 0.1, 0, false)
						c.CheckOnly(t, name, triangle(blas.Lower))
						f.checkComplement(t, name, c)
						if t.Failed() {
							return
						}
					}
				}
			}
		})
	}
}

// Schur tests that parts of the Schur complement, which large fronts are done in, make up
// the whole of it, also where a pivot of order two stands at the border of two parts.
func Schur(t *testing.T, g blas.Backend) {
	rng := NewRand(23)
	for _, kind := range Kinds {
		for _, p := range []int{513, 1030} {
			q := 1 + rng.IntN(12)
			f := NewFront(kind, p+q, p, 1, 100, rng)
			c := NewMatrix(q, q, rng.IntN(3))
			f.Factorize(func(m, p int, w []float64, ld int, u, tol float64, final bool, e []float64, perm []int, _ []float64) (ne, zero int, finite bool) {
				work := NewMatrix(1, blas.LdlfrontWork(m, p), 0)
				return blas.Ldlfront(g, m, p, w, ld, u, tol, final, e, perm, c.Data, c.Ld, work.Data)
			}, 0.1, 0, false)
			name := fmt.Sprintf("%s, %d×%d", kind.Name, p+q, p)
			c.CheckOnly(t, name, triangle(blas.Lower))
			f.checkComplement(t, name, c)
			if t.Failed() {
				return
			}
		}
	}
}

// checkComplement compares c with -L31 D L31ᵀ.
func (f *Front) checkComplement(t *testing.T, name string, c *Matrix) {
	t.Helper()
	for i := range c.Rows {
		for j := range i + 1 {
			sum, size := 0.0, 0.0
			for k := range f.Ne {
				v := f.ld(f.P+i, k, 1) * f.l(f.P+j, k)
				sum -= v
				size += math.Abs(v) + math.Abs(f.l(f.P+i, k)*f.A.At(k, k)*f.l(f.P+j, k))
				if f.E[k] != 0 {
					size += math.Abs(f.l(f.P+i, k+1) * f.E[k] * f.l(f.P+j, k))
				}
			}
			if !(math.Abs(c.At(i, j)-sum) <= 16*float64(f.P+4)*roundoff*size) {
				t.Errorf("%s: (-L31 D L31ᵀ)[%d,%d] is %v, want %v", name, i, j, c.At(i, j), sum)
				return
			}
		}
	}
}
