package blas

import "costate/la/vec"

// A front is done at once on tiles up to the order frontMost, unless it has more
// than frontWords elements: those no longer stay in the first cache, through which
// every pivot goes.
const (
	frontMost  = 128
	frontWords = 4500
)

// LdlfrontWork is the length of the work slice that Ldlfront asks for. It does
// not decrease with m or p.
func LdlfrontWork(m, p int) int {
	m, p = max(0, m), max(0, p)
	n, k := min(m, frontMost), min(p, frontMost)
	small := tilesWork(n, k, true) + 2*n
	n = (n + 3) &^ 3
	small = max(small, 2*((k+3)&^3)*(n+4)+k+2*n) + n*n
	return max(small, LdlpartWork(m, p), m*min(p, schurColumns+1))
}

func frontWork(m, p int, keep bool) int {
	m, p = max(0, m), max(0, p)
	return tilesWork(m, p, keep) + 2*m
}

// Ldlfront does all that is to be done with a front in one call: the partial
// factorization of Ldlpart, whose parameters and results it has, and the part
// of the Schur complement from the eliminated columns,
//
//	C = -L31 D L31ᵀ
//
// of which it writes the lower triangle of order q = m-p to c, without reading
// it. With c nil that is left out. A small front is eliminated in a buffer in
// which its columns lie along memory, without the kernels of b.
//
// work has at least LdlfrontWork(m, p) elements.
func Ldlfront(b Backend, m, p int, w []float64, ld int, u, tol float64, final bool, e []float64, perm []int, c []float64, ldc int, work []float64) (ne, zero int, finite bool) {
	checkLdlpart(m, p, w, ld, u, tol, final, e, perm, LdlfrontWork(m, p), work)
	if c != nil {
		checkC(m-p, m-p, c, ldc)
	}
	rule := pivotRule{u, tol, final}
	if m <= frontMost && m*p <= frontWords {
		return ldlfront(m, p, w, ld, rule, e, perm, c, ldc, work)
	}
	ne, zero, finite = ldlpart(b, partSizes{panel: partPanel, unblocked: partTiles}, m, p, w, ld, rule, e, perm, work)
	if q := m - p; finite && c != nil && q > 0 {
		LdlSchur(b, q, ne, w, ld, e, w[p*ld:], 0, c, ldc, work)
	}
	return ne, zero, finite
}

// schurColumns is the number of columns whose products with D are formed at once: deep
// enough for products at full speed, and a small part of a large front.
const schurColumns = 512

// LdlSchur computes the lower triangle of
//
//	C = beta C - L31 D L31ᵀ
//
// for what Ldlpart has left: D in the first ne columns of w and in e, L31 in the q rows
// of below, whose leading dimension is that of w, too. beta is 0 or 1; with 0 C is not
// read. work has at least q·min(ne, 513) elements.
func LdlSchur(b Backend, q, ne int, w []float64, ld int, e, below []float64, beta float64, c []float64, ldc int, work []float64) {
	if ne == 0 {
		b.Gemmt(Lower, NoTrans, Trans, q, 0, -1, below, ld, work, 1, beta, c, ldc)
		return
	}
	for at := 0; at < ne; {
		end := min(at+schurColumns, ne)
		if e[end-1] != 0 { // the block of order two stays whole
			end++
		}
		n := end - at
		DMulRows(q, n, w[at*ld+at:], ld, e[at:], below[at:], ld, work, n)
		b.Gemmt(Lower, NoTrans, Trans, q, n, -1, below[at:], ld, work, n, beta, c, ldc)
		at, beta = end, 1
	}
}

// ldlfront has the contract of Ldlfront; see ldlpart2, its plain twin. Where c
// is nil frontWork(m, p, false) words of work are enough.
func ldlfront(m, p int, w []float64, ld int, rule pivotRule, e []float64, perm []int, c []float64, ldc int, work []float64) (ne, zero int, finite bool) {
	for j := range p {
		perm[j], e[j] = j, 0
	}
	var f frontTiles
	n := tilesWork(m, p, c != nil)
	f.load(m, p, w, ld, c != nil, work[:n])
	ne, zero, finite = f.eliminate(rule, e, perm, work[n:])
	if !finite {
		return ne, zero, false
	}
	f.store(ne, w, ld)
	if c != nil {
		f.schur(ne, c, ldc, work[n:])
	}
	return ne, zero, true
}

// swap interchanges x and y, in any order.
func (f *frontTiles) swap(x, y int, perm []int) {
	if x != y {
		f.interchange(min(x, y), max(x, y))
		perm[x], perm[y] = perm[y], perm[x]
	}
}

// pair eliminates columns c and t by a pivot of order two in places k and k+1, and
// returns its off-diagonal element.
func (f *frontTiles) pair(k, c, t int, perm []int) float64 {
	f.swap(k, c, perm)
	if t == k {
		t = c
	}
	f.swap(k+1, t, perm)
	return f.two(k)
}

// eliminate takes pivots until none qualifies; work has 2m elements.
func (f *frontTiles) eliminate(rule pivotRule, e []float64, perm []int, work []float64) (k, zero int, finite bool) {
	next := 0
	for failed := 0; failed < f.p-k; {
		if next >= f.p {
			next = k
		}
		c := next
		if c == k {
			// Most columns are pivots where they are.
			row := f.t[k*f.ld:][:f.m]
			_, most := vec.Peak(row[k+1:])
			switch rule.one(row[k], 0, most) {
			case pivotOne:
				f.one(k)
				k++
				failed, next = 0, k
				continue
			case pivotNaN:
				return k, zero, false
			}
		}
		a := f.column(k, c, work)
		t, most := a.most()
		kind := rule.one(a.v[a.c], t, most)
		if kind == pivotFails && t >= 0 {
			b := f.column(k, k+t, work[f.m:])
			kind = rule.two(a, b, most)
			t += k
			switch kind {
			case pivotPartner:
				c = t
			case pivotTwo:
				e[k] = f.pair(k, c, t, perm)
			}
		}
		switch kind {
		case pivotNaN:
			return k, zero, false
		case pivotFails:
			failed++
			next++
			continue
		case pivotTwo:
			k++
		case pivotZero:
			f.swap(k, c, perm)
			zero++
			f.zero(k)
		default:
			f.swap(k, c, perm)
			f.one(k)
		}
		k++
		failed, next = 0, max(next+1, k)
		if kind == pivotPartner {
			next = k
		}
	}
	return k, zero, true
}

// schur writes the lower triangle of -L31 D L31ᵀ to c, by way of its transpose
// in work, of q×q elements with q in whole tiles.
func (f *frontTiles) schur(ne int, c []float64, ldc int, work []float64) {
	q := f.m - f.p
	if q == 0 {
		return
	}
	n := (q + 3) / 4
	z := work[:16*n*n]
	clear(z)
	if ne > 0 {
		vec.Trapezoid(z, 4*n, n, n, ne, f.t[f.p:], f.ld, f.w[f.p:])
	}
	transposeUpper(q, z, 4*n, c, ldc)
}
