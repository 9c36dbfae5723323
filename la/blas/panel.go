package blas

import (
	"math"

	"costate/la/vec"
)

// bkPanel is the state of the elimination of one panel of a Bunch–Kaufman
// factorization. Inside it, indices count from the panel's first row and
// column; ld is the order of the trailing matrix and nb the panel's width.
//
// The panel's columns are kept as rows, so that all that is done to them runs
// along memory:
//
//	lt[j]   column j of L,            for a column that is eliminated
//	wt[j]   column j of W = L D,      for a column that is eliminated
//	        column j of A, not updated, for one that is not
//
// The trailing matrix right of the panel stays in a and is not updated either.
type bkPanel struct {
	a     []float64
	lda   int
	first int
	e     []float64
	perm  []int
	ld    int
	nb    int
	lt    []float64 // nb×ld
	wt    []float64 // nb×ld
	old   []float64 // ld: the column at hand, not updated
	cand  []float64 // ld: the column of the candidate pivot
	coef  []float64 // nb
}

// row is row j of lt or wt.
func (p *bkPanel) row(t []float64, j int) []float64 { return t[j*p.ld : (j+1)*p.ld] }

// factor eliminates the panel's columns, or all but the last where a 2×2 pivot
// would cross the panel's edge, and returns how many. zero is the first column
// that is exactly zero, or -1.
func (p *bkPanel) factor() (kb, zero int) {
	zero = -1
	nb, ld, lda := p.nb, p.ld, p.lda
	a := p.a[p.first*lda+p.first:]
	loadColumns(a, lda, p.wt, ld, nb)
	k := 0
	for k < nb {
		w := p.row(p.wt, k)
		copy(p.old[k:], w[k:])
		p.update(k, k, w)

		absakk := math.Abs(w[k])
		r, colmax := vec.MaxAbs(w[k+1:])
		r += k + 1
		kp, two := k, false
		if absakk < bkAlpha*colmax {
			v := p.cand
			p.column(a, k, r, v)
			p.update(k, r, v)
			rowmax := max(vec.MaxAbsValue(v[k:r]), vec.MaxAbsValue(v[r+1:]))
			switch {
			case absakk >= bkAlpha*colmax*(colmax/rowmax):
			case math.Abs(v[r]) >= bkAlpha*rowmax:
				kp = r
				copy(w[k:], v[k:])
			default:
				kp, two = r, true
			}
		} else if absakk == 0 && !anyNaN(w[k+1:]) {
			if zero < 0 {
				zero = k
			}
			clear(p.row(p.lt, k)[k:])
			clear(w[k:])
			p.e[p.first+k] = 0
			a[k*lda+k] = 0
			k++
			continue
		}
		if !two {
			if kp != k {
				p.interchange(a, k, k, kp, p.old)
			}
			p.pivot1(a, k)
			k++
			continue
		}
		if k+1 == nb && nb < ld {
			// The column goes back as it was.
			for i := k; i < ld; i++ {
				a[i*lda+k] = p.old[i]
			}
			break
		}
		second := p.row(p.wt, k+1)
		if kp != k+1 {
			p.interchange(a, k, k+1, kp, second)
			v := p.cand
			v[k+1], v[kp] = v[kp], v[k+1]
		}
		copy(second[k:], p.cand[k:])
		p.pivot2(a, k)
		k += 2
	}
	storeColumns(a, lda, p.lt, ld, k)
	return k, zero
}

// loadColumns copies nb columns of ld rows from the lower triangle of a to the
// rows of t, which have ld elements each.
func loadColumns(a []float64, lda int, t []float64, ld, nb int) {
	const rows = 8
	i := 0
	for ; i < min(nb, ld); i++ {
		for j, v := range a[i*lda : i*lda+i+1] {
			t[j*ld+i] = v
		}
	}
	for ; i+rows <= ld; i += rows {
		r0, r1, r2, r3 := a[i*lda:][:nb], a[(i+1)*lda:][:nb], a[(i+2)*lda:][:nb], a[(i+3)*lda:][:nb]
		r4, r5, r6, r7 := a[(i+4)*lda:][:nb], a[(i+5)*lda:][:nb], a[(i+6)*lda:][:nb], a[(i+7)*lda:][:nb]
		for j := range r0 {
			w := (*[rows]float64)(t[j*ld+i:])
			w[0], w[1], w[2], w[3] = r0[j], r1[j], r2[j], r3[j]
			w[4], w[5], w[6], w[7] = r4[j], r5[j], r6[j], r7[j]
		}
	}
	for ; i < ld; i++ {
		for j, v := range a[i*lda : i*lda+nb] {
			t[j*ld+i] = v
		}
	}
}

// storeColumns copies the first kb rows of t, of ld elements each, to columns
// of a, below the diagonal.
func storeColumns(a []float64, lda int, t []float64, ld, kb int) {
	const rows = 8
	i := 1
	for ; i < min(kb, ld); i++ {
		row := a[i*lda : i*lda+i]
		for j := range row {
			row[j] = t[j*ld+i]
		}
	}
	for ; i+rows <= ld; i += rows {
		r0, r1, r2, r3 := a[i*lda:][:kb], a[(i+1)*lda:][:kb], a[(i+2)*lda:][:kb], a[(i+3)*lda:][:kb]
		r4, r5, r6, r7 := a[(i+4)*lda:][:kb], a[(i+5)*lda:][:kb], a[(i+6)*lda:][:kb], a[(i+7)*lda:][:kb]
		for j := range r0 {
			l := (*[rows]float64)(t[j*ld+i:])
			r0[j], r1[j], r2[j], r3[j] = l[0], l[1], l[2], l[3]
			r4[j], r5[j], r6[j], r7[j] = l[4], l[5], l[6], l[7]
		}
	}
	for ; i < ld; i++ {
		row := a[i*lda : i*lda+kb]
		for j := range row {
			row[j] = t[j*ld+i]
		}
	}
}

// column copies column r of the trailing matrix, not updated, to v, while
// column k is at hand: the part left of the diagonal from row r.
func (p *bkPanel) column(a []float64, k, r int, v []float64) {
	nb, ld, lda := p.nb, p.ld, p.lda
	v[k] = p.old[r]
	for j := k + 1; j < min(r, nb); j++ {
		v[j] = p.wt[j*ld+r]
	}
	if r < nb {
		copy(v[r:], p.row(p.wt, r)[r:])
		return
	}
	copy(v[nb:r], a[r*lda+nb:r*lda+r])
	q := r*lda + r
	for i := r; i < ld; i++ {
		v[i] = a[q]
		q += lda
	}
}

// interchange brings row and column kp of the trailing matrix to kk, for a
// pivot that starts at k. Column kk, not updated, is in src; it is needed no
// more at its place, so it is only moved to kp.
func (p *bkPanel) interchange(a []float64, k, kk, kp int, src []float64) {
	nb, ld, lda := p.nb, p.ld, p.lda
	for i := kk + 1; i < min(kp, nb); i++ {
		p.wt[i*ld+kp] = src[i]
	}
	if kp < nb {
		col := p.row(p.wt, kp)
		col[kp] = src[kk]
		copy(col[kp+1:], src[kp+1:])
	} else {
		from := max(nb, kk+1)
		copy(a[kp*lda+from:kp*lda+kp], src[from:kp])
		q := kp*lda + kp
		a[q] = src[kk]
		for i := kp + 1; i < ld; i++ {
			q += lda
			a[q] = src[i]
		}
	}
	for j := range k {
		lt, wt := p.lt[j*ld:(j+1)*ld], p.wt[j*ld:(j+1)*ld]
		lt[kk], lt[kp] = lt[kp], lt[kk]
		wt[kk], wt[kp] = wt[kp], wt[kk]
	}
	w := p.row(p.wt, k)
	w[kk], w[kp] = w[kp], w[kk]
	// The columns of L left of the panel.
	x, y := (p.first+kk)*lda, (p.first+kp)*lda
	swapRows(p.a[x:x+p.first], p.a[y:y+p.first])
	p.perm[p.first+kk], p.perm[p.first+kp] = p.perm[p.first+kp], p.perm[p.first+kk]
}

// pivot1 divides column k by its pivot.
func (p *bkPanel) pivot1(a []float64, k int) {
	w, l := p.row(p.wt, k), p.row(p.lt, k)
	d := w[k]
	a[k*p.lda+k] = d
	p.e[p.first+k] = 0
	if invertible(d) {
		vec.Scale(l[k+1:], 1/d, w[k+1:])
		return
	}
	for i := k + 1; i < p.ld; i++ {
		l[i] = w[i] / d
	}
}

// pivot2 multiplies columns k and k+1 by the inverse of their 2×2 pivot, as
// eliminate2 does.
func (p *bkPanel) pivot2(a []float64, k int) {
	w1, l1 := p.row(p.wt, k), p.row(p.lt, k)
	w2, l2 := p.row(p.wt, k+1), p.row(p.lt, k+1)
	d11, d21, d22 := w1[k], w1[k+1], w2[k+1]
	a[k*p.lda+k] = d11
	a[(k+1)*p.lda+k+1] = d22
	p.e[p.first+k], p.e[p.first+k+1] = d21, 0
	l1[k+1] = 0
	u, v := d22/d21, d11/d21
	t := 1 / (u*v - 1)
	if invertible(d21) {
		t /= d21
		vec.Pivot2(l1[k+2:], l2[k+2:], w1[k+2:], w2[k+2:], &[3]float64{t * u, -t, t * v})
		return
	}
	for i := k + 2; i < p.ld; i++ {
		x, y := w1[i]/d21, w2[i]/d21
		l1[i], l2[i] = t*(u*x-y), t*(v*y-x)
	}
}
