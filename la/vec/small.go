package vec

import "math"

// Kernels of small matrices that stay in the first cache: nothing is packed. Rows are
// taken in whole vectors of four words, so that operands and results have room for
// them, and what stands beyond a row's own words is anything, and is overwritten.

// SetSmall computes C = A B for m×k A and k×4n B, given by strides:
//
//	c[i*ldc+j] = Σ_p a[i*row+p*inc] b[p*ldb+j]        i < m, j < 4(n + grow⌊i/4⌋), p < k
//
// With grow = 1 and n = 1 those are the tiles of 4×4 of a lower triangle. The rows of
// c may not overlap, nor c a or b.
func SetSmall(c []float64, ldc int, a []float64, row, inc int, b []float64, ldb, m, n, k, grow int) {
	if m <= 0 || n <= 0 {
		return
	}
	checkSmall(c, ldc, a, row, inc, b, ldb, m, n, k, grow)
	if k > 0 && wide {
		setSmallWide(&c[0], 8*ldc, &a[0], 8*row, 8*inc, &b[0], 8*ldb, m, n, k, grow)
		return
	}
	if k > 0 && assembly {
		setSmall(&c[0], 8*ldc, &a[0], 8*row, 8*inc, &b[0], 8*ldb, m, n, k, grow)
		return
	}
	for i := range m {
		clear(c[i*ldc:][:4*(n+grow*(i/4))])
	}
	if k > 0 {
		AddSmall(c, ldc, a, row, inc, b, ldb, m, n, k, grow)
	}
}

// AddSmall is SetSmall for C += A B.
func AddSmall(c []float64, ldc int, a []float64, row, inc int, b []float64, ldb, m, n, k, grow int) {
	if m <= 0 || n <= 0 || k <= 0 {
		return
	}
	checkSmall(c, ldc, a, row, inc, b, ldb, m, n, k, grow)
	if wide {
		addSmallWide(&c[0], 8*ldc, &a[0], 8*row, 8*inc, &b[0], 8*ldb, m, n, k, grow)
		return
	}
	if assembly {
		addSmall(&c[0], 8*ldc, &a[0], 8*row, 8*inc, &b[0], 8*ldb, m, n, k, grow)
		return
	}
	for i := range m {
		mulSmallRow_g(c[i*ldc:][:4*(n+grow*(i/4))], 1, a[i*row:], inc, b, ldb, k)
	}
}

// SubSmall is SetSmall for C −= A B.
func SubSmall(c []float64, ldc int, a []float64, row, inc int, b []float64, ldb, m, n, k, grow int) {
	if m <= 0 || n <= 0 || k <= 0 {
		return
	}
	checkSmall(c, ldc, a, row, inc, b, ldb, m, n, k, grow)
	if wide {
		subSmallWide(&c[0], 8*ldc, &a[0], 8*row, 8*inc, &b[0], 8*ldb, m, n, k, grow)
		return
	}
	if assembly {
		subSmall(&c[0], 8*ldc, &a[0], 8*row, 8*inc, &b[0], 8*ldb, m, n, k, grow)
		return
	}
	for i := range m {
		mulSmallRow_g(c[i*ldc:][:4*(n+grow*(i/4))], -1, a[i*row:], inc, b, ldb, k)
	}
}

// checkSmall panics where an operand is too short.
func checkSmall(c []float64, ldc int, a []float64, row, inc int, b []float64, ldb, m, n, k, grow int) {
	if ldc|row|inc|ldb|grow < 0 {
		panic("vec: a negative stride")
	}
	wide := 4 * (n + grow*((m-1)/4))
	_ = c[(m-1)*ldc+wide-1]
	if k > 0 {
		_, _ = a[(m-1)*row+(k-1)*inc], b[(k-1)*ldb+wide-1]
	}
}

// mulSmallRow_g is the twin of a row of the three.
func mulSmallRow_g(c []float64, sign float64, a []float64, inc int, b []float64, ldb, k int) {
	for p := range k {
		f := sign * a[p*inc]
		for j, v := range b[p*ldb:][:len(c)] {
			c[j] += f * v
		}
	}
}

// ScaleSym scales a symmetric matrix of order n by a diagonal from both sides:
//
//	dst[i*ldd+j] = (d[i] d[j]) src[i*lds+j]          i < n, j < 4⌈n/4⌉
//
// dst and src may be the same.
func ScaleSym(dst []float64, ldd int, src []float64, lds int, d []float64, n int) {
	if n <= 0 {
		return
	}
	wide := (n + 3) &^ 3
	_, _, _ = dst[(n-1)*ldd+wide-1], src[(n-1)*lds+wide-1], d[wide-1]
	if ldd|lds < 0 {
		panic("vec: a negative stride")
	}
	if assembly {
		scaleSym(&dst[0], 8*ldd, &src[0], 8*lds, &d[0], n, wide/4)
		return
	}
	for i := range n {
		row, from := dst[i*ldd:][:wide], src[i*lds:][:wide]
		for j, v := range d[:wide] {
			row[j] = v * d[i] * from[j]
		}
	}
}

// ScaleLower is ScaleSym for a symmetric matrix of which the lower triangle is stored,
// in whole tiles of 4×4: of 4⌈n/4⌉ rows of src the words up to the diagonal's tile are
// read, and as many whole rows of dst written:
//
//	dst[i*ldd+j] = (d[i] d[j]) src[max(i,j)*lds+min(i,j)]          i, j < 4⌈n/4⌉
//
// They may not overlap.
func ScaleLower(dst []float64, ldd int, src []float64, lds int, d []float64, n int) {
	if n <= 0 {
		return
	}
	whole := (n + 3) &^ 3
	_, _, _ = dst[(whole-1)*ldd+whole-1], src[(whole-1)*lds+whole-1], d[whole-1]
	if ldd|lds < 0 {
		panic("vec: a negative stride")
	}
	if assembly {
		scaleLower(&dst[0], 8*ldd, &src[0], 8*lds, &d[0], whole/4)
		return
	}
	for i := range whole {
		for j := range i + 1 {
			v := d[j] * d[i] * src[i*lds+j]
			dst[i*ldd+j], dst[j*ldd+i] = v, v
		}
	}
}

// ScaleRows multiplies rows by numbers, in whole vectors of four words:
//
//	x[i*ldx+j] = f[i] u[i*ldu+j]          i < len(f), j < 4n
//
// x and u may be the same.
func ScaleRows(x []float64, ldx int, f, u []float64, ldu, n int) {
	m := len(f)
	if m == 0 || n <= 0 {
		return
	}
	_, _ = x[(m-1)*ldx+4*n-1], u[(m-1)*ldu+4*n-1]
	if ldx|ldu < 0 {
		panic("vec: a negative stride")
	}
	if assembly {
		scaleRows(&x[0], 8*ldx, &f[0], &u[0], 8*ldu, m, n)
		return
	}
	for i, c := range f {
		row := x[i*ldx:][:4*n]
		for j, v := range u[i*ldu:][:4*n] {
			row[j] = c * v
		}
	}
}

// SolveSmall solves Tᵀ X = B in place for a unit upper triangle T of order 4m, of which
// only what is above the diagonal is read, and 4m rows x of 4n words:
//
//	x[i*ldx+j] -= Σ_{p<i} t[p*ldt+i] x[p*ldx+j]          i = 0, 1, …, 4m-1, j < 4n
//
// x may not overlap t.
func SolveSmall(x []float64, ldx, m, n int, t []float64, ldt int) {
	if m <= 0 || n <= 0 {
		return
	}
	_, _ = x[(4*m-1)*ldx+4*n-1], t[(4*m-2)*ldt+4*m-1]
	if ldx|ldt < 0 {
		panic("vec: a negative stride")
	}
	if wide {
		solveSmallWide(&x[0], 8*ldx, &t[0], 8*ldt, m, n)
		return
	}
	if assembly {
		solveSmall(&x[0], 8*ldx, &t[0], 8*ldt, m, n)
		return
	}
	for i := 1; i < 4*m; i++ {
		mulSmallRow_g(x[i*ldx:][:4*n], -1, t[i:], ldt, x, ldx, i)
	}
}

// SetProduct computes C = A B for an m×k matrix A, given by strides, and a k×n matrix B:
//
//	c[i*ldc+j] = Σ_p a[i*row+p*inc] b[p*ldb+j]        i < m, j < n, p < k
//
// Nothing is packed: it is for matrices that stay in the first cache, and of any n, in
// contrast to SetSmall. The rows of c may not overlap, nor c a or b.
func SetProduct(c []float64, ldc int, a []float64, row, inc int, b []float64, ldb, m, n, k int) {
	if m <= 0 || n <= 0 {
		return
	}
	checkProduct(c, ldc, a, row, inc, b, ldb, m, n, k)
	if k > 0 && wide {
		setProductWide(&c[0], 8*ldc, &a[0], 8*row, 8*inc, &b[0], 8*ldb, m, n, k)
		return
	}
	if k > 0 && assembly && n >= 4 {
		setProduct(&c[0], 8*ldc, &a[0], 8*row, 8*inc, &b[0], 8*ldb, m, n, k)
		return
	}
	for i := range m {
		clear(c[i*ldc:][:n])
	}
	if k > 0 {
		AddProduct(c, ldc, a, row, inc, b, ldb, m, n, k)
	}
}

// AddProduct is SetProduct for C += A B.
func AddProduct(c []float64, ldc int, a []float64, row, inc int, b []float64, ldb, m, n, k int) {
	if m <= 0 || n <= 0 || k <= 0 {
		return
	}
	checkProduct(c, ldc, a, row, inc, b, ldb, m, n, k)
	if wide {
		addProductWide(&c[0], 8*ldc, &a[0], 8*row, 8*inc, &b[0], 8*ldb, m, n, k)
		return
	}
	if assembly && n >= 4 {
		addProduct(&c[0], 8*ldc, &a[0], 8*row, 8*inc, &b[0], 8*ldb, m, n, k)
		return
	}
	for i := range m {
		mulSmallRow_g(c[i*ldc:][:n], 1, a[i*row:], inc, b, ldb, k)
	}
}

// SubProduct is SetProduct for C −= A B.
func SubProduct(c []float64, ldc int, a []float64, row, inc int, b []float64, ldb, m, n, k int) {
	if m <= 0 || n <= 0 || k <= 0 {
		return
	}
	checkProduct(c, ldc, a, row, inc, b, ldb, m, n, k)
	if wide {
		subProductWide(&c[0], 8*ldc, &a[0], 8*row, 8*inc, &b[0], 8*ldb, m, n, k)
		return
	}
	if assembly && n >= 4 {
		subProduct(&c[0], 8*ldc, &a[0], 8*row, 8*inc, &b[0], 8*ldb, m, n, k)
		return
	}
	for i := range m {
		mulSmallRow_g(c[i*ldc:][:n], -1, a[i*row:], inc, b, ldb, k)
	}
}

// checkProduct panics where an operand is too short.
func checkProduct(c []float64, ldc int, a []float64, row, inc int, b []float64, ldb, m, n, k int) {
	if ldc|row|inc|ldb < 0 {
		panic("vec: a negative stride")
	}
	_ = c[(m-1)*ldc+n-1]
	if k > 0 {
		_, _ = a[(m-1)*row+(k-1)*inc], b[(k-1)*ldb+n-1]
	}
}

// SetProductTrans computes C = A Bᵀ for m×k A and n×k B, both by rows:
//
//	c[i*ldc+j] = Σ_p a[i*lda+p] b[j*ldb+p]        i < m, j < n, p < k
//
// It is for matrices that stay in the first cache. The rows of c may not overlap, nor c
// a or b.
func SetProductTrans(c []float64, ldc int, a []float64, lda int, b []float64, ldb, m, n, k int) {
	if m <= 0 || n <= 0 {
		return
	}
	checkProductTrans(c, ldc, a, lda, b, ldb, m, n, k)
	if assembly && n >= 4 && k >= 4 {
		setProductTrans(&c[0], 8*ldc, &a[0], 8*lda, &b[0], 8*ldb, m, n, k)
		return
	}
	for i := range m {
		clear(c[i*ldc:][:n])
	}
	mulTrans_g(c, ldc, 1, a, lda, b, ldb, m, n, k)
}

// AddProductTrans is SetProductTrans for C += A Bᵀ.
func AddProductTrans(c []float64, ldc int, a []float64, lda int, b []float64, ldb, m, n, k int) {
	if m <= 0 || n <= 0 {
		return
	}
	checkProductTrans(c, ldc, a, lda, b, ldb, m, n, k)
	if assembly && n >= 4 && k >= 4 {
		addProductTrans(&c[0], 8*ldc, &a[0], 8*lda, &b[0], 8*ldb, m, n, k)
		return
	}
	mulTrans_g(c, ldc, 1, a, lda, b, ldb, m, n, k)
}

// SubProductTrans is SetProductTrans for C −= A Bᵀ.
func SubProductTrans(c []float64, ldc int, a []float64, lda int, b []float64, ldb, m, n, k int) {
	if m <= 0 || n <= 0 {
		return
	}
	checkProductTrans(c, ldc, a, lda, b, ldb, m, n, k)
	if assembly && n >= 4 && k >= 4 {
		subProductTrans(&c[0], 8*ldc, &a[0], 8*lda, &b[0], 8*ldb, m, n, k)
		return
	}
	mulTrans_g(c, ldc, -1, a, lda, b, ldb, m, n, k)
}

// checkProductTrans panics where an operand is too short.
func checkProductTrans(c []float64, ldc int, a []float64, lda int, b []float64, ldb, m, n, k int) {
	if ldc|lda|ldb < 0 {
		panic("vec: a negative stride")
	}
	_ = c[(m-1)*ldc+n-1]
	if k > 0 {
		_, _ = a[(m-1)*lda+k-1], b[(n-1)*ldb+k-1]
	}
}

// mulTrans_g is the twin of the three, which adds to C.
func mulTrans_g(c []float64, ldc int, sign float64, a []float64, lda int, b []float64, ldb, m, n, k int) {
	if k <= 0 {
		return
	}
	for i := range m {
		row := a[i*lda : i*lda+k]
		for j := range n {
			c[i*ldc+j] += sign * dot_g(row, b[j*ldb:])
		}
	}
}

// CopyRows copies a matrix by rows:
//
//	dst[i*ldd+j] = src[i*lds+j]          i < rows, j < cols
//
// They may not overlap.
func CopyRows(dst []float64, ldd int, src []float64, lds, rows, cols int) {
	if rows <= 0 || cols <= 0 {
		return
	}
	_, _ = dst[(rows-1)*ldd+cols-1], src[(rows-1)*lds+cols-1]
	if ldd|lds < 0 {
		panic("vec: a negative stride")
	}
	if assembly && cols >= 4 {
		copyRows(&dst[0], 8*ldd, &src[0], 8*lds, rows, cols)
		return
	}
	for i := range rows {
		copy(dst[i*ldd:][:cols], src[i*lds:])
	}
}

// EliminateRun eliminates columns k, k+1, … of a symmetric matrix of order n in tiles
// of 4×4 by their 1×1 pivots on the diagonal: column k stands from its diagonal on in
// row k of t, as upper triangle. It stops at the first pivot that is smaller than
// alpha times the magnitude of another element of its column, or that is not of a
// size to divide by, and returns its place, n if there is none. The pivots go to d; a
// column of the factor L takes the place of each, as Eliminate leaves it, with zeros up
// to the diagonal within the tile. Rows and ld are whole tiles; t has zeros in the
// columns from n on. w is scratch for ld words.
func EliminateRun(t []float64, ld, k, n int, alpha float64, d, w []float64) int {
	if k >= n {
		return n
	}
	if k < 0 || ld%4 != 0 || ld < n {
		panic("vec: columns that are not in tiles")
	}
	_, _, _ = t[((n+3)&^3)*ld-1], d[n-1], w[ld-1]
	if assembly {
		return eliminateRun(&t[0], 8*ld, k, n, alpha, &d[0], &w[0])
	}
	for ; k < n; k++ {
		row := t[k*ld : (k+1)*ld]
		p, big := row[k], MaxMagnitude(row[k+1:])
		if a := math.Abs(p); !(a >= alpha*big && big <= math.MaxFloat64 && a > 0x1p-1000 && a < 0x1p1000) {
			break
		}
		d[k] = p
		g := (k + 1) &^ 3
		rows := (n+3)/4 - g/4
		if k+1 == n {
			rows = 0
		}
		if g < ld {
			var u []float64
			if rows > 0 {
				u = t[g*ld+g:]
			}
			Eliminate(u, ld, rows, (ld-g)/4, row[g:], w, k+1-g, 1/p)
		}
	}
	return k
}
