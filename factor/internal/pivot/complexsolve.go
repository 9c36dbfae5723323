package pivot

import "costate/la/blas"

// The half solves of Block for a Complex block. The nrhs rows of an array are the real
// parts of nrhs/2 vectors, and then their imaginary parts; scratch has as many numbers.

// halves are the parts of an array of count numbers.
func halves(t []float64, count int) split {
	return split{t[: count/2 : count/2], t[count/2 : count]}
}

// Lower overwrites each vector of t, of length M, with L⁻¹ times it.
func (b *Complex) Lower(be blas.Backend, t []float64, nrhs int, scratch []float64) {
	count := nrhs * b.M
	b.rightLower(be, nrhs/2, halves(t, count), b.M, halves(scratch, count), b.M, 0, 0, b.M)
	copy(t[:count], scratch)
}

// Upper overwrites each vector of t with L⁻ᵀ times it.
func (b *Complex) Upper(be blas.Backend, t []float64, nrhs int, scratch []float64) {
	count := nrhs * b.M
	b.rightUpper(be, nrhs/2, halves(t, count), halves(scratch, count), 0, b.M)
	copy(t[:count], scratch)
}

// rightLower computes the columns lo to hi of y = x L⁻ᵀ for q rows; what is left of x
// is lost. Column j stands at j − base of both.
func (b *Complex) rightLower(be blas.Backend, q int, x split, ldx int, y split, ldy, base, lo, hi int) {
	if k := hi - lo; k <= complexTile {
		if k == 0 {
			return
		}
		t := b.tile.at(lo * complexTile)
		multiply(be, blas.Trans, q, k, k, 1, x.at(lo-base), ldx, t, complexTile, 0, y.at(lo-base), ldy)
		return
	}
	mid := lo + complexHalf(hi-lo)
	b.rightLower(be, q, x, ldx, y, ldy, base, lo, mid)
	multiply(be, blas.Trans, q, hi-mid, mid-lo, -1, y.at(lo-base), ldy, b.s.at(mid*b.M+lo), b.M, 1, x.at(mid-base), ldx)
	b.rightLower(be, q, x, ldx, y, ldy, base, mid, hi)
}

// rightUpper computes the columns lo to hi of y = x L⁻¹ for q rows; what is left of x is
// lost.
func (b *Complex) rightUpper(be blas.Backend, q int, x, y split, lo, hi int) {
	m := b.M
	if k := hi - lo; k <= complexTile {
		if k == 0 {
			return
		}
		t := b.tile.at(lo * complexTile)
		multiply(be, blas.NoTrans, q, k, k, 1, x.at(lo), m, t, complexTile, 0, y.at(lo), m)
		return
	}
	mid := lo + complexHalf(hi-lo)
	b.rightUpper(be, q, x, y, mid, hi)
	multiply(be, blas.NoTrans, q, mid-lo, hi-mid, -1, y.at(mid), m, b.s.at(mid*m+lo), m, 1, x.at(lo), m)
	b.rightUpper(be, q, x, y, lo, mid)
}

// SubCoupled computes p −= (D⁻¹V)ᵀ t for the vectors t, of length M, and p, of length N.
func (b *Complex) SubCoupled(be blas.Backend, p, t []float64, nrhs int) {
	if b.M == 0 || b.N == 0 {
		return
	}
	multiply(be, blas.NoTrans, nrhs/2, b.N, b.M, -1, halves(t, nrhs*b.M), b.M, b.w, b.N, 1, halves(p, nrhs*b.N), b.N)
}

// JoinState turns each vector of t from L⁻¹ h into D⁻¹ L⁻¹ (h − K y), for the vectors y
// of length N.
func (b *Complex) JoinState(be blas.Backend, t, y []float64, nrhs int) {
	q, x := nrhs/2, halves(t, nrhs*b.M)
	for i := range q {
		b.divide(x.at(i*b.M), x.at(i*b.M), 0, b.M)
	}
	if b.M == 0 || b.N == 0 {
		return
	}
	multiply(be, blas.Trans, q, b.M, b.N, -1, halves(y, nrhs*b.N), b.N, b.w, b.N, 1, x, b.M)
}
