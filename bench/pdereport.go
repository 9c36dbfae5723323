package main

import (
	"fmt"
	"image"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"

	"costate/bench/internal/figure"
	"costate/bench/internal/prose"
	"costate/nn/pde"
	"costate/nn/train/race"
)

// pdeTable is one row for each result.
func pdeTable(results []*race.Result) *table {
	heads := []string{"optimizer", "rate", "steps", "seconds", "loss", "error"}
	for _, level := range race.LevelsL2[1:] {
		heads = append(heads, fmt.Sprintf("s to %.0e", level))
	}
	t := newTable(append(heads, "")...)
	t.text(len(heads))
	for _, r := range results {
		rate, l2 := "", "–"
		if r.Rate != 0 {
			rate = fmt.Sprintf("%.3g", r.Rate)
		}
		if r.Final.L2 != nil {
			l2 = fmt.Sprintf("%.2g", float64(*r.Final.L2))
		}
		row := []string{r.Optimizer, rate, prose.Group(r.Final.Step), fmt.Sprintf("%.2f", r.Final.Seconds), fmt.Sprintf("%.2g", float64(r.Final.Loss)), l2}
		for _, level := range race.LevelsL2[1:] {
			cell := "–"
			if c := r.ReachedL2(level); c != nil {
				cell = fmt.Sprintf("%.2g", c.Seconds)
			}
			row = append(row, cell)
		}
		t.add(append(row, string(r.Final.Reason))...)
	}
	return t
}

// pdePixels is the resolution of the picture of a solution.
const pdePixels = 120

// pdePlot draws the first unknown of the solution that the first result found, its error,
// and the error of all results against seconds.
func pdePlot(p *pde.Problem, results []*race.Result) (*figure.Page, error) {
	seconds := figure.NewPanel("relative error of "+p.Name, "seconds", "‖u − u*‖/‖u*‖", true, true)
	drawn := false
	for i, r := range results {
		var xys plotter.XYs
		for _, e := range r.History {
			if e.Seconds > 0 && e.L2 != nil && *e.L2 > 0 && *e.L2 < 1e30 {
				xys = append(xys, plotter.XY{X: e.Seconds, Y: float64(*e.L2)})
			}
		}
		if len(xys) == 0 {
			continue
		}
		name := r.Optimizer
		if r.Rate != 0 {
			name += fmt.Sprintf(", rate %.3g", r.Rate)
		}
		if err := figure.AddCurve(seconds, name, i, xys); err != nil {
			return nil, err
		}
		drawn = true
	}
	if !drawn {
		return nil, fmt.Errorf("nothing to plot: no step was made")
	}
	seconds.Legend.Left = false
	figure.Widen(seconds)
	d, m, x := p.Dim(), p.NumOutputs(), slice(p)
	n := len(x) / d
	all := make([]float64, n*m)
	if err := results[0].Net.Predict(all, x, n, nil); err != nil {
		return nil, err
	}
	u, off := make([]float64, n), make([]float64, n)
	for i := range u {
		u[i] = all[i*m]
		// Below 1e-12 there is nothing to see, and a zero has no logarithm.
		off[i] = math.Log10(math.Max(1e-12, math.Abs(u[i]-p.Solution[0](x[i*d:(i+1)*d]))))
	}
	name := "u"
	if len(p.Outputs) > 0 {
		name = p.Outputs[0]
	}
	page := &figure.Page{Width: 360, Height: 320, Panels: [][]*plot.Plot{{picture(p, name, u), picture(p, fmt.Sprintf("log₁₀ |%s − %s*|", name, name), off), seconds}}}
	return page, nil
}

// slice is the points of a picture, by rows from the top: the first and the last input
// vary, others are in the middle.
func slice(p *pde.Problem) []float64 {
	d := p.Dim()
	x := make([]float64, pdePixels*pdePixels*d)
	for a := range pdePixels * pdePixels {
		at := x[a*d : (a+1)*d]
		for i := range at {
			at[i] = 0.5 * (p.Lo[i] + p.Hi[i])
		}
		at[0] = p.Lo[0] + (p.Hi[0]-p.Lo[0])*(float64(a%pdePixels)+0.5)/pdePixels
		at[d-1] = p.Hi[d-1] - (p.Hi[d-1]-p.Lo[d-1])*(float64(a/pdePixels)+0.5)/pdePixels
	}
	return x
}

// picture draws values at the points of slice in colours; the title has their range.
func picture(p *pde.Problem, title string, v []float64) *plot.Plot {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, x := range v {
		lo, hi = math.Min(lo, x), math.Max(hi, x)
	}
	colors := moreland.Kindlmann()
	if hi > lo {
		colors.SetMin(lo)
		colors.SetMax(hi)
	} else {
		colors.SetMin(lo - 1)
		colors.SetMax(lo + 1)
	}
	img := image.NewNRGBA(image.Rect(0, 0, pdePixels, pdePixels))
	for i, x := range v {
		if c, err := colors.At(x); err == nil {
			img.Set(i%pdePixels, i/pdePixels, c)
		}
	}
	d := p.Dim() - 1
	pl := plot.New()
	pl.Title.Text = fmt.Sprintf("%s, from %.3g to %.3g", title, lo, hi)
	pl.X.Label.Text, pl.Y.Label.Text = p.Inputs[0], p.Inputs[d]
	pl.Add(plotter.NewImage(img, p.Lo[0], p.Lo[d], p.Hi[0], p.Hi[d]))
	pl.X.Min, pl.X.Max, pl.Y.Min, pl.Y.Max = p.Lo[0], p.Hi[0], p.Lo[d], p.Hi[d]
	return pl
}
