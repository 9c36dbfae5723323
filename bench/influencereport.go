package main

import (
	"fmt"
	"io"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"costate/bench/internal/figure"
	"costate/bench/internal/prose"
)

// print is the report.
func (j *influenceJob) print(w io.Writer) {
	r := &j.result
	fmt.Fprintf(w, "%s, %s, %s, %s, damping %g\n", j.what, prose.Plural(r.Params, "parameter"),
		prose.Plural(r.Train, "training sample"), prose.Plural(r.Test, "test sample"), r.Damping)
	if t := r.Training; t != nil {
		fmt.Fprintf(w, "trained by Newton's method to a gradient of %.1e in %s and %s\n", r.Gradient, prose.Plural(t.Steps, "step"), prose.Duration(r.Seconds.Train))
	} else if r.Gradient > 1e-6 {
		fmt.Fprintf(w, "NOT at a minimum of loss + ½ε‖θ‖²: its gradient has norm %.2g, so that influence is not the derivative of training (--train would go there)\n", r.Gradient)
	}
	if r.Inertia.Negative > 0 {
		fmt.Fprintf(w, "NOT a minimum: %s of the damped matrix %s negative; a damping of %.3g would do\n", prose.Plural(r.Inertia.Negative, "eigenvalue"),
			map[bool]string{true: "is", false: "are"}[r.Inertia.Negative == 1], r.LeastDamping)
	}
	name := "the exact Hessian"
	if r.Curvature == "ggn" {
		name = "the Gauss–Newton matrix"
	}
	fmt.Fprintf(w, "all %s pairs by %s, method %s: %s to factor, %s to answer, backward error %.1e\n\n", prose.Group(r.Train*r.Test), name, r.Method,
		prose.Duration(r.Seconds.Fit), prose.Duration(r.Seconds.Pairs), r.BackwardError)
	j.printExtremes(w)
	if m := r.Mislabel; m != nil {
		n := len(m.Planted)
		fmt.Fprintf(w, "\n%s: by self-influence %d of them are among the first %d, the last is found at rank %d of %d;\nby mean influence %d of them, the last at rank %d\n",
			prose.Plural(n, "wrong label"), m.FoundBySelf, n, last(m.BySelf), r.Train, m.FoundByMean, last(m.ByMean))
	}
	if len(r.LeaveOneOut) == 0 {
		return
	}
	fmt.Fprintf(w, "\nThe truth, trained again with a part of the weight of %s removed, against the prediction:\n\n", prose.Plural(r.LeaveOneOut[0].Points, "sample"))
	t := newTable("part", "Pearson", "Spearman", "relative error", "time")
	for _, l := range r.LeaveOneOut {
		t.add(fmt.Sprintf("%g %%", 100*l.Part), fmt.Sprintf("%.4f", float64(l.Pearson)), fmt.Sprintf("%.3f", float64(l.Spearman)),
			fmt.Sprintf("%.3f", float64(l.Error)), prose.Duration(l.Seconds))
	}
	t.print(w)
	fmt.Fprintln(w, "\nA whole sample is often too much for a derivative; Gauss–Newton (--curvature ggn) is none.")
}

// printExtremes shows the samples that harm and help the test samples most.
func (j *influenceJob) printExtremes(w io.Writer) {
	t := newTable("training sample", "label", "mean influence on the test samples", "self-influence")
	for _, e := range j.result.Extremes {
		label := ""
		if e.Label != nil {
			label = fmt.Sprint(*e.Label)
		}
		t.add(fmt.Sprint(e.Sample), label, fmt.Sprintf("%+.4g", e.Mean), fmt.Sprintf("%.4g", e.Self))
	}
	t.print(w)
}

// last is the last of some ranks, 0 of none.
func last(ranks []int) int {
	if len(ranks) == 0 {
		return 0
	}
	return ranks[len(ranks)-1]
}

// page draws predictions against the truth, or the self-influences by rank.
func (j *influenceJob) page() (*figure.Page, error) {
	pg := &figure.Page{Width: 360, Height: 340, Panels: [][]*plot.Plot{nil}}
	for _, l := range j.result.LeaveOneOut {
		p := figure.NewPanel(fmt.Sprintf("%g %% of a sample's weight removed", 100*l.Part), "change of a test loss, trained again", "predicted", false, false)
		xys := plotter.XYs{}
		low, high := 0.0, 0.0
		for i, v := range l.truth {
			xys = append(xys, plotter.XY{X: v, Y: l.predicted[i]})
			low, high = min(low, v), max(high, v)
		}
		if err := figure.AddPoints(p, fmt.Sprintf("Pearson %.4f", float64(l.Pearson)), 0, xys); err != nil {
			return nil, err
		}
		if err := figure.AddCurve(p, "", 1, plotter.XYs{{X: low, Y: low}, {X: high, Y: high}}); err != nil {
			return nil, err
		}
		pg.Panels[0] = append(pg.Panels[0], p)
	}
	if len(pg.Panels[0]) > 0 {
		return pg, nil
	}
	p := figure.NewPanel("self-influence", "rank", "self-influence", false, false)
	xys, planted := plotter.XYs{}, plotter.XYs{}
	at := order(j.self)
	for k := range at {
		i := at[len(at)-1-k]
		xy := plotter.XY{X: float64(k + 1), Y: j.self[i]}
		if m := j.result.Mislabel; m != nil && slices.Contains(m.BySelf, k+1) {
			planted = append(planted, xy)
			continue
		}
		xys = append(xys, xy)
	}
	if err := figure.AddPoints(p, "training samples", 0, xys); err != nil {
		return nil, err
	}
	if len(planted) > 0 {
		if err := figure.AddPoints(p, "wrong labels", 1, planted); err != nil {
			return nil, err
		}
	}
	p.Legend.Left = false
	pg.Panels[0] = append(pg.Panels[0], p)
	return pg, nil
}
