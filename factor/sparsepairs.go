package factor

import (
	"costate/factor/internal/tree"
	"costate/la"
	"costate/la/partition"
)

// A trial bounds what a tree without pairs may do before one with pairs takes its place:
// flops, as a multiple of those planned, and delayed pivots.
type trial struct{ work, delays float64 }

// exceeded reports whether t will do more than that for certain, for the zeros on the diagonal
// of a.
func (on *trial) exceeded(t *partition.Tree, a *la.Sym) bool {
	delays, flops := tree.CertainDelays(t, a)
	return float64(delays) > on.delays || t.Cost.Flops+flops > on.work*t.Cost.Flops
}

// match finds partners for unknowns without a diagonal to rely on, and where rescale is to
// start from.
//
// Source: I. S. Duff and S. Pralet, Strategies for scaling and pivoting for sparse
// symmetric indefinite problems, SIAM J. Matrix Anal. Appl. 27 (2005).
func (f *Sparse) match() error {
	m, err := partition.MatchUntil(f.kept, f.opts.Interrupt)
	if err != nil {
		return ErrInterrupted
	}
	f.observe(m, zerosOf(f.kept))
	f.mates, f.eq.start, f.fresh = m.Mate, m.Scale, false
	return nil
}

// pair makes a new tree, with pairs, while values are being factored. Where that
// is refused all stays as it is but for the scaling, which is loaded. Where the matching
// finds a matrix structurally singular there is no point in going on.
func (f *Sparse) pair() {
	planned := f.planned
	if f.unpaired = f.makePairs(); f.unpaired != nil {
		f.planned = planned
		f.engine.AllowDelays()
	}
	switch f.unpaired {
	case errDeficient:
		f.stopped = errDeficient
	case ErrInterrupted: // the next factorization may try again
		f.unpaired, f.engine.pair = nil, f.pair
	}
	f.load()
}

// giveUp keeps why there is no point in going on, if there is none: the work allowed is
// exhausted, or what pair has found. It reports whether that is so.
func (f *Sparse) giveUp(exhausted bool) bool {
	if exhausted && f.stopped == nil {
		f.stopped = f.unpaired
		if f.stopped == nil {
			f.stopped = &WorkError{Order: f.kept.SymmetricDim(), Planned: float64(f.planned.Factor), Limit: f.workLimit(f.engine.Engine)}
		}
	}
	return f.stopped != nil
}

const (
	// A factorization may take so many times its planned flops for pivots that are put off,
	// and flopsAllowed whatever was planned: some seconds. What takes more is on the way to
	// a full front.
	workAllowed  = 100
	flopsAllowed = 1e11
)

// workLimit is the most flops that a factorization by an engine may take.
func (f *Sparse) workLimit(e *tree.Engine) float64 {
	return max(workAllowed*float64(e.Cost().Factor), flopsAllowed)
}

func (f *Sparse) makePairs() error {
	if f.mates == nil {
		if err := f.match(); err != nil {
			return err
		}
		if err := f.rescale(); err != nil {
			return err
		}
		if f.deficient() && !f.whole && f.engine.base == 0 {
			return errDeficient
		}
	}
	t := f.paired
	f.paired = nil
	if t == nil {
		o := f.opts.partition()
		o.Mates = f.mates
		var err error
		if t, err = assembly(f.kept, o); err != nil {
			return err
		}
	}
	return f.prepare(t, nil)
}
