package blas

import "costate/la/vec"

// bkSizes are the block sizes of the blocked Bunch–Kaufman factorization.
type bkSizes struct {
	panel     int // columns that are eliminated before the rest is updated
	wide      int // the same from order wideFrom on
	wideFrom  int
	unblocked int  // greatest order that is factored without panels
	plain     bool // by sytf2 instead of sytrfTiles
}

// The sizes for the kernels of each backend, measured by TestCalibrateSytrf.
var (
	bkNative   = bkSizes{panel: 32, wide: 64, wideFrom: 640, unblocked: 64}
	bkOpenBLAS = bkSizes{panel: 32, wide: 64, wideFrom: 384, unblocked: 64}
	bkGonum    = bkSizes{panel: 48, wide: 96, wideFrom: 128, unblocked: 64}
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
		if s.plain {
			return 2 * n
		}
		return tilesWork(n, n, false)
	}
	nb := s.nb(n)
	return (2*nb+2)*n + nb
}

// sytrf is the blocked Bunch–Kaufman factorization with the contract of
// Backend.Sytrf, over the Gemmt of a backend.
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
		if s.plain {
			return sytf2(n, a, lda, e, perm, work)
		}
		return sytrfTiles(n, a, lda, e, perm, work)
	}
	zero = -1
	for i := range perm[:n] {
		perm[i] = i
	}
	nb := s.nb(n)
	p := bkPanel{a: a, lda: lda, e: e, perm: perm}
	for k := 0; k < n; {
		m := n - k
		p.first, p.ld, p.nb = k, m, min(nb, m)
		w := work
		take := func(n int) []float64 {
			x := w[:n:n]
			w = w[n:]
			return x
		}
		p.lt, p.wt = take(nb*m), take(nb*m)
		p.old, p.cand, p.coef = take(m), take(m), take(nb)
		kb, z := p.factor()
		if zero < 0 && z >= 0 {
			zero = k + z
		}
		if rest := m - kb; rest > 0 {
			g.Gemmt(Lower, Trans, NoTrans, rest, kb, -1, p.lt[kb:], m, p.wt[kb:], m, 1, a[(k+kb)*lda+k+kb:], lda)
		}
		k += kb
	}
	return settleZero(zero, n, a, lda, e)
}

// swapRows interchanges two rows.
func swapRows(x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		x[i], y[i] = y[i], v
	}
}

// update subtracts from column c of the trailing matrix, in w, what the k
// columns of the panel so far contribute: w -= W L[c,:]ᵀ.
func (p *bkPanel) update(k, c int, w []float64) {
	if k == 0 {
		return
	}
	coef := p.coef[:k]
	for j := range coef {
		coef[j] = -p.lt[j*p.ld+c]
	}
	vec.Combine(w[k:], coef, p.wt[k:], p.ld)
}
