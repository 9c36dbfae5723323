package pivot

import (
	"math"

	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// A Block is one step of a block LDLᵀ: the symmetric pivot block S of
// order M and its coupling K (M×N) to what is left,
//
//	[ S   K ]     eliminating the first block leaves  Y − Kᵀ S⁻¹ K.
//	[ Kᵀ  Y ]
//
// After Factor, S holds the factors P S Pᵀ = L D Lᵀ by Bunch–Kaufman (or L of
// S = L Lᵀ by Cholesky), after Couple W holds D⁻¹ L⁻¹ P K.
type Block struct {
	M, N int
	S    []float64 // m×m, lower triangle
	e    []float64 // off-diagonal of D
	inv  []float64 // of the diagonal of D, where plain
	perm []int
	W    []float64 // m×n
	Chol bool

	plain bool // D is a diagonal that can be inverted element by element
	moved bool // pivoting has changed the order of rows

	// Interrupt, unless it is nil, is asked now and then by Bunch–Kaufman whether to give
	// up: pivots are not finite then.
	Interrupt func() bool

	v               []float64 // scratch of couple
	gather, scaling func(lo, hi int)
}

// NewBlock makes a block of order m that couples to n unknowns.
func NewBlock(m, n int) *Block { return NewBlockIn(nil, m, n) }

// NewBlockIn is NewBlock with its matrices in an arena, of which they take BlockWords(m, n)
// words.
func NewBlockIn(a *space.Arena, m, n int) *Block {
	b := &Block{M: m, N: n, S: a.Take(m * m), e: make([]float64, m), inv: make([]float64, m), perm: make([]int, m), W: a.Take(m * n)}
	b.gather, b.scaling = b.gatherRows, b.scaleRows
	return b
}

// Reshape makes b a block of order m without a coupling.
func (b *Block) Reshape(m int) {
	b.M, b.N = m, 0
	b.S, b.e, b.inv, b.perm, b.W = space.Resize(b.S, m*m), space.Resize(b.e, m), space.Resize(b.inv, m), space.Resize(b.perm, m), nil
}

// BlockWords is what the matrices of a Block take of an arena.
func BlockWords(m, n int) int { return space.ArenaLen(m*m) + space.ArenaLen(m*n) }

// BlockBytes is the memory of NewBlock(m, n).
func BlockBytes(m, n int) int64 {
	return 8 * (int64(m)*int64(m) + int64(m)*int64(n) + 3*int64(m))
}

// Factor factors the lower triangle of S in place. With definite it tries
// Cholesky first, and falls back on Bunch–Kaufman where rounding has made a
// pivot negative. It adds what it learns to p.
func (b *Block) Factor(be blas.Backend, work []float64, definite bool, p *Stats, place int) {
	if b.M == 0 {
		return
	}
	big := vec.MaxLower(b.M, b.S, b.M)
	p.Growth = max(p.Growth, big)
	if definite {
		b.mirror()
		if b.Cholesky(be, big, p, place) {
			return
		}
		b.restore()
	}
	b.Chol = false
	blas.SytrfUntil(be, b.Interrupt, b.M, b.S, b.M, b.e, b.perm, work)
	b.count(b.S, b.M+1, big, p, place)
}

// Origin is the row of S that pivoting has brought to row i.
func (b *Block) Origin(i int) int {
	if b.Chol {
		return i
	}
	return b.perm[i]
}

// count adds the pivots of Bunch–Kaufman of a block whose largest element is big to p.
// The diagonal of D is in the elements of diag that are inc apart.
func (b *Block) count(diag []float64, inc int, big float64, p *Stats, place int) {
	c := p.count(b.M, big, place)
	b.plain, b.moved = true, !inOrder(b.perm[:b.M])
	for i := 0; i < b.M; i++ {
		d := diag[i*inc]
		b.inv[i] = 1 / d
		if b.e[i] == 0 {
			c.add(d, i)
			continue
		}
		b.plain = false
		// Eigenvalues of [d e; e f], the smaller from the determinant.
		e, f := b.e[i], diag[(i+1)*inc]
		mean, half := (d+f)/2, math.Hypot((d-f)/2, e)
		l1 := mean + math.Copysign(half, mean)
		l2 := (d/l1)*f - (e/l1)*e
		c.add(l1, i)
		c.add(l2, i)
		c.rounding += Rounding2(d, e, f, l1, l2)
		i++
	}
	b.plain = b.plain && c.least > 0x1p-1000 && big < 0x1p1000
	c.done()
}

// Cholesky factors the lower triangle of S, whose largest element is big, in
// place, unless rounding has made a pivot negative: S is lost then. It adds what
// it learns to p.
func (b *Block) Cholesky(be blas.Backend, big float64, p *Stats, place int) bool {
	b.Chol = be.Potrf(b.M, b.S, b.M)
	if !b.Chol {
		return false
	}
	c := p.count(b.M, big, place)
	for i := range b.M {
		l := b.S[i*b.M+i]
		c.add(l*l, i)
	}
	c.done()
	return true
}

// mirror copies the strictly lower triangle of s into the upper one, and the
// diagonal into e; restore copies them back.
func (b *Block) mirror() {
	for i := range b.M {
		for j := range i {
			b.S[j*b.M+i] = b.S[i*b.M+j]
		}
		b.e[i] = b.S[i*b.M+i]
	}
}

func (b *Block) restore() {
	for i := range b.M {
		for j := range i {
			b.S[i*b.M+j] = b.S[j*b.M+i]
		}
		b.S[i*b.M+i] = b.e[i]
	}
}

// Couple overwrites W, which holds K, with D⁻¹ W for W = L⁻¹ P K (D = I for
// Cholesky), and subtracts Kᵀ S⁻¹ K = Wᵀ D⁻¹ W from the lower triangle of the
// n×n matrix y, whose upper one is lost. v is scratch of m·n numbers.
func (b *Block) Couple(be blas.Backend, rows *Bands, y, v []float64) {
	m, n := b.M, b.N
	if m == 0 || n == 0 {
		return
	}
	if b.Chol {
		be.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.NonUnit, m, n, 1, b.S, m, b.W, n)
		AddLower(be, n, m, -1, b.W, b.W, y)
		return
	}
	b.v = v[:m*n]
	rows.Rows(m, m*n, b.gather)
	be.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, m, n, 1, b.S, m, b.v, n)
	rows.Rows(m, m*n, b.scaling)
	AddLower(be, n, m, -1, b.v, b.W, y)
	b.v = nil
}

// wholeOrder is the order up to which a whole product is sooner done than one
// triangle of it.
const wholeOrder = 24

// AddLower computes the lower triangle of Y += α AᵀB for a symmetric product of
// k×n matrices. The upper triangle of Y is lost.
func AddLower(be blas.Backend, n, k int, alpha float64, a, b, y []float64) {
	if n <= wholeOrder {
		be.Gemm(blas.Trans, blas.NoTrans, n, n, k, alpha, a, n, b, n, 1, y, n)
		return
	}
	be.Gemmt(blas.Lower, blas.Trans, blas.NoTrans, n, k, alpha, a, n, b, n, 1, y, n)
}

// gatherRows copies the rows lo to hi of P K to v.
func (b *Block) gatherRows(lo, hi int) {
	n := b.N
	for i := lo; i < hi; i++ {
		from := b.perm[i]
		copy(b.v[i*n:(i+1)*n], b.W[from*n:(from+1)*n])
	}
}

// scaleRows computes the rows lo to hi of w = D⁻¹ v; a 2×2 block belongs to the
// range of its first row.
func (b *Block) scaleRows(lo, hi int) {
	m, n := b.M, b.N
	if lo > 0 && b.e[lo-1] != 0 {
		lo++
	}
	for i := lo; i < hi; i++ {
		w, out := b.v[i*n:(i+1)*n], b.W[i*n:(i+1)*n]
		d := b.S[i*m+i]
		if b.e[i] == 0 {
			vec.Scale(out, 1/d, w)
			continue
		}
		a, o, c := inverse2(d, b.e[i], b.S[(i+1)*m+i+1])
		w1, out1 := b.v[(i+1)*n:(i+2)*n], b.W[(i+1)*n:(i+2)*n]
		for j, x := range w {
			z := w1[j]
			out[j] = a*x + o*z
			out1[j] = o*x + c*z
		}
		i++
	}
}

// inverse2 inverts [d e; e f], |e| > 0 as a Bunch–Kaufman pivot has it, without
// overflow of the determinant.
func inverse2(d, e, f float64) (a, o, c float64) {
	p, q := d/e, f/e
	t := 1 / (e * (p*q - 1))
	return q * t, -t, p * t
}

// Lower overwrites each of the nrhs rows of t, of length m, with L⁻¹ P times
// it; scratch has m numbers.
func (b *Block) Lower(be blas.Backend, t []float64, nrhs int, scratch []float64) {
	if b.M == 0 {
		return
	}
	diag := blas.NonUnit
	if !b.Chol {
		diag = blas.Unit
		for j := 0; b.moved && j < nrhs; j++ {
			row := t[j*b.M : (j+1)*b.M]
			copy(scratch, row)
			for i, from := range b.perm {
				row[i] = scratch[from]
			}
		}
	}
	switch {
	case nrhs == 1 && b.isSmall() && !b.Chol:
		vec.SolveUnit(t[:b.M], b.S, b.M)
		return
	case nrhs == 1:
		be.Trsm(blas.Left, blas.Lower, blas.NoTrans, diag, b.M, 1, 1, b.S, b.M, t, 1)
		return
	}
	be.Trsm(blas.Right, blas.Lower, blas.Trans, diag, nrhs, b.M, 1, b.S, b.M, t, b.M)
}

// smallWords bounds the matrices that are multiplied by one vector without a call of the
// backend, which costs more than the work.
const smallWords = 4096

func (b *Block) isSmall() bool { return b.M*max(b.M, b.N) <= smallWords }

// Middle overwrites each row of t with D⁻¹ times it.
func (b *Block) Middle(t []float64, nrhs int) {
	if b.Chol {
		return
	}
	for j := range nrhs {
		row := t[j*b.M : (j+1)*b.M]
		if b.plain {
			vec.Mul(row, row, b.inv)
			continue
		}
		for i := 0; i < b.M; i++ {
			d := b.S[i*b.M+i]
			if b.e[i] == 0 {
				row[i] /= d
				continue
			}
			a, o, c := inverse2(d, b.e[i], b.S[(i+1)*b.M+i+1])
			row[i], row[i+1] = a*row[i]+o*row[i+1], o*row[i]+c*row[i+1]
			i++
		}
	}
}

// Upper overwrites each row of t with Pᵀ L⁻ᵀ times it.
func (b *Block) Upper(be blas.Backend, t []float64, nrhs int, scratch []float64) {
	if b.M == 0 {
		return
	}
	diag := blas.Unit
	if b.Chol {
		diag = blas.NonUnit
	}
	switch {
	case nrhs == 1 && b.isSmall() && !b.Chol:
		vec.SolveUnitTrans(t[:b.M], b.S, b.M)
	case nrhs == 1:
		be.Trsm(blas.Left, blas.Lower, blas.Trans, diag, b.M, 1, 1, b.S, b.M, t, 1)
	default:
		be.Trsm(blas.Right, blas.Lower, blas.NoTrans, diag, nrhs, b.M, 1, b.S, b.M, t, b.M)
	}
	if b.Chol || !b.moved {
		return
	}
	for j := range nrhs {
		row := t[j*b.M : (j+1)*b.M]
		copy(scratch, row)
		for i, to := range b.perm {
			row[to] = scratch[i]
		}
	}
}

// SubCoupled computes p −= (D⁻¹W)ᵀ t for each of the nrhs rows t (length m) and
// p (length n): the part Kᵀ S⁻¹ h of the elimination when t = L⁻¹ P h.
func (b *Block) SubCoupled(be blas.Backend, p, t []float64, nrhs int) {
	if b.M == 0 || b.N == 0 {
		return
	}
	switch {
	case nrhs == 1 && b.isSmall():
		vec.SubProduct(p, b.N, t, b.M, 1, b.W, b.N, 1, b.N, b.M)
		return
	case nrhs == 1:
		be.Gemv(blas.Trans, b.M, b.N, -1, b.W, b.N, t, 1, p[:b.N])
		return
	}
	be.Gemm(blas.NoTrans, blas.NoTrans, nrhs, b.N, b.M, -1, t, b.M, b.W, b.N, 1, p, b.N)
}

// JoinState turns each row of t from L⁻¹ P h into D⁻¹ L⁻¹ P (h − K y), for the
// nrhs rows y of length n.
func (b *Block) JoinState(be blas.Backend, t, y []float64, nrhs int) {
	b.Middle(t, nrhs)
	if b.M == 0 || b.N == 0 {
		return
	}
	switch {
	case nrhs == 1 && b.isSmall():
		vec.SubProductTrans(t, b.M, y, b.N, b.W, b.N, 1, b.M, b.N)
		return
	case nrhs == 1:
		be.Gemv(blas.NoTrans, b.M, b.N, -1, b.W, b.N, y[:b.N], 1, t)
		return
	}
	be.Gemm(blas.NoTrans, blas.Trans, nrhs, b.M, b.N, -1, y, b.N, b.W, b.N, 1, t, b.M)
}
