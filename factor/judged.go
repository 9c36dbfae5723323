package factor

import (
	"math"
	"slices"

	"costate/factor/internal/certify"
	"costate/factor/internal/pivot"
	"costate/factor/internal/sweep"
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

// A stepper solves stage by stage.
type stepper interface {
	SolveSteps(x []float64, nrhs int, f sweep.Follower)
}

// A dampedSteps is a damped that solves stage by stage: a certify.Stepwise.
type dampedSteps struct {
	*damped
	stepper stepper
}

func (d *dampedSteps) SolveSteps(x []float64, f certify.Follower) { d.stepper.SolveSteps(x, 1, f) }

// A judged is what the methods for chains share: an engine, the chain as
// operator, and the judge of both.
type judged struct {
	answers
	shapes []shape // of the stages, and last of the loss
	failed error   // why there is no point to factorize; nil if there is

	matrix hessian
	engine damped
	asked  second
	aid    alternatives
	aside  bool // it is the relief of another method, and has none
}

// begin is the part of Analyse that all methods share.
func (g *judged) begin(c *system.Chain, opts *Options) error {
	*g = judged{}
	g.opts = opts.withDefaults()
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

// use puts the judge over an engine; the analysis is done.
func (g *judged) use(e dampedEngine) {
	g.engine = damped{e, g.matrix.eps, make([]float64, len(g.matrix.eps))}
	var judged certify.Engine = &g.engine
	if s, ok := e.(stepper); ok {
		judged = &dampedSteps{&g.engine, s}
	}
	g.judge.Begin(judged, &g.matrix, g.settings(), g.opinion)
	g.ready = true
}

// settings are those of the judge.
func (g *judged) settings() certify.Settings {
	set := g.opts.settings()
	set.Relief = g.relief
	return set
}

// point checks and takes a new chain of the same shapes.
func (g *judged) point(c *system.Chain) error {
	g.moveTo(c)
	g.failed = c.Check()
	return g.failed
}

// moveTo is point without a check of the chain.
func (g *judged) moveTo(c *system.Chain) {
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
	g.matrix.move(c)
	g.factored, g.known = false, false
	g.aid.forget()
}

// SymmetricDim is the order of H: the number of parameters.
func (g *judged) SymmetricDim() int {
	if !g.ready {
		panic(ErrNotAnalysed)
	}
	return g.matrix.n
}

// damp takes the damping of each stage, which where names in errors. Without a
// point the error says why there is none.
func (g *judged) damp(eps func(k int) float64, where func(k int) string) error {
	g.factored, g.known = false, false
	g.aid.forget()
	most := 0.0
	for k, old := range g.matrix.eps {
		e := eps(k)
		if e-e != 0 {
			g.matrix.changed()
			return &NotFiniteError{Where: where(k), Index: -1, Value: e}
		}
		g.matrix.eps[k] = e
		most = max(most, math.Abs(e-old))
	}
	g.matrix.damped(most)
	return g.failed
}

// dampAll takes one damping for all stages.
func (g *judged) dampAll(eps float64) error {
	if !g.ready {
		panic(ErrNotAnalysed)
	}
	return g.damp(func(int) float64 { return eps }, func(int) string { return "damping" })
}

// dampStages takes a damping for each stage.
func (g *judged) dampStages(eps []float64) error {
	if !g.ready {
		panic(ErrNotAnalysed)
	}
	if len(eps) != len(g.matrix.eps) {
		panic(ErrShape)
	}
	return g.damp(func(k int) float64 { return eps[k] }, stageDamping)
}

// A direct is a judged that factors.
type direct struct{ judged }

// Factorize factors H + εI; see Factorization.
func (g *direct) Factorize(eps float64) error {
	if err := g.dampAll(eps); err != nil {
		return err
	}
	return g.factorize()
}

// FactorizeStages factors H + diag(ε_1 I, …, ε_L I), a damping for each stage:
// prior precisions by layer, or layerwise damping. The slice has one element a
// stage and is copied.
func (g *direct) FactorizeStages(eps []float64) error {
	if err := g.dampStages(eps); err != nil {
		return err
	}
	return g.factorize()
}

func (g *direct) factorize() error {
	return g.run(g.judge.Factorize, g.matrix.eps[0], "H·v", func(f certify.Finding) *SingularError {
		eps := slices.Min(g.matrix.eps)
		if f.Block >= 0 {
			eps = g.matrix.eps[f.Block]
		}
		return &SingularError{Block: f.Block, Pivot: f.Row, Row: -1, Eps: eps}
	})
}

// SolveRaw overwrites the nr right-hand sides in x, one a row, with the solution
// as the factors give it: no refinement, no check. With a shift in Report the
// factors are those of H + (ε + shift) I.
func (g *direct) SolveRaw(x []float64, nr int) {
	if !g.factored {
		panic(ErrNotFactorized)
	}
	if nr < 0 || len(x) != g.matrix.n*nr {
		panic(ErrShape)
	}
	g.engine.Solve(x, nr)
}
