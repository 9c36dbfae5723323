package main

import (
	"context"
	"fmt"
	"slices"

	"costate/bench/experiments"
	"costate/bench/internal/prose"
	"costate/la/blas"
	"costate/nn/pde"
	"costate/nn/train"
	"costate/nn/train/race"
)

// pde does the whole subcommand.
func (s *session) pde(ctx context.Context, f *pdeFlags) error {
	backend, err := blas.ByName(f.backend, s.threads)
	if err != nil {
		return usagef("--backend: %w", err)
	}
	plotFile, err := createPlot("plot", f.plot)
	if err != nil {
		return err
	}
	defer plotFile.discard()
	j, problem, err := s.pdeJob(f, backend)
	if err != nil {
		return err
	}
	if err := s.keepCheckpoints(j, f.checkpoint, f.every, f.resume); err != nil {
		return err
	}
	results, err := s.racePDE(ctx, f, j)
	if err != nil {
		return err
	}
	if f.checkpoint != "" {
		if err := s.saveLast(results, f.checkpoint); err != nil {
			return err
		}
	}
	if plotFile != nil {
		pg, err := pdePlot(problem, results)
		if err != nil {
			return err
		}
		if err := plotFile.save(pg); err != nil {
			return err
		}
	}
	if err := s.printPDE(f, results); err != nil {
		return err
	}
	return endOf(ctx, results)
}

// pdeJob makes what is trained on.
func (s *session) pdeJob(f *pdeFlags, backend blas.Backend) (*race.Job, *pde.Problem, error) {
	problem, err := pde.ByName(f.pde)
	if err != nil {
		return nil, nil, usagef("--pde: %w", err)
	}
	act, err := pde.ActivationByName(f.act)
	if err != nil {
		return nil, nil, usagef("--act: %w", err)
	}
	d := &experiments.PDE{Problem: problem, Hidden: f.hidden, Act: act, Gain: f.gain, Seed: s.seed, Backend: backend,
		Options: pde.Options{Interior: f.interior, Boundary: f.boundary, Points: f.points, Resample: f.resample, MemoryLimit: s.memoryLimit()}}
	j, err := d.Job()
	if err != nil {
		return nil, nil, err
	}
	if n := j.Net.NumParams(); n > mostForHessian && slices.ContainsFunc(f.optimizers, experiments.NeedsHessian) {
		return nil, nil, usagef("--optimizer tr and cubic form the Hessian: the network has %d parameters, it may have %d", n, mostForHessian)
	}
	j.Steps, j.Seconds, j.TargetL2 = f.steps, f.seconds, f.target
	return j, problem, nil
}

// racePDE lets the optimizers train one after the other, until all have or ctx is
// cancelled.
func (s *session) racePDE(ctx context.Context, f *pdeFlags, j *race.Job) ([]*race.Result, error) {
	lines := s.stdout
	if s.json {
		lines = nil
	} else {
		fmt.Fprintln(s.stdout, machineLine())
		fmt.Fprintf(s.stdout, "%s by a network of %s hidden units (%s), %s parameters; up to %s each, to a relative error of %g\n\n",
			f.pde, f.hidden.String(), f.act, prose.Group(j.Net.NumParams()), prose.Duration(f.seconds), f.target)
	}
	meter := newTrainMeter(s.stderr, lines, f.steps, f.seconds)
	defer meter.close()
	var results []*race.Result
	for _, name := range f.optimizers {
		rates := []float64{0}
		if race.HasRate(name) {
			rates = f.rates
		}
		res, err := j.Grid(ctx, func(rate float64) train.Optimizer { return f.newOptimizer(name, rate) }, rates, meter.show)
		if err != nil {
			return nil, err
		}
		results = append(results, res)
		if ctx.Err() != nil {
			break
		}
	}
	return results, nil
}

// newOptimizer makes an optimizer by its name.
func (f *pdeFlags) newOptimizer(name string, rate float64) train.Optimizer {
	o, err := experiments.PDEOptimizer(name, rate, f.momentum)
	if err != nil {
		panic(err) // the flags have been checked
	}
	return o
}

// printPDE prints what they came to.
func (s *session) printPDE(f *pdeFlags, results []*race.Result) error {
	if s.json {
		return printTrainJSON(s, results)
	}
	fmt.Fprintln(s.stdout)
	pdeTable(results).print(s.stdout)
	fmt.Fprintln(s.stdout)
	for _, r := range results {
		if r.Final.BestL2 == nil {
			continue
		}
		if l2 := float64(*r.Final.BestL2); f.target > 0 && l2 <= f.target {
			fmt.Fprintf(s.stdout, "%s came to a relative error of %.2g in %s and %s.\n", r.Optimizer, l2, prose.Duration(r.Final.Seconds), prose.Plural(r.Final.Step, "step"))
		} else {
			fmt.Fprintf(s.stdout, "%s came to a relative error of %.2g in %s and %s; the target was %g.\n", r.Optimizer, l2, prose.Duration(r.Final.Seconds), prose.Plural(r.Final.Step, "step"), f.target)
		}
	}
	if f.plot != "" {
		fmt.Fprintf(s.stdout, "Solution, error, and error against seconds are drawn in %s.\n", f.plot)
	}
	return nil
}
