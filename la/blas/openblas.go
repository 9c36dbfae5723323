//go:build cgo && openblas

package blas

/*
#cgo LDFLAGS: -llapacke -lopenblas

extern void openblas_set_num_threads(int);
extern char *openblas_get_config(void);
extern char *openblas_get_corename(void);
extern int LAPACKE_dpotrf_work(int layout, char uplo, int n, double *a, int lda);
*/
import "C"

import (
	"errors"
	"strings"
	"sync"

	"gonum.org/v1/netlib/blas/netlib"
	"gonum.org/v1/netlib/lapack/lapacke"
)

// openBLAS runs on OpenBLAS's CBLAS, and on LAPACKE for Cholesky. Its
// Bunch–Kaufman factorization is the blocked one of this package over
// OpenBLAS's products.
type openBLAS struct{ threads int }

// OpenBLAS returns the backend over OpenBLAS and LAPACKE, whose calls use at
// most so many threads each. In a build without cgo or without the tag
// openblas it returns an error that says how to build it in.
//
// OpenBLAS has one thread count for the whole process. Calls on backends of
// different counts therefore wait for each other; calls of one count do not.
func OpenBLAS(threads int) (Backend, error) {
	if threads < 1 {
		return nil, errors.New("blas: OpenBLAS needs at least one thread")
	}
	return openBLAS{threads}, nil
}

var cblas netlib.Implementation

// openThreads holds the thread count that OpenBLAS is set to. A call holds it
// for reading, a change of the count for writing.
var openThreads struct {
	sync.RWMutex
	n int
}

// enter sets OpenBLAS to the backend's thread count until leave.
func (o openBLAS) enter() {
	for {
		openThreads.RLock()
		if openThreads.n == o.threads {
			return
		}
		openThreads.RUnlock()
		openThreads.Lock()
		if openThreads.n != o.threads {
			C.openblas_set_num_threads(C.int(o.threads))
			openThreads.n = o.threads
		}
		openThreads.Unlock()
	}
}

func (openBLAS) leave() { openThreads.RUnlock() }

func (openBLAS) Name() string   { return "openblas" }
func (o openBLAS) Threads() int { return o.threads }

// detail is OpenBLAS's version and the processor that it takes this one for.
func (openBLAS) detail() string {
	// As in "OpenBLAS 0.3.21 NO_AFFINITY USE_OPENMP ...".
	words := strings.Fields(C.GoString(C.openblas_get_config()))
	s := " " + C.GoString(C.openblas_get_corename())
	if len(words) > 1 {
		s = " " + words[1] + s
	}
	return s
}

func (o openBLAS) Gemm(tA, tB Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	checkGemm(tA, tB, m, n, k, a, lda, b, ldb, c, ldc)
	if m == 0 || n == 0 {
		return
	}
	if alpha == 0 || k == 0 {
		scale(m, n, beta, c, ldc)
		return
	}
	o.enter()
	cblas.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	o.leave()
}

func (o openBLAS) Gemmt(uplo Uplo, tA, tB Transpose, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	checkUplo(uplo)
	checkGemm(tA, tB, n, n, k, a, lda, b, ldb, c, ldc)
	if alpha == 0 || k == 0 {
		scaleTriangle(uplo, n, beta, c, ldc)
		return
	}
	gemmt(o, uplo, tA, tB, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

func (o openBLAS) Syrk(uplo Uplo, t Transpose, n, k int, alpha float64, a []float64, lda int, beta float64, c []float64, ldc int) {
	checkSyrk(uplo, t, n, k, a, lda, c, ldc)
	if n == 0 {
		return
	}
	if alpha == 0 || k == 0 {
		scaleTriangle(uplo, n, beta, c, ldc)
		return
	}
	o.enter()
	cblas.Dsyrk(uplo, t, n, k, alpha, a, lda, beta, c, ldc)
	o.leave()
}

func (o openBLAS) Trsm(s Side, uplo Uplo, tA Transpose, d Diag, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int) {
	checkTrsm(s, uplo, tA, d, m, n, a, lda, b, ldb)
	if m == 0 || n == 0 {
		return
	}
	if alpha == 0 {
		scale(m, n, 0, b, ldb)
		return
	}
	o.enter()
	if s == Left && n == 1 && alpha == 1 {
		cblas.Dtrsv(uplo, tA, d, m, a, lda, b, ldb)
	} else {
		cblas.Dtrsm(s, uplo, tA, d, m, n, alpha, a, lda, b, ldb)
	}
	o.leave()
}

func (o openBLAS) Gemv(tA Transpose, m, n int, alpha float64, a []float64, lda int, x []float64, beta float64, y []float64) {
	checkGemv(tA, m, n, a, lda, x, y)
	ny := m
	if tA == Trans {
		ny = n
	}
	if m == 0 || n == 0 || alpha == 0 {
		scale(1, ny, beta, y, max(1, ny))
		return
	}
	if beta == 0 {
		clear(y[:ny])
		beta = 1
	}
	o.enter()
	cblas.Dgemv(tA, m, n, alpha, a, lda, x, 1, beta, y, 1)
	o.leave()
}

// Potrf calls dpotrf by columns and with the other triangle, which is the same
// memory and the same factor: no transposed copy is made.
func (o openBLAS) Potrf(n int, a []float64, lda int) (ok bool) {
	const colMajor = 102
	checkOrder(n, a, lda)
	if n == 0 {
		return true
	}
	o.enter()
	info := C.LAPACKE_dpotrf_work(colMajor, 'U', C.int(n), (*C.double)(&a[0]), C.int(lda))
	o.leave()
	if info != 0 {
		return false
	}
	// dpotrf lets an infinity through.
	for i := range n {
		if d := a[i*lda+i]; d-d != 0 {
			return false
		}
	}
	return true
}

func (o openBLAS) Sytrf(n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	checkSytrf(n, a, lda, e, perm, o.SytrfWork(n), work)
	return sytrf(o, bkOpenBLAS, n, a, lda, e, perm, work)
}

func (o openBLAS) sytrfUntil(stop func() bool, n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	return sytrf(o, bkOpenBLAS.until(stop), n, a, lda, e, perm, work)
}

func (openBLAS) SytrfWork(n int) int { return bkOpenBLAS.work(n) }

func (o openBLAS) Sytrs(n, nrhs int, a []float64, lda int, e []float64, perm []int, b []float64, ldb int, work []float64) {
	sytrs(o, n, nrhs, a, lda, e, perm, b, ldb, work)
}

// SytrfLAPACKE is LAPACKE's row-major dsytrf brought to the contract of
// Backend.Sytrf, for comparison. ipiv has length n, and work at least
// SytrfLAPACKEWork(n).
func SytrfLAPACKE(threads, n int, a []float64, lda int, e []float64, perm []int, ipiv []int32, work []float64) (zero int) {
	checkSytrf(n, a, lda, e, perm, SytrfLAPACKEWork(n), work)
	if len(ipiv) < n {
		panic(ErrShortPerm)
	}
	if n == 0 {
		return -1
	}
	o := openBLAS{max(1, threads)}
	o.enter()
	// The result only says whether D is singular, which is seen below too.
	lapacke.Dsytrf('L', n, a, lda, ipiv[:n], work, len(work))
	o.leave()

	// LAPACK leaves the columns of L as they were when they were computed:
	// bring the later interchanges to the earlier columns, split off the
	// off-diagonals of D and count from zero.
	zero = -1
	for i := range perm[:n] {
		perm[i] = i
		e[i] = 0
	}
	for k := 0; k < n; k++ {
		at, kp := k, int(ipiv[k])
		if kp < 0 {
			kp = -kp
			at = k + 1
			e[k] = a[(k+1)*lda+k]
			a[(k+1)*lda+k] = 0
		} else if zero < 0 && a[k*lda+k] == 0 {
			zero = k
		}
		kp--
		if kp != at {
			swapRows(a[at*lda:at*lda+k], a[kp*lda:kp*lda+k])
			perm[at], perm[kp] = perm[kp], perm[at]
		}
		k = at
	}
	return settleZero(zero, n, a, lda, e)
}

// SytrfLAPACKEWork is the length of the work slice of SytrfLAPACKE: 64 columns,
// LAPACK's own block size.
func SytrfLAPACKEWork(n int) int { return 64 * max(1, n) }
