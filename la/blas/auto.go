package blas

// autoBackend gives each call to the backend that is faster for it.
type autoBackend struct {
	native
	other Backend // OpenBLAS, or nil where it is not built in
	from  crossover
}

// A crossover says from which order on OpenBLAS is faster than the native
// backend, kernel by kernel. The order of a product is the cube root of its
// multiplications.
type crossover struct{ product, solve, factor int }

const never = 1 << 30

// crossovers are measured by TestCalibrateAuto, by the native backend's
// instruction set; calibrate.md has its table. With assembly the native backend
// was at no order slower by more than a tenth. AVX-512 and NEON were not measured,
// and are taken to be like AVX2.
var crossovers = map[string]crossover{
	"go":     {product: 6, solve: 8, factor: 32},
	"avx2":   {product: never, solve: never, factor: never},
	"avx512": {product: never, solve: never, factor: never},
	"neon":   {product: never, solve: never, factor: never},
}

// Auto returns the fastest backend that the build has, for calls that use at
// most so many threads each: the native one, but where OpenBLAS is built in and
// was measured to be faster.
func Auto(threads int) Backend {
	g := autoBackend{native: native{max(1, threads)}, from: crossovers[InstructionSet()]}
	if g.from.product == never && g.from.solve == never && g.from.factor == never {
		return g
	}
	if o, err := OpenBLAS(g.threads); err == nil {
		g.other = o
	}
	return g
}

func (autoBackend) Name() string { return "auto" }

func (g autoBackend) detail() string {
	if g.other == nil {
		return " (native" + g.native.detail() + ")"
	}
	return " (" + g.other.Name() + " and native" + g.native.detail() + ")"
}

// large is whether a call of so many multiplications is as large as one of
// order from.
func (g autoBackend) large(m, n, k, from int) bool {
	return g.other != nil && float64(m)*float64(n)*float64(k) >= float64(from)*float64(from)*float64(from)
}

func (g autoBackend) Gemm(tA, tB Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if g.large(m, n, k, g.from.product) {
		g.other.Gemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	g.native.Gemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

func (g autoBackend) Gemmt(uplo Uplo, tA, tB Transpose, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if g.large(n, n, k, g.from.product) {
		g.other.Gemmt(uplo, tA, tB, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	g.native.Gemmt(uplo, tA, tB, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

func (g autoBackend) Syrk(uplo Uplo, t Transpose, n, k int, alpha float64, a []float64, lda int, beta float64, c []float64, ldc int) {
	if g.large(n, n, k, g.from.product) {
		g.other.Syrk(uplo, t, n, k, alpha, a, lda, beta, c, ldc)
		return
	}
	g.native.Syrk(uplo, t, n, k, alpha, a, lda, beta, c, ldc)
}

func (g autoBackend) Trsm(s Side, uplo Uplo, tA Transpose, d Diag, m, n int, alpha float64, a []float64, lda int, b []float64, ldb int) {
	order := m
	if s == Right {
		order = n
	}
	if g.large(m, n, order, g.from.solve) {
		g.other.Trsm(s, uplo, tA, d, m, n, alpha, a, lda, b, ldb)
		return
	}
	g.native.Trsm(s, uplo, tA, d, m, n, alpha, a, lda, b, ldb)
}

func (g autoBackend) Potrf(n int, a []float64, lda int) (ok bool) {
	if g.large(n, n, n, g.from.factor) {
		return g.other.Potrf(n, a, lda)
	}
	return g.native.Potrf(n, a, lda)
}

func (g autoBackend) Sytrf(n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	if g.large(n, n, n, g.from.factor) {
		return g.other.Sytrf(n, a, lda, e, perm, work)
	}
	return g.native.Sytrf(n, a, lda, e, perm, work)
}

func (g autoBackend) sytrfUntil(stop func() bool, n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	if g.large(n, n, n, g.from.factor) {
		return SytrfUntil(g.other, stop, n, a, lda, e, perm, work)
	}
	return SytrfUntil(g.native, stop, n, a, lda, e, perm, work)
}

func (g autoBackend) SytrfWork(n int) int {
	if g.large(n, n, n, g.from.factor) {
		return g.other.SytrfWork(n)
	}
	return g.native.SytrfWork(n)
}

func (g autoBackend) Sytrs(n, nrhs int, a []float64, lda int, e []float64, perm []int, b []float64, ldb int, work []float64) {
	sytrs(g, n, nrhs, a, lda, e, perm, b, ldb, work)
}
