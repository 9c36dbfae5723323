package factor

import (
	"sync"

	"costate/factor/internal/certify"
)

// others are the methods that solve what one method for chains does not: the pivots of K are
// tested over whole fronts, and those of a dense matrix over all of it. Factors are made when a
// solve needs them.
type others struct {
	mu    sync.Mutex
	tried [2]bool
	judge [2]*certify.Judge // of an Augmented and a Dense; nil where there is none
}

// forget is for a new point or damping.
func (r *others) forget() {
	r.mu.Lock()
	r.tried, r.judge = [2]bool{}, [2]*certify.Judge{}
	r.mu.Unlock()
}

// relief lends the judge of another method at the point and the dampings that are factored, and
// nil where the memory does not suffice or that has no factors either. H is formed where it is
// small enough, see densest.
func (g *judged) relief(k int) (r *certify.Judge, more bool) {
	o := &g.aid
	o.mu.Lock()
	defer o.mu.Unlock()
	more = k+1 < len(o.tried)
	if !o.tried[k] {
		opts := g.opts
		opts.Engine = EngineNative
		opts.MemoryLimit = max(opts.MemoryLimit-g.planned.Bytes, 1)
		var err error
		switch {
		case k == 0:
			f := new(Augmented)
			o.judge[k], err = g.by(f, &f.judged, &opts)
		case g.matrix.n <= densest:
			f := new(Dense)
			o.judge[k], err = g.by(f, &f.judged, &opts)
		}
		if err == ErrInterrupted {
			return nil, false
		}
		o.tried[k] = true
	}
	return o.judge[k], more
}

// by factors with another method f, which has no relief of its own, and returns its judge, nil if
// it has no factors.
func (g *judged) by(f Factorization, other *judged, opts *Options) (*certify.Judge, error) {
	if err := f.Analyse(g.matrix.chain, opts); err != nil {
		return nil, err
	}
	other.aside = true
	if err := f.FactorizeStages(g.matrix.eps); !other.factored {
		return nil, err
	}
	return &other.judge, nil
}
