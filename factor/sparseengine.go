package factor

import (
	"costate/factor/internal/pivot"
	"costate/factor/internal/tree"
)

// A treeEngine factors A − σI: the shift of the judge comes on top.
type treeEngine struct {
	*tree.Engine
	base float64

	// pair, if not nil, makes another engine where too many pivots are put off, and
	// loads it, or loads this one again. mostDelays is how many are too many.
	pair       func()
	mostDelays float64

	// giveUp, if not nil, is called where the work allowed is spent, or pair has found that
	// there is no point in going on, and tells whether that is so.
	giveUp func(exhausted bool) bool
}

// Factor factors A + (base + shift) I.
func (e *treeEngine) Factor(shift float64) pivot.Stats { return e.factor(e.base+shift, 0) }

// FactorScaled factors S (A + base·I) S + shift·I.
func (e *treeEngine) FactorScaled(shift float64) pivot.Stats { return e.factor(e.base, shift) }

func (e *treeEngine) factor(shift, even float64) pivot.Stats {
	s := e.FactorEven(shift, even)
	if e.pair != nil && (e.Stopped() == tree.OutOfWork || float64(e.Delayed()) > e.mostDelays) {
		pair := e.pair
		e.pair = nil
		if pair(); e.giveUp(false) {
			return pivot.Stats{}
		}
		s = e.FactorEven(shift, even)
	}
	if e.giveUp != nil && e.Stopped() == tree.OutOfWork {
		e.giveUp(true)
	}
	return s
}

// treeOptions are those of an engine over a tree.
func treeOptions(o *Options) tree.Options {
	return tree.Options{Backend: o.Backend, Threshold: o.PivotTolerance, MemoryLimit: o.MemoryLimit, Interrupt: o.Interrupt}
}
