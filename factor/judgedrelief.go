package factor

import "costate/factor/internal/certify"

// relief lends the judge of an Augmented and then of a Dense, at the point and the dampings that
// are factored: the pivots of K are tested over whole fronts, and those of a dense matrix over all
// of it. It is nil where the memory does not suffice, where that method has no factors either,
// and where it is the one at hand. H is formed where it is small enough, see densest.
func (g *judged) relief(k int) (r *certify.Judge, more bool) {
	if g.aside {
		return nil, false
	}
	return g.aid.lend(k, func() (*certify.Judge, error) { return g.another(k) }), k == 0
}

func (g *judged) another(k int) (*certify.Judge, error) {
	_, isAugmented := g.engine.dampedEngine.(*augmentedEngine)
	_, isDense := g.engine.dampedEngine.(*denseEngine)
	switch {
	case k == 0 && !isAugmented:
		f := new(Augmented)
		return g.by(f, &f.judged)
	case k == 1 && !isDense && g.matrix.n <= densest:
		f := new(Dense)
		return g.by(f, &f.judged)
	}
	return nil, nil
}

// by factors with another method f, which has no relief of its own, and returns its judge, nil if
// it has no factors.
func (g *judged) by(f Factorization, other *judged) (*certify.Judge, error) {
	opts := g.opts
	opts.Engine = EngineNative
	opts.MemoryLimit = max(opts.MemoryLimit-g.planned.Bytes, 1)
	if err := f.Analyse(g.matrix.chain, &opts); err != nil {
		return nil, err
	}
	other.aside = true
	if err := f.FactorizeStages(g.matrix.eps); !other.factored {
		return nil, err
	}
	return &other.judge, nil
}
