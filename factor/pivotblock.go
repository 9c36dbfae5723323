package factor

import (
	"math"
	"slices"

	"costate/la/blas"
)

// A pivotBlock is one step of a block LDLᵀ: the symmetric pivot block S of
// order m and its coupling K (m×n) to what is left,
//
//	[ S   K ]     eliminating the first block leaves  Y − Kᵀ S⁻¹ K.
//	[ Kᵀ  Y ]
//
// After factor, s holds the factors P S Pᵀ = L D Lᵀ by Bunch–Kaufman (or L of
// S = L Lᵀ by Cholesky), after couple w holds D⁻¹ L⁻¹ P K.
type pivotBlock struct {
	m, n int
	s    []float64 // m×m, lower triangle
	e    []float64 // off-diagonal of D
	perm []int
	w    []float64 // m×n
	chol bool

	v               []float64 // scratch of couple
	gather, scaling func(lo, hi int)
}

func newPivotBlock(m, n int) *pivotBlock {
	b := &pivotBlock{m: m, n: n, s: make([]float64, m*m), e: make([]float64, m), perm: make([]int, m), w: make([]float64, m*n)}
	b.gather, b.scaling = b.gatherRows, b.scaleRows
	return b
}

// reshape makes b a block of order m without a coupling.
func (b *pivotBlock) reshape(m int) {
	b.m, b.n = m, 0
	b.s, b.e, b.perm, b.w = resize(b.s, m*m), resize(b.e, m), slices.Grow(b.perm[:0], m)[:m], nil
}

// pivotBlockBytes is the memory of newPivotBlock(m, n).
func pivotBlockBytes(m, n int) int64 {
	return 8 * (int64(m)*int64(m) + int64(m)*int64(n) + 2*int64(m))
}

// factor factors the lower triangle of s in place. With definite it tries
// Cholesky first, and falls back on Bunch–Kaufman where rounding has made a
// pivot negative. It adds what it learns to p.
func (b *pivotBlock) factor(be blas.Backend, work []float64, definite bool, p *pivots, place int) {
	if b.m == 0 {
		return
	}
	big := maxLower(b.s, b.m)
	p.growth = max(p.growth, big)
	if definite {
		b.mirror()
		if b.cholesky(be, big, p, place) {
			return
		}
		b.restore()
	}
	b.chol = false
	be.Sytrf(b.m, b.s, b.m, b.e, b.perm, work)
	for i := 0; i < b.m; i++ {
		d := b.s[i*b.m+i]
		if b.e[i] == 0 {
			p.add(d, b.m, big, place, i)
			continue
		}
		// Eigenvalues of [d e; e f], the smaller from the determinant.
		e, f := b.e[i], b.s[(i+1)*b.m+i+1]
		mean, half := (d+f)/2, math.Hypot((d-f)/2, e)
		l1 := mean + math.Copysign(half, mean)
		l2 := (d/l1)*f - (e/l1)*e
		p.add(l1, b.m, big, place, i)
		p.add(l2, b.m, big, place, i)
		i++
	}
}

// cholesky factors the lower triangle of s, whose largest element is big, in
// place, unless rounding has made a pivot negative: s is lost then. It adds what
// it learns to p.
func (b *pivotBlock) cholesky(be blas.Backend, big float64, p *pivots, place int) bool {
	b.chol = be.Potrf(b.m, b.s, b.m)
	if !b.chol {
		return false
	}
	for i := range b.m {
		l := b.s[i*b.m+i]
		p.add(l*l, b.m, big, place, i)
	}
	return true
}

// mirror copies the strictly lower triangle of s into the upper one, and the
// diagonal into e; restore copies them back.
func (b *pivotBlock) mirror() {
	for i := range b.m {
		for j := range i {
			b.s[j*b.m+i] = b.s[i*b.m+j]
		}
		b.e[i] = b.s[i*b.m+i]
	}
}

func (b *pivotBlock) restore() {
	for i := range b.m {
		for j := range i {
			b.s[i*b.m+j] = b.s[j*b.m+i]
		}
		b.s[i*b.m+i] = b.e[i]
	}
}

// add records a pivot d, an eigenvalue of a block of D: of a pivot block of
// order m whose largest element is big.
func (p *pivots) add(d float64, m int, big float64, block, i int) {
	switch {
	case d < 0:
		p.negative++
	case d == 0:
		p.zero++
	}
	a := math.Abs(d)
	if d-d != 0 || big-big != 0 {
		p.finite = false
	}
	p.logAbs += math.Log(a)
	if t := a / (float64(m) * unit * max(big, p.spread)); !(t >= p.tiny) {
		p.tiny, p.block, p.pivot = t, block, i
		if t != t { // 0/0: the block is zero
			p.tiny = 0
		}
	}
}

// couple overwrites w, which holds K, with D⁻¹ W for W = L⁻¹ P K (D = I for
// Cholesky), and subtracts Kᵀ S⁻¹ K = Wᵀ D⁻¹ W from the lower triangle of the
// n×n matrix y. v is scratch of m·n numbers.
func (b *pivotBlock) couple(be blas.Backend, rows *bands, y, v []float64) {
	m, n := b.m, b.n
	if m == 0 || n == 0 {
		return
	}
	if b.chol {
		be.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.NonUnit, m, n, 1, b.s, m, b.w, n)
		be.Syrk(blas.Lower, blas.Trans, n, m, -1, b.w, n, 1, y, n)
		return
	}
	b.v = v[:m*n]
	rows.rows(m, m*n, b.gather)
	be.Trsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, m, n, 1, b.s, m, b.v, n)
	rows.rows(m, m*n, b.scaling)
	be.Gemmt(blas.Lower, blas.Trans, blas.NoTrans, n, m, -1, b.v, n, b.w, n, 1, y, n)
	b.v = nil
}

// gatherRows copies the rows lo to hi of P K to v.
func (b *pivotBlock) gatherRows(lo, hi int) {
	n := b.n
	for i := lo; i < hi; i++ {
		from := b.perm[i]
		copy(b.v[i*n:(i+1)*n], b.w[from*n:(from+1)*n])
	}
}

// scaleRows computes the rows lo to hi of w = D⁻¹ v; a 2×2 block belongs to the
// range of its first row.
func (b *pivotBlock) scaleRows(lo, hi int) {
	m, n := b.m, b.n
	if lo > 0 && b.e[lo-1] != 0 {
		lo++
	}
	for i := lo; i < hi; i++ {
		w, out := b.v[i*n:(i+1)*n], b.w[i*n:(i+1)*n]
		d := b.s[i*m+i]
		if b.e[i] == 0 {
			d = 1 / d
			for j, x := range w {
				out[j] = d * x
			}
			continue
		}
		a, o, c := inverse2(d, b.e[i], b.s[(i+1)*m+i+1])
		w1, out1 := b.v[(i+1)*n:(i+2)*n], b.w[(i+1)*n:(i+2)*n]
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

// lower overwrites each of the nrhs rows of t, of length m, with L⁻¹ P times
// it; scratch has m numbers.
func (b *pivotBlock) lower(be blas.Backend, t []float64, nrhs int, scratch []float64) {
	if b.m == 0 {
		return
	}
	diag := blas.NonUnit
	if !b.chol {
		diag = blas.Unit
		for j := range nrhs {
			row := t[j*b.m : (j+1)*b.m]
			copy(scratch, row)
			for i, from := range b.perm {
				row[i] = scratch[from]
			}
		}
	}
	if nrhs == 1 {
		be.Trsm(blas.Left, blas.Lower, blas.NoTrans, diag, b.m, 1, 1, b.s, b.m, t, 1)
		return
	}
	be.Trsm(blas.Right, blas.Lower, blas.Trans, diag, nrhs, b.m, 1, b.s, b.m, t, b.m)
}

// middle overwrites each row of t with D⁻¹ times it.
func (b *pivotBlock) middle(t []float64, nrhs int) {
	if b.chol {
		return
	}
	for j := range nrhs {
		row := t[j*b.m : (j+1)*b.m]
		for i := 0; i < b.m; i++ {
			d := b.s[i*b.m+i]
			if b.e[i] == 0 {
				row[i] /= d
				continue
			}
			a, o, c := inverse2(d, b.e[i], b.s[(i+1)*b.m+i+1])
			row[i], row[i+1] = a*row[i]+o*row[i+1], o*row[i]+c*row[i+1]
			i++
		}
	}
}

// upper overwrites each row of t with Pᵀ L⁻ᵀ times it.
func (b *pivotBlock) upper(be blas.Backend, t []float64, nrhs int, scratch []float64) {
	if b.m == 0 {
		return
	}
	diag := blas.Unit
	if b.chol {
		diag = blas.NonUnit
	}
	if nrhs == 1 {
		be.Trsm(blas.Left, blas.Lower, blas.Trans, diag, b.m, 1, 1, b.s, b.m, t, 1)
	} else {
		be.Trsm(blas.Right, blas.Lower, blas.NoTrans, diag, nrhs, b.m, 1, b.s, b.m, t, b.m)
	}
	if b.chol {
		return
	}
	for j := range nrhs {
		row := t[j*b.m : (j+1)*b.m]
		copy(scratch, row)
		for i, to := range b.perm {
			row[to] = scratch[i]
		}
	}
}

// subCoupled computes p −= (D⁻¹W)ᵀ t for each of the nrhs rows t (length m) and
// p (length n): the part Kᵀ S⁻¹ h of the elimination when t = L⁻¹ P h.
func (b *pivotBlock) subCoupled(be blas.Backend, p, t []float64, nrhs int) {
	if b.m == 0 || b.n == 0 {
		return
	}
	if nrhs == 1 {
		be.Gemv(blas.Trans, b.m, b.n, -1, b.w, b.n, t, 1, p[:b.n])
		return
	}
	be.Gemm(blas.NoTrans, blas.NoTrans, nrhs, b.n, b.m, -1, t, b.m, b.w, b.n, 1, p, b.n)
}

// joinState turns each row of t from L⁻¹ P h into D⁻¹ L⁻¹ P (h − K y), for the
// nrhs rows y of length n.
func (b *pivotBlock) joinState(be blas.Backend, t, y []float64, nrhs int) {
	b.middle(t, nrhs)
	if b.m == 0 || b.n == 0 {
		return
	}
	if nrhs == 1 {
		be.Gemv(blas.NoTrans, b.m, b.n, -1, b.w, b.n, y[:b.n], 1, t)
		return
	}
	be.Gemm(blas.NoTrans, blas.Trans, nrhs, b.m, b.n, -1, y, b.n, b.w, b.n, 1, t, b.m)
}
