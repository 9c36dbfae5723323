package blas

import "math"

// LdlBelow continues the factorization P A Pᵀ = L D Lᵀ of a block of order n,
// as Backend.Sytrf leaves it in a, e and perm, through the q rows X below it:
//
//	[ A   . ]     Y   = X Pᵀ L⁻ᵀ
//	[ X   C ]     L21 = Y D⁻¹,      Y = L21 D,      C' = C - L21 Yᵀ
//
// L21 overwrites the q×n matrix X, and Y is written to the q×n matrix y. It
// returns the greatest magnitude in L21, and, unless most is nil, that of
// column j in most[j], for j < n: a bound of 1/u on them is the check, after
// the fact, that the pivots within A were good for the rows below as well. A
// NaN anywhere in a column makes its most, and what is returned, NaN. Where a
// pivot is exactly zero, elements of Y that are zero give 0, others an infinity.
//
// Source: I. S. Duff, J. Hogg and F. Lopez, A new sparse LDLᵀ solver using a
// posteriori threshold pivoting, SIAM J. Sci. Comput. 42 (2020), section 3.
func LdlBelow(b Backend, q, n int, a []float64, lda int, e []float64, perm []int, x []float64, ldx int, y []float64, ldy int, most []float64) (largest float64) {
	checkRows(q, n, a, lda, e, x, ldx, y, ldy, most)
	if len(perm) < n {
		panic(ErrShortPerm)
	}
	perm = perm[:n]
	for _, p := range perm {
		if uint(p) >= uint(n) {
			panic(ErrPerm)
		}
	}
	if q == 0 || n == 0 {
		clear(most)
		return 0
	}
	for i := range q {
		from, to := x[i*ldx:i*ldx+n], y[i*ldy:i*ldy+n]
		for j, p := range perm {
			to[j] = from[p]
		}
	}
	b.Trsm(Right, Lower, Trans, Unit, q, n, 1, a, lda, y, ldy)
	return dSolveRows(q, n, a, lda, e, y, ldy, x, ldx, most)
}

// DSolveRows computes Z = Y D⁻¹ by rows, for q×n matrices and the block
// diagonal factor D of Backend.Sytrf or Ldlpart, of order n. What it returns,
// most and zero pivots are as in LdlBelow. z may be y if ldz is ldy.
func DSolveRows(q, n int, a []float64, lda int, e []float64, y []float64, ldy int, z []float64, ldz int, most []float64) (largest float64) {
	checkRows(q, n, a, lda, e, y, ldy, z, ldz, most)
	return dSolveRows(q, n, a, lda, e, y, ldy, z, ldz, most)
}

// DMulRows computes Z = Y D by rows, for q×n matrices and the block diagonal
// factor D of Backend.Sytrf or Ldlpart, of order n. z may be y if ldz is ldy.
func DMulRows(q, n int, a []float64, lda int, e []float64, y []float64, ldy int, z []float64, ldz int) {
	checkRows(q, n, a, lda, e, y, ldy, z, ldz, nil)
	var d rowDiagonal
	for at := 0; at < n; {
		next := d.load(at, n, a, lda, e)
		for i := range q {
			d.apply(y[i*ldy+at:i*ldy+next], z[i*ldz+at:i*ldz+next])
		}
		at = next
	}
}

func checkRows(q, n int, a []float64, lda int, e []float64, y []float64, ldy int, z []float64, ldz int, most []float64) {
	checkOrder(n, a, lda)
	if q < 0 {
		panic(ErrNegative)
	}
	if len(e) < n || most != nil && len(most) < n {
		panic(ErrShortE)
	}
	checkB(q, n, y, ldy)
	checkC(q, n, z, ldz)
}

// rowStrip is the number of columns that are treated at once.
const rowStrip = 64

// A rowDiagonal is a strip of a symmetric tridiagonal matrix, block diagonal
// with blocks of order 1 and 2:
//
//	z[j] = g[j] y[j] + h[j] y[j+1]      h[j] y[j] + g[j+1] y[j+1] = z[j+1]
type rowDiagonal struct {
	n     int
	pairs bool
	g, h  [rowStrip]float64
}

// load takes the blocks of D from column at on, as many as there is room for,
// and returns the column after them.
func (d *rowDiagonal) load(at, n int, a []float64, lda int, e []float64) (next int) {
	k := at
	d.pairs = false
	for k < n && k-at < rowStrip-1 {
		d.g[k-at], d.h[k-at] = a[k*lda+k], 0
		if e[k] != 0 && k+1 < n {
			d.pairs = true
			d.h[k-at], d.h[k-at+1] = e[k], 0
			d.g[k-at+1] = a[(k+1)*lda+k+1]
			k++
		}
		k++
	}
	d.n = k - at
	return k
}

// invert replaces the blocks by their inverses. It returns false if one of
// them is singular or out of range, so that elements must be divided.
func (d *rowDiagonal) invert() (ok bool) {
	for k := 0; k < d.n; k++ {
		if d.h[k] == 0 {
			if !invertible(d.g[k]) {
				return false
			}
			d.g[k] = 1 / d.g[k]
			continue
		}
		d21 := d.h[k]
		if !invertible(d21) {
			return false
		}
		p, q := d.g[k+1]/d21, d.g[k]/d21
		t := 1 / (p*q - 1) / d21
		d.g[k], d.g[k+1], d.h[k] = t*p, t*q, -t
		k++
	}
	return true
}

// apply multiplies a row by the strip.
func (d *rowDiagonal) apply(y, z []float64) {
	n := d.n
	y, z = y[:n], z[:n]
	g, h := d.g[:n], d.h[:n]
	if !d.pairs {
		for j, v := range y {
			z[j] = g[j] * v
		}
		return
	}
	for j := 0; j < n; j++ {
		if h[j] == 0 {
			z[j] = g[j] * y[j]
			continue
		}
		if j+1 < n {
			u, v := y[j], y[j+1]
			z[j], z[j+1] = g[j]*u+h[j]*v, h[j]*u+g[j+1]*v
			j++
		}
	}
}

// divide solves with a row and the strip, which is not inverted.
func (d *rowDiagonal) divide(y, z []float64) {
	for j := 0; j < d.n; j++ {
		if d.h[j] == 0 {
			z[j] = quotient(y[j], d.g[j])
			continue
		}
		d21 := d.h[j]
		p, q := d.g[j+1]/d21, d.g[j]/d21
		t := 1 / (p*q - 1)
		u, v := y[j]/d21, y[j+1]/d21
		z[j], z[j+1] = t*(p*u-v), t*(q*v-u)
		j++
	}
}

// quotient is y/d, and 0 for 0/0.
func quotient(y, d float64) float64 {
	if d == 0 && y == 0 {
		return 0
	}
	return y / d
}

func dSolveRows(q, n int, a []float64, lda int, e []float64, y []float64, ldy int, z []float64, ldz int, most []float64) (largest float64) {
	// Magnitudes are ordered as their bits are, infinities and NaN last.
	const magnitude = 1<<63 - 1
	var d rowDiagonal
	var m [rowStrip]uint64
	all := uint64(0)
	for at := 0; at < n; {
		next := d.load(at, n, a, lda, e)
		ok := d.invert()
		if !ok {
			d.load(at, n, a, lda, e)
		}
		m := m[:d.n]
		clear(m)
		for i := range q {
			row := z[i*ldz+at : i*ldz+next]
			if ok {
				d.apply(y[i*ldy+at:i*ldy+next], row)
			} else {
				d.divide(y[i*ldy+at:i*ldy+next], row)
			}
			for j, v := range row[:len(m)] {
				m[j] = max(m[j], math.Float64bits(v)&magnitude)
			}
		}
		for j, v := range m {
			all = max(all, v)
			if most != nil {
				most[at+j] = math.Float64frombits(v)
			}
		}
		at = next
	}
	return math.Float64frombits(all)
}
