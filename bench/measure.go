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
	"costate/system"
)

// A measurement solves (H+εI)x = g for one network on one batch by one method,
// for one or more dampings, several times, and keeps the best times.
type measurement struct {
	problem   *problem
	curvature string // hessian or ggn
	method    string
	backend   blas.Backend
	eps       []float64
	repeat    int
	memory    int64
	meter     *meter // may be nil

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
	log     float64
	sign    float64

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

// point evaluates the network at its parameters and returns the chain of the
// curvature asked for.
func (m *measurement) point(lin *nn.Linearization) (*system.Chain, error) {
	if err := m.problem.net.Linearize(lin, m.problem.batch); err != nil {
		return nil, err
	}
	return m.chain(lin), nil
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
	chain, err := m.point(lin)
	if err != nil {
		return nil, nil, err
	}
	f, analyse, err := m.begin(chain)
	if err != nil {
		return nil, nil, err
	}

	g := m.problem.rightHandSide(lin)
	b := mat.NewVecDense(len(g), g)
	out := make([]solved, len(m.eps))
	for rep := range m.repeat {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		m.meter.step("linearize")
		start := time.Now()
		if chain, err = m.point(lin); err != nil {
			return nil, nil, err
		}
		linearized := time.Since(start)
		if err := f.Update(chain); err != nil {
			return nil, nil, err
		}
		updated := time.Since(start)
		for i, eps := range m.eps {
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			m.meter.step(fmt.Sprintf("%s, eps %g", m.method, eps))
			s := &out[i]
			if s.x == nil {
				s.eps, s.x = eps, make([]float64, len(g))
			}
			var t seconds
			if i == 0 { // the dampings after the first use the same point
				t = m.pointSeconds(linearized.Seconds(), updated.Seconds())
			}
			if t, err = m.solveOne(f, s, b, t); err != nil {
				return nil, nil, err
			}
			if s.unsolved() {
				continue
			}
			if rep == 0 {
				s.seconds = t
				if i == 0 {
					s.seconds.Analyse = analyse
				}
			} else {
				s.seconds.best(&t)
			}
		}
	}
	return out, f, nil
}

// solveOne factors and solves for one damping, and adds the times to t. An error means
// that there is nothing to go on with.
func (m *measurement) solveOne(f factor.Factorization, s *solved, b *mat.VecDense, t seconds) (seconds, error) {
	from := time.Now()
	if s.err = f.Factorize(s.eps); s.err != nil {
		if len(m.eps) == 1 || !s.unsolved() {
			return t, s.err
		}
		// The rest of the sweep need not be lost.
		nan := math.NaN()
		s.report = factor.Report{Eps: s.eps, BackwardError: nan, Growth: nan}
		s.inertia, s.log, s.sign = f.Inertia(), nan, nan
		return t, nil
	}
	factored := time.Since(from)
	s.err = f.SolveVecTo(mat.NewVecDense(len(s.x), s.x), b)
	all := time.Since(from)
	var accuracy *factor.AccuracyError
	if s.err != nil && !errors.As(s.err, &accuracy) {
		return t, s.err
	}
	t.Factor, t.Solve, t.Total = factored.Seconds(), (all - factored).Seconds(), t.Total+all.Seconds()
	s.inertia = f.Inertia()
	s.log, s.sign = f.LogDet()
	s.report = f.Report()
	return t, nil
}

// begin makes the factorization of the method and lets it analyse the chain. analyse
// is how long that took, in seconds.
func (m *measurement) begin(chain *system.Chain) (f factor.Factorization, analyse float64, err error) {
	if m.before != nil {
		if err := m.before(chain); err != nil {
			return nil, 0, err
		}
	}
	if f, err = newMethod(m.method); err != nil {
		return nil, 0, err
	}
	if m.method == "dense" { // whose analysis forms H already
		if err := m.tooLong(factor.DenseCost(chain)); err != nil {
			return nil, 0, err
		}
	}
	m.meter.step("analyse " + m.method)
	start := time.Now()
	if err := f.Analyse(chain, &factor.Options{Backend: m.backend, MemoryLimit: m.memory, MaxIterations: m.iterations}); err != nil {
		return nil, 0, err
	}
	return f, time.Since(start).Seconds(), m.tooLong(f.Cost())
}

// tooLong refuses a factorization of more than maxFlops.
func (m *measurement) tooLong(c factor.Cost) error {
	if flops := float64(c.Point) + float64(c.Factor); m.maxFlops > 0 && flops > m.maxFlops {
		return &tooLongError{flops / 1e9, m.maxFlops / 1e9}
	}
	return nil
}

// pointSeconds are the times of a new point, which is linearized and then updated from
// the start: the method block assembles K and takes it to its blocks in between; what
// the others prepare belongs to the linearization.
func (m *measurement) pointSeconds(linearized, updated float64) seconds {
	if m.method == "block" {
		return seconds{Linearize: linearized, Assemble: updated - linearized, Total: updated}
	}
	return seconds{Linearize: updated, Total: updated}
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
