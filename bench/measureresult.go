package main

import (
	"costate/factor"
	"costate/factor/mumps"
	"costate/la/vec"
	"costate/nn"
	"costate/system"
)

// result puts an outcome into the form in which it is reported. k may be nil.
func (m *measurement) result(o *solved, f factor.Factorization, lin *nn.Linearization, k *augmentedView) solveResult {
	method, _ := methodUsed(f, m.method)
	r := solveResult{
		Params:       m.problem.net.NumParams(),
		Layers:       m.problem.layers(),
		Batch:        m.problem.batch.N,
		StateMax:     mostStates(&lin.Chain),
		Eps:          o.eps,
		Curvature:    m.curvature,
		Method:       method,
		Backend:      m.backend.Name(),
		Threads:      m.backend.Threads(),
		Loss:         number(lin.Loss),
		GradientNorm: number(vec.Norm2(lin.Gradient)),
		Seconds:      o.seconds,
		Inertia:      o.inertia,
		LogDet:       o.logDet,
	}
	if m.shards != nil {
		r.StateMax, r.Ranks = m.stateMax, mumps.Ranks()
	}
	if k != nil {
		r.Matrix = &k.stats
		r.Seconds.Permute = k.permute
		if r.Method != "block" {
			r.Seconds.Assemble = k.assemble
		}
	}
	r.setReport(o.report)
	if o.singular != nil {
		r.Singular = o.singular.Error()
	}
	if o.err != nil {
		r.Error = o.err.Error()
	}
	return r
}

// mostStates is the greatest number of states of a stage.
func mostStates(c *system.Chain) int {
	n := 0
	for _, s := range c.Stages {
		n = max(n, s.States())
	}
	return n
}
