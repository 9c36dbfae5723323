package vec

import "math"

// Trapezoid subtracts a product from an upper trapezoid that is stored by rows
// with leading dimension ld and taken in tiles of 4×4:
//
//	u[i*ld+j] -= Σ_s c[s*ldk+i] w[s*ldk+j]       s < k, i < 4 rows, 4⌊i/4⌋ ≤ j < 4 cols
//
// with rows ≤ cols. Left of the diagonal within a tile it writes what it reads
// there; that may be anything. u may overlap neither c nor w.
func Trapezoid(u []float64, ld, rows, cols, k int, c []float64, ldk int, w []float64) {
	if rows <= 0 || k <= 0 {
		return
	}
	_, _, _ = u[(4*rows-1)*ld+4*cols-1], c[(k-1)*ldk+4*rows-1], w[(k-1)*ldk+4*cols-1]
	if cols < rows {
		panic("vec: a trapezoid with more rows than columns")
	}
	if !assembly {
		trapezoid_g(u, ld, rows, cols, k, c, ldk, w)
		return
	}
	if wide {
		trapezoidWide(&u[0], 8*ld, rows, cols, k, &c[0], 8*ldk, &w[0])
		return
	}
	trapezoid(&u[0], 8*ld, rows, cols, k, &c[0], 8*ldk, &w[0])
}

// Solve4 solves T X = B in place for four rows x of 4n words with leading
// dimension ld. f holds the rows of the lower triangle T one after another, the
// diagonal elements inverted:
//
//	x[i] = (x[i] - Σ_{j<i} T[i,j] x[j]) / T[i,i]
func Solve4(x []float64, ld, n int, f *[10]float64) {
	if n <= 0 {
		return
	}
	_ = x[3*ld+4*n-1]
	if !assembly {
		solve4_g(x, ld, n, f)
		return
	}
	solve4(&x[0], 8*ld, n, &f[0])
}

// SolveUnit solves L y = x in place for a unit lower triangle L of order len(x), stored
// by rows with leading dimension ld, of which only what is below the diagonal counts:
//
//	x[i] -= Σ_{j<i} l[i*ld+j] x[j]
//
// x may not overlap l.
func SolveUnit(x, l []float64, ld int) {
	n := len(x)
	if n < 2 {
		return
	}
	_ = l[(n-1)*ld+n-2]
	i := 0
	if assembly && n >= 4 {
		i = n &^ 3
		_ = l[(i-1)*ld+i-1]
		solveUnit(&x[0], &l[0], 8*ld, i/4)
	}
	for ; i < n; i++ {
		x[i] -= Dot(l[i*ld:i*ld+i], x)
	}
}

// SolveUnitTrans is SolveUnit for Lᵀ y = x:
//
//	x[i] -= Σ_{j>i} l[j*ld+i] x[j]
func SolveUnitTrans(x, l []float64, ld int) {
	n := len(x)
	if n < 2 {
		return
	}
	_ = l[(n-1)*ld+n-2]
	whole := 0
	if assembly {
		whole = n &^ 3
	}
	for i := n - 1; i >= max(whole, 1); i-- {
		Axpy(x[:i], -x[i], l[i*ld:])
	}
	if whole > 0 {
		_ = l[(whole-1)*ld+whole-1]
		solveUnitTrans(&x[0], &l[0], 8*ld, whole/4)
	}
}

// Peak returns the first element of x of the greatest magnitude, and that
// magnitude: -1 and NaN if there is a NaN in x, -1 and 0 if all are zero.
func Peak(x []float64) (at int, m float64) {
	if !assembly || len(x) < 4 {
		return peak_g(x)
	}
	m, at = peak(&x[0], len(x))
	return at, m
}

// trapezoid_g is the twin of Trapezoid.
func trapezoid_g(u []float64, ld, rows, cols, k int, c []float64, ldk int, w []float64) {
	for i := range 4 * rows {
		row := u[i*ld+i&^3 : i*ld+4*cols]
		for s := range k {
			f := c[s*ldk+i]
			x := w[s*ldk+i&^3:][:len(row)]
			for j := range row {
				row[j] -= f * x[j]
			}
		}
	}
}

// solve4_g is the twin of Solve4.
func solve4_g(x []float64, ld, n int, f *[10]float64) {
	x0, x1, x2, x3 := x[:4*n], x[ld:][:4*n], x[2*ld:][:4*n], x[3*ld:][:4*n]
	for j := range x0 {
		a := x0[j] * f[0]
		b := (x1[j] - f[1]*a) * f[2]
		c := (x2[j] - f[3]*a - f[4]*b) * f[5]
		x0[j], x1[j], x2[j], x3[j] = a, b, c, (x3[j]-f[6]*a-f[7]*b-f[8]*c)*f[9]
	}
}

// peak_g is the twin of Peak.
func peak_g(x []float64) (at int, m float64) {
	at = -1
	for i, v := range x {
		if v = math.Abs(v); v > m {
			at, m = i, v
		} else if v != v {
			return -1, v
		}
	}
	return at, m
}

// Transpose copies the rows×cols matrix src to the columns of dst:
//
//	dst[j*ldd+i] = src[i*lds+j]         i < rows, j < cols
//
// They may not overlap.
func Transpose(dst []float64, ldd int, src []float64, lds, rows, cols int) {
	if rows <= 0 || cols <= 0 {
		return
	}
	_, _ = dst[(cols-1)*ldd+rows-1], src[(rows-1)*lds+cols-1]
	if !assembly || rows < 4 || cols < 4 {
		for i := range rows {
			for j, v := range src[i*lds : i*lds+cols] {
				dst[j*ldd+i] = v
			}
		}
		return
	}
	if !wide || rows < 8 || cols < 8 {
		transposeTiles(dst, ldd, src, lds, rows, cols)
		return
	}
	r, c := rows&^7, cols&^7
	for i := 0; i < r; i += 8 {
		transpose8(&dst[i], 8*ldd, &src[i*lds], 8*lds, c/8)
	}
	if c < cols {
		c = min(c, cols-4)
		transposeTiles(dst[c*ldd:], ldd, src[c:], lds, r, cols-c)
	}
	if r < rows {
		r = min(r, rows-4)
		transposeTiles(dst[r:], ldd, src[r*lds:], lds, rows-r, cols)
	}
}

// transposeTiles is Transpose for at least 4 rows and columns, by tiles of 4×4: the last
// ones reach back over those before.
func transposeTiles(dst []float64, ldd int, src []float64, lds, rows, cols int) {
	for i := 0; ; i = min(i+4, rows-4) {
		transpose4(&dst[i], 8*ldd, &src[i*lds], 8*lds, cols/4)
		if j := cols - 4; j%4 != 0 {
			transpose4(&dst[j*ldd+i], 8*ldd, &src[i*lds+j], 8*lds, 1)
		}
		if i == rows-4 {
			return
		}
	}
}

// Eliminate is a step of elimination on tiles of 4×4. It copies c, of 4 cols
// words, to w, multiplies it by f, with zeros in the first lanes < 4 words of
// both, and then subtracts their outer product from an upper trapezoid as
// Trapezoid does:
//
//	w = c,    c = f c,    u[i*ld+j] -= c[i] w[j]       i < 4 rows, 4⌊i/4⌋ ≤ j < 4 cols
//
// With rows = 0, for which u may be nil, it only copies and multiplies.
func Eliminate(u []float64, ld, rows, cols int, c, w []float64, lanes int, f float64) {
	if cols <= 0 {
		return
	}
	c, w = c[:4*cols], w[:4*cols]
	if rows < 0 || cols < rows || uint(lanes) > 3 {
		panic("vec: a step of elimination that is none")
	}
	var at *float64
	if rows > 0 {
		_ = u[(4*rows-1)*ld+4*cols-1]
		at = &u[0]
	}
	if assembly {
		eliminate(at, 8*ld, rows, cols, &c[0], &w[0], lanes, f)
		return
	}
	copy(w, c)
	for i := range c {
		c[i] *= f
	}
	clear(c[:lanes])
	clear(w[:lanes])
	if rows > 0 {
		trapezoid_g(u, ld, rows, cols, 1, c, 0, w)
	}
}

// Eliminate2 is Eliminate for a pivot of order two: c and w have two rows, ld
// apart, and f is a symmetric matrix of order 2,
//
//	w[0] = c[0],    c[0] = f[0] c[0] + f[1] c[1]
//	w[1] = c[1],    c[1] = f[1] c[0] + f[2] c[1]        (the old c)
//
// and both products are subtracted from u.
func Eliminate2(u []float64, ld, rows, cols int, c, w []float64, lanes int, f *[3]float64) {
	if cols <= 0 {
		return
	}
	_, _ = c[ld+4*cols-1], w[ld+4*cols-1]
	if rows < 0 || cols < rows || uint(lanes) > 3 {
		panic("vec: a step of elimination that is none")
	}
	var at *float64
	if rows > 0 {
		_ = u[(4*rows-1)*ld+4*cols-1]
		at = &u[0]
	}
	if assembly {
		eliminate2(at, 8*ld, rows, cols, &c[0], &w[0], lanes, &f[0])
		return
	}
	n := 4 * cols
	copy(w[:n], c)
	copy(w[ld:ld+n], c[ld:])
	pivot2_g(c[:n], c[ld:], c, c[ld:], f)
	for i := range lanes {
		c[i], c[ld+i], w[i], w[ld+i] = 0, 0, 0, 0
	}
	if rows > 0 {
		trapezoid_g(u, ld, rows, cols, 2, c, ld, w)
	}
}
