package pivot

import (
	"math"
	"math/cmplx"

	"costate/la/vec"
)

// ComplexStats is what a factorization by Complex blocks learned from its pivots.
type ComplexStats struct {
	// LogAbs is log|det|. Arg is the sum of the arguments of the pivots, each in
	// (−π, π]: the argument of the determinant that is continuous in the matrix where
	// the imaginary part of it is definite.
	LogAbs, Arg float64

	// Growth is the largest element, of a real or imaginary part, of the blocks, and of
	// their pivots.
	Growth float64

	// Finite is false if a NaN or an infinity was met, or a pivot of zero.
	Finite bool
}

// Add takes count pivots d into account.
func (p *ComplexStats) Add(d complex128, count int) {
	p.LogAbs += float64(count) * math.Log(cmplx.Abs(d))
	p.Arg += float64(count) * cmplx.Phase(d)
}

// A complexRows is a tile by rows: row k has 2·complexTile numbers, the real parts and
// then the imaginary ones.
type complexRows [2 * complexTile * complexTile]float64

// parts returns the two halves of row k.
func (t *complexRows) parts(k int) (re, im []float64) {
	row := t[2*k*complexTile:]
	return row[:complexTile], row[complexTile : 2*complexTile]
}

// factorTile factors the rows lo to hi, at most complexTile, where all before is
// eliminated, and inverts their L.
func (b *Complex) factorTile(p *ComplexStats, lo, hi int) {
	var t complexRows
	m, n := b.M, hi-lo
	for i := range n { // row j of t is column j of S, from the diagonal on
		for j := range i + 1 {
			at := (lo+i)*m + lo + j
			re, im := t.parts(j)
			re[i], im[i] = b.s[0][at], b.s[1][at]
		}
	}
	for k := range n {
		re, im := t.parts(k)
		d := complex(re[k], im[k])
		p.pivot(d)
		r := 1 / d
		b.inv[0][lo+k], b.inv[1][lo+k] = real(r), imag(r)
		for i := k + 1; i < n; i++ {
			l := complex(re[i], im[i]) * r
			tr, ti := t.parts(i)
			c := [2]float64{-real(l), imag(l)}
			vec.Combine(tr[i:n], c[:], t[2*k*complexTile+i:], complexTile)
			c = [2]float64{-imag(l), -real(l)}
			vec.Combine(ti[i:n], c[:], t[2*k*complexTile+i:], complexTile)
			at := (lo+i)*m + lo + k
			b.s[0][at], b.s[1][at] = real(l), imag(l)
		}
	}
	b.invertTile(lo, hi)
}

// pivot records a pivot.
func (p *ComplexStats) pivot(d complex128) {
	a := max(math.Abs(real(d)), math.Abs(imag(d)))
	if a == 0 || a-a != 0 {
		p.Finite = false
	}
	p.Growth = max(p.Growth, a)
	p.Add(d, 1)
}

// invertTile writes the inverse of the tile of L in the rows lo to hi, row by row: row i
// of it is e_i − Σ_{k<i} l_ik row_k.
func (b *Complex) invertTile(lo, hi int) {
	var t complexRows
	var c [2 * complexTile]float64
	n := hi - lo
	for i := range n {
		re, im := t.parts(i)
		l := b.s.at((lo+i)*b.M + lo)
		for k := range i {
			c[2*k], c[2*k+1] = -l[0][k], l[1][k]
		}
		vec.Combine(re[:i], c[:2*i], t[:], complexTile)
		for k := range i {
			c[2*k], c[2*k+1] = -l[1][k], -l[0][k]
		}
		vec.Combine(im[:i], c[:2*i], t[:], complexTile)
		re[i] = 1
		out := b.tile.at((lo + i) * complexTile)
		copy(out[0][:n], re)
		copy(out[1][:n], im)
	}
}
