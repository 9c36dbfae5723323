package blas

import "math"

// bkSizes are the block sizes of the blocked Bunch–Kaufman factorization.
type bkSizes struct {
	panel     int // columns that are eliminated before the rest is updated
	wide      int // the same from order wideFrom on
	wideFrom  int
	unblocked int // greatest order that is factored without panels
	plain     int // greatest order that sytf2 factors, instead of sytrfTiles
	eager     int // greatest order of which no rows wait in sytrfTiles

	stop func() bool // see SytrfUntil; nil never stops
}

// The sizes for the kernels of each backend, measured by TestCalibrateSytrf.
var (
	bkNative = bkSizes{panel: 32, wide: 48, wideFrom: 384, unblocked: 160, plain: 13, eager: 80}
	//lint:ignore U1000 openblas.go, which has a build tag, uses it
	bkOpenBLAS = bkSizes{panel: 32, wide: 64, wideFrom: 384, unblocked: 160, plain: 13, eager: 80}
	bkGonum    = bkSizes{panel: 48, wide: 96, wideFrom: 128, unblocked: 160, plain: 13, eager: 80}
)

// nb is the panel's width for order n.
func (s bkSizes) nb(n int) int {
	if n >= s.wideFrom {
		return s.wide
	}
	return min(s.panel, n)
}

// work is the length of the work slice for order n.
func (s bkSizes) work(n int) int {
	if n <= s.unblocked {
		if n <= s.plain {
			return 2 * n
		}
		return sytrfTilesWork(n, n > s.eager)
	}
	return max(panelWork(n, s.nb(n)), sytrfTilesWork(s.unblocked, s.unblocked > s.eager))
}

// until returns the sizes with a reason to stop.
func (s bkSizes) until(stop func() bool) bkSizes {
	s.stop = stop
	return s
}

// SytrfUntil is Sytrf of a backend which, of a matrix large enough for panels, asks stop
// before each panel whether to give up. Where that returns true D holds a NaN, as where A
// does, and the rest of a, e and perm is undefined. A nil stop never does, and a backend of
// another package runs to its end.
func SytrfUntil(b Backend, stop func() bool, n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	if s, ok := b.(stopper); ok && stop != nil {
		checkSytrf(n, a, lda, e, perm, b.SytrfWork(n), work)
		return s.sytrfUntil(stop, n, a, lda, e, perm, work)
	}
	return b.Sytrf(n, a, lda, e, perm, work)
}

// A stopper is a backend whose Sytrf can be stopped.
type stopper interface {
	sytrfUntil(stop func() bool, n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int)
}

// sytrf is the blocked Bunch–Kaufman factorization with the contract of
// Backend.Sytrf, over the Gemmt of a backend: a partial factorization, see
// ldlpart, that eliminates all columns.
//
// A panel eliminates some columns of the trailing matrix without touching the
// rest of it; then the rest is updated by a product of which only one triangle
// is computed:
//
//	[ A11   .  ]   [ L11    ] [ D1       ] [ L11ᵀ  L21ᵀ ]
//	[ A21  A22 ] = [ L21  I ] [     A22' ] [         I  ],     A22' = A22 - L21 (D1 L21ᵀ)
//
// Source: the left-looking panel is that of LAPACK's dlasyf, described in
// E. Anderson and J. Dongarra, Evaluating block algorithm variants in LAPACK,
// LAPACK Working Note 19 (1990).
func sytrf(g Backend, s bkSizes, n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	if n <= s.unblocked {
		if n <= s.plain {
			return sytf2(n, a, lda, e, perm, work)
		}
		return sytrfTiles(n, n > s.eager, a, lda, e, perm, work)
	}
	nb := s.nb(n)
	_, zeros, finite := ldlpart(g, partSizes{panel: nb, stop: s.stop}, n, n, a, lda, pivotRule{final: true}, e, perm, work)
	if !finite {
		for k := range n {
			a[k*lda+k], e[k] = math.NaN(), 0
		}
		return -1
	}
	if zeros > 0 {
		for k := 0; k < n; k++ {
			if e[k] != 0 {
				k++
			} else if a[k*lda+k] == 0 {
				return k
			}
		}
	}
	return -1
}

// swapRows interchanges two rows.
func swapRows(x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		x[i], y[i] = y[i], v
	}
}
