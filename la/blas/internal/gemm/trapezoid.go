package gemm

import "unsafe"

// trapezoidWords is how much of B stays in the first cache while rows of tiles pass over
// it.
const trapezoidWords = 2048

// Trapezoid computes C = Aᵀ B for a k×m matrix A whose elements above the diagonal are
// zeros, m <= k: of row i of C the sum begins at row i of B, or above it, in the same tile.
// With step > 0 row i is computed in its first (i+1)·step columns at least. The caller
// has checked the arguments: wrong ones corrupt memory.
func Trapezoid(m, n, k int, a []float64, lda int, b []float64, ldb int, c []float64, ldc int, step int) {
	if m == 0 || n == 0 {
		return
	}
	s := active.Load()
	t := tile{ars: 8, acs: 8 * lda, arow: 8, brs: 8 * ldb, crs: 8 * ldc, alpha: 1}
	// Columns in the outer loop where B does not stay in the first cache: it is read once
	// then, else C is written along its rows.
	strip := n
	if n*k > trapezoidWords {
		strip = s.nr
	}
	for j := 0; j < n; j += strip {
		for i := 0; i < m; i += t.rows {
			end := min(j+strip, n)
			t.rows = tileRows(m-i, s.mr)
			if step > 0 {
				end = min(end, (i+t.rows)*step)
			} else if m-i < 2*s.mr {
				t.rows = m - i // a shorter sum would not pay for another call
			}
			t.k = k - i
			t.a = unsafe.Pointer(&a[i*lda+i])
			for x := j; x < end; x += s.nr {
				t.b = unsafe.Pointer(&b[i*ldb+x])
				t.c = unsafe.Pointer(&c[i*ldc+x])
				s.run(&t, min(s.nr, end-x))
			}
		}
	}
}
