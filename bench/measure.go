package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
	"costate/la/blas"
	"costate/nn"
	"costate/nn/train"
	"costate/system"
)

// A measurement solves (H+εI)x = g for one network on one batch by one method,
// for one or more dampings, several times, and keeps the best times.
type measurement struct {
	problem   *problem
	curvature string // hessian or ggn
	method    string
	engine    engineFlags
	backend   blas.Backend
	eps       []float64
	repeat    int
	memory    int64
	meter     *meter // may be nil

	sharing bool // among the ranks of MPI, where a method allows it

	options  factor.Options
	shards   *train.Shards // of the batch; nil where it is not shared
	stateMax int           // where the chain of the whole batch is not at hand

	// before, if not nil, looks at the chain before anything large is done.
	before func(*system.Chain) error

	// iterations bounds those of the iterative methods; 0 is their default.
	iterations int
	// maxFlops is the most that a factorization may need; 0 is no limit.
	maxFlops float64
}

// A solved is the outcome for one damping.
type solved struct {
	eps     float64
	x       []float64
	seconds seconds
	report  factor.Report
	inertia la.Inertia
	logDet  logDet

	// singular says that H+εI is singular to working accuracy; x may solve the
	// system all the same.
	singular *factor.SingularError

	// err is an *factor.AccuracyError if x did not reach the accuracy promised;
	// x is then the best reached. In a sweep it is also the
	// *factor.SingularError of a damping at which there is no x.
	err error
}

// unsolved reports whether there is no x.
func (s *solved) unsolved() bool {
	var singular *factor.SingularError
	return errors.As(s.err, &singular)
}

// failure is err with the damping, and one that would do if that is known.
func (s *solved) failure() error {
	err := fmt.Errorf("eps %g: %w", s.eps, s.err)
	if s.singular != nil && s.singular.Suggest != 0 {
		return fmt.Errorf("%w (try --eps %.3g)", err, s.singular.Suggest)
	}
	return err
}

// point evaluates the network at its parameters and returns the chain of the
// curvature asked for.
func (m *measurement) point(lin *nn.Linearization) (*system.Chain, error) {
	lin.GaussNewton = m.curvature == "ggn"
	if err := m.problem.net.Linearize(lin, m.problem.batch); err != nil {
		return nil, err
	}
	return m.chain(lin), nil
}

// move is point, or sharedPoint, which has no chain.
func (m *measurement) move(lin *nn.Linearization) (*system.Chain, error) {
	if m.shards != nil {
		return nil, m.sharedPoint(lin)
	}
	return m.point(lin)
}

// chain is that of the curvature asked for, at the point of lin.
func (m *measurement) chain(lin *nn.Linearization) *system.Chain {
	if m.curvature == "ggn" {
		return lin.Chain.GaussNewton()
	}
	return &lin.Chain
}

// steps is the number of steps of run on the meter.
func (m *measurement) steps() int { return 2 + m.repeat*(1+len(m.eps)) }

// run measures. lin is left at the point. The factorization is returned for
// what it has to say beyond numbers. An error means that there is no solution;
// one that is merely not good enough is in the outcome.
func (m *measurement) run(ctx context.Context, lin *nn.Linearization) ([]solved, factor.Factorization, error) {
	m.meter.step("linearize")
	m.problem.net.Backend = m.backend
	if err := m.share(); err != nil {
		return nil, nil, err
	}
	chain, err := m.move(lin)
	if err != nil {
		return nil, nil, err
	}
	if m.before != nil && chain != nil {
		if err := m.before(chain); err != nil {
			return nil, nil, err
		}
	}
	f, err := newMethod(m.method)
	if err != nil {
		return nil, nil, err
	}
	if m.method == "dense" { // whose analysis forms H already
		if err := m.tooLong(factor.Choose(chain, m.memory).Dense); err != nil {
			return nil, nil, err
		}
	}
	m.meter.step("analyse " + m.method)
	start := time.Now()
	m.options = factor.Options{Backend: m.backend, MemoryLimit: m.memory, MaxIterations: m.iterations, Interrupt: ended(ctx)}
	m.engine.set(&m.options)
	if err := m.analyse(f, chain); err != nil {
		return nil, nil, err
	}
	analyse := time.Since(start).Seconds()
	if err := m.tooLong(f.Cost()); err != nil {
		return nil, nil, err
	}

	g := m.problem.rightHandSide(lin)
	b := mat.NewVecDense(len(g), g)
	out := make([]solved, len(m.eps))
	for i, eps := range m.eps {
		out[i].eps, out[i].x = eps, make([]float64, len(g))
	}
	for rep := range m.repeat {
		if err := m.repetition(ctx, lin, f, b, out, rep == 0); err != nil {
			return nil, nil, err
		}
	}
	out[0].seconds.Analyse = analyse
	return out, f, nil
}

// repetition linearizes, and factors and solves for each damping.
func (m *measurement) repetition(ctx context.Context, lin *nn.Linearization, f factor.Factorization, b *mat.VecDense, out []solved, first bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.meter.step("linearize")
	start := time.Now()
	chain, err := m.move(lin)
	if err != nil {
		return err
	}
	linearized := time.Since(start)
	if m.shards != nil {
		err = m.analyse(f, nil)
	} else {
		err = f.Update(chain)
	}
	if err != nil {
		return err
	}
	updated := time.Since(start)
	for i := range out {
		if err := ctx.Err(); err != nil {
			return err
		}
		s := &out[i]
		m.meter.step(fmt.Sprintf("%s, eps %g", m.method, s.eps))
		t, err := s.solve(f, b)
		if err != nil && !(s.unsolved() && len(out) > 1) { // the rest of a sweep need not be lost
			return err
		}
		if err != nil {
			continue
		}
		if i == 0 { // the dampings after the first use the same point
			t.Linearize, t.Total = linearized.Seconds(), t.Total+updated.Seconds()
			m.split(&t, f, (updated - linearized).Seconds())
		}
		if first {
			s.seconds = t
			s.inertia = f.Inertia()
			s.logDet = logDetOf(f)
		} else {
			s.seconds.best(&t)
		}
		s.report = f.Report()
	}
	return nil
}

// solve factors and solves. It returns an error if there is no x then.
func (s *solved) solve(f factor.Factorization, b *mat.VecDense) (t seconds, err error) {
	from := time.Now()
	s.err = f.Factorize(s.eps)
	if s.singular = nil; errors.As(s.err, &s.singular) && !s.singular.Blind {
		s.err = nil
	}
	if s.err != nil {
		if s.unsolved() {
			nan := math.NaN()
			s.report = factor.Report{Eps: s.eps, BackwardError: nan, Growth: nan}
			s.inertia, s.logDet = f.Inertia(), logDet{number(nan), number(nan), number(nan)}
		}
		return t, s.err
	}
	factored := time.Since(from)
	s.err = f.SolveVecTo(mat.NewVecDense(len(s.x), s.x), b)
	all := time.Since(from)
	var accuracy *factor.AccuracyError
	if s.err != nil && !errors.As(s.err, &accuracy) {
		return t, s.err
	}
	return seconds{Factor: factored.Seconds(), Solve: (all - factored).Seconds(), Total: all.Seconds()}, nil
}

// tooLong refuses a factorization of more than maxFlops.
func (m *measurement) tooLong(c factor.Cost) error {
	if flops := float64(c.Point) + float64(c.Factor); m.maxFlops > 0 && flops > m.maxFlops {
		return &tooLongError{flops / 1e9, m.maxFlops / 1e9}
	}
	return nil
}

// split accounts for the time of Update: the method block assembles K and takes
// it to its blocks then; what the others prepare belongs to the linearization.
func (m *measurement) split(t *seconds, f factor.Factorization, update float64) {
	if m.method != "block" {
		t.Linearize += update
		return
	}
	t.Assemble = update
}

// best keeps the lesser of each time, but the analysis, which is done once.
func (s *seconds) best(t *seconds) {
	s.Linearize = min(s.Linearize, t.Linearize)
	s.Assemble = min(s.Assemble, t.Assemble)
	s.Permute = min(s.Permute, t.Permute)
	s.Factor = min(s.Factor, t.Factor)
	s.Solve = min(s.Solve, t.Solve)
	s.Total = min(s.Total, t.Total)
}
