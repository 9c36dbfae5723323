package pivot

import "costate/la/vec"

// A MarginalTiles is the workspace of MarginalTo for a Block of small order, with rows in whole
// vectors of four words: nothing is packed, and no argument is checked twice.
type MarginalTiles struct {
	X     []float64 // S⁻¹ + M Y Mᵀ, rows of Ld words
	MY    []float64 // M Y, rows of LdY words
	Ld    int
	LdY   int
	v     []float64 // L⁻¹
	b, c  []float64 // D⁻¹ L⁻¹, and L⁻ᵀ times that
	w     []float64 // W
	gain  []float64 // M
	gainT []float64
}

// NewMarginalTiles makes room for blocks of order at most m that couple to at most n unknowns.
func NewMarginalTiles(m, n int) *MarginalTiles {
	m, n = (m+3)&^3, (n+3)&^3
	a := func(n int) []float64 { return make([]float64, n) }
	return &MarginalTiles{X: a(m * m), MY: a(m * n), v: a(m * m), b: a(m * m), c: a(m * m), w: a(m * n), gain: a(m * n), gainT: a(n * m)}
}

// MarginalTilesWords is the memory of NewMarginalTiles.
func MarginalTilesWords(m, n int) int {
	m, n = (m+3)&^3, (n+3)&^3
	return 4*m*m + 4*m*n
}

// MarginalTiles is MarginalTo in tiles, for a Y whose rows are whole vectors.
func (b *Block) MarginalTiles(t *MarginalTiles, y []float64) {
	m, n := b.M, b.N
	t.Ld, t.LdY = (m+3)&^3, (n+3)&^3
	b.lowerTiles(t)
	for i := 0; i < m; i++ {
		row, v, d := t.b[i*t.Ld:(i+1)*t.Ld], t.v[i*t.Ld:], b.S[i*m+i]
		switch {
		case b.Chol:
			copy(row, v)
		case b.e[i] == 0:
			vec.Scale(row, 1/d, v)
		default:
			a, o, c := inverse2(d, b.e[i], b.S[(i+1)*m+i+1])
			vec.Pivot2(row, t.b[(i+1)*t.Ld:], v, v[t.Ld:], &[3]float64{a, o, c})
			i++
		}
	}
	w, ldw := b.W, n
	if n < t.LdY { // rows are read in whole vectors
		w, ldw = t.w, t.LdY
		for i := range m {
			copy(w[i*ldw:], b.W[i*n:(i+1)*n])
		}
	}
	x, gain := t.X, t.gain
	moved := !b.Chol && !inOrder(b.perm[:m])
	if moved {
		x, gain = t.c, t.MY
	}
	const rows = 8 // whose sums begin at the first of them
	for g := 0; g < m; g += rows {
		h, a := min(rows, m-g), t.v[g*t.Ld+g:]
		vec.SetSmall(x[g*t.Ld:], t.Ld, a, 1, t.Ld, t.b[g*t.Ld:], t.Ld, h, t.Ld/4, m-g, 0)
		vec.SetSmall(gain[g*t.LdY:], t.LdY, a, 1, t.Ld, w[g*ldw:], ldw, h, t.LdY/4, m-g, 0)
	}
	for i := 0; moved && i < m; i++ {
		to := b.perm[i]
		copy(t.gain[to*t.LdY:(to+1)*t.LdY], gain[i*t.LdY:])
		row, from := t.X[to*t.Ld:(to+1)*t.Ld], x[i*t.Ld:(i+1)*t.Ld]
		for j, at := range b.perm[:m] {
			row[at] = from[j]
		}
	}
	vec.SetSmall(t.MY, t.LdY, t.gain, t.LdY, 1, y, t.LdY, m, t.LdY/4, n, 0)
	vec.Transpose(t.gainT, t.Ld, t.gain, t.LdY, m, n)
	vec.AddSmall(t.X, t.Ld, t.MY, t.LdY, 1, t.gainT, t.Ld, m, t.Ld/4, n, 0)
}

// inOrder reports whether pivoting has moved nothing.
func inOrder(perm []int) bool {
	for i, from := range perm {
		if from != i {
			return false
		}
	}
	return true
}

// lowerTiles computes L⁻¹ in t.v, with zeros above its diagonal, four rows at a time.
func (b *Block) lowerTiles(t *MarginalTiles) {
	m := b.M
	for g := 0; g < m; g += 4 {
		f := [10]float64{0: 1, 2: 1, 5: 1, 9: 1}
		for i, at := 0, 0; i < 4; i++ {
			row := t.v[(g+i)*t.Ld : (g+i+1)*t.Ld]
			clear(row)
			row[g+i] = 1
			if g+i < m {
				copy(f[at:at+i], b.S[(g+i)*m+g:])
				if b.Chol {
					f[at+i] = 1 / b.S[(g+i)*m+g+i]
				}
			}
			at += i + 1
		}
		vec.SubSmall(t.v[g*t.Ld:], t.Ld, b.S[g*m:], m, 1, t.v, t.Ld, min(4, m-g), g/4, g, 0)
		vec.Solve4(t.v[g*t.Ld:], t.Ld, g/4+1, &f)
	}
}
