package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"costate/bench/internal/figure"
	"costate/la/blas"
	"costate/nn/train"
)

// An experiment is a comparison of optimizers over several jobs.
type experiment struct {
	name  string
	title string
	// note says what is compared, for the head of the table.
	note string
	run  func(s *session, x *experimentRun) error
}

func experiments() []experiment {
	return []experiment{fixedExperiment, newtonExperiment, depthExperiment, regressionExperiment, miniExperiment}
}

func experimentNames() []string {
	var names []string
	for _, e := range experiments() {
		names = append(names, e.name)
	}
	return names
}

// An experimentRun collects the results of an experiment.
type experimentRun struct {
	ctx     context.Context
	backend blas.Backend
	meter   *trainMeter
	rows    []experimentRow
	seeds   int
	brief   bool // two steps of everything, for tests
}

// An experimentRow is one optimizer on one job.
type experimentRow struct {
	job  string
	seed int
	res  *trainResult
}

// A contender is an optimizer in an experiment, with its grid of learning rates.
type contender struct {
	name    string
	rates   []float64
	seconds float64 // where it is not that of the job
	make    func(rate float64) train.Optimizer
}

// contend runs contenders on a job.
func (x *experimentRun) contend(job string, seed int, j *trainJob, contenders []contender) error {
	for _, c := range contenders {
		k := *j
		if x.brief {
			k.steps = 2
		}
		if c.seconds > 0 {
			k.seconds = c.seconds
		}
		rates := c.rates
		if len(rates) == 0 {
			rates = []float64{0}
		}
		res, err := k.grid(x.ctx, c.make, rates, func(name string, rate float64, e *trainEntry) {
			x.meter.show(fmt.Sprintf("%s %s", job, c.name), rate, e)
		})
		if err != nil {
			return fmt.Errorf("%s, %s: %w", job, c.name, err)
		}
		if x.ctx.Err() != nil {
			return x.ctx.Err()
		}
		res.Optimizer = c.name
		x.rows = append(x.rows, experimentRow{job, seed, res})
	}
	return nil
}

// experiment runs one and writes its files.
func (s *session) experiment(ctx context.Context, f *trainFlags) error {
	backend, err := blas.ByName(f.backend, s.threads)
	if err != nil {
		return usagef("--backend: %w", err)
	}
	all := experiments()
	e := all[slices.IndexFunc(all, func(e experiment) bool { return e.name == f.experiment })]
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return usagef("--out %s: %w", f.out, err)
	}
	x := &experimentRun{ctx: ctx, backend: backend, meter: newTrainMeter(s.stderr, nil, 0, 0), seeds: f.seeds}
	err = e.run(s, x)
	x.meter.close()
	if err != nil {
		return err
	}
	if err := x.write(f.out, &e); err != nil {
		return err
	}
	if s.json {
		var results []*trainResult
		for _, r := range x.rows {
			results = append(results, r.res)
		}
		return printTrainJSON(s, results)
	}
	return x.markdown(s.stdout, &e)
}

// write writes the table, the numbers and the plots to a folder.
func (x *experimentRun) write(dir string, e *experiment) error {
	base := filepath.Join(dir, e.name)
	for _, w := range []struct {
		path string
		fill func(w io.Writer) error
	}{{base + ".md", func(w io.Writer) error { return x.markdown(w, e) }}, {base + ".csv", x.csv}} {
		o, err := createOutput("out", w.path)
		if err != nil {
			return err
		}
		if err := o.write(w.fill); err != nil {
			return err
		}
	}
	pg, err := x.plots()
	if err != nil {
		return err
	}
	picture, err := createPlot("out", base+".png")
	if err != nil {
		return err
	}
	return picture.save(pg)
}

// csv writes a line for each row.
func (x *experimentRun) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	head := []string{"job", "seed", "optimizer", "learning_rate", "steps", "accepted", "seconds", "loss", "best_loss"}
	for _, l := range trainLevels {
		head = append(head, fmt.Sprintf("steps_to_%g", l), fmt.Sprintf("seconds_to_%g", l))
	}
	c.Write(append(head, "train_accuracy", "test_accuracy", "best_test_accuracy", "reason"))
	for _, r := range x.rows {
		f := &r.res.Final
		line := []string{r.job, fmt.Sprint(r.seed), r.res.Optimizer, fmt.Sprint(r.res.Rate), fmt.Sprint(f.Step), fmt.Sprint(f.Taken),
			fmt.Sprintf("%.4g", f.Seconds), fmt.Sprintf("%.4g", float64(f.Loss)), fmt.Sprintf("%.4g", float64(f.Best))}
		for _, l := range trainLevels {
			if c := r.res.reached(l); c != nil {
				line = append(line, fmt.Sprint(c.Step), fmt.Sprintf("%.4g", c.Seconds))
			} else {
				line = append(line, "", "")
			}
		}
		line = append(line, optional(f.TrainAccuracy), optional(f.TestAccuracy), optional(bestTest(r.res)), string(f.Reason))
		c.Write(line)
	}
	c.Flush()
	return c.Error()
}

func optional(x *float64) string {
	if x == nil {
		return ""
	}
	return fmt.Sprintf("%.4f", *x)
}

// bestTest is the best test accuracy that was met.
func bestTest(r *trainResult) *float64 {
	var best *float64
	for i := range r.History {
		if t := r.History[i].TestAccuracy; t != nil && (best == nil || *t > *best) {
			best = t
		}
	}
	return best
}

// markdown writes a table with a line for each job and optimizer: medians over the
// seeds, and how many of them reached a level.
func (x *experimentRun) markdown(w io.Writer, e *experiment) error {
	fmt.Fprintf(w, "# %s\n\n%s\n\n", e.title, e.note)
	fmt.Fprintf(w, "`go run ./bench train --experiment %s` on %s. Medians over the seeds; a count says how many of them came to the loss. Of several learning rates the best one is shown. A dash is a loss that was not reached.\n\n", e.name, machineLine())
	withTest := slices.ContainsFunc(x.rows, func(r experimentRow) bool { return r.res.Final.TestAccuracy != nil })
	fmt.Fprint(w, "| job | optimizer | rate | steps | seconds | last loss |")
	for _, l := range trainLevels {
		fmt.Fprintf(w, " to %g: steps | seconds |", l)
	}
	if withTest {
		fmt.Fprint(w, " train | test | best test |")
	}
	fmt.Fprint(w, "\n| --- | --- | --- | --- | --- | --- |"+strings.Repeat(" --- | --- |", len(trainLevels)))
	if withTest {
		fmt.Fprint(w, " --- | --- | --- |")
	}
	fmt.Fprintln(w)
	type key struct{ job, optimizer string }
	var keys []key
	groups := map[key][]*trainResult{}
	for _, r := range x.rows {
		k := key{r.job, r.res.Optimizer}
		if groups[k] == nil {
			keys = append(keys, k)
		}
		groups[k] = append(groups[k], r.res)
	}
	for _, k := range keys {
		g := groups[k]
		var rates []string
		for _, r := range g {
			if rate := fmt.Sprintf("%g", r.Rate); r.Rate != 0 && !slices.Contains(rates, rate) {
				rates = append(rates, rate)
			}
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %.3g | %.2g |", k.job, k.optimizer, strings.Join(rates, ", "),
			group(int(median(g, func(r *trainResult) float64 { return float64(r.Final.Step) }))),
			median(g, func(r *trainResult) float64 { return r.Final.Seconds }),
			median(g, func(r *trainResult) float64 { return float64(r.Final.Loss) }))
		for _, l := range trainLevels {
			var reached []*trainResult
			for _, r := range g {
				if r.reached(l) != nil {
					reached = append(reached, r)
				}
			}
			if len(reached) == 0 {
				fmt.Fprint(w, " – | – |")
				continue
			}
			count := ""
			if len(reached) < len(g) {
				count = fmt.Sprintf(" (%d of %d)", len(reached), len(g))
			}
			fmt.Fprintf(w, " %s%s | %.3g |", group(int(median(reached, func(r *trainResult) float64 { return float64(r.reached(l).Step) }))), count,
				median(reached, func(r *trainResult) float64 { return r.reached(l).Seconds }))
		}
		if withTest {
			fmt.Fprintf(w, " %s | %s | %s |", percent(g[0].Final.TrainAccuracy), percent(g[0].Final.TestAccuracy), percent(bestTest(g[0])))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "\n![loss against seconds](%s.png)\n", e.name)
	return nil
}

func median(g []*trainResult, value func(r *trainResult) float64) float64 {
	var v []float64
	for _, r := range g {
		v = append(v, value(r))
	}
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return 0.5 * (v[n/2-1] + v[n/2])
	}
	return v[len(v)/2]
}

// plots draws the loss against seconds, a panel for each job, and the test
// accuracy where batches change.
func (x *experimentRun) plots() (*figure.Page, error) {
	pg := &figure.Page{Width: 360, Height: 300}
	var names []string
	panels := map[string]*plot.Plot{}
	var order []*plot.Plot
	test := figure.NewPanel("test accuracy", "seconds", "%", true, false)
	tested := false
	for _, r := range x.rows {
		p := panels[r.job]
		if p == nil {
			p = figure.NewPanel(r.job, "seconds", "loss", true, true)
			p.Legend.Left = false
			panels[r.job] = p
			order = append(order, p)
		}
		kind := slices.Index(names, r.res.Optimizer)
		if kind < 0 {
			kind = len(names)
			names = append(names, r.res.Optimizer)
		}
		name := r.res.Optimizer
		if r.seed != 1 {
			name = ""
		}
		var xys, acc plotter.XYs
		for _, e := range r.res.History {
			loss := float64(e.Loss)
			if e.Seconds > 0 && loss > 1e-30 && loss < 1e6 {
				xys = append(xys, plotter.XY{X: math.Max(e.Seconds, 1e-3), Y: loss})
			}
			if e.Seconds > 0 && e.TestAccuracy != nil {
				acc = append(acc, plotter.XY{X: e.Seconds, Y: 100 * *e.TestAccuracy})
			}
		}
		if len(xys) == 0 {
			continue
		}
		if err := figure.AddCurve(p, name, kind, xys); err != nil {
			return nil, err
		}
		if len(acc) > 3 && r.job == miniJob {
			tested = true
			if err := figure.AddCurve(test, name, kind, acc); err != nil {
				return nil, err
			}
		}
	}
	if tested {
		test.Legend.Top, test.Legend.Left = false, false
		order = append(order, test)
	}
	columns := 2
	for i := 0; i < len(order); i += columns {
		row := make([]*plot.Plot, columns)
		for k := range columns {
			if i+k < len(order) {
				row[k] = order[i+k]
				figure.Widen(row[k])
			}
		}
		pg.Panels = append(pg.Panels, row)
	}
	return pg, nil
}
