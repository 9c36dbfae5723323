package sweep

import (
	"math"

	"costate/factor/internal/pivot"
	"costate/la/vec"
)

// smallInverse is the workspace of the selected inverse in small stages; rows are whole vectors
// of four words.
type smallInverse struct {
	tiles *pivot.MarginalTiles
	y     []float64 // Y
	a, b  []float64 // scratch
	z     []float64 // the next Y
	qy    []float64 // (I⊗Q₁ᵀ) Y: r rows a sample
	my    []float64 // M Y − (1/ε) δᵀ Q₁ᵀY
	s, s2 []float64 // their rows times Q₁, of four words a sample
	delta []float64 // δ/ε
	half  []float64 // J over √2
	qt    []float64 // In×4: Q₁
	rows  []float64 // r rows: those of Q₁ᵀ without a bias, once for each row of the batch
	terms []float64 // smallTerms rows of numbers for each input
	coef  []float64 // their coefficients for each unit
	sum   []float64 // Out rows
}

// smallTerms bounds the terms of smallMarginals: Π, pairs of directions and pairs of samples.
const smallTerms = 1 + fewRows*(fewRows+1)

// smallWide bounds the length of a row of numbers of the inputs, with a bias.
const smallWide = smallOrder + 4

func newSmallInverse() *smallInverse {
	a := func(n int) []float64 { return make([]float64, n) }
	return &smallInverse{
		tiles: pivot.NewMarginalTiles(smallOrder, smallOrder),
		y:     a(smallSquare), a: a(smallSquare), b: a(smallSquare), z: a(smallSquare),
		qy: a(fewRows * fewRows * smallOrder), my: a(smallSquare),
		s: a(fewRows * 4 * smallOrder), s2: a(fewRows * 4 * smallOrder), delta: a(smallOrder), half: a(smallOrder),
		qt: a(4 * smallOrder), rows: a(fewRows * smallOrder),
		terms: a(smallTerms * smallWide), coef: a(smallTerms * smallOrder), sum: a(smallOrder * smallWide),
	}
}

// smallInverseWords is the memory of newSmallInverse.
func smallInverseWords() int {
	return pivot.MarginalTilesWords(smallOrder, smallOrder) + 5*smallSquare + fewRows*(fewRows+9)*smallOrder + 6*smallOrder +
		smallTerms*(smallWide+smallOrder) + smallOrder*smallWide
}

// invertSmall is invert for a small stage.
func (d *denseStage) invertSmall(w *inverseSpace) {
	t, ni := w.small, d.pivot.N
	ld := vectors(ni)
	y := w.y[:ni*ni]
	if ld != ni {
		y = t.y
		for i := range ni {
			copy(y[i*ld:], w.y[i*ni:(i+1)*ni])
		}
	}
	d.pivot.MarginalTiles(t.tiles, y)
	if w.diag != nil {
		d.smallMarginals(w, y)
	}
	if w.pass {
		d.smallCovariance(w, y)
	}
}

// smallCovariance is covariance: with Z = Ũ cov(x_r) Ũᵀ + F (F Y − 2Ũ M Y)ᵀ it is (Z + Zᵀ)/2.
func (d *denseStage) smallCovariance(w *inverseSpace, y []float64) {
	s, t := d.s, w.small
	in, out, m, ni := s.In, s.Out, d.pivot.M, d.pivot.N
	n := d.rows * out
	ld, ldm, ldy := vectors(n), t.tiles.Ld, t.tiles.LdY
	// Products with U⊗I are of rows of all units: the second factor goes to the rows of the
	// transpose.
	vec.SetSmall(t.a, out*ldm, d.u, d.r, 1, t.tiles.X, out*ldm, d.rows, out*ldm/4, d.r, 0)
	vec.Transpose(t.b, ld, t.a, ldm, n, m)
	vec.SetSmall(t.z, out*ld, d.u, d.r, 1, t.b, out*ld, d.rows, out*ld/4, d.r, 0)
	z := t.z[:n*ld]

	vec.SetSmall(t.a, out*ldy, d.u, d.r, 1, t.tiles.MY, out*ldy, d.rows, out*ldy/4, d.r, 0)
	for b := range d.rows {
		vec.SetSmall(t.b[b*out*ldy:], ldy, s.W, in, 1, y[b*in*ldy:], ldy, out, ldy/4, in, 0)
	}
	vec.Axpy(t.b[:n*ldy], -2, t.a)
	vec.Transpose(t.a, ld, t.b, ldy, n, ni)
	for b := range d.rows {
		vec.AddSmall(t.z[b*out*ld:], ld, s.W, in, 1, t.a[b*in*ld:], ld, out, ld/4, in, 0)
	}
	vec.Transpose(t.b, ld, t.z, ld, n, n)
	vec.Axpy(z, 1, t.b)
	half := t.half[:len(d.small.diag)]
	vec.Scale(half, math.Sqrt2/2, d.small.diag)
	vec.ScaleSym(z, ld, z, ld, half, n)
	if ld == n {
		copy(w.next, z)
		return
	}
	for i := range n {
		copy(w.next[i*n:(i+1)*n], z[i*ld:])
	}
}

// smallMarginals computes the diagonal of the inverse for the stage's parameters. Those of unit o
// are, with one multiplier of D for each,
//
//	Q₁ x̃_o − (1/ε) Σ_ρ δ_ρo y_ρ + ξ,      x̃_o = x_o + (1/ε) Σ_ρ δ_ρo Q₁ᵀ y_ρ,   cov(ξ) = Π/ε
//
// so that their variances are sums of a few rows, which the units share, with coefficients of
// the unit: the diagonal of Π, products of two columns of Q₁ and diagonals of blocks of Y; and
// of 2 Q₁ times cov(x̃_o, y).
func (d *denseStage) smallMarginals(w *inverseSpace, y []float64) {
	s, t := d.s, w.small
	in, out, wide := s.In, s.Out, vectors(d.zin)
	perp := d.negPerp > 0 && s.Delta != nil
	terms := 1 + d.r*(d.r+1)/2
	d.smallDirections(t)
	if perp {
		d.smallPerpendicular(w, y)
		for b := range d.rows {
			for c := range b + 1 {
				row := t.terms[terms*wide:][:wide]
				for i := range in {
					row[i] = y[(b*in+i)*t.tiles.LdY+c*in+i]
				}
				clear(row[in:])
				terms++
			}
		}
	}
	for o := range out {
		d.smallCoefficients(w, o, perp, t.coef[o*terms:(o+1)*terms])
	}
	vec.SetSmall(t.sum, wide, t.coef, terms, 1, t.terms, wide, out, wide/4, terms, 0)
	if perp {
		d.smallCross(t)
	}
	for o := range out {
		copy(w.diag[o*in:(o+1)*in], t.sum[o*wide:])
		if s.Bias {
			w.diag[out*in+o] = t.sum[o*wide+in]
		}
	}
}

// smallDirections writes what the marginals take of Q₁: its rows, and the first terms, which
// are diag Π and the products of two rows of Q₁ᵀ.
func (d *denseStage) smallDirections(t *smallInverse) {
	in, zin, wide, ldy := d.s.In, d.zin, vectors(d.zin), t.tiles.LdY
	vec.Transpose(t.qt, 4, d.q, zin, d.r, in)
	for j := range d.r {
		for b := range d.rows {
			copy(t.rows[j*ldy+b*in:][:in], d.q[j*zin:])
		}
	}
	clear(t.terms[:(1+d.r*(d.r+1)/2)*wide]) // what fills up the vectors, too
	pi := t.terms[:zin]
	at := wide
	for j := range d.r {
		row := d.q[j*zin : (j+1)*zin]
		vec.MulAdd(pi, row, row)
		for l := range j + 1 {
			vec.Mul(t.terms[at:][:zin], row, d.q[l*zin:])
			at += wide
		}
	}
	for i, v := range pi {
		pi[i] = max(1-v, 0)
	}
	if d.r == zin {
		clear(pi)
	}
}

// smallPerpendicular computes δ/ε, M Y − (1/ε) δᵀ Q₁ᵀY and, times Q₁, this and M Y.
func (d *denseStage) smallPerpendicular(w *inverseSpace, y []float64) {
	s, t := d.s, w.small
	r, in, out, m, ldy := d.r, s.In, s.Out, d.pivot.M, t.tiles.LdY
	my, delta := t.my[:m*ldy], t.delta[:d.rows*out]
	vec.Scale(delta, 1/w.eps, s.Delta)
	copy(my, t.tiles.MY)
	for b := range d.rows {
		vec.SetSmall(t.qy[b*r*ldy:], ldy, d.q, d.zin, 1, y[b*in*ldy:], ldy, r, ldy/4, in, 0)
	}
	for j := range r {
		vec.SubSmall(my[j*out*ldy:], ldy, delta, 1, out, t.qy[j*ldy:], r*ldy, out, ldy/4, d.rows, 0)
	}
	for b := range d.rows {
		vec.SetSmall(t.s[b*4*m:], 4, my[b*in:], ldy, 1, t.qt, 4, m, 1, in, 0)
		vec.SetSmall(t.s2[b*4*m:], 4, t.tiles.MY[b*in:], ldy, 1, t.qt, 4, m, 1, in, 0)
	}
}

// smallCoefficients writes those of unit o: of Π, of pairs of directions, which are the elements
// of cov(x̃_o), and of pairs of samples.
func (d *denseStage) smallCoefficients(w *inverseSpace, o int, perp bool, coef []float64) {
	t, out, m := w.small, d.s.Out, d.pivot.M
	coef[0] = 1 / w.eps
	at := 1
	for j := range d.r {
		for l := range j + 1 {
			v := t.tiles.X[(j*out+o)*t.tiles.Ld+l*out+o]
			if perp {
				sum := 0.0
				for b := range d.rows {
					f := t.delta[b*out+o]
					sj, sl := (b*m+j*out+o)*4, (b*m+l*out+o)*4
					sum += f * (t.s[sj+l] + t.s2[sl+j] + t.s[sl+j] + t.s2[sj+l])
				}
				v -= sum / 2
			}
			if l < j {
				v *= 2
			}
			coef[at] = v
			at++
		}
	}
	for b := 0; perp && b < d.rows; b++ {
		for c := range b + 1 {
			v := t.delta[b*out+o] * t.delta[c*out+o]
			if c < b {
				v *= 2
			}
			coef[at] = v
			at++
		}
	}
}

// smallCross adds what Q₁ times cov(x̃_o, y) contributes, twice. It doubles δ/ε.
func (d *denseStage) smallCross(t *smallInverse) {
	in, out, ldy, ni, wide := d.s.In, d.s.Out, t.tiles.LdY, d.pivot.N, vectors(d.zin)
	vec.Scale(t.delta, 2, t.delta)
	g := t.a[:out*ldy]
	clear(g)
	for j := range d.r {
		q := t.rows[j*ldy:]
		for o := range out {
			vec.MulAdd(g[o*ldy:][:ni], t.my[(j*out+o)*ldy:], q)
		}
	}
	var f [fewRows]float64
	for o := range out {
		for b := range d.rows {
			f[b] = t.delta[b*out+o]
		}
		vec.Combine(t.sum[o*wide:][:in], f[:d.rows], g[o*ldy:], in)
	}
}
