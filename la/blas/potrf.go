package blas

import (
	"math"

	"costate/la/vec"
)

// potrfBase is the order up to which potf2 factors alone, in a buffer on the
// stack; a smaller one up to potrfTiny.
const (
	potrfBase = 40
	potrfTiny = 12
)

// potrf has the contract of Backend.Potrf over the Trsm and Syrk of a
// backend, by halves:
//
//	A11 = L11 L11ᵀ,   L21 = A21 L11⁻ᵀ,   A22 - L21 L21ᵀ = L22 L22ᵀ
func potrf(g Backend, n int, a []float64, lda int) (ok bool) {
	switch {
	case n <= potrfTiny:
		var buf [potrfTiny * potrfTiny]float64
		return potf2(n, a, lda, buf[:])
	case n <= potrfBase:
		var buf [potrfBase * potrfBase]float64
		return potf2(n, a, lda, buf[:])
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

// potf2 is the unblocked twin of potrf. It works on the transposed factor,
// U = Lᵀ, row by row, so that everything runs along memory, in a buffer of n×n words:
//
//	U[k,k:] = (A[k:,k]ᵀ - Σ_{j<k} U[j,k] U[j,k:]) / √(its first element)
func potf2(n int, a []float64, lda int, buf []float64) (ok bool) {
	var c [potrfBase]float64
	for i := range n {
		for j, v := range a[i*lda : i*lda+i+1] {
			buf[j*n+i] = v
		}
	}
	ok = true
	done := n
	for k := range n {
		row := buf[k*n+k : (k+1)*n]
		for j := range k {
			c[j] = -buf[j*n+k]
		}
		vec.Combine(row, c[:k], buf[k:], n)
		d := row[0]
		if !(d > 0) || math.IsInf(d, 1) {
			ok, done = false, k
			break
		}
		d = math.Sqrt(d)
		row[0] = d
		divide(row[1:], d)
	}
	for i := range n {
		row := a[i*lda : i*lda+min(i+1, done)]
		for j := range row {
			row[j] = buf[j*n+i]
		}
	}
	return ok
}
