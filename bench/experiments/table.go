package experiments

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"costate/bench/internal/prose"
	"costate/nn/train/race"
)

// csv writes a line for each row.
func (x *Results) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	head := []string{"job", "seed", "optimizer", "learning_rate", "steps", "accepted", "seconds", "loss", "best_loss"}
	m := x.measure()
	if m.l2 {
		head = append(head, "best_l2")
	}
	for _, l := range m.levels {
		head = append(head, fmt.Sprintf("steps_to_%g", l), fmt.Sprintf("seconds_to_%g", l))
	}
	c.Write(append(head, "train_accuracy", "test_accuracy", "best_test_accuracy", "reason"))
	for _, r := range x.Rows {
		f := &r.Result.Final
		line := []string{r.Job, fmt.Sprint(r.Seed), r.Result.Optimizer, fmt.Sprint(r.Result.Rate), fmt.Sprint(f.Step), fmt.Sprint(f.Taken),
			fmt.Sprintf("%.4g", f.Seconds), fmt.Sprintf("%.4g", float64(f.Loss)), fmt.Sprintf("%.4g", float64(f.Best))}
		if m.l2 {
			line = append(line, fmt.Sprintf("%.4g", bestL2(r.Result)))
		}
		for _, l := range m.levels {
			if step, seconds, ok := m.reached(r.Result, l); ok {
				line = append(line, fmt.Sprint(step), fmt.Sprintf("%.4g", seconds))
			} else {
				line = append(line, "", "")
			}
		}
		line = append(line, optional(f.TrainAccuracy), optional(f.TestAccuracy), optional(r.Result.BestTest()), string(f.Reason))
		c.Write(line)
	}
	c.Flush()
	return c.Error()
}

// A measure is what results are compared by: the loss, or a relative error.
type measure struct {
	l2     bool
	levels []float64
}

// measure is that of the experiment.
func (x *Results) measure() measure {
	if slices.ContainsFunc(x.Rows, func(r Row) bool { return r.Result.Final.BestL2 != nil }) {
		return measure{true, race.LevelsL2[1:]}
	}
	return measure{false, race.Levels}
}

// reached is where a level was reached, if it was.
func (m measure) reached(r *race.Result, level float64) (step int, seconds float64, ok bool) {
	if m.l2 {
		if c := r.ReachedL2(level); c != nil {
			return c.Step, c.Seconds, true
		}
	} else if c := r.Reached(level); c != nil {
		return c.Step, c.Seconds, true
	}
	return 0, 0, false
}

// bestL2 is the best relative error, NaN where there is none.
func bestL2(r *race.Result) float64 {
	if r.Final.BestL2 == nil {
		return math.NaN()
	}
	return float64(*r.Final.BestL2)
}

func optional(x *float64) string {
	if x == nil {
		return ""
	}
	return fmt.Sprintf("%.4f", *x)
}

// Markdown writes a table with a line for each job and optimizer: medians over the
// seeds, and how many of them reached a level.
func (x *Results) Markdown(w io.Writer) error {
	e := x.experiment
	fmt.Fprintf(w, "# %s\n\n%s\n\n", e.title, e.note)
	fmt.Fprintf(w, "`costate train --experiment %s` on %s. Medians over the seeds; a count says how many of them came to the loss. Of several learning rates the best one is shown. A dash is a level that was not reached.\n\n", e.name, x.o.Machine)
	m := x.measure()
	withTest := slices.ContainsFunc(x.Rows, func(r Row) bool { return r.Result.Final.TestAccuracy != nil })
	fmt.Fprint(w, "| job | optimizer | rate | steps | seconds | last loss |")
	if m.l2 {
		fmt.Fprint(w, " best error |")
	}
	for _, l := range m.levels {
		fmt.Fprintf(w, " to %g: steps | seconds |", l)
	}
	if withTest {
		fmt.Fprint(w, " train | test | best test |")
	}
	fmt.Fprint(w, "\n| --- | --- | --- | --- | --- | --- |"+strings.Repeat(" --- | --- |", len(m.levels)))
	if m.l2 {
		fmt.Fprint(w, " --- |")
	}
	if withTest {
		fmt.Fprint(w, " --- | --- | --- |")
	}
	fmt.Fprintln(w)
	type key struct{ job, optimizer string }
	var keys []key
	groups := map[key][]*race.Result{}
	for _, r := range x.Rows {
		k := key{r.Job, r.Result.Optimizer}
		if groups[k] == nil {
			keys = append(keys, k)
		}
		groups[k] = append(groups[k], r.Result)
	}
	for _, k := range keys {
		m.writeRow(w, k.job, k.optimizer, groups[k], withTest)
	}
	what := "loss"
	if m.l2 {
		what = "error"
	}
	fmt.Fprintf(w, "\n![%s against seconds](%s.png)\n", what, e.name)
	return nil
}

// writeRow writes the line of one optimizer on one job, whose results are g.
func (m measure) writeRow(w io.Writer, job, optimizer string, g []*race.Result, withTest bool) {
	var rates []string
	for _, r := range g {
		if rate := fmt.Sprintf("%g", r.Rate); r.Rate != 0 && !slices.Contains(rates, rate) {
			rates = append(rates, rate)
		}
	}
	fmt.Fprintf(w, "| %s | %s | %s | %s | %.3g | %.2g |", job, optimizer, strings.Join(rates, ", "),
		prose.Group(int(median(g, func(r *race.Result) float64 { return float64(r.Final.Step) }))),
		median(g, func(r *race.Result) float64 { return r.Final.Seconds }),
		median(g, func(r *race.Result) float64 { return float64(r.Final.Loss) }))
	if m.l2 {
		fmt.Fprintf(w, " %.2g |", median(g, bestL2))
	}
	for _, l := range m.levels {
		var steps, seconds []float64
		for _, r := range g {
			if n, t, ok := m.reached(r, l); ok {
				steps, seconds = append(steps, float64(n)), append(seconds, t)
			}
		}
		if len(steps) == 0 {
			fmt.Fprint(w, " – | – |")
			continue
		}
		count := ""
		if len(steps) < len(g) {
			count = fmt.Sprintf(" (%d of %d)", len(steps), len(g))
		}
		fmt.Fprintf(w, " %s%s | %.3g |", prose.Group(int(middle(steps))), count, middle(seconds))
	}
	if withTest {
		fmt.Fprintf(w, " %s | %s | %s |", prose.Percent(g[0].Final.TrainAccuracy), prose.Percent(g[0].Final.TestAccuracy), prose.Percent(g[0].BestTest()))
	}
	fmt.Fprintln(w)
}

func median(g []*race.Result, value func(r *race.Result) float64) float64 {
	var v []float64
	for _, r := range g {
		v = append(v, value(r))
	}
	return middle(v)
}

// middle is the median of numbers, which it sorts.
func middle(v []float64) float64 {
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return 0.5 * (v[n/2-1] + v[n/2])
	}
	return v[len(v)/2]
}
