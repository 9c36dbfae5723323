package certify

import (
	"math"
	"math/rand/v2"

	"costate/factor/internal/pivot"
	"costate/la/vec"
)

const (
	// chance is the probability at which a certificate is given.
	chance = 1e-12

	// directions is the greatest number tried. A residual must then be below
	// oneLook^(1/directions)/(dixon √n) = 1/(104 √n).
	directions = 6

	// fewest is the least number of directions.
	fewest = 2

	// oneLook is the chance of an error allowed after each direction from fewest
	// on, so that all these looks together have chance.
	oneLook = chance / (directions - fewest + 1)

	// hidden is how much a solve may round, in units of Unit·max|S|·‖F⁻¹x‖.
	hidden = 8

	// few is the order up to which all unit vectors are tried.
	few = 16

	// dixon is √(2/π) or a little more: the chance that a random direction of the sphere in
	// n dimensions has a component of at most ρ along a given one is at most dixon·√n·ρ.
	dixon = 0.8

	// small is what is allowed of ‖G‖ as measured, and of what rounding may hide of it:
	// together a fifth of the 1 at which an eigenvalue could change its sign. The rest is
	// for what is known by its order of magnitude only, hidden and inflate.
	small = 0.1

	// inflated times √n times the largest ‖F⁻¹x‖ over directions x stands for ‖F⁻¹‖. By
	// dixon it is exceeded once in four with one direction, and by the factor 1/small, which
	// it would take to hide an eigenvalue of the wrong sign, at a chance of
	// dixon·small/inflated = 1/38 a direction, for an error of the factors that the
	// residuals of all these directions do not show.
	inflated = 3
)

// hopeless is the bound of the chance of an error after one direction from which on no
// number of directions brings it down to oneLook: the largest residual never falls.
var hopeless = math.Pow(oneLook, 1./directions)

// A probe is what solves with known right-hand sides tell of the factors.
type probe struct {
	certain bool
	inverse float64 // lower bound of ‖F⁻¹‖₂ of the matrix that was factored
	change  float64 // the largest ‖Gx‖ of a unit vector x

	tried             int     // directions
	squares, inverses float64 // the sums of ‖Gx‖² and ‖F⁻¹x‖² over them
}

// probe measures G = I − A F⁻¹ in some directions, once for the factors that are
// settled; see the package comment.
func (j *Judge) probe() probe {
	if !j.probed {
		if w := j.enclosing(); w != nil && w.scale() != nil {
			j.found = w.probe() // growth is that of the larger matrix as it is scaled
		} else {
			j.found = j.look()
		}
		j.probed = true
	}
	return j.found
}

func (j *Judge) look() probe {
	w := j.space(1)
	defer j.pool.Put(w)
	var p probe
	m, n := directions, float64(j.n)
	if j.n <= few {
		m = j.n
	}
	for p.tried < m {
		if !j.further(w, &p) {
			return p
		}
		if j.n <= few {
			continue
		}
		miss := dixon * math.Sqrt(n) * p.change
		// The largest ‖F⁻¹x‖ only grows with more directions: what rounding hides after one it
		// hides after all.
		if miss > hopeless || j.hides(&p) {
			break
		}
		if p.tried >= fewest && math.Pow(miss, float64(p.tried)) <= oneLook {
			p.certain = true
			break
		}
	}
	if j.n <= few {
		p.certain = p.squares < small*small // ‖G‖_F²
	}
	if p.certain {
		p.certain = !j.hides(&p)
	}
	return p
}

// hides reports whether rounding of the solves may hide more of ‖G‖ than a certificate allows.
func (j *Judge) hides(p *probe) bool {
	return !(j.rounding()*p.inverse*j.inflate() < small)
}

// rounding times ‖F⁻¹x‖ is what rounding of a solve may hide of ‖Gx‖.
func (j *Judge) rounding() float64 {
	norm, _ := j.magnitude(j.stats)
	return hidden * pivot.Unit * max(j.stats.Growth, norm)
}

// further tries one more direction. It returns false, with infinite sizes in p, if what came
// back is not a number.
func (j *Judge) further(w *workspace, p *probe) bool {
	x := w.b
	j.direction(w, x, p.tried)
	change, inverse := j.try(w, x, j.scale())
	if change != change || inverse != inverse {
		*p = probe{tried: p.tried + 1, inverse: math.Inf(1), change: math.Inf(1), squares: math.Inf(1), inverses: math.Inf(1)}
		return false
	}
	p.change, p.inverse = max(p.change, change), max(p.inverse, inverse)
	p.squares, p.inverses = p.squares+change*change, p.inverses+inverse*inverse
	p.tried++
	return true
}

// inflate is by how much ‖F⁻¹‖ may exceed the largest ‖F⁻¹x‖ of the directions
// tried: a unit vector x is expected to have a component of 1/√n along any
// direction.
func (j *Judge) inflate() float64 {
	if j.n <= few {
		return math.Sqrt(float64(j.n))
	}
	return inflated * math.Sqrt(float64(j.n))
}

// direction writes unit vector i, where there are few, or a direction that is
// uniform on the sphere.
func (j *Judge) direction(w *workspace, x []float64, i int) {
	if j.n <= few {
		clear(x)
		x[i] = 1
		return
	}
	w.random(x, i)
}

// random writes direction i of those that are uniform on the sphere.
func (w *workspace) random(x []float64, i int) {
	if w.rng == nil {
		w.source = new(rand.PCG)
		w.rng = rand.New(w.source)
	}
	w.source.Seed(0x636f7374617465, uint64(i))
	for k := range x {
		x[k] = w.rng.NormFloat64()
	}
	vec.Scale(x, 1/vec.Norm2(x), x)
}

// try returns ‖Gx‖ and ‖F⁻¹x‖ for a unit vector x, both of the scaled matrix;
// it overwrites x.
func (j *Judge) try(w *workspace, x, scale []float64) (change, inverse float64) {
	for i, s := range scale {
		x[i] /= s
	}
	y := w.x
	copy(y, x)
	j.engine.Solve(y, 1)
	j.op.ResidualTo(w.d, x, y)
	for i, s := range scale {
		w.d[i] *= s
		y[i] /= s
	}
	return vec.Norm2(w.d), vec.Norm2(y)
}

// Inertia returns the numbers of negative and zero eigenvalues of A. The first
// call after Factorize solves a few times in order to certify them.
func (j *Judge) Inertia() Counts {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.judge()
	return j.counts
}

// Certified reports whether the factors at hand certify the inertia themselves, without a
// second opinion.
func (j *Judge) Certified() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.finding.Kind != Blind && j.probe().certain
}

// judge settles inertia and determinant, once.
func (j *Judge) judge() {
	if j.judged {
		return
	}
	j.judged, j.bounded = true, false
	s := j.stats
	j.counts = Counts{Negative: s.Negative, Zero: s.Zero}
	if j.finding.Kind == Blind {
		j.counts = Counts{Zero: j.n}
		j.keep(math.NaN(), math.Inf(1))
	} else {
		p := j.probe()
		j.counts.Certain, j.logAbs = p.certain, s.LogAbs
	}
	if j.counts.Certain && j.finding.Shift == 0 || j.second == nil {
		return
	}
	// Factorize has said that the matrix is regular: zeros that are not certain do
	// not take that back.
	c, l, e, ok := j.second()
	if ok && (c.Certain || !j.counts.Certain && c.Zero == 0 && e < j.bound()) {
		j.counts = c
		j.keep(l, e)
	}
}
