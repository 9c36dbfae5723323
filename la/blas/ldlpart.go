package blas

// The sizes of the blocked partial factorization: columns that a panel starts
// has, and columns up to which the front is eliminated at once, on tiles.
const (
	partPanel = 32
	partTiles = 48
)

// LdlpartWork is the length of the work slice that Ldlpart asks for. It does
// not decrease with m or p.
func LdlpartWork(m, p int) int {
	m, p = max(0, m), max(0, p)
	return max(panelWork(m, min(p, partPanel)), frontWork(m, min(p, partTiles), false))
}

// panelWork is the number of words for panels of at most c columns.
func panelWork(m, c int) int { return (2*c+1)*m + c }

// Ldlpart eliminates as many as possible of the p fully summed columns of the
// front
//
//	    [ F    ]  p×p, symmetric, its lower triangle
//	w = [      ]                                            m rows in all
//	    [ X    ]  q×p, q = m - p
//
// by threshold partial pivoting: no element of L is greater than 1/u in
// magnitude, in any of the m rows. It returns the number ne of eliminated
// columns; the other p-ne are delayed. With P the permutation that brings the
// eliminated columns first,
//
//	P F Pᵀ = [ F11      ] = [ L11    ] [ D       ] [ L11ᵀ L21ᵀ ]         X Pᵀ = [ X1 X2 ]
//	         [ F21  F22 ]   [ L21  I ] [     F22'] [       I   ],
//
//	X1 = L31 D L11ᵀ,      X2' = X2 - L31 D L21ᵀ
//
// On return
//
//	w      rows 0..ne-1     L11 strictly below the diagonal, D on it
//	       rows ne..p-1     [ L21  F22' ]  the lower triangle of F22'
//	       rows p..m-1      [ L31  X2'  ]
//	e      of length p: e[k] is D[k+1,k] where a 2×2 block starts at k, and then
//	       L[k+1,k] is stored as 0; e[k] is 0 everywhere else
//	perm   of length p: column j of w is column perm[j] of the front as it was
//
// F22' and X2' are what the delayed columns are after the elimination: they
// can be assembled into another front as they stand. The conventions of D are
// those of Backend.Sytrf, so that DSolve, DInertia, DLogDet and Trsm work on
// the leading ne columns. Elements above the diagonal of F are neither read
// nor written.
//
// The Schur complement of the rows of X needs L31 and L31 D: DMulRows makes
// the second from the first, and with Y = L31 D
//
//	C' = C - L31 Yᵀ     Gemmt(Lower, NoTrans, Trans, q, ne, -1, w[p*ld:], ld, y, ldy, 1, c, ldc)
//
// A column that is not greater than tol in any row of the front is a zero
// pivot: it is eliminated at once, with zeros in D and L, and counted in zero.
// A column c with its diagonal element d and its greatest fully summed element
// in row t is taken as a pivot if
//
//	1×1:  |d| ≥ u m(c),                      m(c): the greatest magnitude of the rest of column c
//	2×2:  |D⁻¹| (m(c), m(t))ᵀ ≤ 1/u,         now apart from rows c and t, and if the
//	                                         determinant of D has not cancelled
//
// over all rows that remain. A column that fails waits, and is tried again
// after another pivot. The factorization stops when none qualifies.
//
// With final, which is for a root (m = p), all columns are eliminated: pivots
// are chosen by Bunch and Kaufman, and u is not used.
//
// finite is false if a NaN or an infinity was met; what w, e and perm hold is
// undefined then. A pivot is never accepted by a comparison with NaN.
//
// u is greater than 0 and at most 0.5, tol at least 0; work has at least
// LdlpartWork(m, p) elements. Of b, Gemm and Gemmt are used.
//
// Sources: I. S. Duff and J. K. Reid, The multifrontal solution of indefinite
// sparse symmetric linear equations, ACM Trans. Math. Softw. 9 (1983) (the
// test of 2×2 pivots); C. Ashcraft, R. G. Grimes and J. G. Lewis, Accurate
// symmetric indefinite linear equation solvers, SIAM J. Matrix Anal. Appl. 20
// (1998), section 4 (the bound on L); J. K. Reid and J. A. Scott, Partial
// factorization of a dense symmetric indefinite matrix, ACM Trans. Math.
// Softw. 38 (2011) (panels of columns that wait).
func Ldlpart(b Backend, m, p int, w []float64, ld int, u, tol float64, final bool, e []float64, perm []int, work []float64) (ne, zero int, finite bool) {
	checkLdlpart(m, p, w, ld, u, tol, final, e, perm, LdlpartWork(m, p), work)
	return ldlpart(b, partSizes{panel: partPanel, unblocked: partTiles}, m, p, w, ld, pivotRule{u, tol, final}, e, perm, work)
}

// panelMost is the greatest number of columns of a panel.
const panelMost = 96

// partSizes are the sizes of the blocked partial factorization.
type partSizes struct {
	panel, unblocked int
	plain            bool // by ldlpart2 instead of tiles

	stop func() bool // asked before each panel, unless it is nil: it ends as where a NaN was met
}

func checkLdlpart(m, p int, w []float64, ld int, u, tol float64, final bool, e []float64, perm []int, nwork int, work []float64) {
	if m|p < 0 {
		panic(ErrNegative)
	}
	if m < p || final && m > p {
		panic(ErrFront)
	}
	if !final && !(u > 0 && u <= 0.5) || !(tol >= 0) {
		panic(ErrThreshold)
	}
	checkA(m, p, w, ld)
	if len(e) < p {
		panic(ErrShortE)
	}
	if len(perm) < p {
		panic(ErrShortPerm)
	}
	if len(work) < nwork {
		panic(ErrShortWork)
	}
}

// ldlpart is the blocked partial factorization with the contract of Ldlpart,
// over the Gemm and Gemmt of a backend.
//
// A panel holds some of the columns that remain and eliminates those of them
// that can be, see columnPanel; then everything that remains is updated by
// products, and the panel's columns that failed go to the end, where the last
// failed columns are those that have been tried since the last pivot. It stops
// when that is all of them.
func ldlpart(b Backend, s partSizes, m, p int, w []float64, ld int, rule pivotRule, e []float64, perm []int, work []float64) (ne, zero int, finite bool) {
	if p <= s.unblocked {
		if s.plain {
			return ldlpart2(m, p, w, ld, rule, e, perm, work)
		}
		return ldlfront(m, p, w, ld, rule, e, perm, nil, 0, work)
	}
	for j := range p {
		perm[j], e[j] = j, 0
	}
	k := 0
	c := columnPanel{w: w, lda: ld, e: e, perm: perm, rule: rule}
	for failed := 0; failed < p-k; {
		if s.stop != nil && s.stop() {
			return k, zero, false
		}
		rows, rest := m-k, p-k
		// Two columns at least, so that there is room for a partner.
		c.reset(k, rows, rest, min(max(min(s.panel, rest-failed), 2), rest), work)
		kb, ok := c.factor()
		zero += c.zeros
		if !ok {
			return k + kb, zero, false
		}
		k += kb
		if rest -= kb; kb > 0 && rest > 0 {
			b.Gemmt(Lower, Trans, NoTrans, rest, kb, -1, c.lt[kb:], rows, c.wt[kb:], rows, 1, w[k*ld+k:], ld)
			if q := m - p; q > 0 {
				b.Gemm(Trans, NoTrans, q, rest, kb, -1, c.lt[p-k+kb:], rows, c.wt[kb:], rows, 1, w[p*ld+k:], ld)
			}
		}
		if kb > 0 {
			failed = 0
		}
		// If all columns of the panel that are left have failed they go before
		// the others that have.
		if f := c.nb - kb; f == c.failed {
			end := p - failed
			for i := range min(f, end-k-f) {
				swapSym(m, k, k+i, end-1-i, w, ld)
				perm[k+i], perm[end-1-i] = perm[end-1-i], perm[k+i]
			}
			failed += f
		}
	}
	return k, zero, true
}
