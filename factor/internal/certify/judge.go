package certify

import (
	"sync"

	"costate/factor/internal/pivot"
	"costate/internal/space"
	"costate/la/blas"
	"costate/la/vec"
)

// An Engine factors exactly what it is told, without a check of what comes out.
type Engine interface {
	// Factor factors A + shift·I.
	Factor(shift float64) pivot.Stats

	// Solve overwrites each of the nrhs rows of x with (A + shift·I)⁻¹ times
	// it. It may be called from several goroutines.
	Solve(x []float64, nrhs int)
}

// A Scaled engine factors S A S for a diagonal S of powers of two. Its Stats
// and Growth are those of S A S, in which the certificate is then sought:
// (S A S) x has the same signs.
type Scaled interface {
	// Scale is the diagonal of S, nil for the identity.
	Scale() []float64

	// FactorScaled factors S A S + shift·I, which is S (A + shift·S⁻²) S. Its
	// LogAbs means nothing.
	FactorScaled(shift float64) pivot.Stats
}

// An Enclosing engine factors a larger matrix, whose determinant has the magnitude of
// that of A. What rounding does to the rest of it no solve with A shows.
type Enclosing interface {
	// Whole is the larger matrix, and the engine that has factored it.
	Whole() (Engine, Operator)
}

// An Operator is the matrix A itself. Its methods may be called from several
// goroutines.
type Operator interface {
	// Order is the order of A.
	Order() int

	// MulTo computes dst = A x in working precision; dst may be x.
	MulTo(dst, x []float64)

	// ResidualTo computes r = b − A x in twice the working precision, rounded
	// once at the end. r may be b, and not x.
	ResidualTo(r, b, x []float64)

	// Norm is a lower bound of ‖A‖₂.
	Norm() float64

	// IsZero reports whether every element of A is known to be 0, which products
	// that round to 0 do not tell.
	IsZero() bool

	// Sharpen improves the bound, and reports false if it does not get better.
	Sharpen() bool
}

// Settings of a Judge.
type Settings struct {
	Tolerance      float64 // normwise backward error that a solution must reach
	MaxRefinements int
	Threads        int // that refine right-hand sides side by side
	Backend        blas.Backend

	// Relief, unless it is nil, lends a Judge over other factors of the same matrix, the k-th
	// from 0 on, and says whether there may be more. It is nil where there are none. It is called
	// where the factors at hand do not refine a solution to the tolerance, from several
	// goroutines.
	Relief func(k int) (r *Judge, more bool)

	// Interrupt, unless it is nil, tells whether to give up: what has been begun then
	// comes to an end without a result, soon.
	Interrupt func() bool
}

func (s *Settings) interrupted() bool { return s.Interrupt != nil && s.Interrupt() }

const (
	// GrowthAlarm is the growth of the eliminated matrix over ‖A‖ from which
	// factors are of no use: u·GrowthAlarm leaves six digits to refine with.
	GrowthAlarm = 1e10

	// ShiftBy·‖A‖ is the shift that avoids a singular pivot block. Growth then
	// stays near 1/ShiftBy, as far from the alarm as rounding errors of it are
	// from 1; refinement against A contracts by ShiftBy·cond(A) a step.
	ShiftBy = 1e-8

	// mostShift·‖A‖ is the largest shift that is tried: four steps, of which one meets
	// another eigenvalue seldom enough, and beyond which growth says more about the
	// matrix than about the shift.
	mostShift = 16 * ShiftBy

	// closer·‖A‖ is the shift that tells null vectors from small eigenvalues: the
	// least that rounding errors, of some units of A, leave standing.
	closer = 128 * pivot.Unit

	// doubtful is the size of the smallest pivot, in units of its rounding
	// error, below which the factors are put to the test at once. The unit
	// ignores how errors grow from block to block, for which 100 leaves room.
	doubtful = 100

	// vanishing is the ‖Ax‖ of a unit vector x, in units of u‖A‖, up to which A is
	// singular to working accuracy: x is known to its last places only, and these
	// alone give some units.
	vanishing = 16

	// clearOf times the shift that avoided a singular pivot is suggested in its place: far
	// enough from the eigenvalue for growth to stay below 1/(clearOf·ShiftBy) = 1e6.
	clearOf = 100

	// blindShift·‖A‖ is suggested where no shift up to mostShift gave factors: 600 times
	// the last of these.
	blindShift = 1e-4

	// step is the ratio of the shifts tried one after another: no simple
	// fraction, so that equally spaced eigenvalues are not met twice.
	step = 2.3
)

// A Kind is what became of a factorization.
type Kind int

const (
	Regular  Kind = iota // factors of A, or of A + Shift·I that refine against A
	Singular             // A is singular to working accuracy
	Blind                // no factors were found, nothing is known
)

// A Finding says what became of a factorization, and where.
type Finding struct {
	Kind
	Shift      float64 // factors are those of A + Shift·I
	Block, Row int     // of the pivot that decided it
	Suggest    float64 // a shift at which the matrix is not singular
	near       bool    // Shift is as small as what the tolerance lets pass

	// Scaled says that the shift is in the units of the scaled matrix: factors are
	// those of A + Shift·S⁻².
	Scaled bool
}

// Counts are the numbers of negative and zero eigenvalues.
type Counts struct {
	Negative, Zero int
	Certain        bool
}

// A Second opinion counts by other means: it returns the counts, log|det A| and
// a bound of its error. ok is false if it could not be had.
type Second func() (c Counts, logAbs, logError float64, ok bool)

// A Judge turns an engine and the matrix into answers that are measured. After
// Factorize, Solve, Inertia, LogDet and Cond may be called from several
// goroutines; the others need exclusive use.
type Judge struct {
	engine Engine
	op     Operator

	// stepwise, unless it is nil, is the engine, and op is Followed.
	stepwise Stepwise

	set    Settings
	second Second
	whole  *Judge // of the larger matrix of an Enclosing engine, made when it is needed

	enclosed bool // whole has the factors settled
	n        int

	unrefined float64 // if measured, what Unrefined returns of the factors settled
	measured  bool

	stats   pivot.Stats
	finding Finding
	null    []float64 // a unit vector that A takes to rounding errors; nil if none is known
	basis   []float64 // of the null space, where the finding is scaled and it was needed
	missing []int     // the unknowns that the engine has left out; nil if there are none
	Count   int       // runs of the engine since Factorize began

	mu       sync.Mutex // guards what follows
	judged   bool
	probed   bool
	found    probe // if probed, of the factors settled
	counts   Counts
	logAbs   float64
	logError float64
	bounded  bool    // whether logError is known
	cond     float64 // negative: not estimated yet

	pool space.Pool[workspace]
}

// Begin makes a Judge of an engine for an operator of the same order. second
// may be nil.
func (j *Judge) Begin(e Engine, op Operator, s Settings, second Second) {
	j.engine, j.op, j.set, j.second, j.n = e, op, s, second, op.Order()
	j.pool.Reset()
	j.whole, j.enclosed = nil, false
	j.stepwise = nil
	if s, ok := e.(Stepwise); ok {
		if _, ok := op.(Followed); ok {
			j.stepwise = s
		}
	}
}

// Factorize factors A.
func (j *Judge) Factorize() Finding {
	j.null = nil
	return j.Again()
}

// Again is Factorize for the same A with an engine that was told to go about it in
// another way. A null vector found before is not looked for anew.
func (j *Judge) Again() Finding {
	j.judged, j.cond, j.Count, j.basis = false, -1, 0, nil
	s := j.factor(0)
	if j.set.interrupted() {
		j.settle(s, Finding{Kind: Blind})
		return j.finding
	}
	if j.alarming(s) {
		return j.avoid(s)
	}
	j.settle(s, Finding{Block: s.Block, Row: s.Row})
	if s.Zero > 0 {
		if f, ok := j.singular(s); ok {
			return f
		}
		return j.avoid(s)
	}
	if s.Tiny < doubtful {
		return j.doubt(s)
	}
	return j.finding
}

// factor runs the engine, unless it is to give up.
func (j *Judge) factor(shift float64) pivot.Stats {
	if j.set.interrupted() {
		return pivot.Stats{}
	}
	j.Count++
	return j.engine.Factor(shift)
}

// factorScaled is factor with a shift of the scaled matrix.
func (j *Judge) factorScaled(shift float64) pivot.Stats {
	if j.set.interrupted() {
		return pivot.Stats{}
	}
	j.Count++
	return j.engine.(Scaled).FactorScaled(shift)
}

func (j *Judge) settle(s pivot.Stats, f Finding) {
	j.stats, j.finding, j.probed, j.enclosed, j.missing = s, f, false, false, nil
	j.measured = false
}

// scale is the diagonal of the engine's scaling, nil if there is none.
func (j *Judge) scale() []float64 {
	if s, ok := j.engine.(Scaled); ok {
		return s.Scale()
	}
	return nil
}

// magnitude estimates the norm of the matrix that the engine factors, and that
// of A.
func (j *Judge) magnitude(s pivot.Stats) (factored, asked float64) {
	for j.op.Sharpen() {
	}
	asked = j.op.Norm()
	if j.scale() != nil {
		return s.Scale, asked
	}
	return max(s.Scale, asked), asked
}

// alarming reports growth that makes pivots worthless. The norm is only
// estimated where the engine's own bound of it does not settle the question.
func (j *Judge) alarming(s pivot.Stats) bool {
	if !s.Finite {
		return true
	}
	if s.Growth <= GrowthAlarm*max(s.Scale, j.op.Norm()) {
		return false
	}
	norm, _ := j.magnitude(s)
	return !(s.Growth <= GrowthAlarm*norm)
}

// avoid handles an alarm. Shifts a little to either side do not meet the
// singular pivot block, and the factors refine against A all the same.
func (j *Judge) avoid(met pivot.Stats) Finding {
	_, norm := j.magnitude(met)
	if norm == 0 {
		norm = 1
	}
	if norm-norm != 0 {
		j.settle(met, Finding{Kind: Blind, Block: met.Block, Row: met.Row})
		return j.finding
	}
	for delta := ShiftBy * norm; delta <= mostShift*norm; delta *= step {
		below := j.factor(-delta)
		s, shift := j.factor(delta), delta
		kind := Regular
		belowGood, aboveGood := below.Zero == 0 && !j.alarming(below), s.Zero == 0 && !j.alarming(s)
		switch {
		case aboveGood && belowGood && s.Negative == below.Negative:
			// The derivative of log|det| drops out of the mean.
			s.LogAbs = (s.LogAbs + below.LogAbs) / 2
		case aboveGood && belowGood && !met.Finite:
			// The pivot that is not there is missing for an eigenvalue, unless another
			// opinion counts none that is zero.
			if !j.settled() {
				return j.between(met, below, s, delta)
			}
			if j.counts.Zero > 0 {
				kind = Singular
			}
		case aboveGood:
		case belowGood:
			s, shift = j.factor(-delta), -delta
		default:
			continue
		}
		j.settle(s, Finding{Kind: kind, Shift: shift, Block: met.Block, Row: met.Row, Suggest: clearOf * delta})
		return j.finding
	}
	j.settle(met, Finding{Kind: Blind, Block: met.Block, Row: met.Row, Suggest: blindShift * norm})
	return j.finding
}

// doubt settles a factorization without alarm one of whose pivots could be
// rounding error.
func (j *Judge) doubt(s pivot.Stats) Finding {
	p := j.probe()
	if p.certain {
		return j.finding
	}
	// The factors at hand show a null vector as well as those at shifts do, of which up to
	// eight would be made in vain for a matrix that is only ill conditioned.
	if j.nearlySingular(p.inverse) && j.vanishes() {
		if f, ok := j.singular(s); ok {
			return f
		}
		j.settle(j.factor(0), Finding{Block: s.Block, Row: s.Row}) // as they were
	}
	if j.refines() {
		return j.finding
	}
	f := j.avoid(s)
	if f.Kind == Blind { // as they were
		j.settle(j.factor(0), Finding{Block: s.Block, Row: s.Row})
	}
	return j.finding
}

// refines reports whether the factors refine a solution to the tolerance.
func (j *Judge) refines() bool {
	w := j.solved()
	defer j.pool.Put(w)
	nb := vec.Norm2(w.b)
	j.unrefined, j.measured = j.residual(w.d, w.x, w.b, nb), true
	return j.improveFrom(j.unrefined, w, w.x, w.b, nb).Met(j.set.Tolerance)
}

// solved lends a workspace with a random right-hand side in b and its solution, as the factors
// give it, in x.
func (j *Judge) solved() *workspace {
	w := j.space(1)
	j.direction(w, w.b, 0)
	copy(w.x, w.b)
	j.engine.Solve(w.x, 1)
	return w
}

// settled reports whether the second opinion is certain of the inertia, and
// keeps it.
func (j *Judge) settled() bool {
	if j.second == nil {
		return false
	}
	c, l, e, ok := j.second()
	if !ok || !c.Certain {
		return false
	}
	j.mu.Lock()
	j.judged, j.counts = true, c
	j.keep(l, e)
	j.mu.Unlock()
	return true
}

// between settles a matrix with factors on both sides of a shift between which
// eigenvalues lie; those above are at hand. If A is singular to working accuracy,
// these are counted as zero.
func (j *Judge) between(met, below, above pivot.Stats, delta float64) Finding {
	f := Finding{Kind: Singular, Shift: delta, Block: met.Block, Row: met.Row, Suggest: clearOf * delta}
	j.settle(above, f)
	if !j.vanishes() {
		f.Kind = Regular
		j.settle(above, f)
		return f
	}
	j.disown(Counts{Negative: above.Negative, Zero: max(below.Negative-above.Negative, 1)})
	return f
}

// Norm is the bound of ‖A‖₂ reached so far.
func (j *Judge) Norm() float64 { return j.op.Norm() }

// Scale is a bound of the norm of the matrix that the engine factored, to
// compare its Growth with.
func (j *Judge) Scale() float64 {
	if j.scale() != nil {
		return j.stats.Scale
	}
	return max(j.stats.Scale, j.op.Norm())
}

// Stats are those of the factors at hand.
func (j *Judge) Stats() pivot.Stats { return j.stats }

// Finding is what the last Factorize returned.
func (j *Judge) Finding() Finding { return j.finding }
