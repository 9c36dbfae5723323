package main

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"costate/bench/internal/figure"
	"costate/bench/internal/prose"
)

// kernelPlot draws rates against n: a column of plots for each kernel, a row for
// each number of threads, a line for each backend, and the peak.
func kernelPlot(rates []kernelRate) (*figure.Page, error) {
	var ops, backends []string
	var threads []int
	for _, r := range rates {
		if !slices.Contains(ops, r.Op) {
			ops = append(ops, r.Op)
		}
		if !slices.Contains(backends, r.Backend) {
			backends = append(backends, r.Backend)
		}
		if !slices.Contains(threads, r.Threads) {
			threads = append(threads, r.Threads)
		}
	}
	out := &figure.Page{Width: 260, Height: 240}
	for _, t := range threads {
		var row []*plot.Plot
		for _, op := range ops {
			p := figure.NewPanel(fmt.Sprintf("%s, %s", op, prose.Plural(t, "thread")), "n", "Gflop/s", true, false)
			peak, lo, hi := 0.0, 0.0, 0.0
			for kind, b := range backends {
				var xys plotter.XYs
				for _, r := range rates {
					if r.Op == op && r.Backend == b && r.Threads == t {
						xys = append(xys, plotter.XY{X: float64(r.N), Y: r.Gflops})
						peak = max(peak, r.Peak)
					}
				}
				if len(xys) == 0 {
					continue
				}
				slices.SortFunc(xys, func(a, b plotter.XY) int { return int(a.X - b.X) })
				if lo == 0 || xys[0].X < lo {
					lo = xys[0].X
				}
				hi = max(hi, xys[len(xys)-1].X)
				if err := figure.AddLine(p, b, kind, 0, xys); err != nil {
					return nil, err
				}
			}
			p.Y.Min = 0
			if peak > 0 {
				if err := figure.AddLevel(p, "peak", lo, hi, peak); err != nil {
					return nil, err
				}
			}
			if lo == hi { // one size: an axis needs some length
				p.X.Min, p.X.Max = lo/2, hi*2
			}
			p.Y.Max *= 1.3 // room for the legend
			row = append(row, p)
		}
		out.Panels = append(out.Panels, row)
	}
	return out, nil
}
