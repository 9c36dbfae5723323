package factor

import (
	"errors"

	"costate/factor/internal/mumps"
	"costate/factor/internal/pivot"
)

// A shiftedMUMPS factors A − σI: the shift of the judge comes on top.
type shiftedMUMPS struct {
	mumps.Engine // nil where the native engine is used
	base         float64
}

func (e *shiftedMUMPS) Factor(shift float64) pivot.Stats { return e.Engine.Factor(e.base + shift) }

// release frees what MUMPS holds.
func (e *shiftedMUMPS) release() {
	if e.Engine != nil {
		e.Engine.Release()
		e.Engine = nil
	}
}

// prepareMUMPS lets MUMPS analyse. The scaling is that of the native engine.
func (f *Sparse) prepareMUMPS() error {
	if weakDiagonal(f.s, f.eq.row) {
		if err := f.match(); err != nil {
			return err
		}
	}
	e, err := newMUMPS(f.s, &f.opts, f.mates)
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

// factors is the engine in use.
func (f *Sparse) factors() matrixEngine {
	if f.mumps.Engine != nil {
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
}

// Plan tells what the analysis has found.
func (f *Sparse) Plan() Plan {
	if !f.ready {
		panic(ErrNotAnalysed)
	}
	if f.mumps.Engine != nil {
		p := f.mumps.Plan()
		return Plan{Engine: EngineMUMPS, Ordering: p.Ordering, Fronts: p.Fronts, FrontMax: p.FrontMax, Ranks: p.Ranks}
	}
	return Plan{Engine: EngineNative, Ordering: f.tree.Ordering.String(), Fronts: len(f.tree.Parent), FrontMax: f.tree.LargestFront(), Ranks: 1}
}
