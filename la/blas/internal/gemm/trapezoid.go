package gemm

import "unsafe"

// Trapezoid computes C = op(A) B for a lower trapezoidal A, whose elements above the diagonal
// are zeros: with trans Aᵀ B for a k×m matrix A, m <= k, where the sum of row i of C begins at
// row i of B, or above it, in the same tile; else A B for an m×k matrix A, k <= m, where it
// ends at row i of B, or below it; k > 0. With step > 0 row i is computed in its first (i+1)·step
// columns at least. The caller has checked the arguments: wrong ones corrupt memory.
func Trapezoid(trans bool, m, n, k int, a []float64, lda int, b []float64, ldb int, c []float64, ldc int, step int) {
	if m == 0 || n == 0 {
		return
	}
	s := active.Load()
	t := tile{ars: 8 * lda, acs: 8, arow: 8 * lda, brs: 8 * ldb, crs: 8 * ldc, alpha: 1}
	if trans {
		t.ars, t.acs, t.arow = 8, 8*lda, 8
	}
	for i := 0; i < m; i += t.rows {
		end, first := n, 0 // first row of B
		t.rows = tileRows(m-i, s.mr)
		if step > 0 {
			end = min(n, (i+t.rows)*step)
		} else if m-i < 2*s.mr {
			t.rows = m - i // a shorter sum would not pay for another call
		}
		if trans {
			first = i
			t.k, t.a = k-i, unsafe.Pointer(&a[i*lda+i])
		} else {
			t.k, t.a = min(k, i+t.rows), unsafe.Pointer(&a[i*lda])
		}
		for j := 0; j < end; j += s.nr {
			t.b = unsafe.Pointer(&b[first*ldb+j])
			t.c = unsafe.Pointer(&c[i*ldc+j])
			s.run(&t, min(s.nr, end-j))
		}
	}
}
