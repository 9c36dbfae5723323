package factor

import (
	"costate/factor/internal/certify"
	"costate/factor/internal/tree"
	"costate/la/partition"
)

// otherwise factors once more, with a scaling of its own, what a scaling by a matching shows
// as singular: where rows of a singular matrix find no partner, a matching
// may scale them so that more seems to be zero than is. The null space does not depend on the
// scaling, so that the scaling that shows less of it is nearer to the truth. Without a matching many
// pivots may be put off: if that is too much, what was found before stays. MUMPS, whose factors
// are too large to stand beside others, is also asked so for an inertia that is not certain.
func (f *Sparse) otherwise(err error) error {
	singular := isSingular(err)
	unsure := f.mumps.Engine != nil && err == nil && f.report.Shift == 0 && f.unsure(nil)
	if f.eq.start == nil || !singular && !unsure && (err != nil || f.report.Shift == 0) {
		return err
	}
	zero := 0
	if singular {
		zero = f.Inertia().Zero
	}
	better := func(e error) bool {
		switch {
		case unsure:
			return e == nil && f.judge.Certified()
		case singular:
			return e == nil || isSingular(e) && f.Inertia().Zero <= zero
		}
		return e == nil || isSingular(e)
	}
	start := f.eq.start
	defer func() { f.eq.start = start }()
	f.eq.start = nil
	if e := f.rescale(); e != nil {
		return e
	}
	if e := f.scaled(f.attempt()); e == ErrInterrupted || better(e) {
		return e
	}
	f.eq.start, f.stopped = start, nil
	if e := f.rescale(); e != nil {
		return e
	}
	return f.attempt()
}

// scaled factors once more, with a scaling, what was factored without one and is in doubt: large
// elements may hide that others are small by scaling only.
func (f *Sparse) scaled(err error) error {
	if !f.eq.plain || err == ErrInterrupted || f.stopped != nil || !f.doubtful(err) {
		return err
	}
	if !f.eq.force(f.kept) {
		f.eq.unscale()
		return err
	}
	f.scaleValues()
	return f.attempt()
}

// doubtfulPivot is how many times the rounding errors of its front a pivot must
// be for the scaling not to be doubted: with pivots of a size that is what
// cancellation of a few digits leaves.
const doubtfulPivot = 1e6

// doubtful reports whether another scaling could serve better.
func (f *Sparse) doubtful(err error) bool {
	return err != nil || f.judge.Stats().Tiny < doubtfulPivot
}

// unsure reports whether a factorization found the matrix singular, or its factors do not
// certify the inertia.
func (f *Sparse) unsure(err error) bool {
	if err != nil {
		return isSingular(err)
	}
	return f.doubtful(nil) && !f.judge.Certified()
}

const (
	// strictThreshold is the threshold of pivoting that what is in doubt is factored again
	// with. That may take strictWork times the flops planned, and strictFlops whatever was
	// planned: some tenths of a second.
	strictThreshold = tree.MaxThreshold
	strictWork      = 3
	strictFlops     = 1e9

	// rough is the part of Options.Tolerance above which the backward error of a solve without
	// refinement says that many solves will need one, which costs each of them three times as
	// much.
	rough = 0.1
)

// strictWorkLimit is tree.Options.WorkLimit of a factorization with strictThreshold.
func strictWorkLimit(t *partition.Tree) float64 {
	return max(strictWork, strictFlops/max(t.Cost.Flops, 1))
}

// strictly factors once more, with strictThreshold, what the native engine leaves in doubt and
// does not solve well: rounding errors grow with the inverse of the threshold. Where that
// asks for too much work, or only a shift gives factors, what was found before stays.
func (f *Sparse) strictly(err error) error {
	// A certificate takes several solves: it is asked for last.
	if err != nil || f.engine.Threshold() >= strictThreshold || !f.doubtful(nil) ||
		!(f.judge.Unrefined() > rough*f.opts.Tolerance) || f.judge.Certified() {
		return err
	}
	shifted, pair, limit := f.report.Shift != 0, f.engine.pair, f.engine.SetWorkLimit(strictWorkLimit(f.tree))
	f.engine.pair = nil
	f.engine.SetThreshold(strictThreshold)
	err = f.attempt()
	f.engine.SetWorkLimit(limit)
	f.engine.pair = pair
	if err == ErrInterrupted || err == nil && (shifted || f.report.Shift == 0) {
		return err
	}
	f.stopped = nil
	f.engine.SetThreshold(0)
	return f.attempt()
}

// opinion is a certify.Second: it asks for the inertia and the determinant of factors of
// another threshold or scaling, where those at hand leave them uncertain. A scaling by a
// matching may hide what counts as well as show it. The factors at hand stay.
func (f *Sparse) opinion() (c certify.Counts, logAbs, logError float64, ok bool) {
	starts := make([][]int, 0, 2)
	if f.engine.Threshold() < strictThreshold {
		starts = append(starts, f.eq.start)
	}
	if f.eq.start != nil {
		starts = append(starts, nil)
	}
	if len(starts) == 0 {
		return c, 0, 0, false
	}
	g, err := f.beside()
	if err != nil { // the memory does not suffice
		return c, 0, 0, false
	}
	for _, start := range starts {
		g.eq.start = start
		if err := g.refactorize(f.kept, -f.engine.base); err != nil {
			if err == ErrInterrupted {
				break
			}
			continue
		}
		if c = g.judge.Inertia(); c.Certain {
			logAbs, logError = g.judge.LogDet()
			return c, logAbs, logError, true
		}
	}
	return certify.Counts{}, 0, 0, false
}

// beside makes a factorization of the same matrix over the same tree, with strictThreshold,
// in the memory that f leaves.
func (f *Sparse) beside() (*Sparse, error) {
	opts := f.opts
	opts.PivotTolerance = strictThreshold
	opts.MemoryLimit = max(opts.MemoryLimit-max(f.report.Bytes, f.planned.Bytes), 1)
	g := new(Sparse)
	if err := g.take(f.kept, &opts); err != nil {
		return nil, err
	}
	g.whole, g.aside, g.mates = true, true, f.mates
	if err := g.prepare(f.tree, nil); err != nil {
		return nil, err
	}
	g.engine.SetWorkLimit(strictWorkLimit(f.tree))
	return g, nil
}
