package pivot

import (
	"math"

	"costate/la/blas"
	"costate/la/vec"
)

// inverseTile is the order of the diagonal blocks of L that are inverted without a
// kernel. Below 64 the products are too thin for the kernels to reach their rate.
const inverseTile = 64

// InverseTo writes S⁻¹ of the factored block, both triangles, into the M×M matrix
// dst. work is scratch of M·(M+inverseTile+1) numbers, InverseWork of them. It
// takes 2/3 M³ flops: half of them for L⁻¹, half for L⁻ᵀ D⁻¹ L⁻¹.
func (b *Block) InverseTo(be blas.Backend, dst, work []float64) {
	if b.M > 0 {
		b.pivoted(be, dst, work)
		b.spread(dst, work)
	}
}

// MarginalTo writes S⁻¹ + M Y Mᵀ for M = S⁻¹K, of the coupling K that Couple overwrote, and a
// symmetric N×N matrix Y, both triangles, to the M×M matrix dst, and M and M Y to the M×N
// matrices gain and my. work is scratch of InverseWork(M) numbers. It takes the flops of
// InverseTo, M²N for M, 2MN² for M Y and M²N for the sum.
func (b *Block) MarginalTo(be blas.Backend, dst, gain, my, y, work []float64) {
	m, n := b.M, b.N
	if m == 0 || n == 0 {
		b.InverseTo(be, dst, work)
		return
	}
	b.pivoted(be, dst, work)
	// P M = L⁻ᵀ D⁻¹ L⁻¹ P K, in which W has the last three factors.
	to := gain
	if !b.Chol {
		to = my
	}
	for lo := 0; lo < m; lo += inverseTile {
		h := min(inverseTile, m-lo)
		be.Gemm(blas.Trans, blas.NoTrans, h, n, m-lo, 1, dst[lo*m+lo:], m, b.W[lo*n:], n, 0, to[lo*n:], n)
	}
	if !b.Chol {
		for i, to := range b.perm {
			copy(gain[to*n:(to+1)*n], my[i*n:])
		}
	}
	b.spread(dst, work)
	be.Gemm(blas.NoTrans, blas.NoTrans, m, n, n, 1, gain, n, y, n, 0, my, n)
	be.Gemmt(blas.Lower, blas.NoTrans, blas.Trans, m, n, 1, my, n, gain, n, 1, dst, m)
	vec.MirrorLower(m, dst, m, 0, m)
}

// pivoted writes the lower triangle of P S⁻¹ Pᵀ to the m×m matrix at work, and L⁻¹, with
// zeros above its diagonal, to v.
func (b *Block) pivoted(be blas.Backend, v, work []float64) {
	m := b.M
	z, scaled := work[:m*m], work[m*m:]
	b.lowerInverse(be, v)
	for i := range m {
		clear(z[i*m : i*m+i+1])
	}
	for lo := 0; lo < m; {
		hi := min(lo+inverseTile, m)
		if !b.Chol && b.e[hi-1] != 0 {
			hi++ // a 2×2 pivot stays whole
		}
		right := v[lo*m:]
		if !b.Chol {
			b.divide(scaled, v, lo, hi)
			right = scaled
		}
		be.Gemmt(blas.Lower, blas.Trans, blas.NoTrans, hi, hi-lo, 1, v[lo*m:], m, right, m, 1, z, m)
		lo = hi
	}
}

// spread writes Pᵀ Z P, both triangles, to dst, from the lower triangle of Z, whose upper one
// is overwritten.
func (b *Block) spread(dst, z []float64) {
	m := b.M
	vec.MirrorLower(m, z, m, 0, m)
	if b.Chol {
		copy(dst[:m*m], z)
		return
	}
	for i, to := range b.perm {
		row, from := dst[to*m:(to+1)*m], z[i*m:(i+1)*m]
		for j, at := range b.perm {
			row[at] = from[j]
		}
	}
}

// InverseWork is the length of the scratch of InverseTo for a block of order m.
func InverseWork(m int) int { return m * (m + inverseTile + 1) }

// lowerInverse writes L⁻¹, with zeros above the diagonal, into v. Column block by
// column block, [L₁₁ 0; L₂₁ L₂₂]⁻¹ has −L₂₂⁻¹ L₂₁ L₁₁⁻¹ below its diagonal.
func (b *Block) lowerInverse(be blas.Backend, v []float64) {
	m, diag := b.M, blas.NonUnit
	if !b.Chol {
		diag = blas.Unit
	}
	for i := range m {
		copy(v[i*m:i*m+i+1], b.S[i*m:])
		clear(v[i*m+i+1 : (i+1)*m])
		if !b.Chol {
			v[i*m+i] = 1
		}
	}
	for lo := 0; lo < m; lo += inverseTile {
		hi := min(lo+inverseTile, m)
		if hi < m {
			be.Trsm(blas.Left, blas.Lower, blas.NoTrans, diag, m-hi, hi-lo, -1, b.S[hi*m+hi:], m, v[hi*m+lo:], m)
			be.Trsm(blas.Right, blas.Lower, blas.NoTrans, diag, m-hi, hi-lo, 1, b.S[lo*m+lo:], m, v[hi*m+lo:], m)
		}
		invertTile(v[lo*m+lo:], m, hi-lo)
	}
}

// invertTile inverts the lower triangle of order n in place, row by row: row i of
// the inverse is (e_i − Σ_{k<i} l_ik row_k)/l_ii.
func invertTile(a []float64, ld, n int) {
	var l [inverseTile]float64
	for i := range n {
		row := a[i*ld : i*ld+i+1]
		copy(l[:i], row)
		d := 1 / row[i]
		clear(row[:i])
		for k, x := range l[:i] {
			f := -x * d
			for j, w := range a[k*ld : k*ld+k+1] {
				row[j] += f * w
			}
		}
		row[i] = d
	}
}

// divide writes the rows lo to hi of D⁻¹ V to dst, of the columns up to hi. No 2×2
// pivot lies across lo or hi.
func (b *Block) divide(dst, v []float64, lo, hi int) {
	m := b.M
	for i := lo; i < hi; i++ {
		src, out := v[i*m:i*m+hi], dst[(i-lo)*m:(i-lo)*m+hi]
		d := b.S[i*m+i]
		if b.e[i] == 0 {
			d = 1 / d
			for j, x := range src {
				out[j] = d * x
			}
			continue
		}
		a, o, c := inverse2(d, b.e[i], b.S[(i+1)*m+i+1])
		src1, out1 := v[(i+1)*m:(i+1)*m+hi], dst[(i+1-lo)*m:(i+1-lo)*m+hi]
		for j, x := range src {
			y := src1[j]
			out[j], out1[j] = a*x+o*y, o*x+c*y
		}
		i++
	}
}

// Root overwrites each of the nrhs rows t with D^½ t, so that Pᵀ L⁻ᵀ D⁻¹ D^½ has
// S⁻¹ as its product with its transpose. ok is false if S is not positive definite:
// Bunch and Kaufman's rule takes no 2×2 pivot from a matrix that is.
func (b *Block) Root(t []float64, nrhs int) (ok bool) {
	if b.Chol {
		return true
	}
	for i := range b.M {
		d := b.S[i*b.M+i]
		if !(d > 0) || b.e[i] != 0 {
			return false
		}
		d = math.Sqrt(d)
		for j := range nrhs {
			t[j*b.M+i] *= d
		}
	}
	return true
}
