package factor

import "costate/factor/internal/tree"

// otherwise factors once more, with a scaling of its own, what a scaling by a matching shows
// as singular: where rows of a singular matrix find no partner, a matching
// may scale them so that more seems to be zero than is. The null space does not depend on the
// scaling, so that the scaling that shows less of it is nearer to the truth. Without a matching many
// pivots may be put off: if that is too much, what was found before stays.
func (f *Sparse) otherwise(err error) error {
	singular := isSingular(err)
	if f.eq.start == nil || !singular && (err != nil || f.report.Shift == 0) {
		return err
	}
	zero := f.Inertia().Zero
	start := f.eq.start
	defer func() { f.eq.start = start }()
	f.eq.start = nil
	if e := f.rescale(); e != nil {
		return e
	}
	if e := f.attempt(); e == nil || e == ErrInterrupted || isSingular(e) && (!singular || f.Inertia().Zero <= zero) {
		return e
	}
	f.eq.start, f.stopped = start, nil
	if e := f.rescale(); e != nil {
		return e
	}
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

// unsure reports whether a factorization found the matrix singular, or its inertia
// not for certain.
func (f *Sparse) unsure(err error) bool {
	if err != nil {
		return isSingular(err)
	}
	return f.doubtful(nil) && !f.Inertia().Certain
}

const (
	// strictThreshold is the threshold of pivoting that a factorization in doubt is made
	// again with. That may take strictWork times the flops planned, and strictFlops whatever
	// was planned: some tenths of a second.
	strictThreshold = tree.MaxThreshold
	strictWork      = 3
	strictFlops     = 1e9
)

// A standing says how far factors can be trusted.
type standing int

const (
	failed   standing = iota // there are none
	shifted                  // they are those of a shifted matrix
	vanished                 // a null vector was found
	regular                  // they are those of the matrix, whose inertia is not certain
	certain                  // inertia and determinant are
)

// standing is that of the factors of an attempt that returned err.
func (f *Sparse) standing(err error) standing {
	switch {
	case isSingular(err):
		return vanished
	case err != nil:
		return failed
	case f.Inertia().Certain:
		return certain
	case f.report.Shift != 0:
		return shifted
	}
	return regular
}

// A way is one to factor the values at hand.
type way struct {
	threshold float64 // of pivoting; 0 is that of the options
	start     []int   // as equilibration has it
}

// resolve factors in other ways what the native engine leaves in doubt, until one leaves
// none: with the strictest threshold, since rounding errors grow with its inverse, then also
// with a scaling of its own in place of that of a matching, which may hide what counts
// as well as show it. Where no way leaves none, the factors of the best standing stay, and
// of these the last.
func (f *Sparse) resolve() error {
	pair, start := f.engine.pair, f.eq.start
	limit := f.engine.SetWorkLimit(max(strictWork, strictFlops/max(f.tree.Cost.Flops, 1)))
	f.engine.pair = nil
	defer func() {
		f.engine.pair, f.eq.start = pair, start
		f.engine.SetWorkLimit(limit)
	}()
	ways := []way{{0, start}, {strictThreshold, start}, {strictThreshold, nil}}
	if start == nil {
		ways = ways[:2]
	}
	best, of, last := f.standing(nil), 0, len(ways)-1
	for i := 1; i <= last; i++ {
		err := f.attemptBy(ways[i])
		s := f.standing(err)
		if s >= best {
			best, of = s, i
		}
		if s == certain || err == ErrInterrupted || i == last && of == last {
			return err
		}
	}
	f.engine.SetWorkLimit(limit)
	return f.attemptBy(ways[of])
}

// attemptBy factors in a way.
func (f *Sparse) attemptBy(w way) error {
	f.stopped = nil
	f.engine.SetThreshold(w.threshold)
	if f.eq.start != nil || w.start != nil {
		f.eq.start = w.start
		if err := f.rescale(); err != nil {
			return err
		}
	}
	return f.attempt()
}
