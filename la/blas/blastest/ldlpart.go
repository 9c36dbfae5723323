package blastest

import (
	"fmt"
	"math"
	"testing"

	"costate/la/blas"
)

// roundoff is u where that name is the threshold's.
const roundoff = u

// Ldlpart tests the partial factorization over a backend.
func Ldlpart(t *testing.T, g blas.Backend) {
	PartialFactorization(t, func(m, p int, w []float64, ld int, u, tol float64, final bool, e []float64, perm []int, work []float64) (ne, zero int, finite bool) {
		return blas.Ldlpart(g, m, p, w, ld, u, tol, final, e, perm, work)
	})
}

// PartialFactorization tests one way of the partial factorization on every kind
// of block, with large, equal, small and no elements below it.
func PartialFactorization(t *testing.T, ldlpart LdlpartFunc) {
	rng := NewRand(14)
	columns := []int{0, 1, 2, 3, 5, 8, 11, 12, 13, 14, 20, 31, 32, 33, 34, 47, 48, 49, 63, 64, 65, 66, 79, 80, 97, 130}
	for _, kind := range Kinds {
		t.Run(kind.Name, func(t *testing.T) {
			for _, p := range thinned(columns) {
				for _, below := range []float64{1, 0, 1e-3, 30, 1e5} {
					q := pick(rng, []int{0, 1, 2, 7, 16, 40})
					u := pick(rng, []float64{0.01, 0.1, 0.5})
					f := NewFront(kind, p+q, p, rng.IntN(2)*3, below, rng)
					f.Factorize(ldlpart, u, 0, false)
					f.Check(t, fmt.Sprintf("%s, %d×%d, %v below, u = %v", kind.Name, p+q, p, below, u), u, 0, false)
					if t.Failed() {
						return
					}
				}
				f := NewFront(kind, p, p, rng.IntN(2), 0, rng)
				f.Factorize(ldlpart, 0, 0, true)
				f.Check(t, fmt.Sprintf("%s, a root of %d", kind.Name, p), 0, 0, true)
				if t.Failed() {
					return
				}
			}
		})
	}
	t.Run("delayed", func(t *testing.T) { delays(t, ldlpart) })
	t.Run("deficient", func(t *testing.T) { deficient(t, ldlpart) })
	t.Run("not finite", func(t *testing.T) { frontNotFinite(t, ldlpart) })
	t.Run("arguments", func(t *testing.T) { frontArguments(t, ldlpart) })
}

// delays tests fronts of which all columns, or all but some, are delayed.
func delays(t *testing.T, ldlpart LdlpartFunc) {
	rng := NewRand(15)
	for _, p := range thinned([]int{70, 1, 2, 12, 13, 32, 33, 100}) {
		// All: nothing but zeros in the block.
		f := newFront(p+5, p, 1, func(i, j int) float64 {
			if i < p {
				return 0
			}
			return rng.NormFloat64()
		})
		f.Factorize(ldlpart, 0.01, 0, false)
		name := fmt.Sprintf("a zero block of %d", p)
		f.Check(t, name, 0.01, 0, false)
		if f.Ne != 0 {
			t.Errorf("%s: %d columns are eliminated", name, f.Ne)
		}
		for j, c := range f.Perm {
			for i := p; i < f.M; i++ {
				if f.A.At(i, j) != f.Full[i*p+c] {
					t.Errorf("%s: a delayed column has changed", name)
					return
				}
			}
		}
		// All but every third one, which have a diagonal and nothing else.
		f = newFront(p+5, p, 1, func(i, j int) float64 {
			switch {
			case j%3 == 0 && i == j:
				return 1
			case j%3 != 0 && i >= p:
				return rng.NormFloat64()
			}
			return 0
		})
		f.Factorize(ldlpart, 0.1, 0, false)
		name = fmt.Sprintf("a block of %d with pivots in every third column", p)
		f.Check(t, name, 0.1, 0, false)
		if f.Ne != (p+2)/3 {
			t.Errorf("%s: %d columns are eliminated, want %d", name, f.Ne, (p+2)/3)
		}
		// A column becomes a pivot only after the one before it has been
		// eliminated, the last one first.
		f = newFront(p+1, p, 0, func(i, j int) float64 {
			switch {
			case i == p && j < p-1:
				return 1
			case i == j && i == p-1, i == j+1 && i < p:
				return 1e4
			}
			return 0
		})
		f.Factorize(ldlpart, 0.01, 0, false)
		f.Check(t, fmt.Sprintf("a chain of %d", p), 0.01, 0, false)
		if f.Ne != p {
			t.Errorf("a chain of %d: %d columns are eliminated", p, f.Ne)
		}
	}
}

// deficient tests zero pivots: fronts of low rank, exactly and up to rounding.
func deficient(t *testing.T, ldlpart LdlpartFunc) {
	rng := NewRand(16)
	for _, p := range thinned([]int{40, 1, 2, 13, 35, 90}) {
		for _, q := range []int{0, 6} {
			for _, rank := range []int{0, 1, 3, p / 2} {
				rank = min(rank, p)
				m := p + q
				v := make([]float64, m*max(1, rank))
				for i := range v {
					v[i] = rng.NormFloat64()
				}
				f := newFront(m, p, 1, func(i, j int) (s float64) {
					for r := range rank {
						s += v[i*rank+r] * v[j*rank+r] * float64(1-2*(r%2))
					}
					return s
				})
				tol := 1e3 * float64(m) * roundoff * f.Norm
				f.Factorize(ldlpart, 0.1, tol, false)
				name := fmt.Sprintf("%d×%d of rank %d", m, p, rank)
				f.Check(t, name, 0.1, tol*float64(p+1), false)
				if f.Ne != p || f.Zero != p-rank {
					t.Errorf("%s: %d columns are eliminated, %d as zeros", name, f.Ne, f.Zero)
				}
			}
		}
	}
}

// frontNotFinite tests that one NaN or infinity anywhere is told.
func frontNotFinite(t *testing.T, ldlpart LdlpartFunc) {
	rng := NewRand(17)
	for _, p := range thinned([]int{50, 1, 2, 12, 13, 33, 70}) {
		for _, kind := range Kinds {
			for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				q := rng.IntN(9)
				f := NewFront(kind, p+q, p, 1, pick(rng, []float64{1, 0, 1e4}), rng)
				i := rng.IntN(p + q)
				j := rng.IntN(min(i+1, p))
				f.A.Set(i, j, v)
				f.A.Keep()
				final := q == 0 && rng.IntN(2) == 0
				f.Factorize(ldlpart, 0.1, 0, final)
				f.A.CheckOnly(t, kind.Name, f.written)
				if f.Finite {
					t.Errorf("%s, %d×%d, with %v at (%d,%d): finite", kind.Name, p+q, p, v, i, j)
					return
				}
			}
		}
	}
}

// frontArguments tests that wrong arguments panic before anything is written.
func frontArguments(t *testing.T, ldlpart LdlpartFunc) {
	const m, p = 5, 3
	w, e, perm, work := make([]float64, m*p), make([]float64, p), make([]int, p), make([]float64, blas.LdlpartWork(m, p))
	for i := range w {
		w[i] = 1
	}
	for _, c := range []struct {
		name string
		want blas.Error
		call func()
	}{
		{"m", blas.ErrNegative, func() { ldlpart(-1, 0, w, p, 0.1, 0, false, e, perm, work) }},
		{"p", blas.ErrNegative, func() { ldlpart(m, -1, w, p, 0.1, 0, false, e, perm, work) }},
		{"m < p", blas.ErrFront, func() { ldlpart(2, p, w, p, 0.1, 0, false, e, perm, work) }},
		{"final", blas.ErrFront, func() { ldlpart(m, p, w, p, 0.1, 0, true, e, perm, work) }},
		{"u = 0", blas.ErrThreshold, func() { ldlpart(m, p, w, p, 0, 0, false, e, perm, work) }},
		{"u = 0.6", blas.ErrThreshold, func() { ldlpart(m, p, w, p, 0.6, 0, false, e, perm, work) }},
		{"u NaN", blas.ErrThreshold, func() { ldlpart(m, p, w, p, math.NaN(), 0, false, e, perm, work) }},
		{"tol", blas.ErrThreshold, func() { ldlpart(m, p, w, p, 0.1, -1, false, e, perm, work) }},
		{"tol NaN", blas.ErrThreshold, func() { ldlpart(m, p, w, p, 0.1, math.NaN(), false, e, perm, work) }},
		{"ld", blas.ErrLdA, func() { ldlpart(m, p, w, p-1, 0.1, 0, false, e, perm, work) }},
		{"w", blas.ErrShortA, func() { ldlpart(m, p, w[:m*p-1], p, 0.1, 0, false, e, perm, work) }},
		{"e", blas.ErrShortE, func() { ldlpart(m, p, w, p, 0.1, 0, false, e[:p-1], perm, work) }},
		{"perm", blas.ErrShortPerm, func() { ldlpart(m, p, w, p, 0.1, 0, false, e, perm[:p-1], work) }},
		{"work", blas.ErrShortWork, func() { ldlpart(m, p, w, p, 0.1, 0, false, e, perm, work[:len(work)-1]) }},
	} {
		if got := caught(c.call); got != c.want {
			t.Errorf("ldlpart %s: panicked with %v, want %v", c.name, got, c.want)
		}
	}
	for _, v := range w {
		if v != 1 {
			t.Fatal("ldlpart: the front was written before its arguments were refused")
		}
	}
}
