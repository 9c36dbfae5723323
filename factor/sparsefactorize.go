package factor

import (
	"fmt"

	"costate/factor/internal/certify"
	"costate/factor/internal/tree"
)

// factorize factors the values at hand, less sigma on the diagonal.
func (f *Sparse) factorize(sigma float64) error {
	f.engine.base, f.mumps.base, f.matrix.shift, f.eq.shift = -sigma, -sigma, -sigma, -sigma
	f.spent, f.stopped, f.byRest = 0, nil, false
	if f.structure.rest != nil && sigma == 0 {
		if err, ok := f.byStructure(); ok {
			return err
		}
	}
	if err := f.useWhole(); err != nil {
		return err
	}
	err := f.factorizeWhole()
	switch {
	case err == nil:
		return nil
	case err == errDeficient, sigma == 0 && isSingular(err) && f.findsDeficient():
		if e := f.prepareRest(); e != nil {
			return e
		}
		if e, ok := f.byStructure(); ok {
			return e
		}
		if err == errDeficient {
			f.unpaired, f.stopped = nil, nil
			if e := f.makePairs(); e != nil {
				return e
			}
		}
		err = f.factorizeWhole() // again: the scaling of the factors has been overwritten
	}
	if sigma == 0 {
		return f.noted(err)
	}
	return err
}

// factorizeWhole factors the values at hand as a whole.
func (f *Sparse) factorizeWhole() error {
	if f.mumps.Engine != nil {
		f.mumps.SetThreshold(f.opts.mumpsThreshold())
	}
	if err := f.rescale(); err != nil {
		return err
	}
	err := f.attempt()
	if err == ErrInterrupted || f.stopped != nil {
		return err
	}
	if f.eq.plain && f.doubtful(err) {
		// Large elements may hide that others are small by scaling only.
		if f.eq.force(f.kept) {
			f.scaleValues()
			err = f.attempt()
		} else {
			f.eq.unscale()
		}
	}
	err = f.strictly(err)
	if f.mates == nil && f.unsure(err) && weakDiagonal(f.s, f.eq.row) {
		// Only a matching shows what matters where elements are of all orders
		// of magnitude.
		if err := f.match(); err != nil {
			return err
		}
		if f.deficient() && !f.whole && f.mumps.Engine == nil && f.engine.base == 0 {
			return errDeficient
		}
		err = f.attempt()
	}
	return f.otherwise(err)
}

// otherwise factors once more, with a scaling of its own, what a scaling by a matching shows
// as singular: where rows of a singular matrix find no partner, a matching may scale them
// so that more seems to be zero than is. The null space does not depend on the
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
	if e := f.attempt(); e == nil || isSingular(e) && (!singular || f.Inertia().Zero <= zero) {
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
const doubtfulPivot = 1e4

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

// load gives the engine the values at hand.
func (f *Sparse) load() {
	var scale []float64
	if !f.eq.plain {
		scale = f.eq.s
	}
	f.factors().Take(f.s.RawLower().Val, scale, f.eq.size)
}

func (f *Sparse) attempt() error {
	f.load()
	factorize := f.judge.Again
	if f.spent == 0 {
		factorize = f.judge.Factorize
	}
	err := f.run(factorize, 0, "A·v", func(g certify.Finding) *SingularError {
		return &SingularError{Block: -1, Pivot: -1, Row: g.Row}
	})
	f.report.Flops += f.spent
	f.spent = f.report.Flops
	if f.mumps.Engine != nil {
		f.report.Bytes = f.mumps.Cost().Bytes + f.workBytes()
		return err
	}
	f.report.Bytes += f.engine.Grown()
	if f.stopped != nil {
		f.factored, f.known = false, false
		return f.stopped
	}
	if f.engine.Stopped() == tree.OutOfMemory {
		f.factored, f.known = false, false
		return &MemoryError{Needed: f.planned.Bytes, Limit: f.opts.MemoryLimit, What: fmt.Sprintf("an LDLᵀ of order %d with pivots that are put off", f.kept.SymmetricDim())}
	}
	return err
}
