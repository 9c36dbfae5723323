package blas

import "costate/la/vec"

// A columnPanel is the state of one panel of a partial factorization. Indices
// count from the panel's first row and column; ld is the number of rows that
// remain, of which the first n are fully summed. The panel holds the first nb
// columns, of which the first k are eliminated:
//
//	wt[j]   column j of W = L D, if j < k; otherwise column j of the front as
//	        it was before the panel, from row j on
//	lt[j]   column j of L, if j < k; otherwise the whole column from row k on,
//	        with the first level[j] pivots of the panel taken into account,
//	        if level[j] is not negative
//
// The columns are kept as rows, so that all that is done to them runs along
// memory. The other columns are in w, as they were before the panel; where a
// partner from there becomes a pivot, it changes places with one of the panel. A
// column is brought up to date only when it is tried, or with its neighbours when many pivots have
// been taken since.
type columnPanel struct {
	w     []float64
	lda   int
	first int
	e     []float64
	perm  []int
	rule  pivotRule

	ld, n, nb int
	lt, wt    []float64 // nb×ld
	cand      []float64 // ld: a partner from outside the panel
	coef      []float64 // nb
	level     [panelMost]int
	zeros     int // zero pivots of this panel
	failed    int // columns that have failed since its last pivot
}

// reset starts a panel of nb columns at column first of the front; work is
// divided anew.
func (p *columnPanel) reset(first, ld, n, nb int, work []float64) {
	p.first, p.ld, p.n, p.nb = first, ld, n, nb
	take := func(n int) []float64 {
		x := work[:n:n]
		work = work[n:]
		return x
	}
	p.lt, p.wt, p.cand, p.coef = take(nb*ld), take(nb*ld), take(ld), take(nb)
	p.zeros, p.failed = 0, 0
	for j := range nb {
		p.level[j] = -1
	}
	a := p.trailing()
	transposeLower(nb, a, p.lda, p.wt, ld)
	if ld > nb {
		vec.Transpose(p.wt[nb:], ld, a[nb*p.lda:], p.lda, ld-nb, nb)
	}
}

// trailing is the front from the panel's first row and column on.
func (p *columnPanel) trailing() []float64 { return p.w[p.first*p.lda+p.first:] }

// row is row j of lt or wt.
func (p *columnPanel) row(t []float64, j int) []float64 { return t[j*p.ld : (j+1)*p.ld] }

// factor eliminates columns of the panel until all that are left have failed
// in a row, or the panel is full, and returns how many. ok is false if it met
// something that is not finite.
func (p *columnPanel) factor() (k int, ok bool) {
	a := p.trailing()
	next := 0
	for p.failed < p.nb-k {
		if next >= p.nb {
			next = k
		}
		c := next
		x := p.column(k, c)
		t, most := x.most()
		kind := p.rule.one(x.v[x.c], t, most)
		if kind == pivotFails && t >= 0 {
			t += k
			if t >= p.nb && k+1 == p.nb && k > 0 {
				// No room for the partner beside the column: both are tried
				// again in the next panel.
				p.failed = 0
				break
			}
			y := p.column(k, t)
			switch kind = p.rule.two(x, y, most); kind {
			case pivotPartner:
				c = p.fetch(a, k, c, t)
			case pivotTwo:
				p.interchange(k, k, c)
				p.cand[k], p.cand[c] = p.cand[c], p.cand[k]
				if t == k {
					t = c
				}
				t = p.fetch(a, k, k+1, t)
				p.interchange(k, k+1, t)
				p.pivot2(a, k)
			}
		}
		switch kind {
		case pivotNaN:
			return k, false
		case pivotFails:
			p.failed++
			next++
			continue
		case pivotTwo:
			k++
		case pivotZero:
			p.interchange(k, k, c)
			p.zero(k)
		default:
			p.interchange(k, k, c)
			p.pivot1(a, k)
		}
		k++
		p.failed, next = 0, max(next+1, k)
		if kind == pivotPartner {
			next = k
		}
	}
	p.finish(k)
	return k, true
}

// zero takes a column of zeros for a pivot.
func (p *columnPanel) zero(k int) {
	p.zeros++
	clear(p.row(p.lt, k)[k:])
	clear(p.row(p.wt, k)[k:])
	p.trailing()[k*p.lda+k] = 0
}

// finish writes the k columns that were eliminated back, and restores the others.
func (p *columnPanel) finish(k int) {
	a := p.trailing()
	transposeUpper(k, p.lt, p.ld, a, p.lda)
	if p.ld > k && k > 0 {
		vec.Transpose(a[k*p.lda:], p.lda, p.lt[k:], p.ld, k, p.ld-k)
	}
	if k < p.nb {
		p.restore(a, k)
	}
}

// column is column c of the trailing front after the first k pivots.
func (p *columnPanel) column(k, c int) column {
	var v []float64
	from := 0
	switch ld := p.ld; {
	case c >= p.nb:
		v = p.cand
		for j := k; j < p.nb; j++ {
			v[j] = p.wt[j*ld+c]
		}
		a := p.trailing()
		copy(v[p.nb:c], a[c*p.lda+p.nb:c*p.lda+c])
		at := c*p.lda + c
		for i := c; i < ld; i++ {
			v[i] = a[at]
			at += p.lda
		}
	default:
		p.advance(k, c)
		v = p.row(p.lt, c)
		from = p.level[c]
		p.level[c] = k
	}
	p.combine(k, c, from, k, v)
	return column{v[k:], p.n - k, c - k}
}

// combine subtracts from v, which is column c from row k on, what pivots from to
// to-1 of the panel contribute.
func (p *columnPanel) combine(k, c, from, to int, v []float64) {
	if from < to {
		coef := p.coef[:to-from]
		for j := range coef {
			coef[j] = -p.lt[(from+j)*p.ld+c]
		}
		vec.Combine(v[k:], coef, p.wt[from*p.ld+k:], p.ld)
	}
}

// panelLag is the number of pivots from which on four columns are brought up
// to date together.
const panelLag = 4

// advance sees to it that column c of the panel is in lt, and brings it and
// the three after it up to date together if that is worth while.
func (p *columnPanel) advance(k, c int) {
	ld, end := p.ld, c+1
	level := max(0, p.level[c])
	if c+4 <= p.nb {
		most := max(level, p.level[c+1], p.level[c+2], p.level[c+3])
		if k-most >= panelLag {
			end, level = c+4, most
		}
	}
	for c := c; c < end; c++ {
		v := p.row(p.lt, c)
		if p.level[c] < 0 {
			for j := k; j < c; j++ {
				v[j] = p.wt[j*ld+c]
			}
			copy(v[c:], p.row(p.wt, c)[c:])
			p.level[c] = 0
		}
		p.combine(k, c, p.level[c], level, v)
		p.level[c] = level
	}
	if end > c+1 {
		// Whole vectors from a row before k on: rows before k are needed no more,
		// and k is at least panelLag.
		vectors := (ld - k + 3) / 4
		from := ld - 4*vectors
		vec.Trapezoid(p.lt[c*ld+from:], ld, 1, vectors, k-level, p.lt[level*ld+c:], ld, p.wt[level*ld+from:])
		for c := c; c < end; c++ {
			p.level[c] = k
		}
	}
}

// fetch takes column t, if it is outside the panel and thus in cand as it is
// after k pivots, into the panel at place x for a pivot, and returns its place.
// Column x, which goes where t was, is written there as it was before the panel.
func (p *columnPanel) fetch(a []float64, k, x, t int) int {
	nb, ld, lda := p.nb, p.ld, p.lda
	if t < nb {
		return t
	}
	old := p.row(p.wt, x)
	for j := k; j < x; j++ {
		p.wt[j*ld+t] = p.wt[j*ld+x]
	}
	for j := x + 1; j < nb; j++ {
		p.wt[j*ld+t] = old[j]
	}
	copy(a[t*lda+nb:t*lda+t], old[nb:t])
	at := t*lda + t
	a[at] = old[x]
	for _, v := range old[t+1:] {
		at += lda
		a[at] = v
	}
	p.swapElsewhere(k, x, t)
	v := p.row(p.lt, x)
	copy(v[k:], p.cand[k:])
	v[x], v[t] = v[t], v[x]
	p.level[x] = k
	return x
}

// swapElsewhere interchanges rows x and y in the columns that are eliminated, of
// which the panel has k, in those of the panel that are being updated, and in
// the permutation.
func (p *columnPanel) swapElsewhere(k, x, y int) {
	ld := p.ld
	for j := range k {
		l, w := p.lt[j*ld:j*ld+ld], p.wt[j*ld:j*ld+ld]
		l[x], l[y] = l[y], l[x]
		w[x], w[y] = w[y], w[x]
	}
	for j := k; j < p.nb; j++ {
		if p.level[j] >= 0 {
			l := p.lt[j*ld : j*ld+ld]
			l[x], l[y] = l[y], l[x]
		}
	}
	// The columns of L left of the panel.
	at, to := (p.first+x)*p.lda, (p.first+y)*p.lda
	swapRows(p.w[at:at+p.first], p.w[to:to+p.first])
	p.perm[p.first+x], p.perm[p.first+y] = p.perm[p.first+y], p.perm[p.first+x]
}

// interchange interchanges rows and columns x ≤ y of the panel, neither of
// them eliminated, after k pivots.
func (p *columnPanel) interchange(k, x, y int) {
	if x == y {
		return
	}
	ld := p.ld
	p.swapElsewhere(k, x, y)
	// As they were before the panel.
	for j := k; j < x; j++ {
		w := p.row(p.wt, j)
		w[x], w[y] = w[y], w[x]
	}
	wx, wy := p.row(p.wt, x), p.row(p.wt, y)
	for i := x + 1; i < y; i++ {
		wx[i], p.wt[i*ld+y] = p.wt[i*ld+y], wx[i]
	}
	wx[x], wy[y] = wy[y], wx[x]
	swapRows(wx[y+1:], wy[y+1:])
	// And as they are.
	swapRows(p.row(p.lt, x)[k:], p.row(p.lt, y)[k:])
	p.level[x], p.level[y] = p.level[y], p.level[x]
}

// pivot1 takes column k, which is in lt as it is now, for a pivot.
func (p *columnPanel) pivot1(a []float64, k int) {
	w, l := p.row(p.wt, k)[k:], p.row(p.lt, k)[k:]
	d := l[0]
	a[k*p.lda+k] = d
	copy(w, l)
	divide(l[1:], d)
}

// pivot2 takes columns k and k+1, which are in lt as they are now, for a pivot;
// see frontTwo.
func (p *columnPanel) pivot2(a []float64, k int) {
	w1, l1 := p.row(p.wt, k)[k:], p.row(p.lt, k)[k:]
	w2, l2 := p.row(p.wt, k+1)[k:], p.row(p.lt, k+1)[k:]
	d11, d21, d22 := l1[0], l1[1], l2[1]
	a[k*p.lda+k] = d11
	a[(k+1)*p.lda+k+1] = d22
	p.e[p.first+k] = d21
	copy(w1, l1)
	copy(w2, l2)
	l1[1] = 0
	l1, l2, w1, w2 = l1[2:], l2[2:], w1[2:], w2[2:]
	u, v := d22/d21, d11/d21
	t := 1 / (u*v - 1)
	if invertible(d21) {
		t /= d21
		vec.Pivot2(l1, l2, w1, w2, &[3]float64{t * u, -t, t * v})
		return
	}
	for i := range l1 {
		x, y := w1[i]/d21, w2[i]/d21
		l1[i], l2[i] = t*(u*x-y), t*(v*y-x)
	}
}

// restore writes the columns of the panel from k on back as they were before
// it, which may have changed places.
func (p *columnPanel) restore(a []float64, k int) {
	for j := k; j < p.nb; j++ {
		at := j*p.lda + j
		for _, v := range p.row(p.wt, j)[j:] {
			a[at] = v
			at += p.lda
		}
	}
}
