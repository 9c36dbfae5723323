package blas

import "costate/la/vec"

// sytrfTiles is the Bunch–Kaufman factorization with the contract of
// Backend.Sytrf for small orders; see sytf2, its plain twin. work has at least
// tilesWork(n, n, false) elements.
func sytrfTiles(n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	zero = -1
	for i := range perm[:n] {
		perm[i] = i
	}
	var f frontTiles
	f.load(n, n, a, lda, false, work)
	ld := f.ld
	for k := 0; k < n; {
		row := f.t[k*ld : k*ld+n]
		absakk := abs(row[k])
		// With a NaN in the column colmax is NaN, and no comparison holds.
		r, colmax := vec.Peak(row[k+1:])
		r += k + 1
		kp, two := k, false
		if absakk < bkAlpha*colmax {
			rr := f.t[r*ld : r*ld+n]
			rowmax := max(f.above(k, r), vec.MaxAbsValue(rr[r+1:]))
			switch {
			case absakk > 0 && absakk >= bkAlpha*colmax*(colmax/rowmax):
			case abs(rr[r]) >= bkAlpha*rowmax:
				kp = r
			default:
				kp, two = r, true
			}
		} else if absakk == 0 && colmax == 0 {
			if zero < 0 {
				zero = k
			}
			e[k] = 0
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
			e[k], e[k+1] = f.two(k), 0
			k += 2
			continue
		}
		e[k] = 0
		f.one(k)
		k++
	}
	f.store(n, a, lda)
	return settleZero(zero, n, a, lda, e)
}

func abs(x float64) float64 {
	if x < 0 {
		return -x
	}
	return x
}
