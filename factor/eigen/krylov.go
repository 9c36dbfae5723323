package eigen

import (
	"gonum.org/v1/gonum/lapack"
	lapackgonum "gonum.org/v1/gonum/lapack/gonum"

	"costate/la/blas"
	"costate/la/vec"
)

// A krylov is the basis V of a Krylov space that products with A extend, in which
// A is the tridiagonal T,
//
//	A V = V T + β v eᵀ
//
// by Lanczos' method, orthogonalized in full, twice.
//
// Source: B. N. Parlett, The Symmetric Eigenvalue Problem (1998), chapter 13.
type krylov struct {
	be         blas.Backend
	n          int
	most, size int
	v          []float64 // one a row: size vectors and the next one
	alpha      []float64
	beta       []float64 // beta[j] couples j and j+1
	w, c       []float64
	closed     bool // the space is mapped to itself
	scale      float64
}

// newKrylov makes room for most vectors of length n.
func newKrylov(be blas.Backend, n, most int) *krylov {
	return &krylov{be: be, n: n, most: most, w: make([]float64, n), c: make([]float64, most)}
}

// begin starts with the direction of v.
func (k *krylov) begin(v []float64) {
	k.size, k.closed, k.scale = 0, false, 0
	k.alpha, k.beta, k.v = k.alpha[:0], k.beta[:0], append(k.v[:0], v...)
	vec.Scale(k.v, 1/vec.Norm2(v), k.v)
}

// extend makes one product.
func (k *krylov) extend(a Operator) {
	n, j := k.n, k.size
	a.MulVecTo(k.w, k.v[j*n:][:n])
	k.scale = max(k.scale, vec.Norm2(k.w))
	k.size = j + 1
	c, diag := k.c[:k.size], 0.0
	for range 2 {
		k.be.Gemv(blas.NoTrans, k.size, n, 1, k.v, n, k.w, 0, c)
		k.be.Gemv(blas.Trans, k.size, n, -1, k.v, n, c, 1, k.w)
		diag += c[j]
	}
	beta := vec.Norm2(k.w)
	k.alpha = append(k.alpha, diag)
	// A rest of the size of rounding has no direction: two rounds of products leave some tens of units.
	if k.closed = !(beta > 64*0x1p-53*k.scale) || k.size == n; k.closed {
		beta = 0
	}
	k.beta = append(k.beta, beta)
	if !k.closed {
		k.v = append(k.v, k.w...)
		vec.Scale(k.v[k.size*n:], 1/beta, k.w)
	}
}

// next is the coupling of the last vector to the one after it.
func (k *krylov) next() float64 { return k.beta[k.size-1] }

// eigen returns the eigenvalues of T, ascending, and the vectors as columns of z,
// by rows of length size.
func (k *krylov) eigen() (theta, z []float64, ok bool) {
	m := k.size
	theta = append([]float64(nil), k.alpha...)
	e := append([]float64(nil), k.beta[:m-1]...)
	if vec.FirstNotFinite(theta) >= 0 || vec.FirstNotFinite(e) >= 0 {
		return nil, nil, false
	}
	z = make([]float64, m*m)
	var lp lapackgonum.Implementation
	return theta, z, lp.Dsteqr(lapack.EVTridiag, m, theta, e, z, m, make([]float64, max(1, 2*m-2)))
}

// combineTo computes dst = V c for c of length size.
func (k *krylov) combineTo(dst, c []float64) {
	k.be.Gemv(blas.Trans, k.size, k.n, 1, k.v, k.n, c, 0, dst)
}
