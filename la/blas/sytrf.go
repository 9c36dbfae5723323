package blas

import (
	"math"

	"costate/la/blas/internal/vec"
)

// bkSizes are the block sizes of the blocked Bunch–Kaufman factorization.
type bkSizes struct {
	panel     int // columns that are eliminated before the rest is updated
	unblocked int // greatest order that sytf2 factors alone
}

var bkDefault = bkSizes{panel: 32, unblocked: 20}

// work is the length of the work slice for order n.
func (s bkSizes) work(n int) int {
	if n <= s.unblocked {
		return 2 * n
	}
	return (2*s.panel+1)*n + s.panel
}

// sytrf is the blocked Bunch–Kaufman factorization with the contract of
// Backend.Sytrf, over the Gemmt of a backend.
//
// A panel eliminates up to s.panel columns of the trailing matrix without
// touching the rest of it; then the rest is updated by a product of which
// only one triangle is computed:
//
//	[ A11   .  ]   [ L11    ] [ D1       ] [ L11ᵀ  L21ᵀ ]
//	[ A21  A22 ] = [ L21  I ] [     A22' ] [         I  ],     A22' = A22 - L21 (D1 L21ᵀ)
//
// Source: the left-looking panel is that of LAPACK's dlasyf, described in
// E. Anderson and J. Dongarra, Evaluating block algorithm variants in LAPACK,
// LAPACK Working Note 19 (1990).
func sytrf(g Backend, s bkSizes, n int, a []float64, lda int, e []float64, perm []int, work []float64) (zero int) {
	if n <= s.unblocked {
		return sytf2(n, a, lda, e, perm, work)
	}
	zero = -1
	for i := range perm[:n] {
		perm[i] = i
	}
	p := bkPanel{a: a, lda: lda, n: n, e: e, perm: perm}
	for k := 0; k < n; {
		m := n - k
		p.ld = m
		p.first = k
		p.lt = work[: s.panel*m : s.panel*m]
		p.wt = work[s.panel*m : (2*s.panel+1)*m]
		p.coef = work[(2*s.panel+1)*m:][:s.panel]
		kb, z := p.factor(min(s.panel, m))
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

// bkPanel is the state of the elimination of one panel. Inside it, indices
// count from the panel's first row and column; ld = n - first is the order of
// the trailing matrix.
//
// The columns of L and of W = L D are kept as rows of lt and wt, so that the
// update of a column by all earlier columns of the panel runs along memory.
// Until the panel is complete, the trailing matrix in a is not updated.
type bkPanel struct {
	a     []float64
	lda   int
	n     int
	first int
	e     []float64
	perm  []int
	lt    []float64 // panel×ld, row j is column j of L
	wt    []float64 // (panel+1)×ld, row j is column j of W
	coef  []float64
	ld    int
}

// factor eliminates nb columns, or nb-1 where a 2×2 pivot would cross the
// panel's edge, and returns how many. zero is the first column that is exactly
// zero, or -1.
func (p *bkPanel) factor(nb int) (kb, zero int) {
	zero = -1
	ld, lda := p.ld, p.lda
	a := p.a[p.first*lda+p.first:]
	k := 0
	for k < nb {
		w := p.wt[k*ld : (k+1)*ld]
		for i := k; i < ld; i++ {
			w[i] = a[i*lda+k]
		}
		p.update(k, k, w)

		absakk := math.Abs(w[k])
		r, colmax := vec.MaxAbs(w[k+1:])
		r += k + 1
		kp, two := k, false
		if absakk < bkAlpha*colmax {
			v := p.wt[(k+1)*ld : (k+2)*ld]
			copy(v[k:r], a[r*lda+k:r*lda+r])
			for i := r; i < ld; i++ {
				v[i] = a[i*lda+r]
			}
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
			clear(p.lt[k*ld+k : (k+1)*ld])
			clear(w[k:])
			p.e[p.first+k] = 0
			a[k*lda+k] = 0
			k++
			continue
		}
		if two && k+1 == nb && nb < ld {
			break
		}

		kk := k
		if two {
			kk++
		}
		if kp != kk {
			p.interchange(k, kk, kp)
		}
		if two {
			p.pivot2(k)
			k += 2
		} else {
			p.pivot1(k)
			k++
		}
	}
	p.store(k)
	return k, zero
}

// update subtracts from column c of the trailing matrix, in w, what the k
// columns of the panel so far contribute: w -= W L[c,:]ᵀ.
func (p *bkPanel) update(k, c int, w []float64) {
	if k == 0 {
		return
	}
	for j := range k {
		p.coef[j] = -p.lt[j*p.ld+c]
	}
	vec.Combine(w[k:], p.coef[:k], p.wt[k:], p.ld)
}

// interchange brings row and column kp of the trailing matrix to kk, for a
// pivot that starts at k. Column kk of the trailing matrix is not needed
// again, since the updated column is in wt, so it is only moved, not swapped.
func (p *bkPanel) interchange(k, kk, kp int) {
	lda, ld := p.lda, p.ld
	a := p.a[p.first*lda+p.first:]
	a[kp*lda+kp] = a[kk*lda+kk]
	row := a[kp*lda : kp*lda+kp]
	for i := kk + 1; i < kp; i++ {
		row[i] = a[i*lda+kk]
	}
	for i := kp + 1; i < ld; i++ {
		a[i*lda+kp] = a[i*lda+kk]
	}
	for j := range k {
		lt := p.lt[j*ld : (j+1)*ld]
		lt[kk], lt[kp] = lt[kp], lt[kk]
	}
	for j := range kk + 1 {
		wt := p.wt[j*ld : (j+1)*ld]
		wt[kk], wt[kp] = wt[kp], wt[kk]
	}
	// The columns of L left of the panel.
	x, y := (p.first+kk)*lda, (p.first+kp)*lda
	swapRows(p.a[x:x+p.first], p.a[y:y+p.first])
	p.perm[p.first+kk], p.perm[p.first+kp] = p.perm[p.first+kp], p.perm[p.first+kk]
}

// pivot1 divides column k by its pivot.
func (p *bkPanel) pivot1(k int) {
	w, l := p.wt[k*p.ld:(k+1)*p.ld], p.lt[k*p.ld:(k+1)*p.ld]
	d := w[k]
	p.a[(p.first+k)*p.lda+p.first+k] = d
	p.e[p.first+k] = 0
	if math.Abs(d) > smallest {
		vec.Scale(l[k+1:], 1/d, w[k+1:])
		return
	}
	for i := k + 1; i < p.ld; i++ {
		l[i] = w[i] / d
	}
}

// pivot2 multiplies columns k and k+1 by the inverse of their 2×2 pivot.
func (p *bkPanel) pivot2(k int) {
	ld := p.ld
	w1, l1 := p.wt[k*ld:(k+1)*ld], p.lt[k*ld:(k+1)*ld]
	w2, l2 := p.wt[(k+1)*ld:(k+2)*ld], p.lt[(k+1)*ld:(k+2)*ld]
	d11, d21, d22 := w1[k], w1[k+1], w2[k+1]
	f := p.first + k
	p.a[f*p.lda+f] = d11
	p.a[(f+1)*p.lda+f+1] = d22
	p.e[f], p.e[f+1] = d21, 0
	l1[k+1] = 0
	u, v := d22/d21, d11/d21
	t := 1 / (u*v - 1)
	if math.Abs(d21) > smallest {
		t /= d21
		vec.Pivot2(l1[k+2:], l2[k+2:], w1[k+2:], w2[k+2:], &[3]float64{t * u, -t, t * v})
		return
	}
	for i := k + 2; i < ld; i++ {
		x, y := w1[i]/d21, w2[i]/d21
		l1[i], l2[i] = t*(u*x-y), t*(v*y-x)
	}
}

// store writes the kb columns of L below the diagonal.
func (p *bkPanel) store(kb int) {
	for i := 1; i < p.ld; i++ {
		row := p.a[(p.first+i)*p.lda+p.first:]
		for j := range min(i, kb) {
			row[j] = p.lt[j*p.ld+i]
		}
	}
}
