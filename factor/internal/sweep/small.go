package sweep

import (
	"math"

	"costate/factor/internal/pivot"
	"costate/la/blas"
	"costate/la/vec"
	"costate/system"
)

// smallOrder bounds the orders of the stages that are eliminated from end to end in one
// workspace, without packing and without checking arguments between the kernels.
// la/blas/calibrate.md has the measurement.
const smallOrder = 64

// small is what a denseStage of small order keeps for its elimination. Rows are whole
// vectors of four words.
type small struct {
	wq   []float64 // (Out+r)×in: W, and below it Q₁ᵀ
	diag []float64 // J, or ones
	in   int       // In in whole vectors
	fits bool      // the map at hand is one of each element
}

// isSmall reports a stage whose rows are few and whose matrices are small, without a
// skip.
func isSmall(s *system.DenseStage, inner bool) bool {
	n, m := s.BatchRows()*s.Out, rank(s)*s.Out
	return inner && isFew(s) && !s.Skip && min(n, m, s.In) > 0 && max(n, m, s.Inputs()) <= smallOrder
}

// isOwn reports a backend whose kernels are those of the small stages: with another one
// all stages go through its own.
func isOwn(be blas.Backend) bool { return be.Name() == "native" || be.Name() == "auto" }

// smallWords is the memory of newSmall.
func smallWords(s *system.DenseStage, inner bool) int {
	if !isSmall(s, inner) {
		return 0
	}
	return (s.Out+rank(s))*vectors(s.In) + vectors(s.BatchRows()*s.Out)
}

// vectors is n in whole vectors of four words.
func vectors(n int) int { return (n + 3) &^ 3 }

// newSmall makes room, or returns nil for other stages.
func newSmall(be blas.Backend, s *system.DenseStage, inner bool) *small {
	if !isOwn(be) || !isSmall(s, inner) {
		return nil
	}
	d := &small{in: vectors(s.In)}
	d.wq, d.diag = make([]float64, (s.Out+rank(s))*d.in), make([]float64, vectors(s.BatchRows()*s.Out))
	return d
}

// take takes the numbers of a new point, with Q₁ᵀ of r rows of zin words; d may be nil.
func (d *small) take(s *system.DenseStage, q []float64, r, zin int) {
	if d == nil {
		return
	}
	d.fits = !s.J.HasBlocks() && !s.Q.HasBlocks()
	vec.CopyRows(d.wq, d.in, s.W, s.In, s.Out, s.In)
	vec.CopyRows(d.wq[s.Out*d.in:], d.in, q, zin, r, s.In)
	if s.J.Diag != nil {
		copy(d.diag, s.J.Diag)
	} else {
		for i := range s.BatchRows() * s.Out {
			d.diag[i] = 1
		}
	}
}

// smallSpace is the workspace of all small stages.
type smallSpace struct {
	ps, up []float64 // P_s, and (U⊗I)ᵀ P_s
	pu     []float64 // P_s (U⊗I)
	t      []float64 // P_s (I⊗W): Out rows a sample, and r rows of δδᵀ/ε ⊗ Q₁ᵀ; or G and F
	y      []float64 // the next P, its lower triangle
	ones   []float64
	tiles  *pivot.Tiles
}

const (
	smallSquare = smallOrder * smallOrder
	smallRow    = smallOrder + 4 // the last sample's row is written in whole vectors
	smallT      = max((smallOrder+fewRows*fewRows)*smallRow, 2*smallSquare)
)

// newSmallSpace makes the workspace, the same for any stages.
func newSmallSpace() *smallSpace {
	a := func(n int) []float64 { return make([]float64, n) }
	w := &smallSpace{
		ps: a(smallSquare), up: a(smallSquare), pu: a(smallSquare), y: a(smallSquare),
		t: a(smallT), ones: a(smallOrder), tiles: pivot.NewTiles(smallOrder, smallRow),
	}
	for i := range w.ones {
		w.ones[i] = 1
	}
	return w
}

// smallSpaceWords is the memory of newSmallSpace.
func smallSpaceWords() int {
	return 4*smallSquare + smallT + smallOrder + pivot.TilesWords(smallOrder, smallRow)
}

// eliminateSmall is eliminate for a small stage, but for the perpendicular parameters'
// own pivots.
func (d *denseStage) eliminateSmall(f *values, k int, eps float64, definite bool, p *pivot.Stats) {
	w, ni := f.small, d.pivot.N
	d.formSmall(w, eps, p)
	d.coupleSmall(w, eps)
	if definite {
		f.factorDefinite(d.pivot, k, p)
		return
	}
	d.pivot.FactorTiles(w.tiles, p, k)
	d.pivot.CoupleTiles(w.tiles, w.y, vectors(ni))
	f.tiled = ni
}

// factorDefinite factors and couples a small stage by Cholesky, which is the backend's.
func (f *values) factorDefinite(b *pivot.Block, k int, p *pivot.Stats) {
	w, n := f.small, b.N
	ld := vectors(n)
	b.TakeTiles(w.tiles)
	for i := range n {
		copy(f.next[i*n:i*n+i+1], w.y[i*ld:])
	}
	b.Factor(f.backend, f.work, true, p, k)
	b.Couple(f.backend, f.bands, f.next, f.v)
	f.mirrorNext(n)
}

// untile makes P what a stage takes that is not small, where it is in tiles yet.
func (f *values) untile() {
	n := f.tiled
	if n == 0 {
		return
	}
	f.tiled = 0
	ld := vectors(n)
	for i := range n {
		copy(f.p[i*n:i*n+i+1], f.small.y[i*ld:])
	}
	vec.MirrorLower(n, f.p, n, 0, n)
}

// formSmall forms P_s and the pivot block S.
func (d *denseStage) formSmall(w *smallSpace, eps float64, p *pivot.Stats) {
	s, m := d.s, d.pivot.M
	n := d.rows * s.Out
	ld := vectors(n)
	if d.f.tiled > 0 {
		vec.ScaleLower(w.ps, ld, w.y, ld, d.small.diag, n)
		d.f.tiled = 0
	} else {
		vec.ScaleSym(w.ps, ld, d.f.p, n, d.small.diag, n)
	}
	for i, q := range s.Q.Diag {
		w.ps[i*ld+i] += q
	}
	largest := 0.0
	if ld == n {
		largest = vec.MaxMagnitude(w.ps[:n*n])
	} else {
		largest = vec.MaxLower(n, w.ps, ld)
	}
	p.Spread = max(p.Spread, largest*d.reach)
	// P_s is symmetric: the second factor goes to the rows of the transpose.
	wide := s.Out * ld
	vec.SetSmall(w.up, wide, d.u, 1, d.r, w.ps, wide, d.r, wide/4, d.rows, 0)
	t := w.tiles
	t.Ld = vectors(m)
	vec.Transpose(w.pu, t.Ld, w.up, ld, m, n)
	wide = s.Out * t.Ld
	vec.SetSmall(t.S, wide, d.u, 1, d.r, w.pu, wide, d.r, wide/4, d.rows, 0)
	for i := range m {
		t.S[i*t.Ld+i] += eps
	}
}

// coupleSmall forms K, and the next P as it is without the pivot block.
func (d *denseStage) coupleSmall(w *smallSpace, eps float64) {
	s, t, in := d.s, w.tiles, d.small.in
	ld, ni := vectors(d.rows*s.Out), d.pivot.N
	t.LdK = vectors(ni) + 4
	high := s.Out + d.r // rows of a sample
	perp := d.negPerp > 0 && s.Delta != nil && eps != 0
	if perp {
		d.squareDelta(eps)
	}
	for b := range d.rows {
		for c := range d.rows {
			// The last vector may reach into the next sample's, which comes later.
			to := w.t[c*high*t.LdK+b*s.In:]
			vec.SetSmall(to, t.LdK, w.ps[c*s.Out*ld+b*s.Out:], ld, 1, d.small.wq, in, s.Out, in/4, s.Out, 0)
			v := 0.0
			if perp {
				v = d.dd[c*d.rows+b]
			}
			same := [fewRows]float64{v, v, v, v}
			vec.ScaleRows(to[s.Out*t.LdK:], t.LdK, same[:d.r], d.small.wq[s.Out*in:], in, in/4)
		}
	}
	wide := s.Out * t.LdK
	vec.SetSmall(t.K, wide, d.u, 1, d.r, w.t, high*t.LdK, d.r, wide/4, d.rows, 0)
	if s.Delta != nil {
		for j := range d.r {
			for b := range d.rows {
				vec.AddSmall(t.K[j*wide+b*s.In:], t.LdK, s.Delta[b*s.Out:], 1, 0, d.small.wq[(s.Out+j)*in:], 0, s.Out, in/4, 1, 0)
			}
		}
	}
	ldy := vectors(ni)
	for b := range d.rows {
		y := w.y[b*s.In*ldy:]
		vec.SetSmall(y, ldy, d.small.wq, 1, in, w.t[b*high*t.LdK:], t.LdK, s.In, vectors((b+1)*s.In)/4, high, 0)
		for c := 0; perp && c <= b; c++ {
			for i := range s.In {
				y[i*ldy+c*s.In+i] -= d.dd[b*d.rows+c]
			}
		}
	}
}

// squareDelta computes δδᵀ/ε; see perpendicular.
func (d *denseStage) squareDelta(eps float64) {
	s := d.s
	if root := math.Sqrt(math.Abs(eps)); invertible(root) {
		vec.Scale(d.scaled, 1/root, s.Delta)
	} else {
		for i, v := range s.Delta {
			d.scaled[i] = v / root
		}
	}
	sign := math.Copysign(1, eps)
	for b := range d.rows {
		x := d.scaled[b*s.Out : (b+1)*s.Out]
		for c := range b + 1 {
			v := sign * vec.Dot(x, d.scaled[c*s.Out:])
			d.dd[b*d.rows+c], d.dd[c*d.rows+b] = v, v
		}
	}
}
