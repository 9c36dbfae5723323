package experiments

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"costate/bench/internal/figure"
	"costate/nn/train/race"
)

// plots draws the loss against seconds, a panel for each job, and the test
// accuracy where batches change.
func (x *Results) plots() (*figure.Page, error) {
	pg := &figure.Page{Width: 360, Height: 300}
	what := "loss"
	if x.measure().l2 {
		what = "relative error"
	}
	var names []string
	panels := map[string]*plot.Plot{}
	var order []*plot.Plot
	test := figure.NewPanel("test accuracy", "seconds", "%", true, false)
	tested := false
	for _, r := range x.Rows {
		p := panels[r.Job]
		if p == nil {
			p = figure.NewPanel(r.Job, "seconds", what, true, true)
			p.Legend.Left = false
			panels[r.Job] = p
			order = append(order, p)
		}
		kind := slices.Index(names, r.Result.Optimizer)
		if kind < 0 {
			kind = len(names)
			names = append(names, r.Result.Optimizer)
		}
		name := r.Result.Optimizer
		if r.Seed != 1 {
			name = ""
		}
		xys, acc := curves(r.Result)
		if len(xys) == 0 {
			continue
		}
		if err := figure.AddCurve(p, name, kind, xys); err != nil {
			return nil, err
		}
		if len(acc) > 3 && r.Job == miniJob {
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
	const columns = 2
	for part := range slices.Chunk(order, columns) {
		row := make([]*plot.Plot, columns)
		for i, p := range part {
			row[i] = p
			figure.Widen(p)
		}
		pg.Panels = append(pg.Panels, row)
	}
	return pg, nil
}

// curves are the loss, or the relative error if there is one, and the test accuracy in percent against seconds. Losses of zero
// and those of a divergence would take all the room of a logarithmic axis.
func curves(r *race.Result) (losses, accuracies plotter.XYs) {
	for _, e := range r.History {
		loss := float64(e.Loss)
		if e.L2 != nil {
			loss = float64(*e.L2)
		} else if r.Final.BestL2 != nil {
			continue
		}
		if e.Seconds > 0 && loss > 1e-30 && loss < 1e6 {
			losses = append(losses, plotter.XY{X: math.Max(e.Seconds, 1e-3), Y: loss})
		}
		if e.Seconds > 0 && e.TestAccuracy != nil {
			accuracies = append(accuracies, plotter.XY{X: e.Seconds, Y: 100 * *e.TestAccuracy})
		}
	}
	return losses, accuracies
}
