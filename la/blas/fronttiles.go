package blas

import "costate/la/vec"

// A frontTiles is a front of m rows and p columns, or a symmetric matrix of
// order m = p, in a buffer of its own for elimination at once, pivot by pivot:
//
//	t[j*ld+i]   column j from its diagonal on: i ≥ j. It becomes column j of L
//	d[j]        the diagonal element of D, once the column is eliminated
//
// So columns lie along memory, and the update after a pivot is one product on
// tiles of 4×4 of an upper trapezoid. ld is m rounded up to whole tiles, and so
// are the rows of t; what is outside the trapezoid holds anything.
type frontTiles struct {
	m, p, ld int
	t        []float64
	w        []float64 // 2×ld: the columns of the present pivot
	d        []float64 // p
}

// tilesWork is the number of words for a front.
func tilesWork(m, p int) int {
	ld := (m + 3) &^ 3
	return ((p+3)&^3+2)*ld + p
}

// load takes the front from a, with memory of tilesWork words.
func (f *frontTiles) load(m, p int, a []float64, lda int, work []float64) {
	f.m, f.p, f.ld = m, p, (m+3)&^3
	n := (p + 3) &^ 3 * f.ld
	f.t, work = work[:n:n], work[n:]
	n = 2 * f.ld
	f.w, work = work[:n:n], work[n:]
	f.d = work[:p:p]
	transposeLower(p, a, lda, f.t, f.ld)
	if m > p {
		vec.Transpose(f.t[p:], f.ld, a[p*lda:], lda, m-p, p)
	}
}

// store writes the front back, of which ne columns are eliminated.
func (f *frontTiles) store(ne int, a []float64, lda int) {
	p, ld := f.p, f.ld
	for k, d := range f.d[:ne] {
		f.t[k*ld+k] = d
	}
	transposeUpper(p, f.t, ld, a, lda)
	if f.m > p {
		vec.Transpose(a[p*lda:], lda, f.t[p:], ld, p, f.m-p)
	}
}

// interchange interchanges rows and columns x ≤ y.
func (f *frontTiles) interchange(x, y int) {
	if x == y {
		return
	}
	t, ld := f.t, f.ld
	for at := 0; at < x*ld; at += ld {
		t[at+x], t[at+y] = t[at+y], t[at+x]
	}
	rx, ry := t[x*ld:x*ld+f.m], t[y*ld:y*ld+f.m]
	rx[x], ry[y] = ry[y], rx[x]
	at := x*ld + y
	for j := x + 1; j < y; j++ {
		at += ld
		rx[j], t[at] = t[at], rx[j]
	}
	swapRows(rx[y+1:], ry[y+1:])
}

// above is the greatest magnitude of the elements of column c in rows k to c-1,
// NaN apart.
func (f *frontTiles) above(k, c int) (m float64) {
	at := k*f.ld + c
	for range c - k {
		v := f.t[at]
		at += f.ld
		if v < 0 {
			v = -v
		}
		if v > m {
			m = v
		}
	}
	return m
}

// one eliminates column k by the 1×1 pivot at its head.
func (f *frontTiles) one(k int) {
	row := f.t[k*f.ld : k*f.ld+f.m]
	d := row[k]
	f.d[k] = d
	if k+1 == f.p {
		divide(row[k+1:], d)
		return
	}
	g := (k + 1) &^ 3
	copy(f.w[g:f.m], row[g:])
	divide(row[k+1:], d)
	for i := g; i <= k; i++ {
		row[i], f.w[i] = 0, 0
	}
	f.update(k, g, 1)
}

// two eliminates columns k and k+1 by the 2×2 pivot at their head, and returns
// its off-diagonal element; see eliminate2.
func (f *frontTiles) two(k int) (d21 float64) {
	ld, m := f.ld, f.m
	l1, l2 := f.t[k*ld:k*ld+m], f.t[(k+1)*ld:(k+1)*ld+m]
	d11, d21, d22 := l1[k], l1[k+1], l2[k+1]
	f.d[k], f.d[k+1] = d11, d22
	u, v := d22/d21, d11/d21
	t := 1 / (u*v - 1)
	g := (k + 2) &^ 3
	copy(f.w[g:m], l1[g:])
	copy(f.w[ld+g:ld+m], l2[g:])
	if invertible(d21) {
		t /= d21
		vec.Pivot2(l1[k+2:], l2[k+2:], l1[k+2:], l2[k+2:], &[3]float64{t * u, -t, t * v})
	} else {
		for i := k + 2; i < m; i++ {
			x, y := l1[i]/d21, l2[i]/d21
			l1[i], l2[i] = t*(u*x-y), t*(v*y-x)
		}
	}
	for i := g; i <= k+1; i++ {
		l1[i], l2[i] = 0, 0
		f.w[i], f.w[ld+i] = 0, 0
	}
	l1[k+1] = 0
	if k+2 < f.p {
		f.update(k, g, 2)
	}
	return d21
}

// zero eliminates column k, which is taken for zero.
func (f *frontTiles) zero(k int) {
	f.d[k] = 0
	clear(f.t[k*f.ld+k : k*f.ld+f.m])
}

// update subtracts the products of the n columns of L from k on with those in
// w from the trapezoid that starts at row and column g.
func (f *frontTiles) update(k, g, n int) {
	ld := f.ld
	vec.Trapezoid(f.t[g*ld+g:], ld, (f.p+3)/4-g/4, (ld-g)/4, n, f.t[k*ld+g:], ld, f.w[g:])
}

// sytrfTiles is the Bunch–Kaufman factorization with the contract of
// Backend.Sytrf for small orders; see sytf2, its plain twin. work has at least
// tilesWork(n, n) elements.
func sytrfTiles(n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	zero = -1
	for i := range perm[:n] {
		perm[i] = i
	}
	var f frontTiles
	f.load(n, n, a, lda, work)
	ld := f.ld
	for k := 0; k < n; {
		row := f.t[k*ld : k*ld+n]
		absakk := abs(row[k])
		r, colmax := vec.MaxAbs(row[k+1:])
		r += k + 1
		kp, two := k, false
		if absakk < bkAlpha*colmax {
			rr := f.t[r*ld : r*ld+n]
			rowmax := max(f.above(k, r), vec.MaxAbsValue(rr[r+1:]))
			switch {
			case absakk >= bkAlpha*colmax*(colmax/rowmax):
			case abs(rr[r]) >= bkAlpha*rowmax:
				kp = r
			default:
				kp, two = r, true
			}
		} else if absakk == 0 && !anyNaN(row[k+1:]) {
			if zero < 0 {
				zero = k
			}
			e[k] = 0
			f.zero(k)
			k++
			continue
		}
		kk := k
		if two {
			kk++
		}
		if kp != kk {
			f.interchange(kk, kp)
			perm[kk], perm[kp] = perm[kp], perm[kk]
		}
		if two {
			e[k], e[k+1] = f.two(k), 0
			k += 2
			continue
		}
		e[k] = 0
		f.one(k)
		k++
	}
	f.store(n, a, lda)
	return settleZero(zero, n, a, lda, e)
}

func abs(x float64) float64 {
	if x < 0 {
		return -x
	}
	return x
}
