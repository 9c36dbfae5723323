package blas

// Panelled is the native backend with a factorization whose panels have nb
// columns from order 2 on, or without panels if nb is 0.
func Panelled(nb int) Backend {
	s := bkSizes{panel: nb, wideFrom: never}
	if nb == 0 {
		s.unblocked, s.plain = never, never
	}
	return panelled{native{1}, s}
}

// Tiled is the native backend with a factorization on tiles at all orders.
func Tiled() Backend { return panelled{native{1}, bkSizes{unblocked: never, eager: never}} }

// Waiting is Tiled with rows that wait.
func Waiting() Backend { return panelled{native{1}, bkSizes{unblocked: never}} }

type panelled struct {
	native
	sizes bkSizes
}

func (g panelled) Sytrf(n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	return sytrf(g, g.sizes, n, a, lda, e, perm, work)
}

func (g panelled) SytrfWork(n int) int { return g.sizes.work(n) }

// LoopGemmt is the native backend with the twin of Gemmt.
func LoopGemmt() Backend { return loopGemmt{native{1}} }

type loopGemmt struct{ native }

func (loopGemmt) Gemmt(uplo Uplo, tA, tB Transpose, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if alpha == 0 || k == 0 {
		scaleTriangle(uplo, n, beta, c, ldc)
		return
	}
	gemmtLoop(uplo, tA, tB, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// PanelledLdlpart is Ldlpart over the native backend with panels of nb columns,
// or its unblocked twin if nb is 0.
func PanelledLdlpart(nb int) func(m, p int, w []float64, ld int, u, tol float64, final bool, e []float64, perm []int, work []float64) (ne, zero int, finite bool) {
	s := partSizes{panel: nb, plain: true}
	if nb == 0 {
		s.unblocked = never
	}
	return func(m, p int, w []float64, ld int, u, tol float64, final bool, e []float64, perm []int, work []float64) (ne, zero int, finite bool) {
		checkLdlpart(m, p, w, ld, u, tol, final, e, perm, LdlpartWork(m, p), work)
		return ldlpart(native{1}, s, m, p, w, ld, pivotRule{u, tol, final}, e, perm, work)
	}
}

// PlainPotrf is the native backend with the twin of Potrf.
func PlainPotrf() Backend { return plainPotrf{native{1}} }

type plainPotrf struct{ native }

func (plainPotrf) Potrf(n int, a []float64, lda int) (ok bool) { return potf2(n, a, lda) }
