package main

import (
	"context"

	"costate/bench/internal/methods"
	"costate/factor"
	"costate/nn"
)

// tourIterations is how long an iterative method may try in a comparison.
const tourIterations = 2000

// An otherMethod is how another method did on the same problem.
type otherMethod struct {
	name       string
	seconds    seconds
	report     factor.Report
	difference float64 // from the answer, relative
	failure    string  // why there is no answer, or none that is good enough
}

// otherMethods solves the problem by the other methods and compares.
func (m *measurement) otherMethods(ctx context.Context, lin *nn.Linearization, answer *solved, used string) ([]otherMethod, error) {
	var all []otherMethod
	for _, name := range methods.Names()[1:] {
		if name == used || name == "gram" && m.curvature != "ggn" {
			continue
		}
		o := *m
		o.method, o.eps, o.repeat, o.meter = name, []float64{answer.eps}, 1, nil
		o.iterations = tourIterations
		m.meter.step("compare with " + name)
		out, _, err := o.run(ctx, lin)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			all = append(all, otherMethod{name: name, failure: brief(err)})
			continue
		}
		r := otherMethod{name: name, seconds: out[0].seconds, report: out[0].report, difference: relativeDifference(out[0].x, answer.x)}
		if out[0].err != nil {
			r.failure = brief(out[0].err)
		}
		all = append(all, r)
	}
	return all, nil
}
