package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"costate/bench/experiments"
	"costate/bench/internal/prose"
	"costate/factor/mumps"
	"costate/la/blas"
	"costate/nn/train"
	"costate/nn/train/race"
)

// train does the whole subcommand.
func (s *session) train(ctx context.Context, f *trainFlags) error {
	backend, err := blas.ByName(f.backend, s.threads)
	if err != nil {
		return usagef("--backend: %w", err)
	}
	plotFile, err := createPlot("plot", f.plot)
	if err != nil {
		return err
	}
	defer plotFile.discard()
	j, err := s.job(f, backend)
	if err != nil {
		return err
	}
	if err := s.keepCheckpoints(j, f.checkpoint, f.every, f.resume); err != nil {
		return err
	}
	results, err := s.race(ctx, f, j, backend)
	if err != nil {
		return err
	}
	if f.checkpoint != "" {
		if err := s.saveLast(results, f.checkpoint); err != nil {
			return err
		}
	}
	if plotFile != nil {
		pg, err := trainPlot(f.title(), results, !f.fixed)
		if err != nil {
			return err
		}
		if err := plotFile.save(pg); err != nil {
			return err
		}
	}
	if err := s.printTraining(results); err != nil {
		return err
	}
	return endOf(ctx, results)
}

// keepCheckpoints has a job write checkpoints to a file, whose name may be empty, and go
// on from it.
func (s *session) keepCheckpoints(j *race.Job, file string, every time.Duration, resume bool) error {
	if file == "" {
		return nil
	}
	j.Checkpoint = &race.Checkpointer{File: file, Every: every, Note: s.notef}
	if resume {
		j.Resume = file
		return nil
	}
	probe, err := createOutput("checkpoint", file)
	if err != nil {
		return err
	}
	probe.discard()
	return nil
}

// saveLast writes the checkpoint of the end of the only run.
func (s *session) saveLast(results []*race.Result, file string) error {
	last := results[0]
	if err := last.Save(file); err != nil {
		return err
	}
	s.notef("checkpoint of step %d written to %s", last.Final.Step, file)
	return nil
}

// endOf is the error that results end the command with.
func endOf(ctx context.Context, results []*race.Result) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, r := range results {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}

// race lets the optimizers train one after the other, until all have or ctx is
// cancelled.
func (s *session) race(ctx context.Context, f *trainFlags, j *race.Job, backend blas.Backend) ([]*race.Result, error) {
	var lines = s.stdout
	if s.json {
		lines = nil
	} else {
		s.trainHead(f, j)
	}
	meter := newTrainMeter(s.stderr, lines, f.steps, f.seconds)
	defer meter.close()
	var results []*race.Result
	for _, name := range f.optimizers {
		res, err := j.Grid(ctx, func(rate float64) train.Optimizer { return f.newOptimizer(name, rate, backend) }, f.ratesOf(name), meter.show)
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

// printTraining prints what they came to.
func (s *session) printTraining(results []*race.Result) error {
	if s.json {
		return printTrainJSON(s, results)
	}
	fmt.Fprintln(s.stdout)
	trainTable(results).print(s.stdout)
	fmt.Fprintln(s.stdout)
	verdict(s.stdout, results)
	inspections(s.stdout, results)
	return nil
}

// trainHead says what is about to be trained.
func (s *session) trainHead(f *trainFlags, j *race.Job) {
	fmt.Fprintln(s.stdout, machineLine())
	batch := fmt.Sprintf("mini-batches of %d", f.net.batch)
	switch {
	case f.fixed:
		batch = fmt.Sprintf("a fixed batch of %d", f.net.batch)
	case f.net.batch == 0:
		batch = "all of them at once"
	}
	if f.shard {
		batch += " shared out among " + prose.Plural(mumps.Ranks(), "rank")
	}
	fmt.Fprintf(s.stdout, "%s on %s; %s parameters; up to %s each, to a loss of %g\n\n", f.title(), batch, prose.Group(j.Net.NumParams()), prose.Duration(f.seconds), f.target)
}

// title says what is trained.
func (f *trainFlags) title() string {
	if f.net.spec != "" {
		return fmt.Sprintf("%s, %s, %s", f.net.data, f.net.spec, f.net.act)
	}
	kind := ""
	if f.residual {
		kind = " residual"
	}
	return fmt.Sprintf("%s, %d%s layers of width %d, %s", f.net.data, f.net.layers, kind, f.net.width, f.net.act)
}

// printTrainJSON prints one object, or a list for several optimizers.
func printTrainJSON(s *session, results []*race.Result) error {
	if len(results) == 1 {
		return printJSON(s.stdout, results[0])
	}
	return printJSON(s.stdout, results)
}

// experiment runs one and writes its files.
func (s *session) experiment(ctx context.Context, f *trainFlags) error {
	backend, err := blas.ByName(f.backend, s.threads)
	if err != nil {
		return usagef("--backend: %w", err)
	}
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return usagef("--out %s: %w", f.out, err)
	}
	meter := newTrainMeter(s.stderr, nil, 0, 0)
	x, err := experiments.Run(ctx, f.experiment, &experiments.Options{Backend: backend, Seeds: f.seeds, Machine: machineLine(), Show: meter.show})
	meter.close()
	if err != nil {
		return err
	}
	if err := x.Write(f.out); err != nil {
		return err
	}
	if !s.json {
		return x.Markdown(s.stdout)
	}
	var results []*race.Result
	for _, r := range x.Rows {
		results = append(results, r.Result)
	}
	return printTrainJSON(s, results)
}
