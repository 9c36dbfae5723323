package blas

import (
	"math"

	"costate/la/vec"
)

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
	moved := false
	for j, p := range perm {
		moved = moved || j != p
	}
	for i := range q {
		from, to := x[i*ldx:i*ldx+n], y[i*ldy:i*ldy+n]
		if !moved {
			copy(to, from)
			continue
		}
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
			d.apply(y[i*ldy+at:i*ldy+next], z[i*ldz+at:i*ldz+next], nil)
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

// A rowDiagonal is a strip of a block diagonal matrix, with blocks of order 1
// in g and blocks of order 2 in pairs, where g is zero.
type rowDiagonal struct {
	n, np int
	g     [rowStrip]float64
	pairs [rowStrip / 2]rowPair
}

// A rowPair is [p h; h q] in columns at and at+1.
type rowPair struct {
	at      int
	p, h, q float64
	x, y    float64 // what it gives
	mx, my  uint64
}

// load takes the blocks of D from column at on, as many as there is room for,
// and returns the column after them.
func (d *rowDiagonal) load(at, n int, a []float64, lda int, e []float64) (next int) {
	k := at
	d.np = 0
	for k < n && k-at < rowStrip-1 {
		if e[k] != 0 && k+1 < n {
			d.pairs[d.np] = rowPair{at: k - at, p: a[k*lda+k], h: e[k], q: a[(k+1)*lda+k+1]}
			d.np++
			d.g[k-at], d.g[k-at+1] = 0, 0
			k += 2
			continue
		}
		d.g[k-at] = a[k*lda+k]
		k++
	}
	d.n = k - at
	return k
}

// invert replaces the blocks by their inverses. It returns false if one of
// them is singular or out of range, so that elements must be divided.
func (d *rowDiagonal) invert() (ok bool) {
	for i := range d.pairs[:d.np] {
		b := &d.pairs[i]
		if !invertible(b.h) {
			return false
		}
		p, q := b.q/b.h, b.p/b.h
		t := 1 / (p*q - 1) / b.h
		b.p, b.q, b.h = t*p, t*q, -t
		d.g[b.at], d.g[b.at+1] = 1, 1
	}
	for k, g := range d.g[:d.n] {
		if !invertible(g) {
			return false
		}
		d.g[k] = 1 / g
	}
	for _, b := range d.pairs[:d.np] {
		d.g[b.at], d.g[b.at+1] = 0, 0
	}
	return true
}

// apply multiplies a row y by the strip and, unless it is nil, keeps the bits of
// the greatest magnitudes in m. z may be y.
func (d *rowDiagonal) apply(y, z []float64, m []uint64) {
	pairs := d.pairs[:d.np]
	for i := range pairs {
		b := &pairs[i]
		u, v := y[b.at], y[b.at+1]
		b.x, b.y = b.p*u+b.h*v, b.h*u+b.q*v
		if m != nil {
			b.mx, b.my = max(m[b.at], magnitude(b.x)), max(m[b.at+1], magnitude(b.y))
		}
	}
	// What this gives in the columns of pairs is replaced below.
	if m == nil {
		vec.Mul(z[:d.n], y, d.g[:])
	} else {
		vec.MulMost(z[:d.n], y, d.g[:], m)
	}
	for i := range pairs {
		b := &pairs[i]
		z[b.at], z[b.at+1] = b.x, b.y
		if m != nil {
			m[b.at], m[b.at+1] = b.mx, b.my
		}
	}
}

// divide is apply for a strip that is not inverted: it solves with it.
func (d *rowDiagonal) divide(y, z []float64, m []uint64) {
	pairs := d.pairs[:d.np]
	for j := 0; j < d.n; j++ {
		if len(pairs) > 0 && pairs[0].at == j {
			b := pairs[0]
			pairs = pairs[1:]
			p, q := b.q/b.h, b.p/b.h
			t := 1 / (p*q - 1)
			u, v := y[j]/b.h, y[j+1]/b.h
			z[j], z[j+1] = t*(p*u-v), t*(q*v-u)
			m[j] = max(m[j], magnitude(z[j]))
			j++
		} else {
			z[j] = quotient(y[j], d.g[j])
		}
		m[j] = max(m[j], magnitude(z[j]))
	}
}

// magnitude is the bits of |x|: magnitudes are ordered as they are, infinities
// and NaN last.
func magnitude(x float64) uint64 { return math.Float64bits(x) & (1<<63 - 1) }

// quotient is y/d, and 0 for 0/0.
func quotient(y, d float64) float64 {
	if d == 0 && y == 0 {
		return 0
	}
	return y / d
}

func dSolveRows(q, n int, a []float64, lda int, e []float64, y []float64, ldy int, z []float64, ldz int, most []float64) (largest float64) {
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
			from, to := y[i*ldy+at:i*ldy+next], z[i*ldz+at:i*ldz+next]
			if ok {
				d.apply(from, to, m)
			} else {
				d.divide(from, to, m)
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
