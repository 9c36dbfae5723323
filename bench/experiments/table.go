package experiments

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"costate/bench/internal/prose"
	"costate/nn/train/race"
)

// csv writes a line for each row.
func (x *Results) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	head := []string{"job", "seed", "optimizer", "learning_rate", "steps", "accepted", "seconds", "loss", "best_loss"}
	for _, l := range race.Levels {
		head = append(head, fmt.Sprintf("steps_to_%g", l), fmt.Sprintf("seconds_to_%g", l))
	}
	c.Write(append(head, "train_accuracy", "test_accuracy", "best_test_accuracy", "reason"))
	for _, r := range x.Rows {
		f := &r.Result.Final
		line := []string{r.Job, fmt.Sprint(r.Seed), r.Result.Optimizer, fmt.Sprint(r.Result.Rate), fmt.Sprint(f.Step), fmt.Sprint(f.Taken),
			fmt.Sprintf("%.4g", f.Seconds), fmt.Sprintf("%.4g", float64(f.Loss)), fmt.Sprintf("%.4g", float64(f.Best))}
		for _, l := range race.Levels {
			if c := r.Result.Reached(l); c != nil {
				line = append(line, fmt.Sprint(c.Step), fmt.Sprintf("%.4g", c.Seconds))
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
	fmt.Fprintf(w, "`costate train --experiment %s` on %s. Medians over the seeds; a count says how many of them came to the loss. Of several learning rates the best one is shown. A dash is a loss that was not reached.\n\n", e.name, x.o.Machine)
	withTest := slices.ContainsFunc(x.Rows, func(r Row) bool { return r.Result.Final.TestAccuracy != nil })
	fmt.Fprint(w, "| job | optimizer | rate | steps | seconds | last loss |")
	for _, l := range race.Levels {
		fmt.Fprintf(w, " to %g: steps | seconds |", l)
	}
	if withTest {
		fmt.Fprint(w, " train | test | best test |")
	}
	fmt.Fprint(w, "\n| --- | --- | --- | --- | --- | --- |"+strings.Repeat(" --- | --- |", len(race.Levels)))
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
		writeRow(w, k.job, k.optimizer, groups[k], withTest)
	}
	fmt.Fprintf(w, "\n![loss against seconds](%s.png)\n", e.name)
	return nil
}

// writeRow writes the line of one optimizer on one job, whose results are g.
func writeRow(w io.Writer, job, optimizer string, g []*race.Result, withTest bool) {
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
	for _, l := range race.Levels {
		var reached []*race.Result
		for _, r := range g {
			if r.Reached(l) != nil {
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
		fmt.Fprintf(w, " %s%s | %.3g |", prose.Group(int(median(reached, func(r *race.Result) float64 { return float64(r.Reached(l).Step) }))), count,
			median(reached, func(r *race.Result) float64 { return r.Reached(l).Seconds }))
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
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return 0.5 * (v[n/2-1] + v[n/2])
	}
	return v[len(v)/2]
}
