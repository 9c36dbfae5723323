package blas

import gblas "gonum.org/v1/gonum/blas"

// The option types and their values are gonum's own, named here so that a
// caller imports one package.
type (
	Transpose = gblas.Transpose
	Uplo      = gblas.Uplo
	Side      = gblas.Side
	Diag      = gblas.Diag
)

const (
	NoTrans = gblas.NoTrans
	Trans   = gblas.Trans
	Upper   = gblas.Upper
	Lower   = gblas.Lower
	Left    = gblas.Left
	Right   = gblas.Right
	Unit    = gblas.Unit
	NonUnit = gblas.NonUnit
)

// A Backend is a set of dense kernels on float64 matrices, as a value: there
// is no global switch, and a Backend may be used by many goroutines at once.
//
// Every matrix is stored by rows: element (i, j) of a matrix with leading
// dimension ld is a[i*ld+j], and ld is at least max(1, number of columns).
// A slice may end at the last element used. Wrong options, negative sizes,
// short slices and short leading dimensions panic with one of the package's
// error constants before anything is read or written. No kernel reads the
// triangle that its contract does not name, nor writes outside the elements
// that it names. An operand that is written may not overlap another one.
//
// When beta is zero the destination is written without being read; when alpha
// is zero, A and B are not read.
type Backend interface {
	// Name identifies the backend in reports: "native", "openblas", "gonum".
	Name() string

	// Threads is the greatest number of threads that one call may use.
	Threads() int

	// Gemm computes C = alpha op(A) op(B) + beta C, where op(A) is m×k,
	// op(B) is k×n and C is m×n.
	Gemm(tA, tB Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int)

	// Gemmt computes the triangle uplo of the n×n matrix
	// C = alpha op(A) op(B) + beta C, where op(A) is n×k and op(B) is k×n,
	// and leaves the other triangle alone. It serves products that are known
	// to be symmetric, as A D Aᵀ is: half the work of Gemm.
	Gemmt(uplo Uplo, tA, tB Transpose, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int)

	// Syrk computes the triangle uplo of C = alpha A Aᵀ + beta C (NoTrans,
	// A is n×k) or of C = alpha Aᵀ A + beta C (Trans, A is k×n).
	Syrk(uplo Uplo, t Transpose, n, k int, alpha float64, a []float64, lda int, beta float64, c []float64, ldc int)

	// Trsm solves op(A) X = alpha B (Left, A is m×m) or X op(A) = alpha B
	// (Right, A is n×n) for a triangular A; X overwrites the m×n matrix B.
	// With Unit the diagonal of A is not read. It does not test for a zero on
	// the diagonal. With Left and n = 1 it runs at memory speed.
	Trsm(s Side, uplo Uplo, tA Transpose, d Diag, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int)

	// Gemv computes y = alpha op(A) x + beta y, where A is m×n and x and y
	// are contiguous.
	Gemv(tA Transpose, m, n int, alpha float64, a []float64, lda int, x []float64, beta float64, y []float64)

	// Potrf computes the Cholesky factorization A = L Lᵀ of a symmetric
	// positive definite matrix of order n from its lower triangle; L
	// overwrites it. ok is false if a pivot is not positive (or not a number);
	// the triangle is then partly overwritten.
	Potrf(n int, a []float64, lda int) (ok bool)

	// Sytrf computes the factorization with diagonal pivoting by Bunch and
	// Kaufman of a symmetric, possibly indefinite matrix of order n,
	//
	//	P A Pᵀ = L D Lᵀ
	//
	// with L unit lower triangular and D block diagonal with blocks of order
	// 1 and 2, from the lower triangle of A. On return
	//
	//	a     strictly below the diagonal holds L, the diagonal that of D
	//	e     of length n: e[k] is D[k+1,k] where a 2×2 block starts at k, and
	//	      then L[k+1,k] is stored as 0; e[k] is 0 everywhere else
	//	perm  of length n: (P A Pᵀ)[i,j] = A[perm[i],perm[j]], zero-based
	//
	// Interchanges are applied to whole rows of L, so that L is a triangular
	// matrix as it stands and Trsm applies its inverse (unlike LAPACK's dsytrf,
	// like its dsytrf_rk). work has at least SytrfWork(n) elements.
	//
	// zero is the index of the first 1×1 pivot (in the pivoted order) that is
	// exactly zero together with its column, and -1 if there is none: the
	// factorization is then complete but D is singular. If A holds a NaN or
	// an infinity zero is -1 and D holds a NaN or infinity.
	//
	// Source: J. R. Bunch and L. Kaufman, Some stable methods for calculating
	// inertia and solving symmetric linear systems, Math. Comp. 31 (1977);
	// N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.
	// (2002), section 11.1.
	Sytrf(n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int)

	// SytrfWork is the length of the work slice that Sytrf asks for. It does
	// not decrease with n: what serves the greatest block serves all.
	SytrfWork(n int) int

	// Sytrs solves A X = B from the factorization of Sytrf; X overwrites the
	// n×nrhs matrix B. work has at least n*nrhs elements.
	Sytrs(n, nrhs int, a []float64, lda int, e []float64, perm []int, b []float64, ldb int, work []float64)
}
