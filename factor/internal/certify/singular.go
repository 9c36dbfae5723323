package certify

import (
	"math"

	"costate/factor/internal/pivot"
	"costate/la/vec"
)

// singular reports whether the matrix is singular to working accuracy: whether a
// vector is found that it takes to rounding errors, which bounds its condition from
// below. Eigenvalues within a shift of zero are then counted as zero. The factors
// that stay are those of A + σI, or of S A S + σI, with which a consistent system
// refines.
//
// Where the rows of A are of different sizes, a σ that is small beside ‖A‖ is large
// beside the small rows, and swallows eigenvalues that belong to them. So a scaled
// matrix is first shifted as it is scaled: by Sylvester's law of inertia its null
// space has the dimension of that of A.
func (j *Judge) singular(s pivot.Stats) (f Finding, ok bool) {
	factored, norm := j.magnitude(s)
	if norm == 0 {
		norm = 1
	}
	suggest := clearOf * ShiftBy * norm
	if e, is := j.engine.(Scaled); is && e.Scale() != nil && factored > 0 {
		for _, by := range [...]float64{closer, ShiftBy} {
			f = Finding{Kind: Singular, Shift: by * j.grown(s, by, factored), Block: s.Block, Row: s.Row, Suggest: suggest, near: by == closer, Scaled: true}
			if j.within(s, f, j.factorScaled) {
				return j.plainly(s, f, by*norm), true
			}
		}
	}
	for _, by := range [...]float64{closer, ShiftBy} {
		f = Finding{Kind: Singular, Shift: by * j.grown(s, by, norm), Block: s.Block, Row: s.Row, Suggest: suggest, near: by == closer}
		if j.within(s, f, j.factor) {
			return f, true
		}
	}
	return f, false
}

// grown is what rounding errors of the factors are in units of: the largest element that the
// elimination met, where the shift is so close that it matters.
func (j *Judge) grown(s pivot.Stats, by, norm float64) float64 {
	if by != closer || !(s.Growth < ShiftBy/closer*norm) {
		return norm
	}
	return max(norm, s.Growth)
}

// plainly puts a shift of A in the place of the shift of the scaled matrix that f has
// found, unless it is too large beside the smallest rows or swallows eigenvalues that are not
// zero.
func (j *Judge) plainly(met pivot.Stats, f Finding, shift float64) Finding {
	factored, _ := j.magnitude(met)
	if most := vec.MaxMagnitude(j.scale()); !(shift*most*most <= mostShift*factored) {
		return f
	}
	counts, g := j.counts, f
	g.Shift, g.Scaled = shift, false
	if j.within(met, g, j.factor) && j.counts == counts {
		return g
	}
	j.settle(j.factorScaled(f.Shift), f)
	j.disown(counts)
	return f
}

// within reports whether the matrix is singular by what it is within the shift of f,
// which is then the finding. met is of the factors without shift.
func (j *Judge) within(met pivot.Stats, f Finding, factor func(shift float64) pivot.Stats) bool {
	below, above := factor(-f.Shift), factor(f.Shift)
	j.settle(above, f)
	if j.op.IsZero() {
		j.disown(Counts{Zero: j.n, Certain: true})
		return true
	}
	if f.near && (above.Negative >= below.Negative || above.Zero > 0) || !j.vanishes() {
		return false // of closer shifts rounding errors may leave nothing
	}
	c := Counts{Negative: above.Negative, Zero: max(below.Negative-above.Negative, met.Zero)}
	if !below.Finite || !above.Finite {
		c = Counts{Negative: met.Negative, Zero: met.Zero}
	}
	c.Zero = max(c.Zero, 1)
	j.disown(c)
	return true
}

// nearlySingular reports whether the smallest eigenvalue of the matrix factored may be so
// small that a vector vanishes. least is what is known of the norm of its inverse. One
// random direction misses it as often as its part along the eigenvector is small; steps
// of inverse iteration do not.
func (j *Judge) nearlySingular(least float64) bool {
	factored, _ := j.magnitude(j.stats)
	limit := 1 / (j.inflate() * factored * pivot.Unit * vanishing)
	if !(least < limit) {
		return true
	}
	w := j.space(1)
	defer j.pool.Put(w)
	j.direction(w, w.b, 0)
	for range powerSteps {
		_, inverse := j.try(w, w.b, j.scale())
		if !(inverse < limit) {
			return true
		}
		vec.Scale(w.b, 1/inverse, w.x)
	}
	return false
}

// disown keeps the counts of a matrix that is singular to working accuracy, which are
// not certain unless the matrix is zero: then nothing bounds its determinant.
func (j *Judge) disown(c Counts) {
	j.mu.Lock()
	j.judged, j.counts = true, c
	j.keep(math.Inf(-1), math.Inf(1))
	if c.Certain {
		j.logError = 0
	}
	j.cond = math.Inf(1)
	j.mu.Unlock()
}
