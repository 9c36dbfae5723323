package pivot

import (
	"costate/la/blas"
	"costate/la/vec"
)

// A Tiles is the workspace of a Block of small order whose S and K are at hand in
// whole vectors of four words: nothing is packed, and no argument is checked twice.
type Tiles struct {
	S   []float64 // symmetric, in full; rows and Ld are whole tiles
	Ld  int
	K   []float64 // one row of LdK words for each row of S
	LdK int       // at least the columns of K in whole vectors

	v, x []float64 // of the shape of K: L⁻¹ P K and D⁻¹ L⁻¹ P K
	d, w []float64
}

// NewTiles makes room for blocks of order at most m whose couplings have at most ldk
// words a row.
func NewTiles(m, ldk int) *Tiles {
	t := &Tiles{}
	whole := (m + 3) &^ 3
	t.S, t.d, t.w = make([]float64, whole*whole), make([]float64, m), make([]float64, 2*whole)
	t.K, t.v, t.x = make([]float64, whole*ldk), make([]float64, whole*ldk), make([]float64, whole*ldk)
	return t
}

// TilesWords is the memory of NewTiles.
func TilesWords(m, ldk int) int {
	whole := (m + 3) &^ 3
	return whole*whole + 3*whole*ldk + m + 2*whole
}

// FactorTiles is Factor by Bunch–Kaufman for the S of t.
func (b *Block) FactorTiles(t *Tiles, p *Stats, place int) {
	m := b.M
	big := b.largest(t)
	p.Growth = max(p.Growth, big)
	for i := 0; m < t.Ld && i < m; i++ {
		clear(t.S[i*t.Ld+m : (i+1)*t.Ld])
	}
	b.Chol = false
	blas.FactorTiles(m, t.S, t.Ld, t.d, b.e, b.perm, t.w)
	vec.Transpose(b.S, m, t.S, t.Ld, m, m)
	for i, d := range t.d[:m] {
		b.S[i*m+i] = d
	}
	b.count(t.d, 1, big, p, place)
}

// largest is the greatest magnitude in the S of t.
func (b *Block) largest(t *Tiles) float64 {
	if b.M == t.Ld {
		return vec.MaxMagnitude(t.S[:b.M*b.M])
	}
	return vec.MaxLower(b.M, t.S, t.Ld)
}

// TakeTiles copies S and K of t, for Factor and Couple.
func (b *Block) TakeTiles(t *Tiles) {
	for i := range b.M {
		copy(b.S[i*b.M:(i+1)*b.M], t.S[i*t.Ld:])
		copy(b.W[i*b.N:(i+1)*b.N], t.K[i*t.LdK:])
	}
}

// CoupleTiles is Couple for the K of t, after FactorTiles, and for a y of rows of ld
// words, whole vectors, of which the tiles on and below the diagonal are updated.
func (b *Block) CoupleTiles(t *Tiles, y []float64, ld int) {
	m, n, ldk := b.M, b.N, t.LdK
	whole, wide := (m+3)&^3, (n+3)&^3
	b.permuteTiles(t, wide)
	clear(t.v[m*ldk : whole*ldk])
	// Below row m both L and K are zero.
	vec.SolveSmall(t.v, ldk, whole/4, wide/4, t.S, t.Ld)
	x, ldx := t.x, ldk
	if wide == n { // whole vectors have room in W
		x, ldx = b.W, n
	}
	vec.ScaleRows(x, ldx, b.inv[:m], t.v, ldk, wide/4)
	for i := 0; i < m && !b.plain; i++ {
		if b.e[i] == 0 {
			continue
		}
		a, o, c := inverse2(t.d[i], b.e[i], t.d[i+1])
		v := t.v[i*ldk:]
		vec.Pivot2(x[i*ldx:i*ldx+wide], x[(i+1)*ldx:], v, v[ldk:], &[3]float64{a, o, c})
		i++
	}
	vec.SubSmall(y, ld, t.v, 1, ldk, x, ldx, n, 1, m, 1)
	if wide != n {
		for i := range m {
			copy(b.W[i*n:(i+1)*n], x[i*ldx:])
		}
	}
}

// permuteTiles makes t.v the rows of P K, wide words of each: K itself, with which it
// changes places, where pivoting has left the rows alone.
func (b *Block) permuteTiles(t *Tiles, wide int) {
	if !b.moved {
		t.v, t.K = t.K, t.v
		return
	}
	for i, from := range b.perm[:b.M] {
		copy(t.v[i*t.LdK:i*t.LdK+wide], t.K[from*t.LdK:])
	}
}
