package blas

import (
	"math"

	"costate/la/vec"
)

// DSolve overwrites the n×nrhs matrix B with D⁻¹ B, where D is the block
// diagonal factor of a Bunch–Kaufman factorization as Backend.Sytrf leaves it
// in the diagonal of a and in e. With PermuteRows and Trsm it makes half
// solves: for A = Pᵀ L D Lᵀ P and W = L⁻¹ P K,
//
//	Kᵀ A⁻¹ K = Wᵀ (D⁻¹ W)
//
// It does not test for a singular D: a zero pivot gives infinities or NaN.
func DSolve(n, nrhs int, a []float64, lda int, e []float64, b []float64, ldb int) {
	checkOrder(n, a, lda)
	if nrhs < 0 {
		panic(ErrNegative)
	}
	if len(e) < n {
		panic(ErrShortE)
	}
	checkB(n, nrhs, b, ldb)
	if nrhs == 0 {
		return
	}
	for k := 0; k < n; k++ {
		x := b[k*ldb : k*ldb+nrhs]
		if e[k] == 0 || k+1 == n {
			divide(x, a[k*lda+k])
			continue
		}
		// [d11 d21; d21 d22]⁻¹ with everything divided by d21 first.
		d21 := e[k]
		p, q := a[(k+1)*lda+k+1]/d21, a[k*lda+k]/d21
		t := 1 / (p*q - 1)
		y := b[(k+1)*ldb : (k+1)*ldb+nrhs]
		k++
		if invertible(d21) && nrhs > 2 {
			t /= d21
			vec.Pivot2(x, y, x, y, &[3]float64{t * p, -t, t * q})
			continue
		}
		for j, v := range x {
			u, v := v/d21, y[j]/d21
			x[j], y[j] = t*(p*u-v), t*(q*v-u)
		}
	}
}

// DInertia returns the numbers of negative, zero and positive eigenvalues of
// the block diagonal factor D of Backend.Sytrf, which by Sylvester's law are
// those of the factored matrix. A block that holds a NaN is not counted.
func DInertia(n int, a []float64, lda int, e []float64) (negative, zero, positive int) {
	checkOrder(n, a, lda)
	if len(e) < n {
		panic(ErrShortE)
	}
	for k := 0; k < n; k++ {
		d := a[k*lda+k]
		if e[k] == 0 || k+1 == n {
			switch {
			case d < 0:
				negative++
			case d > 0:
				positive++
			case d == 0:
				zero++
			}
			continue
		}
		// The determinant over d21², negative by the choice of the pivot.
		d2 := a[(k+1)*lda+k+1]
		det := (d/e[k])*(d2/e[k]) - 1
		switch trace := d + d2; {
		case det < 0:
			negative++
			positive++
		case det == 0 && trace < 0:
			negative++
			zero++
		case det == 0:
			positive++
			zero++
		case det > 0 && trace < 0:
			negative += 2
		case det > 0:
			positive += 2
		}
		k++
	}
	return negative, zero, positive
}

// DLogDet returns the logarithm of |det D| and the sign of det D, for the
// block diagonal factor D of Backend.Sytrf; det D is the determinant of the
// factored matrix. For a singular D it returns -Inf and 0.
func DLogDet(n int, a []float64, lda int, e []float64) (log, sign float64) {
	checkOrder(n, a, lda)
	if len(e) < n {
		panic(ErrShortE)
	}
	sign = 1
	for k := 0; k < n; k++ {
		d := a[k*lda+k]
		if e[k] != 0 && k+1 < n {
			log += 2 * math.Log(math.Abs(e[k]))
			d = (d/e[k])*(a[(k+1)*lda+k+1]/e[k]) - 1
			k++
		}
		switch {
		case d == 0:
			return math.Inf(-1), 0
		case d < 0:
			sign = -sign
		}
		log += math.Log(math.Abs(d))
	}
	return log, sign
}

// PermuteRows copies the rows of src into dst in the order of perm:
//
//	dst[i, :] = src[perm[i], :]          dst = P src
//
// for len(perm) rows of cols columns each. dst and src may not overlap.
func PermuteRows(perm []int, cols int, src []float64, lds int, dst []float64, ldd int) {
	checkPermute(perm, cols, src, lds, dst, ldd)
	if cols == 1 && lds == 1 && ldd == 1 {
		for i, p := range perm {
			dst[i] = src[p]
		}
		return
	}
	for i, p := range perm {
		copy(dst[i*ldd:i*ldd+cols], src[p*lds:p*lds+cols])
	}
}

// UnpermuteRows is the inverse of PermuteRows:
//
//	dst[perm[i], :] = src[i, :]          dst = Pᵀ src
func UnpermuteRows(perm []int, cols int, src []float64, lds int, dst []float64, ldd int) {
	checkPermute(perm, cols, src, lds, dst, ldd)
	if cols == 1 && lds == 1 && ldd == 1 {
		for i, p := range perm {
			dst[p] = src[i]
		}
		return
	}
	for i, p := range perm {
		copy(dst[p*ldd:p*ldd+cols], src[i*lds:i*lds+cols])
	}
}

// checkPermute checks the operands of PermuteRows before anything is written:
// src is A and dst is B.
func checkPermute(perm []int, cols int, src []float64, lds int, dst []float64, ldd int) {
	if cols < 0 {
		panic(ErrNegative)
	}
	checkA(len(perm), cols, src, lds)
	checkB(len(perm), cols, dst, ldd)
	for _, p := range perm {
		if uint(p) >= uint(len(perm)) {
			panic(ErrPerm)
		}
	}
}

// sytrs has the contract of Backend.Sytrs, over the Trsm of a backend.
func sytrs(k Backend, n, nrhs int, a []float64, lda int, e []float64, perm []int, b []float64, ldb int, work []float64) {
	checkSytrs(n, nrhs, a, lda, e, perm, b, ldb, work)
	if n == 0 || nrhs == 0 {
		return
	}
	perm = perm[:n]
	PermuteRows(perm, nrhs, b, ldb, work, nrhs)
	k.Trsm(Left, Lower, NoTrans, Unit, n, nrhs, 1, a, lda, work, nrhs)
	DSolve(n, nrhs, a, lda, e, work, nrhs)
	k.Trsm(Left, Lower, Trans, Unit, n, nrhs, 1, a, lda, work, nrhs)
	UnpermuteRows(perm, nrhs, work, nrhs, b, ldb)
}
