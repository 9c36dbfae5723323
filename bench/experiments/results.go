package experiments

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"costate/la/atomicfile"
	"costate/la/blas"
	"costate/nn/train"
	"costate/nn/train/race"
)

// An experiment is a comparison of optimizers over several jobs.
type experiment struct {
	name  string
	title string
	// note says what is compared, for the head of the table.
	note string
	run  func(x *Results) error
}

// all are in the order of the README beside this file.
func all() []*experiment {
	return []*experiment{&fixed, &newton, &depth, &regression, &minibatch, &equations}
}

// Names are the words for the experiments.
func Names() []string {
	var names []string
	for _, e := range all() {
		names = append(names, e.name)
	}
	return names
}

// Results are the results of an experiment.
type Results struct {
	Rows []Row

	experiment *experiment
	ctx        context.Context
	o          Options
}

// A Row is one optimizer on one job.
type Row struct {
	Job    string
	Seed   int
	Result *race.Result
}

// A contender is an optimizer in an experiment, with its grid of learning rates.
type contender struct {
	name    string
	rates   []float64
	seconds float64 // where it is not that of the job
	make    func(rate float64) train.Optimizer
}

// Options are the settings of an experiment.
type Options struct {
	Backend blas.Backend // of networks and optimizers; nil is blas.Native()
	Seeds   int          // of weights and batches, where an experiment has several; 0 is 5
	Machine string       // what is run on, for the table
	Brief   bool         // two steps of everything, for tests

	// Show, if it is not nil, is called after every step.
	Show func(name string, rate float64, e *race.Entry)
}

// Run runs the named experiment. The error is that of ctx if it is cancelled.
func Run(ctx context.Context, name string, o *Options) (*Results, error) {
	i := slices.Index(Names(), name)
	if i < 0 {
		return nil, fmt.Errorf("experiments: no experiment %q; there are %s", name, strings.Join(Names(), ", "))
	}
	x := &Results{experiment: all()[i], ctx: ctx, o: *o}
	if x.o.Backend == nil {
		x.o.Backend = blas.Native()
	}
	if x.o.Seeds == 0 {
		x.o.Seeds = 5
	}
	if err := x.experiment.run(x); err != nil {
		return nil, err
	}
	return x, nil
}

// contend runs contenders on a job.
func (x *Results) contend(job string, seed int, j *race.Job, contenders []contender) error {
	for _, c := range contenders {
		k := *j
		if x.o.Brief {
			k.Steps = 2
		}
		if c.seconds > 0 {
			k.Seconds = c.seconds
		}
		rates := c.rates
		if len(rates) == 0 {
			rates = []float64{0}
		}
		res, err := k.Grid(x.ctx, c.make, rates, func(name string, rate float64, e *race.Entry) {
			if x.o.Show != nil {
				x.o.Show(fmt.Sprintf("%s %s", job, c.name), rate, e)
			}
		})
		if err != nil {
			return fmt.Errorf("%s, %s: %w", job, c.name, err)
		}
		if x.ctx.Err() != nil {
			return x.ctx.Err()
		}
		res.Optimizer = c.name
		x.Rows = append(x.Rows, Row{job, seed, res})
	}
	return nil
}

// Write writes the table, the numbers and the plots to a folder.
func (x *Results) Write(dir string) error {
	base := filepath.Join(dir, x.experiment.name)
	for _, w := range []struct {
		path string
		fill func(w io.Writer) error
	}{{base + ".md", x.Markdown}, {base + ".csv", x.csv}} {
		if err := atomicfile.Write(w.path, w.fill); err != nil {
			return err
		}
	}
	page, err := x.plots()
	if err != nil {
		return err
	}
	return atomicfile.Write(base+".png", func(w io.Writer) error { return page.Write(w, "png") })
}
