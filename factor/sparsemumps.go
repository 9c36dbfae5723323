package factor

import (
	"errors"

	"costate/factor/internal/mumps"
	"costate/factor/internal/pivot"
	"costate/la/partition"
)

// A shiftedMUMPS factors A − σI: the shift of the judge comes on top.
type shiftedMUMPS struct {
	mumps.Engine // nil where the native engine is used
	base         float64
}

func (e *shiftedMUMPS) Factor(shift float64) pivot.Stats { return e.Engine.Factor(e.base + shift) }

// FactorScaled factors S (A + base·I) S + shift·I.
func (e *shiftedMUMPS) FactorScaled(shift float64) pivot.Stats {
	return e.Engine.FactorEven(e.base, shift)
}

// release frees what MUMPS holds.
func (e *shiftedMUMPS) release() {
	if e.Engine != nil {
		e.Engine.Release()
		e.Engine = nil
	}
}

// prepareMUMPS lets MUMPS analyse. Where the diagonal is weak, the scaling and the pairs of a
// matching keep pivots from being put off.
func (f *Sparse) prepareMUMPS() error {
	if err := f.rescale(); err != nil {
		return err
	}
	if weakDiagonal(f.s, f.eq.row) {
		if err := f.match(); err != nil {
			return err
		}
		if err := f.rescale(); err != nil {
			return err
		}
	}
	e, err := newMUMPS(f.s, f.mates, &f.opts)
	if err != nil {
		var memory *MemoryError
		if errors.As(err, &memory) {
			f.planned.Bytes = memory.Needed
		}
		return err
	}
	f.mumps.Engine = e
	c := Cost(e.Cost())
	c.Solve += 4 * int64(f.kept.Stored())
	c.Bytes += f.workBytes()
	if err := f.planTree(c); err != nil {
		f.mumps.release()
		return err
	}
	f.judge.Begin(&f.mumps, &f.matrix, f.opts.settings(), nil)
	n := f.kept.SymmetricDim()
	f.gaveUp = func() error {
		if err := e.Err(); err != nil {
			return mumpsError(n, &f.opts, err)
		}
		return nil
	}
	f.ready = true
	return nil
}

const (
	// mumpsThreshold is the default of Options.PivotTolerance for MUMPS. With
	// tree.DefaultThreshold, growth of a hundred times leaves inertia uncertain that
	// another threshold makes certain.
	mumpsThreshold = 0.1

	// mumpsGrowth is the growth, as MUMPS lets it be estimated, from which inertia is
	// asked for at once.
	mumpsGrowth = 1e3
)

// strictlyMUMPS factors once more, with the strictest threshold, what MUMPS leaves in doubt.
func (f *Sparse) strictlyMUMPS(err error) error {
	if f.mumps.Threshold() >= strictThreshold || !f.inDoubt(err) {
		return err
	}
	f.mumps.SetThreshold(strictThreshold)
	return f.attempt()
}

// inDoubt reports whether MUMPS found the matrix singular, or its inertia not for
// certain where that is likely.
func (f *Sparse) inDoubt(err error) bool {
	s := f.judge.Stats()
	return f.unsure(err) || err == nil && s.Growth >= mumpsGrowth*s.Scale && !f.Inertia().Certain
}

func isSingular(err error) bool {
	if err == nil {
		return false // and nothing is allocated
	}
	var singular *SingularError
	return errors.As(err, &singular)
}

// factors is the engine in use.
func (f *Sparse) factors() matrixEngine {
	switch {
	case f.byRest:
		return &restEngine{&f.structure}
	case f.mumps.Engine != nil:
		return &f.mumps
	}
	return &f.engine
}

// A Plan tells what the analysis of a sparse factorization has found.
type Plan struct {
	Engine   string // as in EngineNames
	Ordering string // what the order came from
	Fronts   int    // of the assembly tree
	FrontMax int    // order of the largest, rows below included
	Ranks    int    // of MPI that share the work

	// What MUMPS predicts besides Cost; 0 with the native engine.
	Entries   int64 // of the factors
	RankBytes int64 // of the factors and workspaces of the rank with most, without the matrix
}

// mumpsPlan is the plan of MUMPS.
func mumpsPlan(p mumps.Plan) Plan {
	return Plan{Engine: EngineMUMPS, Ordering: p.Ordering, Fronts: p.Fronts, FrontMax: p.FrontMax, Ranks: p.Ranks, Entries: p.Entries, RankBytes: p.RankBytes}
}

// treePlan is the plan of the native engine.
func treePlan(t *partition.Tree) Plan {
	return Plan{Engine: EngineNative, Ordering: t.Ordering.String(), Fronts: len(t.Parent), FrontMax: t.LargestFront(), Ranks: 1}
}

// Plan tells what the analysis has found.
func (f *Sparse) Plan() Plan {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	if f.mumps.Engine != nil {
		return mumpsPlan(f.mumps.Plan())
	}
	return treePlan(f.tree)
}
