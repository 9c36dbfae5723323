package main

import (
	"fmt"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"costate/bench/internal/figure"
	"costate/bench/internal/prose"
	"costate/nn/train/race"
)

// trainTable is one row for each result.
func trainTable(results []*race.Result) *table {
	t := newTable("optimizer", "rate", "steps", "seconds", "loss", "s to 1e-2", "s to 1e-4", "s to 1e-6", "train", "test", "")
	t.text(10)
	for _, r := range results {
		rate := ""
		if r.Rate != 0 {
			rate = fmt.Sprintf("%.3g", r.Rate)
		}
		row := []string{r.Optimizer, rate, prose.Group(r.Final.Step), fmt.Sprintf("%.2f", r.Final.Seconds), fmt.Sprintf("%.2g", float64(r.Final.Loss))}
		for _, level := range race.Levels {
			cell := "–"
			if c := r.Reached(level); c != nil {
				cell = fmt.Sprintf("%.2g", c.Seconds)
			}
			row = append(row, cell)
		}
		row = append(row, prose.Percent(r.Final.TrainAccuracy), prose.Percent(r.Final.TestAccuracy), string(r.Final.Reason))
		t.add(row...)
	}
	return t
}

// verdict compares the first result with the best first-order one, in words.
func verdict(w io.Writer, results []*race.Result) {
	if len(results) < 2 {
		return
	}
	a := results[0]
	for _, b := range results[1:] {
		deepest := -1
		for k, level := range race.Levels {
			if a.Reached(level) != nil || b.Reached(level) != nil {
				deepest = k
			}
		}
		if deepest < 0 {
			fmt.Fprintf(w, "Neither %s nor %s came to a loss of %g.\n", a.Optimizer, b.Optimizer, race.Levels[0])
			continue
		}
		level := race.Levels[deepest]
		ca, cb := a.Reached(level), b.Reached(level)
		switch {
		case cb == nil:
			fmt.Fprintf(w, "%s came to a loss of %g in %s and %d steps; %s did not in %s (%.2g).\n", a.Optimizer, level, prose.Duration(ca.Seconds), ca.Step, b.Optimizer, prose.Duration(b.Final.Seconds), float64(b.Final.Best))
		case ca == nil:
			fmt.Fprintf(w, "%s came to a loss of %g in %s; %s did not in %s (%.2g).\n", b.Optimizer, level, prose.Duration(cb.Seconds), a.Optimizer, prose.Duration(a.Final.Seconds), float64(a.Final.Best))
		default:
			first, second, f, s := a, b, ca, cb
			if cb.Seconds < ca.Seconds {
				first, second, f, s = b, a, cb, ca
			}
			fmt.Fprintf(w, "To a loss of %g %s took %s and %d steps, %s %s and %d steps: %.1f times as long.\n", level,
				first.Optimizer, prose.Duration(f.Seconds), f.Step, second.Optimizer, prose.Duration(s.Seconds), s.Step, s.Seconds/f.Seconds)
		}
	}
}

// inspections says what kind of points the runs of --inertia came through.
func inspections(w io.Writer, results []*race.Result) {
	for _, r := range results {
		most, step, flattest, at := -1, 0, -1.0, 0
		for _, e := range r.History {
			if e.Negative != nil && *e.Negative > most {
				most, step = *e.Negative, e.Step
			}
			if e.Flatness != nil && float64(*e.Flatness) > flattest {
				flattest, at = float64(*e.Flatness), e.Step
			}
		}
		if flattest < 0 {
			continue
		}
		end := "an uncertain number of"
		if n := r.Final.Negative; n != nil {
			end = prose.Group(*n)
		}
		fmt.Fprintf(w, "%s: at most %s negative eigenvalues (step %d), %s at the end; the flattest gradient has %.2g of its length in the null space (step %d)\n",
			r.Optimizer, prose.Group(most), step, end, flattest, at)
	}
}

// trainPlot draws the loss against steps and seconds; with accuracy, also the test
// accuracy against seconds.
func trainPlot(title string, results []*race.Result, accuracy bool) (*figure.Page, error) {
	steps := figure.NewPanel(title, "steps", "loss", true, true)
	seconds := figure.NewPanel(title, "seconds", "loss", true, true)
	test := figure.NewPanel("test accuracy", "seconds", "%", true, false)
	drawn, tested := false, false
	for i, r := range results {
		var a, b, c plotter.XYs
		best := 0.0
		for _, e := range r.History {
			if e.TestAccuracy != nil && e.Seconds > 0 {
				c = append(c, plotter.XY{X: e.Seconds, Y: 100 * *e.TestAccuracy})
			}
			loss := float64(e.Loss)
			if !(loss > 0) || loss > 1e30 || e.Step == 0 {
				continue
			}
			if best == 0 || loss < best {
				best = loss
			}
			a = append(a, plotter.XY{X: float64(e.Step), Y: loss})
			if e.Seconds > 0 {
				b = append(b, plotter.XY{X: e.Seconds, Y: loss})
			}
		}
		name := r.Optimizer
		if r.Rate != 0 {
			name += fmt.Sprintf(", rate %.3g", r.Rate)
		}
		for _, l := range []struct {
			p   *plot.Plot
			xys plotter.XYs
		}{{steps, a}, {seconds, b}, {test, c}} {
			if len(l.xys) == 0 {
				continue
			}
			if err := figure.AddCurve(l.p, name, i, l.xys); err != nil {
				return nil, err
			}
			drawn = true
			tested = tested || l.p == test
		}
	}
	if !drawn {
		return nil, fmt.Errorf("nothing to plot: no step was made")
	}
	steps.Legend.Left, seconds.Legend.Left = false, false
	test.Legend.Top, test.Legend.Left = false, false
	figure.Widen(steps)
	figure.Widen(seconds)
	pg := &figure.Page{Width: 420, Height: 320, Panels: [][]*plot.Plot{{steps, seconds}}}
	if accuracy && tested {
		figure.Widen(test)
		pg.Panels[0] = append(pg.Panels[0], test)
	}
	return pg, addInspections(pg, results)
}

// addInspections adds the panels of --inertia to the page, where there is something
// to show.
func addInspections(pg *figure.Page, results []*race.Result) error {
	index := figure.NewPanel("negative eigenvalues of the Hessian", "steps + 1", "", true, false)
	flat := figure.NewPanel("part of the gradient in the null space", "steps + 1", "", true, false)
	flat.Y.Min, flat.Y.Max = 0, 1
	drawn := false
	for i, r := range results {
		var a, b plotter.XYs
		for _, e := range r.History {
			if e.Flatness == nil {
				continue
			}
			b = append(b, plotter.XY{X: float64(e.Step + 1), Y: float64(*e.Flatness)})
			if e.Negative != nil {
				a = append(a, plotter.XY{X: float64(e.Step + 1), Y: float64(*e.Negative)})
			}
		}
		for _, l := range []struct {
			p   *plot.Plot
			xys plotter.XYs
		}{{index, a}, {flat, b}} {
			if len(l.xys) == 0 {
				continue
			}
			if err := figure.AddLine(l.p, r.Optimizer, i, 0, l.xys); err != nil {
				return err
			}
			drawn = true
		}
	}
	if !drawn {
		return nil
	}
	index.Legend.Left = false
	figure.Widen(index)
	figure.Widen(flat)
	row := []*plot.Plot{index, flat}
	for len(row) < len(pg.Panels[0]) {
		row = append(row, nil)
	}
	pg.Panels = append(pg.Panels, row)
	return nil
}
