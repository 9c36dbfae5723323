package blastest

import (
	"math"
	"math/rand/v2"
	"testing"

	"costate/la/blas"
)

// A LdlpartFunc is blas.Ldlpart for some backend.
type LdlpartFunc func(m, p int, w []float64, ld int, u, tol float64, final bool, e []float64, perm []int, work []float64) (ne, zero int, finite bool)

// A Front is a symmetric block of order P above M-P rows, and its partial
// factorization.
type Front struct {
	M, P   int
	A      *Matrix   // As blas.Ldlpart leaves it.
	Full   []float64 // The front itself, M×P, both triangles.
	Norm   float64   // Its greatest magnitude.
	E      []float64
	Perm   []int
	Ne     int
	Zero   int
	Finite bool
}

// NewFront fills a front: the block by a kind of matrix, the rows below by
// normal numbers times below. Above the diagonal of the block it is NaN.
func NewFront(kind Kind, m, p, gap int, below float64, rng *rand.Rand) *Front {
	at := kind.Fill(rng, p)
	return newFront(m, p, gap, func(i, j int) float64 {
		if i < p {
			return at(i, j)
		}
		return below * rng.NormFloat64()
	})
}

// newFront fills a front with at(i, j), j ≤ min(i, p-1).
func newFront(m, p, gap int, at func(i, j int) float64) *Front {
	f := &Front{M: m, P: p, A: NewMatrix(m, p, gap), Full: make([]float64, m*p), E: make([]float64, p), Perm: make([]int, p)}
	for i := range m {
		for j := range min(i+1, p) {
			v := at(i, j)
			f.A.Set(i, j, v)
			f.Full[i*p+j] = v
			if i < p {
				f.Full[j*p+i] = v
			}
			f.Norm = max(f.Norm, math.Abs(v))
		}
	}
	for j := range p {
		f.E[j], f.Perm[j] = math.NaN(), -1
	}
	f.A.Keep()
	return f
}

// Factorize runs the factorization, with exactly the work it asks for, full of
// NaN.
func (f *Front) Factorize(ldlpart LdlpartFunc, u, tol float64, final bool) {
	work := NewMatrix(1, blas.LdlpartWork(f.M, f.P), 0)
	f.Ne, f.Zero, f.Finite = ldlpart(f.M, f.P, f.A.Data, f.A.Ld, u, tol, final, f.E, f.Perm, work.Data)
}

// written is whether element (i, j) may be written.
func (f *Front) written(i, j int) bool { return i >= f.P || j <= i }

// l is element (i, k) of L, k < Ne.
func (f *Front) l(i, k int) float64 {
	switch {
	case i > k:
		return f.A.At(i, k)
	case i == k:
		return 1
	}
	return 0
}

// ld is element (i, k) of L D, k < Ne, times scale.
func (f *Front) ld(i, k int, scale float64) float64 {
	v := f.l(i, k) * (scale * f.A.At(k, k))
	if f.E[k] != 0 {
		v += f.l(i, k+1) * (scale * f.E[k])
	}
	if k > 0 && f.E[k-1] != 0 {
		v += f.l(i, k-1) * (scale * f.E[k-1])
	}
	return v
}

// Check reports what is wrong with the factorization: its form, what was
// written, the reconstruction of the whole front, the bound on L, and columns
// that were delayed though they are pivots.
func (f *Front) Check(t testing.TB, name string, u, tol float64, final bool) {
	t.Helper()
	f.A.CheckOnly(t, name, f.written)
	if !f.Finite {
		t.Errorf("%s: it is not finite", name)
		return
	}
	seen := make([]bool, f.P)
	for _, p := range f.Perm {
		if p < 0 || p >= f.P || seen[p] {
			t.Errorf("%s: perm is no permutation: %v", name, f.Perm)
			return
		}
		seen[p] = true
	}
	if f.Ne < 0 || f.Ne > f.P || final && f.Ne != f.P {
		t.Errorf("%s: %d of %d columns are eliminated", name, f.Ne, f.P)
		return
	}
	zero := 0
	for k, e := range f.E {
		switch {
		case math.IsNaN(e), e != 0 && (k+1 >= f.Ne || f.E[k+1] != 0):
			t.Errorf("%s: e[%d] = %v with %d columns", name, k, e, f.Ne)
			return
		case e != 0 && f.A.At(k+1, k) != 0:
			t.Errorf("%s: L[%d,%d] = %v inside a 2×2 pivot, want 0", name, k+1, k, f.A.At(k+1, k))
			return
		case k < f.Ne && e == 0 && f.A.At(k, k) == 0 && (k == 0 || f.E[k-1] == 0):
			zero++
		}
	}
	if f.Zero != zero {
		t.Errorf("%s: %d zero pivots, but D has %d", name, f.Zero, zero)
	}
	for k := range f.Ne {
		for i := k + 1; i < f.M && !final; i++ {
			if l := math.Abs(f.A.At(i, k)); !(l <= (1+1e-12)/u) {
				t.Errorf("%s: |L[%d,%d]| = %v is greater than 1/u = %v", name, i, k, l, 1/u)
				return
			}
		}
	}
	growth := f.reconstruct(t, name, tol)
	if !final {
		f.delayed(t, name, u, growth)
	}
}

// reconstruct compares L D Lᵀ and what is left with the front. It returns the
// greatest magnitude of what was added up.
func (f *Front) reconstruct(t testing.TB, name string, tol float64) (largest float64) {
	t.Helper()
	scale := 1.0
	if f.Norm > 0 {
		_, exp := math.Frexp(f.Norm)
		scale = math.Ldexp(1, -exp)
	}
	n := float64(f.P)
	bound := 20*(n+4)*roundoff*f.Norm*scale + 2*tol*scale
	ld := make([]float64, f.Ne)
	for i := range f.M {
		src := i
		if i < f.P {
			src = f.Perm[i]
		}
		for k := range ld {
			ld[k] = f.ld(i, k, scale)
		}
		for j := range min(i+1, f.P) {
			sum, growth := 0.0, 0.0
			if j >= f.Ne {
				sum = scale * f.A.At(i, j)
				growth = math.Abs(sum)
			}
			for k := range min(f.Ne, j+2) {
				v := ld[k] * f.l(j, k)
				sum += v
				growth = max(growth, math.Abs(v))
			}
			largest = max(largest, growth)
			d := math.Abs(sum - scale*f.Full[src*f.P+f.Perm[j]])
			if !(d <= bound+8*(n+4)*roundoff*growth) {
				t.Errorf("%s: (P A Pᵀ - L D Lᵀ)[%d,%d] is %.3g, want at most %.3g (%d of %d columns)", name, i, j, d/scale, bound/scale, f.Ne, f.P)
				return largest / scale
			}
		}
	}
	return largest / scale
}

// delayed reports columns that are left although they are pivots by a clear
// margin.
func (f *Front) delayed(t testing.TB, name string, u, growth float64) {
	t.Helper()
	at := func(i, j int) float64 {
		if i < j {
			i, j = j, i
		}
		return f.A.At(i, j)
	}
	// Rounding decides about columns that have cancelled.
	least := 1e-6 * max(f.Norm, growth)
	u *= 1 + 1e-6
	for c := f.Ne; c < f.P; c++ {
		s, partner, m := -1, 0.0, 0.0
		for i := f.Ne; i < f.M; i++ {
			if i == c {
				continue
			}
			v := math.Abs(at(i, c))
			m = max(m, v)
			if i < f.P && v > partner {
				s, partner = i, v
			}
		}
		d := math.Abs(at(c, c))
		if d >= u*m && d > least {
			t.Errorf("%s: column %d is delayed with the diagonal %v and %v beside it, u = %v", name, c, d, m, u)
			return
		}
		if partner <= least {
			continue
		}
		m1, m2 := 0.0, 0.0
		for i := f.Ne; i < f.M; i++ {
			if i != c && i != s {
				m1, m2 = max(m1, math.Abs(at(i, c))), max(m2, math.Abs(at(i, s)))
			}
		}
		ties := 0
		for i := f.Ne; i < f.P; i++ {
			if i != c && math.Abs(at(i, c)) >= partner*(1-1e-6) {
				ties++
			}
		}
		d11, d21, d22 := at(c, c), at(s, c), at(s, s)
		det := math.Abs(d11*d22 - d21*d21)
		cancelled := det < 0.501*max(math.Abs(d11*d22), d21*d21)
		if ties == 1 && !cancelled && math.Abs(d22)*m1+math.Abs(d21)*m2 <= det/u && math.Abs(d21)*m1+math.Abs(d11)*m2 <= det/u {
			t.Errorf("%s: columns %d and %d are delayed with the 2×2 pivot %v, %v, %v and %v, %v beside it, u = %v", name, c, s, d11, d21, d22, m1, m2, u)
			return
		}
	}
}
