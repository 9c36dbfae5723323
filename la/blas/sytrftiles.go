package blas

import "costate/la/vec"

// sytrfTiles is the Bunch–Kaufman factorization with the contract of
// Backend.Sytrf for small orders; see sytf2, its plain twin. work has at least
// sytrfTilesWork(n, wait) elements. With wait most rows wait for several pivots, see
// catchUp, which is faster where the matrix does not stay in the first cache and the
// pivots are mostly of order one; the bits are the same but for the signs of zeros.
func sytrfTiles(n int, wait bool, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	var f frontTiles
	if wait {
		w := work[:waitingWork(n)]
		f.load(n, n, a, lda, false, work[len(w):])
		f.waits, f.w = true, w
	} else {
		f.load(n, n, a, lda, false, work)
	}
	// What is beside the triangle is searched with it.
	for at := n; at < n*f.ld && n < f.ld; at += f.ld {
		clear(f.t[at : at+f.ld-n])
	}
	zero = f.bunchKaufman(e, perm)
	f.store(n, a, lda)
	return settleZero(zero, n, a, lda, e)
}

// waitingWork is the number of words for the rows of w of the pivots that rows wait for.
func waitingWork(n int) int { return waiting * tilesLd(n, n, false) }

// sytrfTilesWork is the number of words for sytrfTiles.
func sytrfTilesWork(n int, wait bool) int {
	if wait {
		return tilesWork(n, n, false) + waitingWork(n)
	}
	return tilesWork(n, n, false)
}

// FactorTiles is Sytrf for a symmetric matrix of order n whose upper triangle is
// stored by rows, for small orders: row j holds column j of the lower one from its
// diagonal on, and then column j of L below the diagonal. The rows of t and ld are
// whole tiles of 4, with zeros in the columns from n on; what is left of the diagonal
// may be anything and becomes so, but for zeros in the tile that has the diagonal.
// The diagonal of D goes to d, its other elements to e, and w is scratch for 2 ld
// words. It reports nothing: a D that is singular or not finite is left as it is.
func FactorTiles(n int, t []float64, ld int, d, e []float64, perm []int, w []float64) {
	if n < 0 {
		panic(ErrNegative)
	}
	whole := (n + 3) &^ 3
	switch {
	case ld < whole || ld%4 != 0:
		panic(ErrLdA)
	case len(t) < whole*ld:
		panic(ErrShortA)
	case len(e) < n || len(d) < n:
		panic(ErrShortE)
	case len(perm) < n:
		panic(ErrShortPerm)
	case len(w) < 2*ld:
		panic(ErrShortWork)
	}
	f := frontTiles{m: n, p: n, ld: ld, t: t, w: w, d: d, ready: n}
	f.bunchKaufman(e, perm)
}

// runOrder is the order up to which a run of pivots at once is faster than one by one;
// calibrate.md has the measurement.
const runOrder = 96

// bunchKaufman eliminates all columns of a symmetric matrix, see sytf2.
func (f *frontTiles) bunchKaufman(e []float64, perm []int) (zero int) {
	n, ld := f.m, f.ld
	zero = -1
	for i := range perm[:n] {
		perm[i] = i
	}
	clear(e[:n])
	for k := 0; ; {
		if ld <= runOrder && !f.waits {
			k = vec.EliminateRun(f.t, ld, k, n, bkAlpha, f.d, f.w)
		}
		if k >= n {
			return zero
		}
		if f.waits && (k == 0 || k >= f.ready) {
			f.catchUp(k)
		}
		row := f.t[k*ld : k*ld+n]
		absakk := abs(row[k])
		// With a NaN in the column colmax is NaN, and no comparison holds.
		colmax := vec.MaxMagnitude(row[k+1:])
		kp, two := k, false
		if absakk < bkAlpha*colmax {
			r, _ := vec.Peak(row[k+1:])
			kp, two = f.partner(k, k+1+r, absakk, colmax)
		} else if absakk == 0 && colmax == 0 {
			if zero < 0 {
				zero = k
			}
			f.zero(k)
			k++
			continue
		}
		kk := k
		if two {
			kk++
		}
		if kp != kk {
			f.interchange(kk, kp)
			perm[kk], perm[kp] = perm[kp], perm[kk]
		}
		if two {
			e[k] = f.two(k)
			k += 2
			continue
		}
		f.one(k)
		k++
	}
}

// partner is bunchKaufman of sytf2: it chooses the pivot where the diagonal of column k is
// small beside its largest element, colmax in row r.
func (f *frontTiles) partner(k, r int, absakk, colmax float64) (kp int, two bool) {
	if r >= f.ready {
		f.catchUp(k) // with row r, which may come forward
	}
	row := f.t[r*f.ld : r*f.ld+f.m]
	rowmax := max(f.above(k, r), vec.MaxAbsValue(row[r+1:]))
	switch {
	case absakk > 0 && absakk >= bkAlpha*colmax*(colmax/rowmax):
		return k, false
	case abs(row[r]) >= bkAlpha*rowmax:
		return r, false
	}
	return r, true
}

func abs(x float64) float64 {
	if x < 0 {
		return -x
	}
	return x
}
