package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"costate/bench/internal/figure"
	"costate/bench/internal/methods"
	"costate/bench/internal/prose"
)

// A tooLongError says that a computation was not begun.
type tooLongError struct{ gflop, limit float64 }

func (e *tooLongError) Error() string {
	return fmt.Sprintf("left out: %.3g Gflop; --max-gflop is %g", e.gflop, e.limit)
}

func reportCompare(w io.Writer, rows []compareRow, f *compareFlags) {
	fmt.Fprintln(w, machineLine())
	fmt.Fprintf(w, "(H+εI)⁻¹g, %s, ε = %g; seconds from weights to x, best of %d; ratio to %s\n\n", f.curvature, f.eps, f.repeat, f.baseline)
	t := newTable("case", "layers", "width", "batch", "parameters", "method", "backend", "seconds", "ratio", "Gflop/s", "backward error", "").text(5, 6, 11)
	last := ""
	for i := range rows {
		r := &rows[i]
		row := []string{"", "", "", "", "", r.Method, r.Backend, "", "", "", "", r.Error}
		if r.Case != last {
			copy(row, []string{r.Case, fmt.Sprint(r.Layers), fmt.Sprint(r.Width), fmt.Sprint(r.Batch), prose.Group(r.Params)})
			last = r.Case
		}
		if r.Seconds != nil {
			row[7], row[10] = prose.Duration(r.Seconds.Total), fmt.Sprintf("%.1e", float64(r.BackwardError))
			if !math.IsNaN(float64(r.Ratio)) {
				row[8] = fmt.Sprintf("%.3g", float64(r.Ratio))
			}
			if !math.IsNaN(float64(r.Gflops)) {
				row[9] = fmt.Sprintf("%.3g", float64(r.Gflops))
			}
			if methods.IsIterative(r.Method) {
				row[11] = strings.TrimSuffix(prose.Plural(r.Refinements, "iteration")+"; "+r.Error, "; ")
			}
		}
		t.add(row...)
	}
	t.print(w)
}

// comparePlot draws time against depth and against width, both axes
// logarithmic: a straight line of slope 1 is linear.
func comparePlot(rows []compareRow) (*figure.Page, error) {
	pg := &figure.Page{Width: 380, Height: 320, Panels: [][]*plot.Plot{nil}}
	for _, sweep := range []struct {
		prefix, axis string
		x            func(r *compareRow) int
	}{
		{"depth=", "layers", func(r *compareRow) int { return r.Layers }},
		{"width=", "width", func(r *compareRow) int { return r.Width }},
	} {
		lines := map[[2]string]plotter.XYs{}
		var used, backends []string
		for i := range rows {
			r := &rows[i]
			if !strings.HasPrefix(r.Case, sweep.prefix) || r.Seconds == nil || r.Error != "" {
				continue
			}
			if !slices.Contains(used, r.Method) {
				used = append(used, r.Method)
			}
			if !slices.Contains(backends, r.Backend) {
				backends = append(backends, r.Backend)
			}
			key := [2]string{r.Method, r.Backend}
			lines[key] = append(lines[key], plotter.XY{X: float64(sweep.x(r)), Y: r.Seconds.Total})
		}
		if len(lines) == 0 {
			continue
		}
		p := figure.NewPanel("weights to x against "+sweep.axis, sweep.axis, "seconds", true, true)
		for _, method := range used {
			kind := slices.Index(methods.Names(), method) // the same in all plots
			if kind < 0 {                                 // of another version
				kind = len(methods.Names())
			}
			for style, backend := range backends {
				xys := lines[[2]string{method, backend}]
				if len(xys) == 0 {
					continue
				}
				slices.SortFunc(xys, func(a, b plotter.XY) int { return cmp.Compare(a.X, b.X) })
				name := method
				if len(backends) > 1 {
					name += ", " + backend
				}
				if err := figure.AddLine(p, name, kind, style, xys); err != nil {
					return nil, err
				}
			}
		}
		p.Legend.Top, p.Legend.Left = false, false
		figure.Widen(p)
		pg.Panels[0] = append(pg.Panels[0], p)
	}
	if len(pg.Panels[0]) == 0 {
		return nil, fmt.Errorf("nothing to plot: no sweep over depth or width gave an answer")
	}
	return pg, nil
}
