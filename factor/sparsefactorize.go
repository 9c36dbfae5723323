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
	f.aid.forget()
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
	} else {
		f.engine.SetThreshold(0)
	}
	if !f.fresh || f.eq.shift != 0 {
		if err := f.rescale(); err != nil {
			return err
		}
	}
	f.fresh = false
	err := f.attempt()
	if err == ErrInterrupted || f.stopped != nil {
		return err
	}
	err = f.scaled(err)
	if f.mumps.Engine != nil {
		err = f.strictlyMUMPS(err)
	}
	if f.mates == nil && f.unsure(err) && weakDiagonal(f.s, f.eq.row) {
		// Only a matching shows what matters where elements are of all orders
		// of magnitude.
		if err := f.match(); err != nil {
			return err
		}
		if f.deficient() && !f.whole && f.mumps.Engine == nil && f.engine.base == 0 {
			return errDeficient
		}
		if err := f.rescale(); err != nil {
			return err
		}
		err = f.attempt()
	}
	if f.mumps.Engine == nil {
		err = f.strictly(err)
	}
	return f.otherwise(err)
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
