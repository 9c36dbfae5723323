package main

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"costate/bench/internal/figure"
	"costate/bench/internal/prose"
)

// print says what was found.
func (r *laplaceRun) print(res *laplaceResult) {
	w := r.stdout
	fmt.Fprintln(w, machineLine())
	curvature := "Gauss–Newton matrix"
	if res.Curvature == "hessian" {
		curvature = "exact Hessian"
	}
	fmt.Fprintf(w, "%s: %s, %s parameters; Laplace approximation with the %s, %s\n\n", r.data.source,
		prose.Plural(res.Samples, "training sample"), prose.Group(res.Params), curvature, prose.Duration(res.Seconds))
	if res.Rounds > 0 {
		fmt.Fprintf(w, "%s of training (%s) and evidence, at the end %s of Newton's method on the evidence;\ngradient with the prior %.1e of its parts\n",
			prose.Plural(res.Rounds, "round"), prose.Plural(res.TrainingSteps, "step"), prose.Plural(res.Steps, "step"), float64(res.Relative))
	}
	line := fmt.Sprintf("log evidence %.4f", float64(res.LogEvidence))
	if res.Rounds > 1 {
		line += fmt.Sprintf(", with the first prior %.4f", res.before)
	}
	if res.Noise != nil {
		line += fmt.Sprintf("; noise %.4g", float64(*res.Noise))
	}
	fmt.Fprintln(w, line)
	fmt.Fprintln(w)
	t := newTable("weights", "prior precision", "effective parameters")
	for i, name := range res.Groups {
		if i == mostGroups {
			t.add(fmt.Sprintf("and %d more", len(res.Groups)-i), "", "")
			break
		}
		t.add(name, fmt.Sprintf("%.4g", float64(res.PriorPrecision[i])), fmt.Sprintf("%.2f", float64(res.Effective[i])))
	}
	t.print(w)
	if res.Test != nil {
		fmt.Fprintln(w)
		r.printTest(res.Test)
	}
}

// mostGroups is the number of groups that the table has at most: inputs may be many.
const mostGroups = 20

func (r *laplaceRun) printTest(t *laplaceTest) {
	w := r.stdout
	fmt.Fprintf(w, "%s: negative log-likelihood %.4f; of the weights alone, without uncertainty, %.4f\n", prose.Plural(t.N, "test sample"), float64(t.NLL), float64(t.NLLMap))
	if t.RMSE != nil {
		fmt.Fprintf(w, "root mean square error %.4g\n", float64(*t.RMSE))
	}
	if t.Accuracy != nil {
		fmt.Fprintf(w, "accuracy %.1f%%, calibration error %.1f%%; of the weights alone %.1f%%\n", 100*float64(*t.Accuracy), 100*float64(*t.ECE), 100*float64(*t.ECEMap))
	}
}

// plot draws mean and band over one input, or how often predictions are right.
func (r *laplaceRun) plot() (*figure.Page, error) {
	const width, height = 520, 380
	switch {
	case !r.data.classes && r.data.net.Inputs() == 1 && r.data.net.Outputs() == 1:
		return r.plotBand(width, height)
	case r.data.test == nil:
		return nil, usagef("--plot needs test samples: --test above 0")
	case r.data.classes:
		return r.plotReliability(width, height)
	}
	return r.plotCoverage(width, height)
}

// bandPoints is the number of places that the band is computed at.
const bandPoints = 200

// plotBand draws the mean, and two standard deviations of the function and of the targets,
// over the training samples and a third of their range to both sides.
func (r *laplaceRun) plotBand(width, height vg.Length) (*figure.Page, error) {
	d := r.data
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range d.train.X {
		low, high = min(low, v), max(high, v)
	}
	margin := (high - low) / 3
	x := make([]float64, bandPoints)
	for i := range x {
		x[i] = low - margin + (high-low+2*margin)*float64(i)/(bandPoints-1)
	}
	p, err := r.post.Predict(x, len(x))
	if err != nil {
		return nil, err
	}
	at := func(v float64) float64 { return v }
	if d.inShift != nil {
		at = func(v float64) float64 { return v/d.inMul[0] + d.inShift[0] }
	}
	noise := r.post.NoiseVariance()
	var mean, points plotter.XYs
	var bands [2][2]plotter.XYs // of targets and of the function, below and above
	for i, v := range x {
		f := d.shift + d.scale*p.Mean[i]
		mean = append(mean, plotter.XY{X: at(v), Y: f})
		for j, variance := range []float64{noise + p.Variance(i, 0), p.Variance(i, 0)} {
			sd := 2 * d.scale * math.Sqrt(variance)
			bands[j][0] = append(bands[j][0], plotter.XY{X: at(v), Y: f - sd})
			bands[j][1] = append(bands[j][1], plotter.XY{X: at(v), Y: f + sd})
		}
	}
	for n, v := range d.train.X {
		points = append(points, plotter.XY{X: at(v), Y: d.shift + d.scale*d.train.T[n]})
	}
	panel := figure.NewPanel(d.source, "input", "target", false, false)
	for j, name := range []string{"targets, ± 2 standard deviations", "function"} {
		if err := figure.AddBand(panel, name, 0, uint8(50+60*j), bands[j][0], bands[j][1]); err != nil {
			return nil, err
		}
	}
	if err := figure.AddCurve(panel, "mean", 0, mean); err != nil {
		return nil, err
	}
	if err := figure.AddPoints(panel, "training samples", 1, points); err != nil {
		return nil, err
	}
	return onePanel(panel, width, height), nil
}

// plotReliability draws accuracy against confidence.
func (r *laplaceRun) plotReliability(width, height vg.Length) (*figure.Page, error) {
	panel := figure.NewPanel(r.data.source+": reliability", "confidence", "accuracy", false, false)
	for i, p := range []struct {
		name  string
		probs []float64
	}{{"with uncertainty", r.probs}, {"weights alone", r.plain}} {
		var xys plotter.XYs
		for _, b := range reliability(p.probs, r.predicted.Outputs, r.data.test.Labels) {
			if b.count > 0 {
				xys = append(xys, plotter.XY{X: b.confidence / b.count, Y: b.right / b.count})
			}
		}
		if err := figure.AddLine(panel, p.name, i, i, xys); err != nil {
			return nil, err
		}
	}
	return diagonal(panel, width, height)
}

// plotCoverage draws how many targets lie in the central intervals of a probability.
func (r *laplaceRun) plotCoverage(width, height vg.Length) (*figure.Page, error) {
	panel := figure.NewPanel(r.data.source+": coverage", "probability of the interval", "targets in it", false, false)
	p, b := r.predicted, r.data.test
	noise := r.post.NoiseVariance()
	for i, name := range []string{"with uncertainty", "weights alone"} {
		var xys plotter.XYs
		for level := 0.05; level < 0.99; level += 0.05 {
			z, in := math.Sqrt2*math.Erfinv(level), 0.0
			for n := range b.T {
				v := noise
				if i == 0 {
					v += p.Variance(n/p.Outputs, n%p.Outputs)
				}
				if math.Abs(b.T[n]-p.Mean[n]) <= z*math.Sqrt(v) {
					in++
				}
			}
			xys = append(xys, plotter.XY{X: level, Y: in / float64(len(b.T))})
		}
		if err := figure.AddLine(panel, name, i, i, xys); err != nil {
			return nil, err
		}
	}
	return diagonal(panel, width, height)
}

// diagonal adds the line on which predictions are as often right as they say.
func diagonal(p *plot.Plot, width, height vg.Length) (*figure.Page, error) {
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	if err := figure.AddCurve(p, "calibrated", 6, plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}}); err != nil {
		return nil, err
	}
	return onePanel(p, width, height), nil
}

func onePanel(p *plot.Plot, width, height vg.Length) *figure.Page {
	return &figure.Page{Panels: [][]*plot.Plot{{p}}, Width: width, Height: height}
}
