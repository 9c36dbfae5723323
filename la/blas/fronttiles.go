package blas

import "costate/la/vec"

// A frontTiles is a front of m rows and p columns, or a symmetric matrix of
// order m = p, in a buffer of its own for elimination at once, pivot by pivot:
//
//	t[j*ld+i]   column j from its diagonal on: i ≥ j. It becomes column j of L
//	d[j]        the diagonal element of D, once the column is eliminated
//
// So columns lie along memory, and the update after a pivot is one product on
// tiles of 4×4 of an upper trapezoid. ld is m rounded up to whole tiles, or
// more, and so are the rows of t; what is outside the trapezoid holds anything.
type frontTiles struct {
	m, p, ld int
	t        []float64
	w        []float64 // columns of W = L D: of all pivots if keep, or of the present one
	keep     bool
	d        []float64 // p

	// Rows from ready on, which is p where nothing waits, wait for the pivots from since
	// on; then row j of w belongs to pivot since+j. See catchUp.
	ready, since int
	waits        bool
}

// tilesLd is the leading dimension: whole tiles, with keep also from column p on.
func tilesLd(m, p int, keep bool) int {
	if keep {
		m = p + (m-p+3)&^3
	}
	return (m + 3) &^ 3
}

// tilesWork is the number of words for a front.
func tilesWork(m, p int, keep bool) int {
	ld := tilesLd(m, p, keep)
	n := (p + 3) &^ 3
	if keep {
		return 2*n*ld + p
	}
	return (n+2)*ld + p
}

// load takes the front from a, with memory of tilesWork words.
func (f *frontTiles) load(m, p int, a []float64, lda int, keep bool, work []float64) {
	f.m, f.p, f.ld, f.keep = m, p, tilesLd(m, p, keep), keep
	n := (p + 3) &^ 3 * f.ld
	f.t, work = work[:n:n], work[n:]
	if !keep {
		n = 2 * f.ld
	}
	f.w, work = work[:n:n], work[n:]
	f.d = work[:p:p]
	f.ready = p
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
	kept := 0
	switch {
	case f.keep: // those that are not eliminated hold nothing
		kept = x * ld
	case f.waits:
		kept = (x - f.since) * ld
	}
	for at := 0; at < kept; at += ld {
		f.w[at+x], f.w[at+y] = f.w[at+y], f.w[at+x]
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

// pivotRow is the row of w that belongs to pivot k.
func (f *frontTiles) pivotRow(k int) []float64 {
	switch {
	case f.keep:
		return f.w[k*f.ld:]
	case f.waits:
		return f.w[(k-f.since)*f.ld:]
	}
	return f.w
}

// waiting is the number of rows, in whole tiles, that are up to date while the others
// wait: so few that they and their rows of w stay in the first cache.
const waiting = 16

// catchUp brings the rows that wait up to date with the pivots before k, all at once,
// and lets those wait that are not among the next. Each element goes through the same
// sums as if it had not waited, so that the bits are the same.
func (f *frontTiles) catchUp(k int) {
	if from := f.ready; from < f.p && k > f.since {
		vec.Trapezoid(f.t[from*f.ld+from:], f.ld, (f.p+3)/4-from/4, (f.ld-from)/4, k-f.since, f.t[f.since*f.ld+from:], f.ld, f.w[from:])
	}
	f.since, f.ready = k, min(k&^3+waiting, f.p)
}

// one eliminates column k by the 1×1 pivot at its head.
func (f *frontTiles) one(k int) {
	row, w := f.t[k*f.ld:k*f.ld+f.m], f.pivotRow(k)
	d := row[k]
	f.d[k] = d
	g := (k + 1) &^ 3
	if invertible(d) {
		ld, rows := f.ld, 0
		var u []float64
		if k+1 < f.ready {
			rows, u = (f.ready+3)/4-g/4, f.t[g*ld+g:]
		}
		vec.Eliminate(u, ld, rows, (ld-g)/4, f.t[k*ld+g:(k+1)*ld], w[g:], k+1-g, 1/d)
		return
	}
	copy(w[g:f.m], row[g:])
	for i := k + 1; i < f.m; i++ {
		row[i] /= d
	}
	for i := g; i <= k; i++ {
		row[i], w[i] = 0, 0
	}
	if k+1 < f.ready {
		f.update(k, g, 1, w)
	}
}

// two eliminates columns k and k+1 by the 2×2 pivot at their head, and returns
// its off-diagonal element; see frontTwo.
func (f *frontTiles) two(k int) (d21 float64) {
	ld, m := f.ld, f.m
	l1, l2 := f.t[k*ld:k*ld+m], f.t[(k+1)*ld:(k+1)*ld+m]
	w := f.pivotRow(k)
	w1, w2 := w[:m], w[ld:ld+m]
	d11, d21, d22 := l1[k], l1[k+1], l2[k+1]
	f.d[k], f.d[k+1] = d11, d22
	u, v := d22/d21, d11/d21
	t := 1 / (u*v - 1)
	g := (k + 2) &^ 3
	if invertible(d21) {
		t /= d21
		rows := 0
		var z []float64
		if k+2 < f.ready {
			rows, z = (f.ready+3)/4-g/4, f.t[g*ld+g:]
		}
		if g < ld {
			vec.Eliminate2(z, ld, rows, (ld-g)/4, f.t[k*ld+g:(k+2)*ld], w[g:], k+2-g, &[3]float64{t * u, -t, t * v})
		}
		l1[k+1] = 0
		return d21
	}
	copy(w1[g:], l1[g:])
	copy(w2[g:], l2[g:])
	for i := k + 2; i < m; i++ {
		x, y := l1[i]/d21, l2[i]/d21
		l1[i], l2[i] = t*(u*x-y), t*(v*y-x)
	}
	for i := g; i <= k+1; i++ {
		l1[i], l2[i] = 0, 0
		w1[i], w2[i] = 0, 0
	}
	l1[k+1] = 0
	if k+2 < f.ready {
		f.update(k, g, 2, w)
	}
	return d21
}

// zero eliminates column k, which is taken for zero.
func (f *frontTiles) zero(k int) {
	f.d[k] = 0
	clear(f.t[k*f.ld+k : k*f.ld+f.m])
	if f.keep || f.waits {
		clear(f.pivotRow(k)[k:f.m])
	}
}

// update subtracts the products of the n columns of L from k on with those in
// w from the trapezoid that starts at row and column g, in the rows that do not wait.
func (f *frontTiles) update(k, g, n int, w []float64) {
	ld := f.ld
	vec.Trapezoid(f.t[g*ld+g:], ld, (f.ready+3)/4-g/4, (ld-g)/4, n, f.t[k*ld+g:], ld, w[g:])
}

// column copies column c, as it is after k pivots, to v, from row k on.
func (f *frontTiles) column(k, c int, v []float64) column {
	v = v[:f.m-k]
	at := k*f.ld + c
	for i := range c - k {
		v[i] = f.t[at]
		at += f.ld
	}
	copy(v[c-k:], f.t[at:at+f.m-c])
	return column{v, f.p - k, c - k}
}
