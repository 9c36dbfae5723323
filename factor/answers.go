package factor

import (
	"sync"

	"gonum.org/v1/gonum/mat"

	"costate/factor/internal/certify"
	"costate/la"
)

// An answers is what every face has in common: a judge, and what it found out,
// as a Solver.
type answers struct {
	opts    Options
	planned Cost
	ready   bool // analysed
	judge   certify.Judge

	// gaveUp, if not nil, tells why the engine gave up for another reason than the
	// matrix, nil if it did not.
	gaveUp func() error

	factored bool // solves are allowed
	known    bool // Inertia tells something

	mu     sync.Mutex // guards report
	report Report
}

// plan refuses a cost above the memory limit.
func (g *answers) plan(what string, c Cost) error {
	g.planned = c
	if c.Bytes > g.opts.MemoryLimit || c.Bytes < 0 {
		return &MemoryError{Needed: c.Bytes, Limit: g.opts.MemoryLimit, What: what}
	}
	return nil
}

// run factors, by Factorize or Again of the judge, at the damping eps. what names the
// product with the matrix, and place makes the error of a singular one.
func (g *answers) run(factorize func() certify.Finding, eps float64, what string, place func(certify.Finding) *SingularError) error {
	g.factored, g.known = false, false
	f := factorize()
	if g.opts.interrupted() {
		return ErrInterrupted
	}
	if g.gaveUp != nil {
		if err := g.gaveUp(); err != nil {
			return err
		}
	}
	s := g.judge.Stats()
	norm := g.judge.Norm()
	g.mu.Lock()
	g.report = Report{Eps: eps, Shift: f.Shift, Flops: int64(g.judge.Count) * g.planned.Factor, Bytes: g.planned.Bytes}
	if scale := g.judge.Scale(); scale > 0 {
		g.report.Growth = s.Growth / scale
	}
	g.mu.Unlock()
	if f.Kind == certify.Regular {
		g.known, g.factored = true, true
		return nil
	}
	if norm-norm != 0 {
		return &NotFiniteError{Where: what, Index: -1, Value: norm}
	}
	g.known, g.factored = true, f.Kind == certify.Singular
	e := place(f)
	e.Blind = !g.factored
	if f.Suggest != 0 {
		e.Suggest = e.Eps + f.Suggest
	}
	if g.factored {
		e.Cond = g.judge.Cond()
	}
	return e
}

// Cost estimates flops and bytes of one factorization and solve, also where
// Analyse refused them; see Solver.
func (g *answers) Cost() Cost {
	if !g.ready && g.planned == (Cost{}) {
		panic(ErrNotAnalysed)
	}
	return g.planned
}

// IsEmpty reports whether nothing has been analysed.
func (g *answers) IsEmpty() bool { return !g.ready }

// Inertia returns the inertia of the matrix factored; see Solver.
func (g *answers) Inertia() la.Inertia {
	if !g.known {
		panic(ErrNotFactorized)
	}
	return inertiaOf(g.judge.Inertia(), g.judge.Order())
}

// LogDet returns log|det| of the matrix factored and its sign; see Solver.
func (g *answers) LogDet() (log, sign float64) {
	if !g.factored {
		panic(ErrNotFactorized)
	}
	log, sign, bound := logDetOf(&g.judge)
	g.mu.Lock()
	g.report.LogDetError = bound
	g.mu.Unlock()
	return log, sign
}

// Cond estimates the condition number of the matrix factored; see Solver.
func (g *answers) Cond() float64 {
	if !g.factored {
		panic(ErrNotFactorized)
	}
	return g.judge.Cond()
}

// Report tells how the last factorization and solve went.
func (g *answers) Report() Report {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.report
}

// SolveVecTo solves for one right-hand side; see Solver.
func (g *answers) SolveVecTo(dst *mat.VecDense, b mat.Vector) error {
	if !g.factored {
		panic(ErrNotFactorized)
	}
	o, err := solveVec(&g.judge, dst, b)
	return g.outcome(o, err)
}

// SolveTo solves for the columns of b; see Solver.
func (g *answers) SolveTo(dst *mat.Dense, b mat.Matrix) error {
	if !g.factored {
		panic(ErrNotFactorized)
	}
	o, err := solveDense(&g.judge, dst, b)
	return g.outcome(o, err)
}

// outcome records how a solve went, and makes its error: ErrInterrupted where it was
// given up.
func (g *answers) outcome(o certify.Outcome, err error) error {
	if err != nil {
		return err
	}
	if !o.Met(g.opts.Tolerance) && g.opts.interrupted() {
		return ErrInterrupted
	}
	g.mu.Lock()
	g.report.solved(o)
	g.mu.Unlock()
	return accuracy(o, g.opts.Tolerance, g.judge.Finding())
}
