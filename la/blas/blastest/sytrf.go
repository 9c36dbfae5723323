package blastest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la/blas"
)

// A Factor is a symmetric matrix and its Bunch–Kaufman factorization.
type Factor struct {
	N    int
	A    *Matrix   // The lower triangle holds L and the diagonal of D.
	Full []float64 // The matrix itself, n×n.
	Norm float64   // Its greatest magnitude.
	E    []float64
	Perm []int
	Zero int
}

// NewFactor fills a matrix of one kind. Outside its lower triangle a is NaN.
func NewFactor(kind Kind, n, gap int, rng *rand.Rand) *Factor {
	f := &Factor{N: n, A: NewMatrix(n, n, gap), Full: make([]float64, n*n), E: make([]float64, n), Perm: make([]int, n)}
	at := kind.Fill(rng, n)
	for i := range n {
		for j := range i + 1 {
			v := at(i, j)
			f.A.Set(i, j, v)
			f.Full[i*n+j], f.Full[j*n+i] = v, v
			f.Norm = max(f.Norm, math.Abs(v))
		}
		f.E[i], f.Perm[i] = math.NaN(), -1
	}
	f.A.Keep()
	return f
}

// Factorize runs the backend's Sytrf, with exactly the work it asks for, full
// of NaN.
func (f *Factor) Factorize(g blas.Backend) {
	work := NewMatrix(1, g.SytrfWork(f.N), 0)
	f.Zero = g.Sytrf(f.N, f.A.Data, f.A.Ld, f.E, f.Perm, work.Data)
}

// Check reports what is wrong with the factorization: its form, the elements
// that were written, the reconstruction P A Pᵀ - L D Lᵀ and the zero pivot.
func (f *Factor) Check(t testing.TB, name string) {
	t.Helper()
	n := f.N
	f.A.CheckOnly(t, name, triangle(blas.Lower))
	seen := make([]bool, n)
	for _, p := range f.Perm {
		if p < 0 || p >= n || seen[p] {
			t.Errorf("%s: perm is no permutation: %v", name, f.Perm)
			return
		}
		seen[p] = true
	}
	zero := -1
	for k := range n {
		switch {
		case math.IsNaN(f.E[k]), f.E[k] != 0 && (k+1 == n || f.E[k+1] != 0):
			t.Errorf("%s: e[%d] = %v is followed by %v", name, k, f.E[k], f.E[k+1:])
			return
		case f.E[k] != 0 && f.A.At(k+1, k) != 0:
			t.Errorf("%s: L[%d,%d] = %v inside a 2×2 pivot, want 0", name, k+1, k, f.A.At(k+1, k))
			return
		case f.E[k] == 0 && f.A.At(k, k) == 0 && (k == 0 || f.E[k-1] == 0) && zero < 0:
			zero = k
		}
	}
	if f.Zero != zero {
		t.Errorf("%s: zero = %d, but the first zero pivot of D is %d", name, f.Zero, zero)
	}
	// Scaled by a power of two, so that the products stay in range.
	scale := 1.0
	if f.Norm > 0 {
		_, exp := math.Frexp(f.Norm)
		scale = math.Ldexp(1, -exp)
	}
	ld, l := f.products(scale)
	bound := 20 * float64(n+4) * u * f.Norm * scale
	for i := range n {
		for j := range i + 1 {
			sum, growth := 0.0, 0.0
			x, y := ld[i*n:(i+1)*n], l[j*n:(j+1)*n]
			for k := range min(n, j+1) {
				sum += x[k] * y[k]
				growth = max(growth, math.Abs(x[k]*y[k]))
			}
			d := math.Abs(sum - scale*f.Full[f.Perm[i]*n+f.Perm[j]])
			if !(d <= bound+4*float64(n)*u*growth) {
				t.Errorf("%s: (PAPᵀ-LDLᵀ)[%d,%d] is %.3g, want at most %.3g", name, i, j, d/scale, bound/scale)
				return
			}
		}
	}
}

// products returns scale·L D and L as full matrices.
func (f *Factor) products(scale float64) (ld, l []float64) {
	n := f.N
	l, ld = make([]float64, n*n), make([]float64, n*n)
	for i := range n {
		for j := range i {
			l[i*n+j] = f.A.At(i, j)
		}
		l[i*n+i] = 1
	}
	for i := range n {
		for k := 0; k < n; k++ {
			d := scale * f.A.At(k, k)
			x := l[i*n+k]
			if f.E[k] == 0 {
				ld[i*n+k] = x * d
				continue
			}
			e, y := scale*f.E[k], l[i*n+k+1]
			ld[i*n+k], ld[i*n+k+1] = x*d+y*e, x*e+y*scale*f.A.At(k+1, k+1)
			k++
		}
	}
	return ld, l
}

// factorOrders are the orders of the factorization's tests.
func factorOrders() (orders []int) {
	for n := 0; n < 36; n += thin {
		orders = append(orders, n)
	}
	if thin > 1 {
		return append(orders, 49, 66, 129)
	}
	return append(orders, 47, 48, 49, 50, 63, 64, 65, 66, 70, 79, 81, 95, 96, 97, 98, 113, 127, 128, 129, 130, 161, 193)
}

// Sytrf tests the Bunch–Kaufman factorization on every kind of matrix.
func Sytrf(t *testing.T, g blas.Backend) {
	for n := 1; n < 1500; n++ {
		if g.SytrfWork(n) < g.SytrfWork(n-1) {
			t.Errorf("order %d needs less work than order %d", n, n-1)
		}
	}
	rng := NewRand(4)
	for _, kind := range Kinds {
		t.Run(kind.Name, func(t *testing.T) {
			for _, n := range factorOrders() {
				f := NewFactor(kind, n, rng.IntN(2)*5, rng)
				f.Factorize(g)
				f.Check(t, fmt.Sprintf("%s of order %d", kind.Name, n))
				if t.Failed() {
					return
				}
			}
		})
	}
	t.Run("large", func(t *testing.T) {
		for _, kind := range thinned([]Kind{Kinds[0], Kinds[1], Kinds[3]}) {
			n := 300 + rng.IntN(60)
			f := NewFactor(kind, n, 1, rng)
			f.Factorize(g)
			f.Check(t, fmt.Sprintf("%s of order %d", kind.Name, n))
		}
	})
	t.Run("underflow", func(t *testing.T) { underflow(t, g) })
	t.Run("not finite", func(t *testing.T) { notFinite(t, g, rng) })
	t.Run("eigenvalues", func(t *testing.T) { eigenvalues(t, g, rng) })
}

// underflow tests a first column with a zero diagonal and elements whose square
// underflows beside those of its partner: it must not be taken for a pivot.
func underflow(t *testing.T, g blas.Backend) {
	for _, n := range []int{3, 20, 130} {
		f := NewFactor(Kind{Fill: func(*rand.Rand, int) func(i, j int) float64 {
			return func(i, j int) float64 {
				switch {
				case i == 1 && j == 0:
					return 1e-150
				case i == 2 && j == 1:
					return 1e150
				case i == j && i > 2:
					return 1
				}
				return 0
			}
		}}, n, 0, nil)
		f.Factorize(g)
		for k := range n {
			if d, e := f.A.At(k, k), f.E[k]; d-d != 0 || e-e != 0 {
				t.Fatalf("order %d: a pivot is not finite: %v, %v", n, d, e)
			}
			for j := range k {
				if l := f.A.At(k, j); l-l != 0 {
					t.Fatalf("order %d: L[%d,%d] = %v", n, k, j, l)
				}
			}
		}
	}
}

// notFinite tests that one NaN or infinity anywhere reaches D and gives no
// zero pivot, even where a column is zero.
func notFinite(t *testing.T, g blas.Backend, rng *rand.Rand) {
	for _, n := range thinned([]int{66, 1, 2, 5, 20, 49, 130}) {
		for _, kind := range Kinds {
			for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				f := NewFactor(kind, n, 1, rng)
				i := rng.IntN(n)
				j := rng.IntN(i + 1)
				f.A.Set(i, j, v)
				f.A.Keep()
				f.Factorize(g)
				f.A.CheckOnly(t, kind.Name, triangle(blas.Lower))
				bad := 0
				for k := range n {
					if d, e := f.A.At(k, k), f.E[k]; d-d != 0 || e-e != 0 {
						bad++
					}
				}
				if bad == 0 || f.Zero != -1 {
					t.Errorf("%s of order %d with %v at (%d,%d): zero = %d, %d pivots of D are not finite; want -1 and at least one", kind.Name, n, v, i, j, f.Zero, bad)
					return
				}
			}
		}
	}
}

// eigenvalues tests the inertia and the determinant of D against the
// eigenvalues of the matrix.
func eigenvalues(t *testing.T, g blas.Backend, rng *rand.Rand) {
	compared := 0
	for _, kind := range Kinds[:8] {
		for _, n := range thinned([]int{33, 1, 2, 3, 4, 7, 20, 50, 65, 90}) {
			f := NewFactor(kind, n, 0, rng)
			var eig mat.EigenSym
			if !eig.Factorize(mat.NewSymDense(n, append([]float64(nil), f.Full...)), false) {
				t.Fatal("EigenSym failed")
			}
			values := eig.Values(nil)
			tol := 100 * float64(n) * float64(n) * u * f.Norm
			neg, pos, log, sign := 0, 0, 0.0, 1.0
			least := math.Inf(1)
			for _, v := range values {
				least = min(least, math.Abs(v))
				if v < 0 {
					neg++
					sign = -sign
				} else {
					pos++
				}
				log += math.Log(math.Abs(v))
			}
			if least <= tol {
				continue // Rounding decides the sign.
			}
			compared++
			f.Factorize(g)
			gotNeg, gotZero, gotPos := blas.DInertia(n, f.A.Data, f.A.Ld, f.E)
			if gotNeg != neg || gotZero != 0 || gotPos != pos {
				t.Errorf("%s of order %d: inertia (%d, %d, %d), want (%d, 0, %d)", kind.Name, n, gotNeg, gotZero, gotPos, neg, pos)
			}
			gotLog, gotSign := blas.DLogDet(n, f.A.Data, f.A.Ld, f.E)
			if gotSign != sign || !(math.Abs(gotLog-log) <= tol*float64(n)/least+float64(n)*1e3*u) {
				t.Errorf("%s of order %d: log|det| %v, sign %v, want %v, %v", kind.Name, n, gotLog, gotSign, log, sign)
			}
		}
	}
	if compared < 40/thin {
		t.Errorf("only %d matrices were well conditioned enough to compare", compared)
	}
}
