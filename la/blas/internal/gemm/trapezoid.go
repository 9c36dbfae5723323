package gemm

import "unsafe"

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
	for i := 0; i < m; i += t.rows {
		end := n
		t.rows = tileRows(m-i, s.mr)
		if step > 0 {
			end = min(n, (i+t.rows)*step)
		} else if m-i < 2*s.mr {
			t.rows = m - i // a shorter sum would not pay for another call
		}
		t.k = k - i
		t.a = unsafe.Pointer(&a[i*lda+i])
		for j := 0; j < end; j += s.nr {
			t.b = unsafe.Pointer(&b[i*ldb+j])
			t.c = unsafe.Pointer(&c[i*ldc+j])
			s.run(&t, min(s.nr, end-j))
		}
	}
}
