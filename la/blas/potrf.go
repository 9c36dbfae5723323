package blas

import (
	"math"

	"costate/la/vec"
)

// potrfBase is the order up to which potrfTiles factors alone, in a buffer on
// the stack; there are smaller buffers for smaller orders.
const (
	potrfBase  = 64
	potrfSmall = 32
	potrfTiny  = 12
)

// potrf has the contract of Backend.Potrf over the Trsm and Syrk of a
// backend, by halves:
//
//	A11 = L11 L11ᵀ,   L21 = A21 L11⁻ᵀ,   A22 - L21 L21ᵀ = L22 L22ᵀ
func potrf(g Backend, n int, a []float64, lda int) (ok bool) {
	switch {
	case n <= potrfTiny:
		var buf [potrfTiny * potrfTiny]float64
		return potrfTiles(n, a, lda, buf[:])
	case n <= potrfSmall:
		var buf [potrfSmall * potrfSmall]float64
		return potrfTiles(n, a, lda, buf[:])
	case n <= potrfBase:
		var buf [potrfBase * potrfBase]float64
		return potrfTiles(n, a, lda, buf[:])
	}
	n1 := (n/2 + 3) &^ 3
	n2 := n - n1
	a21, a22 := a[n1*lda:], a[n1*lda+n1:]
	if !potrf(g, n1, a, lda) {
		return false
	}
	g.Trsm(Right, Lower, Trans, NonUnit, n2, n1, 1, a, lda, a21, lda)
	g.Syrk(Lower, NoTrans, n2, n1, -1, a21, lda, 1, a22, lda)
	return potrf(g, n2, a22, lda)
}

// potrfTiles factors by four columns at a time, and brings the rest up to date
// after every eight, which halves the passes over it. It works on the transposed
// factor U = Lᵀ, so that everything runs along memory, in a buffer of zeros
// whose order is the next multiple of four, with ones on the diagonal there:
//
//	[ A11  A12 ]                    U11ᵀ U11 = A11, of order 4
//	[      A22 ]      U12 = U11⁻ᵀ A12,      A22 - U12ᵀ U12 is what is left
func potrfTiles(n int, a []float64, lda int, buf []float64) (ok bool) {
	ld := (n + 3) &^ 3
	transposeLower(n, a, lda, buf, ld)
	for i := n; i < ld; i++ {
		buf[i*ld+i] = 1
	}
	for k := 0; k < ld; k += 4 {
		var f [10]float64
		if !potrf4(buf[k*ld+k:], ld, &f) {
			return false
		}
		if rest := (ld - k - 4) / 4; rest > 0 {
			row := buf[k*ld+k+4:]
			vec.Solve4(row, ld, rest, &f)
			if k%8 == 0 { // the next four columns only; the rest waits for them
				vec.Trapezoid(buf[(k+4)*ld+k+4:], ld, 1, rest, 4, row, ld, row)
			} else {
				row = buf[(k-4)*ld+k+4:]
				vec.Trapezoid(buf[(k+4)*ld+k+4:], ld, rest, rest, 8, row, ld, row)
			}
		}
	}
	transposeUpper(n, buf, ld, a, lda)
	return true
}

// potrf4 overwrites a block of order 4, given by its upper triangle, with its
// factor U, and f with Uᵀ row by row, the diagonal elements inverted.
func potrf4(u []float64, ld int, f *[10]float64) (ok bool) {
	r0, r1, r2, r3 := u[:4], u[ld:ld+4], u[2*ld:2*ld+4], u[3*ld:3*ld+4]
	d0 := math.Sqrt(r0[0])
	i0 := 1 / d0
	u01, u02, u03 := r0[1]*i0, r0[2]*i0, r0[3]*i0
	d1 := math.Sqrt(r1[1] - u01*u01)
	i1 := 1 / d1
	u12, u13 := (r1[2]-u01*u02)*i1, (r1[3]-u01*u03)*i1
	d2 := math.Sqrt(r2[2] - u02*u02 - u12*u12)
	i2 := 1 / d2
	u23 := (r2[3] - u02*u03 - u12*u13) * i2
	d3 := math.Sqrt(r3[3] - u03*u03 - u13*u13 - u23*u23)
	// Roots of what is negative are NaN.
	for _, d := range [4]float64{d0, d1, d2, d3} {
		if !(d > 0 && d <= math.MaxFloat64) {
			return false
		}
	}
	r0[0], r0[1], r0[2], r0[3] = d0, u01, u02, u03
	r1[1], r1[2], r1[3] = d1, u12, u13
	r2[2], r2[3] = d2, u23
	r3[3] = d3
	*f = [10]float64{i0, u01, i1, u02, u12, i2, u03, u13, u23, 1 / d3}
	return true
}

// transposeLower copies the lower triangle of a to the upper one of u;
// transposeUpper copies it back. The other triangles are neither read nor
// written but within the 4×4 tiles on the diagonal of u.
func transposeLower(n int, a []float64, lda int, u []float64, ld int) {
	for i := 0; i < n; i += 4 {
		h := min(4, n-i)
		vec.Transpose(u[i:], ld, a[i*lda:], lda, h, i)
		for r := i; r < i+h; r++ {
			for j, v := range a[r*lda+i : r*lda+r+1] {
				u[(i+j)*ld+r] = v
			}
		}
	}
}

func transposeUpper(n int, u []float64, ld int, a []float64, lda int) {
	for i := 0; i < n; i += 4 {
		h := min(4, n-i)
		for r := i; r < i+h; r++ {
			row := a[r*lda+i : r*lda+r+1]
			for j := range row {
				row[j] = u[(i+j)*ld+r]
			}
		}
		if right := i + h; right < n {
			vec.Transpose(a[right*lda+i:], lda, u[i*ld+right:], ld, h, n-right)
		}
	}
}

// potf2 is the plain twin of potrfTiles: column after column of L.
//
//	L[k,k] = √(A[k,k] - Σ_{j<k} L[k,j]²),   L[i,k] = (A[i,k] - Σ_{j<k} L[i,j] L[k,j]) / L[k,k]
func potf2(n int, a []float64, lda int) (ok bool) {
	for k := range n {
		row := a[k*lda : k*lda+k+1]
		for i := k; i < n; i++ {
			s := a[i*lda+k]
			for j, v := range a[i*lda : i*lda+k] {
				s -= v * row[j]
			}
			a[i*lda+k] = s
		}
		d := row[k]
		if !(d > 0 && d <= math.MaxFloat64) {
			return false
		}
		row[k] = math.Sqrt(d)
		for i := k + 1; i < n; i++ {
			a[i*lda+k] /= row[k]
		}
	}
	return true
}
