package la

import (
	"math"

	"costate/la/vec"
)

// ResidualTo computes r = b − (A + shift·I) x in twice the working precision,
// rounded once at the end: its error is of the order of the last bit of r and of
// u² times the terms. lo is scratch of the order of the matrix. r may be b; r, lo
// and x may not overlap. It allocates nothing.
//
// Source: T. Ogita, S. M. Rump and S. Oishi, Accurate sum and dot product, SIAM
// J. Sci. Comput. 26 (2005), Algorithm 5.3.
func (a *Sym) ResidualTo(r, lo, b, x []float64, shift float64) {
	checkMulVec(a.n, r, x)
	if len(lo) != a.n || len(b) != a.n {
		panic(ErrLength)
	}
	if a.n > 0 && &r[0] != &b[0] {
		copy(r, b)
	}
	clear(lo)
	for i, xi := range x {
		h, l := r[i], lo[i]
		if shift != 0 {
			h, l = subProduct(h, l, shift, xi)
		}
		for t := a.ptr[i]; t < a.ptr[i+1]; t++ {
			j, v := int(a.col[t]), a.val[t]
			h, l = subProduct(h, l, v, x[j])
			if j != i {
				r[j], lo[j] = subProduct(r[j], lo[j], v, xi)
			}
		}
		r[i], lo[i] = h, l
	}
	for i, l := range lo {
		r[i] += l
	}
}

// subProduct subtracts v·x from h + l.
func subProduct(h, l, v, x float64) (float64, float64) {
	m := v * x
	e := math.FMA(v, x, -m)
	s := h - m
	z := s - h
	return s, l + ((h - (s - z)) - (m + z) - e)
}

// MaxMagnitude is the largest absolute value of an element, NaN if one is NaN.
func (a *BlockTridiag) MaxMagnitude() float64 {
	m := 0.0
	for k := range a.Blocks() {
		d, ld := a.Diag(k)
		v := vec.MaxLower(ld, d, ld)
		if k+1 < a.Blocks() {
			s, _ := a.Sub(k)
			if w := vec.MaxMagnitude(s); !(w <= v) {
				v = w
			}
		}
		if v != v {
			return v
		}
		m = max(m, v)
	}
	return m
}

// ResidualTo is the method of Sym for a block-tridiagonal matrix.
func (a *BlockTridiag) ResidualTo(r, lo, b, x []float64, shift float64) {
	n := a.SymmetricDim()
	checkMulVec(n, r, x)
	if len(lo) != n || len(b) != n {
		panic(ErrLength)
	}
	if n > 0 && &r[0] != &b[0] {
		copy(r, b)
	}
	clear(lo)
	for k := range a.Blocks() {
		first := a.BlockFirst(k)
		d, ld := a.Diag(k)
		for i := range ld {
			at := first + i
			h, l := r[at], lo[at]
			xi := x[at]
			if shift != 0 {
				h, l = subProduct(h, l, shift, xi)
			}
			for j, v := range d[i*ld : i*ld+i] {
				h, l = subProduct(h, l, v, x[first+j])
				r[first+j], lo[first+j] = subProduct(r[first+j], lo[first+j], v, xi)
			}
			r[at], lo[at] = subProduct(h, l, d[i*ld+i], xi)
		}
		if k+1 == a.Blocks() {
			break
		}
		s, ld := a.Sub(k)
		next := a.BlockFirst(k + 1)
		for _, i := range a.SubRows(k) {
			at := next + i
			h, l := r[at], lo[at]
			xi := x[at]
			for _, j := range a.SubCols(k) {
				v := s[i*ld+j]
				h, l = subProduct(h, l, v, x[first+j])
				r[first+j], lo[first+j] = subProduct(r[first+j], lo[first+j], v, xi)
			}
			r[at], lo[at] = h, l
		}
	}
	for i, l := range lo {
		r[i] += l
	}
}
