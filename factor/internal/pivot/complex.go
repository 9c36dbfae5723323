package pivot

import (
	"costate/la/blas"
	"costate/la/vec"
)

// A Complex is one step of a block LDLᵀ like Block, of a complex symmetric matrix
// (transposes, no conjugates) that is kept as two real ones, its real and imaginary
// part. All products are four real ones.
//
// There is no pivoting: it is for matrices whose imaginary part is definite, as that
// of H + zI is for Im z ≠ 0. All Schur complements inherit a definite imaginary part,
// of eigenvalues no closer to zero than |Im z|, so that no pivot is smaller than that
// and none can be missing; elements grow to ‖H‖²/|Im z| at worst.
//
// Source: N. J. Higham, Factorizing complex symmetric matrices with positive definite
// real and imaginary parts, Math. Comp. 67 (1998); A. George, Kh. D. Ikramov and A. B.
// Kucherov, On the growth factor in Gaussian elimination for generalized Higham
// matrices, Numer. Linear Algebra Appl. 9 (2002).
type Complex struct {
	M, N int
	s, w split // of S and K, which are overwritten by L and D⁻¹L⁻¹K
	inv  split // 1/D
	tile split // inverses of the diagonal tiles of L, M×complexTile
	room split // M×complexHalf(M)

	v     split // of Couple, for scale
	scale func(lo, hi int)
}

// A split is a complex array as its real and its imaginary part.
type split [2][]float64

func (s split) at(i int) split { return split{s[0][i:], s[1][i:]} }

// complexTile is the order of the diagonal blocks that are factored and inverted row
// by row; all else is done by the kernels.
const complexTile = 32

// NewComplex makes a block of the real part re and the imaginary part im, which are of
// one shape; it takes the place of their own S and W.
func NewComplex(re, im *Block) *Complex {
	m := re.M
	half := m * complexHalf(m)
	b := &Complex{
		M: m, N: re.N,
		s: split{re.S, im.S}, w: split{re.W, im.W},
		inv:  split{make([]float64, m), make([]float64, m)},
		tile: split{make([]float64, m*complexTile), make([]float64, m*complexTile)},
		room: split{make([]float64, half), make([]float64, half)},
	}
	b.scale = b.scaleRows
	return b
}

// ComplexBytes is the memory of NewComplex for blocks of order m, beyond that of the
// two blocks.
func ComplexBytes(m int) int64 {
	return 16 * int64(m) * int64(1+complexTile+complexHalf(m))
}

// complexHalf is where a range of n rows is cut: at a whole number of tiles, no less than
// half of it.
func complexHalf(n int) int {
	return (n/2 + complexTile - 1) / complexTile * complexTile
}

// Factor overwrites the lower triangle of S by L, and adds what it learns to p.
func (b *Complex) Factor(be blas.Backend, p *ComplexStats) {
	if b.M == 0 {
		return
	}
	for _, s := range b.s {
		p.Growth = max(p.Growth, vec.MaxLower(b.M, s, b.M))
	}
	b.factor(be, p, 0, b.M)
}

// factor factors the rows lo to hi, where all before is eliminated.
func (b *Complex) factor(be blas.Backend, p *ComplexStats, lo, hi int) {
	if hi-lo <= complexTile {
		b.factorTile(p, lo, hi)
		return
	}
	m := b.M
	mid := lo + complexHalf(hi-lo)
	b.factor(be, p, lo, mid)
	below, y := b.s.at(mid*m), b.room
	width := mid - lo
	b.rightLower(be, hi-mid, below.at(lo), m, y, width, lo, lo, mid) // y = L₂₁ D
	for i := range hi - mid {
		b.divide(below.at(i*m+lo), y.at(i*width), lo, mid)
	}
	c, l := b.s.at(mid*m+mid), below.at(lo)
	lower := func(alpha float64, a, bt, c []float64) {
		be.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, hi-mid, width, alpha, a, width, bt, m, 1, c, m)
	}
	lower(-1, y[0], l[0], c[0])
	lower(1, y[1], l[1], c[0])
	lower(-1, y[0], l[1], c[1])
	lower(-1, y[1], l[0], c[1])
	b.factor(be, p, mid, hi)
}

// divide computes dst = src D⁻¹ for the elements of one row that stand in the columns
// lo to hi.
func (b *Complex) divide(dst, src split, lo, hi int) {
	dr, di := b.inv[0][lo:hi], b.inv[1][lo:hi]
	sr, si, tr, ti := src[0][:hi-lo], src[1][:hi-lo], dst[0][:hi-lo], dst[1][:hi-lo]
	for j, f := range dr {
		g := di[j]
		x, y := sr[j], si[j]
		tr[j], ti[j] = f*x-g*y, f*y+g*x
	}
}

// Couple overwrites W, which holds K, with D⁻¹ V for V = L⁻¹ K, and subtracts
// Kᵀ S⁻¹ K = Vᵀ D⁻¹ V from the lower triangles of re + i·im, of order N, whose upper
// ones are lost. vr and vi are scratch of M·N numbers.
func (b *Complex) Couple(be blas.Backend, rows *Bands, re, im, vr, vi []float64) {
	m, n := b.M, b.N
	if m == 0 || n == 0 {
		return
	}
	v := split{vr[:m*n], vi[:m*n]}
	b.leftLower(be, v, 0, m)
	b.v = v
	rows.Rows(m, 2*m*n, b.scale)
	b.v = split{}
	AddLower(be, n, m, -1, v[0], b.w[0], re)
	AddLower(be, n, m, 1, v[1], b.w[1], re)
	AddLower(be, n, m, -1, v[0], b.w[1], im)
	AddLower(be, n, m, -1, v[1], b.w[0], im)
}

// leftLower computes the rows lo to hi of v = L⁻¹ W; what is left of W is lost.
func (b *Complex) leftLower(be blas.Backend, v split, lo, hi int) {
	m, n := b.M, b.N
	if k := hi - lo; k <= complexTile {
		t, w := b.tile.at(lo*complexTile), b.w.at(lo*n)
		multiply(be, blas.NoTrans, k, n, k, 1, t, complexTile, w, n, 0, v.at(lo*n), n)
		return
	}
	mid := lo + complexHalf(hi-lo)
	b.leftLower(be, v, lo, mid)
	multiply(be, blas.NoTrans, hi-mid, n, mid-lo, -1, b.s.at(mid*m+lo), m, v.at(lo*n), n, 1, b.w.at(mid*n), n)
	b.leftLower(be, v, mid, hi)
}

// scaleRows computes the rows lo to hi of W = D⁻¹ V.
func (b *Complex) scaleRows(lo, hi int) {
	n, v := b.N, b.v
	for i := lo; i < hi; i++ {
		f, g := b.inv[0][i], b.inv[1][i]
		vr, vi := v[0][i*n:(i+1)*n], v[1][i*n:(i+1)*n]
		wr, wi := b.w[0][i*n:(i+1)*n], b.w[1][i*n:(i+1)*n]
		vec.Scale(wr, f, vr)
		vec.Axpy(wr, -g, vi)
		vec.Scale(wi, f, vi)
		vec.Axpy(wi, g, vr)
	}
}

// multiply computes C = alpha A op(B) + beta C, where A is m×k and C is m×n.
func multiply(be blas.Backend, tB blas.Transpose, m, n, k int, alpha float64, a split, lda int, b split, ldb int, beta float64, c split, ldc int) {
	part := func(alpha float64, a, b []float64, beta float64, c []float64) {
		switch {
		case m > 1:
			be.Gemm(blas.NoTrans, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		case tB == blas.NoTrans:
			be.Gemv(blas.Trans, k, n, alpha, b, ldb, a[:k], beta, c[:n])
		default:
			be.Gemv(blas.NoTrans, n, k, alpha, b, ldb, a[:k], beta, c[:n])
		}
	}
	part(alpha, a[0], b[0], beta, c[0])
	part(-alpha, a[1], b[1], 1, c[0])
	part(alpha, a[0], b[1], beta, c[1])
	part(alpha, a[1], b[0], 1, c[1])
}
