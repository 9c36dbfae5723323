package factor

import (
	"sync"

	"gonum.org/v1/gonum/mat"

	"costate/factor/internal/certify"
	"costate/factor/internal/pivot"
	"costate/la"
	"costate/system"
)

// A dampedEngine factors H + diag(ε_1 I, …, ε_L I) at exactly the dampings it is
// given, one a stage.
type dampedEngine interface {
	Factor(eps []float64) pivot.Stats
	Solve(x []float64, nrhs int)
}

// damped is a dampedEngine behind the seam of the judge: a shift moves every
// damping.
type damped struct {
	dampedEngine
	asked, moved []float64
}

func (d *damped) Factor(shift float64) pivot.Stats {
	for k, e := range d.asked {
		d.moved[k] = e + shift
	}
	return d.dampedEngine.Factor(d.moved)
}

// A judged is what the methods for chains share: an engine, the chain as
// operator, and the judge of both.
type judged struct {
	opts    Options
	shapes  []shape // of the stages, and last of the loss
	failed  error   // why there is no point to factorize; nil if there is
	ready   bool    // analysed
	planned Cost

	matrix hessian
	engine damped
	judge  certify.Judge

	factored bool // solves are allowed
	known    bool // Inertia tells something

	mu     sync.Mutex // guards report
	report Report
}

// begin is the part of Analyse that all methods share.
func (g *judged) begin(c *system.Chain, opts *Options) error {
	*g = judged{opts: opts.withDefaults()}
	if err := c.Check(); err != nil {
		return err
	}
	g.matrix.begin(c, g.opts.Backend)
	g.shapes = make([]shape, len(c.Stages)+1)
	for i := range g.shapes {
		g.shapes[i] = shapeOf(c, i)
	}
	return nil
}

// plan refuses a cost above the memory limit.
func (g *judged) plan(what string, c Cost) error {
	if c.Bytes > g.opts.MemoryLimit || c.Bytes < 0 {
		return &MemoryError{Needed: c.Bytes, Limit: g.opts.MemoryLimit, What: what}
	}
	g.planned = c
	return nil
}

// use puts the judge over an engine; the analysis is done.
func (g *judged) use(e dampedEngine) {
	g.engine = damped{e, g.matrix.eps, make([]float64, len(g.matrix.eps))}
	g.judge.Begin(&g.engine, &g.matrix, g.opts.settings(), nil)
	g.ready = true
}

// point takes a new chain of the same shapes.
func (g *judged) point(c *system.Chain) error {
	if !g.ready {
		panic(ErrNotAnalysed)
	}
	if len(c.Stages) != len(g.matrix.eps) {
		panic(ErrShape)
	}
	for i, s := range g.shapes {
		if shapeOf(c, i) != s {
			panic(ErrShape)
		}
	}
	g.matrix.chain, g.factored, g.known = c, false, false
	g.matrix.changed()
	g.failed = c.Check()
	return g.failed
}

// SymmetricDim is the order of H: the number of parameters.
func (g *judged) SymmetricDim() int {
	if !g.ready {
		panic(ErrNotAnalysed)
	}
	return g.matrix.n
}

// Cost estimates flops and bytes of one factorization and solve.
func (g *judged) Cost() Cost {
	if !g.ready {
		panic(ErrNotAnalysed)
	}
	return g.planned
}

// IsEmpty reports whether nothing has been analysed.
func (g *judged) IsEmpty() bool { return !g.ready }

// Factorize factors H + εI; see Factorization.
func (g *judged) Factorize(eps float64) error {
	if !g.ready {
		panic(ErrNotAnalysed)
	}
	g.factored, g.known = false, false
	if eps-eps != 0 {
		return &NotFiniteError{Where: "damping", Index: -1, Value: eps}
	}
	for k := range g.matrix.eps {
		g.matrix.eps[k] = eps
	}
	return g.factorize()
}

// FactorizeStages factors H + diag(ε_1 I, …, ε_L I), a damping for each stage:
// prior precisions by layer, or layerwise damping. The slice has one element a
// stage and is copied.
func (g *judged) FactorizeStages(eps []float64) error {
	if !g.ready {
		panic(ErrNotAnalysed)
	}
	if len(eps) != len(g.matrix.eps) {
		panic(ErrShape)
	}
	g.factored, g.known = false, false
	for k, e := range eps {
		if e-e != 0 {
			return &NotFiniteError{Where: stageDamping(k), Index: -1, Value: e}
		}
	}
	copy(g.matrix.eps, eps)
	return g.factorize()
}

func (g *judged) factorize() error {
	if g.failed != nil {
		return g.failed
	}
	g.matrix.changed()
	f := g.judge.Factorize()
	s := g.judge.Stats()
	eps := 0.0
	if len(g.matrix.eps) > 0 {
		eps = g.matrix.eps[0]
	}
	g.mu.Lock()
	g.report = Report{Eps: eps, Shift: f.Shift, Flops: int64(g.judge.Count) * g.planned.Factor, Bytes: g.planned.Bytes}
	if norm := max(s.Scale, g.matrix.Norm()); norm > 0 {
		g.report.Growth = s.Growth / norm
	}
	g.mu.Unlock()
	g.known = f.Kind == certify.Singular
	g.factored = f.Kind != certify.Blind
	if f.Kind == certify.Regular {
		g.known = true
		return nil
	}
	if norm := g.matrix.Norm(); norm-norm != 0 {
		g.known, g.factored = false, false
		return &NotFiniteError{Where: "H·v", Index: -1, Value: norm}
	}
	e := &SingularError{Block: f.Block, Pivot: f.Row, Row: -1, Eps: eps, Blind: f.Kind == certify.Blind}
	if f.Suggest != 0 {
		e.Suggest = eps + f.Suggest
	}
	if g.factored {
		e.Cond = g.judge.Cond()
	}
	g.known = true
	return e
}

// Inertia returns the inertia of H + εI; see Solver.
func (g *judged) Inertia() la.Inertia {
	if !g.known {
		panic(ErrNotFactorized)
	}
	return inertiaOf(g.judge.Inertia(), g.matrix.n)
}

// LogDet returns log|det(H+εI)| and its sign; see Solver.
func (g *judged) LogDet() (log, sign float64) {
	if !g.factored {
		panic(ErrNotFactorized)
	}
	log, sign, bound := logDetOf(&g.judge)
	g.mu.Lock()
	g.report.LogDetError = bound
	g.mu.Unlock()
	return log, sign
}

// Cond estimates the condition number of H + εI; see Solver.
func (g *judged) Cond() float64 {
	if !g.factored {
		panic(ErrNotFactorized)
	}
	return g.judge.Cond()
}

// Report tells how the last Factorize and solve went.
func (g *judged) Report() Report {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.report
}

// SolveVecTo solves (H + εI) x = b; see Solver.
func (g *judged) SolveVecTo(dst *mat.VecDense, b mat.Vector) error {
	if !g.factored {
		panic(ErrNotFactorized)
	}
	o, err := solveVec(&g.judge, dst, b)
	return g.outcome(o, err)
}

// SolveTo solves (H + εI) X = B; see Solver.
func (g *judged) SolveTo(dst *mat.Dense, b mat.Matrix) error {
	if !g.factored {
		panic(ErrNotFactorized)
	}
	o, err := solveDense(&g.judge, dst, b)
	return g.outcome(o, err)
}

// outcome records how a solve went, and makes its error.
func (g *judged) outcome(o certify.Outcome, err error) error {
	if err != nil {
		return err
	}
	g.mu.Lock()
	g.report.solved(o)
	g.mu.Unlock()
	return accuracy(o, g.opts.Tolerance, g.judge.Finding())
}
