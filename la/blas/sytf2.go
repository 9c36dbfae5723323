package blas

import "math"

// bkAlpha is (1+√17)/8, the constant that bounds the growth of one step with
// a 2×2 pivot by that of two steps with 1×1 pivots (Bunch and Kaufman).
var bkAlpha = (1 + math.Sqrt(17)) / 8

// sytf2 is the unblocked Bunch–Kaufman factorization with the contract of
// Backend.Sytrf: the plain twin of sytrf and sytrfTiles. work has at
// least 2n elements.
//
// Step k has the trailing matrix A of rows and columns k..n-1, updated by all
// earlier steps. With ω1 the greatest magnitude below the diagonal in column
// k, found in row r, and ωr that of the off-diagonal elements of column r, it
// takes as pivot
//
//	A[k,k]          if |A[k,k]| ≥ α ω1, or |A[k,k]| ωr ≥ α ω1²
//	A[r,r]          otherwise, if |A[r,r]| ≥ α ωr
//	[A[k,k] A[k,r]; A[r,k] A[r,r]]  otherwise
//
// brings it to the front by a symmetric interchange and subtracts
// L D Lᵀ of its one or two columns from the rest, row by row.
func sytf2(n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	zero = -1
	for i := range perm[:n] {
		perm[i] = i
	}
	for k := 0; k < n; {
		w := work[:n]
		w[k] = a[k*lda+k]
		r, colmax := k, 0.0
		for i := k + 1; i < n; i++ {
			v := a[i*lda+k]
			w[i] = v
			if v = math.Abs(v); v > colmax {
				r, colmax = i, v
			}
		}
		kp, two := k, false
		absakk := math.Abs(w[k])
		if absakk < bkAlpha*colmax {
			kp, two = bunchKaufman(n, k, r, a, lda, absakk, colmax)
		} else if absakk == 0 && !anyNaN(w[k+1:]) {
			// The column is exactly zero: L[:,k] = 0, and nothing to update.
			if zero < 0 {
				zero = k
			}
			e[k] = 0
			k++
			continue
		}
		kk := k
		if two {
			kk++
		}
		if kp != kk {
			swapSym(n, k, kk, kp, a, lda)
			perm[kk], perm[kp] = perm[kp], perm[kk]
		}
		if !two {
			e[k] = 0
			if kp != k {
				for i := k; i < n; i++ {
					w[i] = a[i*lda+k]
				}
			}
			frontOne(k, n, n, a, lda, w[k:])
			k++
			continue
		}
		w2 := work[n : 2*n]
		for i := k + 1; i < n; i++ {
			w[i] = a[i*lda+k]
			w2[i] = a[i*lda+k+1]
		}
		e[k], e[k+1] = w[k+1], 0
		a[(k+1)*lda+k] = 0
		frontTwo(k, n, n, a, lda, w[k:], w2[k:])
		k += 2
	}
	return settleZero(zero, n, a, lda, e)
}

// bunchKaufman chooses the pivot where the diagonal of column k is small beside its
// largest element, colmax in row r: kp is the row that comes to the front, in second place
// if the pivot is of order two.
func bunchKaufman(n, k, r int, a []float64, lda int, absakk, colmax float64) (kp int, two bool) {
	rowmax := 0.0
	for _, v := range a[r*lda+k : r*lda+r] {
		rowmax = max(rowmax, math.Abs(v))
	}
	for i := r + 1; i < n; i++ {
		rowmax = max(rowmax, math.Abs(a[i*lda+r]))
	}
	switch {
	case absakk > 0 && absakk >= bkAlpha*colmax*(colmax/rowmax):
		return k, false
	case math.Abs(a[r*lda+r]) >= bkAlpha*rowmax:
		return r, false
	}
	return r, true
}

// swapSym interchanges rows and columns kk < kp of a symmetric matrix held in
// its lower triangle, of which the first k columns are already L: there whole
// rows are interchanged.
func swapSym(n, k, kk, kp int, a []float64, lda int) {
	swapRows(a[kk*lda:kk*lda+kk], a[kp*lda:kp*lda+kk])
	a[kk*lda+kk], a[kp*lda+kp] = a[kp*lda+kp], a[kk*lda+kk]
	for i := kk + 1; i < kp; i++ {
		a[i*lda+kk], a[kp*lda+i] = a[kp*lda+i], a[i*lda+kk]
	}
	for i := kp + 1; i < n; i++ {
		a[i*lda+kk], a[i*lda+kp] = a[i*lda+kp], a[i*lda+kk]
	}
}

// anyNaN is whether x holds a NaN.
func anyNaN(x []float64) bool {
	for _, v := range x {
		if v != v {
			return true
		}
	}
	return false
}

// settleZero returns zero, or -1 if D holds a NaN or an infinity: a zero pivot
// says nothing about a matrix that is not finite.
func settleZero(zero, n int, a []float64, lda int, e []float64) int {
	if zero < 0 {
		return zero
	}
	for i := range n {
		// x-x is zero for a finite x, and NaN otherwise.
		if x, y := a[i*lda+i], e[i]; x-x != 0 || y-y != 0 {
			return -1
		}
	}
	return zero
}
