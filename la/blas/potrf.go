package blas

import "math"

// potrfBase is the order below which potrf runs by loops.
const potrfBase = 32

// potrf has the contract of Backend.Potrf over the Trsm and Syrk of a
// backend, by halves:
//
//	A11 = L11 L11ᵀ,   L21 = A21 L11⁻ᵀ,   A22 - L21 L21ᵀ = L22 L22ᵀ
func potrf(g Backend, n int, a []float64, lda int) (ok bool) {
	if n <= potrfBase {
		return potf2(n, a, lda)
	}
	n1 := n / 2
	n2 := n - n1
	a21, a22 := a[n1*lda:], a[n1*lda+n1:]
	if !potrf(g, n1, a, lda) {
		return false
	}
	g.Trsm(Right, Lower, Trans, NonUnit, n2, n1, 1, a, lda, a21, lda)
	g.Syrk(Lower, NoTrans, n2, n1, -1, a21, lda, 1, a22, lda)
	return potrf(g, n2, a22, lda)
}

// potf2 is the unblocked twin of potrf, row by row.
func potf2(n int, a []float64, lda int) (ok bool) {
	for i := range n {
		ri := a[i*lda : i*lda+i+1]
		d := ri[i]
		for j := range i {
			rj := a[j*lda : j*lda+j+1]
			s := ri[j]
			for l, v := range rj[:j] {
				s -= v * ri[l]
			}
			s /= rj[j]
			ri[j] = s
			d -= s * s
		}
		if !(d > 0) || math.IsInf(d, 1) {
			return false
		}
		ri[i] = math.Sqrt(d)
	}
	return true
}
