package factor

import (
	"math"

	"costate/la"
)

// factorize factors the values at hand.
func (f *Sparse) factorize() error {
	f.cond, f.condS, f.defect = -1, -1, -1
	f.shift = 0
	f.report = Report{Flops: f.cost.Factor, Bytes: f.cost.Bytes, Norm: f.norm}
	err := f.stable()
	if f.scaled == 0 && f.core.order+f.leading() > 0 {
		f.inertia = la.Inertia{Zero: f.kept.SymmetricDim(), Certain: true}
		f.known, f.logAbs = true, math.Inf(-1)
		return f.place(f.stats.block, f.stats.at, math.Inf(1))
	}
	if _, ok := err.(*SingularError); err != nil && !ok {
		return err
	}
	if f.eq.plain && (err != nil || f.alarming(0) || f.stats.tiny < doubtfulPivot) {
		var changed bool
		if f.scaled, changed = f.eq.force(f.kept); changed {
			f.scaleValues()
			return f.factorize()
		}
		f.eq.plain = true
		f.eq.unscale()
		f.scaled = f.norm
	}
	if err == nil && !f.alarming(0) {
		f.settle(f.stats, 0, true)
		if f.stats.tiny < 1 {
			if cond := f.scaledCond(); cond > 1/unit {
				s := f.stats
				return f.avoid(f.place(s.block, s.at, cond))
			}
		}
		f.factored = true
		return nil
	}
	var cause *SingularError
	if e, ok := err.(*SingularError); ok {
		cause = f.place(e.Block, e.Pivot, math.Inf(1))
	}
	return f.avoid(cause)
}

// doubtfulPivot is how many times the rounding errors of its block a pivot must
// be for the scaling not to be doubted.
const doubtfulPivot = 1e4

// leading is the number of leaves.
func (f *Sparse) leading() int { return f.plan.Leaves.Len() }

// stable factors with a plan whose leaves are stable: it moves those that are
// not into the chain, which makes a new plan.
func (f *Sparse) stable() error {
	for round := 0; ; round++ {
		f.hold()
		blocks := len(f.core.blocks)
		if f.lead != nil {
			f.lead.strict = true
		}
		err := f.eliminate(0)
		if f.lead != nil {
			f.lead.strict = false
		}
		if f.lead == nil || len(f.lead.rejected) == 0 {
			if len(f.core.blocks) < blocks {
				f.count()
				f.report.Flops, f.report.Bytes = f.cost.Factor, f.cost.Bytes
			}
			return err
		}
		f.lead.rejectAll()
		if round >= 2 {
			f.lead.rejectGroups()
		}
		if err := f.prepare(f.lead.replan()); err != nil {
			f.ready = false
			return err
		}
		f.report.Flops, f.report.Bytes = f.cost.Factor, f.cost.Bytes
	}
}

// hold makes the memory of the factors, once for a plan.
func (f *Sparse) hold() {
	if f.held {
		return
	}
	f.core.alloc()
	if f.lead != nil {
		f.lead.alloc()
	}
	f.held = true
}

// eliminate factors S A S + shift I.
func (f *Sparse) eliminate(shift float64) error {
	f.core.growth = mergeGrowth * f.scaled
	if f.lead != nil {
		f.lead.begin(f.s, shift, leafGrowth*f.scaled)
	}
	err := f.core.factor(&f.src, shift, nil)
	f.stats = f.core.stats
	if f.lead == nil {
		return err
	}
	s, l := &f.stats, &f.lead.stats
	s.negative, s.zero, s.positive = s.negative+l.negative, s.zero+l.zero, s.positive+l.positive
	s.log, s.sign = s.log+l.log, s.sign*l.sign
	if !(l.tiny >= s.tiny) {
		s.tiny, s.block, s.at = l.tiny, l.block, l.at
	}
	if err == nil && l.zero > 0 {
		return &SingularError{Block: -1, Pivot: l.at}
	}
	return err
}

// alarming reports growth that makes the pivots worthless.
func (f *Sparse) alarming(shift float64) bool {
	return !(f.stats.largest <= growthAlarm*math.Max(f.scaled, math.Abs(shift)))
}

// settle records a factorization of S A S + shift I.
func (f *Sparse) settle(s coreStats, shift float64, certain bool) {
	f.inertia = la.Inertia{Negative: s.negative, Zero: s.zero, Positive: s.positive, Certain: certain}
	f.logAbs, f.shift, f.known = s.log, shift, true
	f.report.Shift = shift
	if f.scaled > 0 {
		f.report.Growth = math.Max(s.largest/f.scaled, 1)
	}
}

// avoid handles a singular pivot, or growth that is alarming: factorizations a
// little to either side do not meet it. If they count the same negative
// eigenvalues none lies between them, and the count is certain.
func (f *Sparse) avoid(cause *SingularError) error {
	for delta := shiftBy * f.scaled; delta <= 16*shiftBy*f.scaled; delta *= 2.3 {
		if f.eliminate(-delta) != nil || f.alarming(delta) {
			continue
		}
		below := f.stats
		if f.eliminate(delta) != nil || f.alarming(delta) {
			continue
		}
		above := f.stats
		if below.negative == above.negative {
			f.settle(above, delta, true)
			// The derivative of log|det| drops out of the mean.
			f.logAbs = (below.log + above.log) / 2
			f.cond, f.condS, f.defect = -1, -1, -1
			f.factored = true
			return nil
		}
		// An eigenvalue lies within delta of zero.
		s := coreStats{negative: above.negative, zero: below.negative - above.negative, log: math.Inf(-1)}
		s.positive = f.kept.SymmetricDim() - s.negative - s.zero
		f.settle(s, 0, false)
		if cause == nil {
			cause = f.place(above.block, above.at, math.Inf(1))
		}
		return cause
	}
	if cause == nil {
		cause = f.place(f.stats.block, f.stats.at, math.Inf(1))
	}
	f.settle(coreStats{log: math.NaN()}, 0, false)
	return cause
}

// place names a pivot, by block of the core and unknown in it, by its row.
func (f *Sparse) place(k, at int, cond float64) *SingularError {
	e := &SingularError{Block: k, Pivot: at, Cond: cond}
	switch {
	case k < 0 && at < len(f.plan.Perm):
		e.Block = f.plan.Leaves.BlockOf(at)
		e.Pivot = at - f.plan.Leaves.First(e.Block)
		e.Row = f.plan.Perm[at]
		e.Block = -1 - e.Block
	case k >= 0 && k < len(f.core.blocks):
		i := f.core.blocks[k].first + at
		e.Block = f.plan.Chain.BlockOf(i)
		e.Pivot = i - f.plan.Chain.First(e.Block)
		e.Row = f.plan.Perm[f.leading()+i]
	}
	return e
}

// Inertia counts the negative, zero and positive eigenvalues of the matrix. It
// is certain unless rounding could have moved an eigenvalue across zero. The
// factors F are those of a matrix close to A, and there is none between A and F if
// ‖(A − F) F⁻¹‖ < 1: the residuals of three solves without refinement estimate
// the Frobenius norm of that, and must be below 1/1000.
//
// Source of the estimate: M. F. Hutchinson, A stochastic estimator of the trace
// of the influence matrix, Commun. Statist. Simula. 19 (1990).
func (f *Sparse) Inertia() la.Inertia {
	if !f.known {
		panic(ErrNotFactorized)
	}
	in := f.inertia
	if in.Certain && f.factored && f.shift == 0 {
		in.Certain = f.measureDefect() < 1e-3
	}
	return in
}

// measureDefect estimates ‖(S A S − F) F⁻¹‖ in the Frobenius norm, where F is what
// the factors multiply to.
func (f *Sparse) measureDefect() float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.defect >= 0 {
		return f.defect
	}
	w := f.space(1)
	defer f.pool.put(w)
	worst := 0.0
	for seed := range uint64(3) {
		signs(w.b, seed)
		copy(w.x, w.b)
		f.applyScaled(w, w.x, 1)
		f.s.MulVecTo(w.r, w.x)
		for i, b := range w.b {
			w.r[i] -= b
		}
		if d := norm2(w.r); !(d <= worst) {
			worst = d
		}
	}
	f.defect = worst
	if math.IsNaN(worst) {
		f.defect = math.Inf(1)
	}
	return f.defect
}

// signs fills v with a fixed sequence of ±1 that looks random.
func signs(v []float64, seed uint64) {
	x := seed*0x9e3779b97f4a7c15 + 0x2545f4914f6cdd1d
	for i := range v {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		v[i] = 1
		if x>>40&1 == 1 {
			v[i] = -1
		}
	}
}

// LogDet returns the logarithm of |det A| and the sign of the determinant. The
// sign is 0 where the inertia is not certain.
func (f *Sparse) LogDet() (log, sign float64) {
	if !f.factored {
		panic(ErrNotFactorized)
	}
	log = f.logAbs + f.eq.logDet()
	switch in := f.Inertia(); {
	case !in.Certain:
		return log, 0
	case in.Negative%2 == 1:
		return log, -1
	}
	return log, 1
}
