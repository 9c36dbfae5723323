// Package figure draws the plots of the command: pages of panels with axes and lines
// that look alike, by gonum.org/v1/plot.
package figure

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	_ "gonum.org/v1/plot/vg/vgimg" // .png
	_ "gonum.org/v1/plot/vg/vgpdf" // .pdf
	_ "gonum.org/v1/plot/vg/vgsvg" // .svg
)

// Formats are the endings of the files that pages are written as.
var Formats = []string{".png", ".svg", ".pdf"}

// A Page is a grid of plots.
type Page struct {
	Panels        [][]*plot.Plot
	Width, Height vg.Length // of a panel
}

// Write draws the page on w in a format: "png", "svg" or "pdf".
func (p *Page) Write(w io.Writer, format string) error {
	if err := p.check(); err != nil {
		return err
	}
	rows, cols := len(p.Panels), len(p.Panels[0])
	const pad = 10
	canvas, err := draw.NewFormattedCanvas(
		p.Width*vg.Length(cols)+pad*vg.Length(cols+1), p.Height*vg.Length(rows)+pad*vg.Length(rows+1), format)
	if err != nil {
		return err
	}
	tiles := draw.Tiles{Rows: rows, Cols: cols, PadX: pad, PadY: pad, PadTop: pad, PadBottom: pad, PadLeft: pad, PadRight: pad}
	areas := plot.Align(p.Panels, tiles, draw.New(canvas))
	for i, row := range p.Panels {
		for j, panel := range row {
			if panel != nil {
				panel.Draw(areas[i][j])
			}
		}
	}
	_, err = canvas.WriteTo(w)
	return err
}

// drawable is an error for what has no place on a logarithmic axis: gonum/plot panics
// there.
func drawable(p *plot.Plot, name string, xys plotter.XYs) error {
	_, logX := p.X.Scale.(plot.LogScale)
	_, logY := p.Y.Scale.(plot.LogScale)
	for _, xy := range xys {
		if logX && !(xy.X > 0) || logY && !(xy.Y > 0) {
			return fmt.Errorf("line %q: %g, %g is not on a logarithmic axis", name, xy.X, xy.Y)
		}
	}
	return nil
}

// check gives logarithmic axes some length, and is an error where one has no positive range,
// as it has without lines.
func (p *Page) check() error {
	if len(p.Panels) == 0 || len(p.Panels[0]) == 0 {
		return errors.New("nothing to plot")
	}
	for _, row := range p.Panels {
		for _, panel := range row {
			if panel == nil {
				continue
			}
			for _, a := range []*plot.Axis{&panel.X, &panel.Y} {
				if _, log := a.Scale.(plot.LogScale); !log {
					continue
				}
				if a.Min == a.Max {
					a.Min, a.Max = a.Min/2, a.Max*2
				}
				if !(a.Min > 0 && a.Min < a.Max) || math.IsInf(a.Max, 1) {
					return fmt.Errorf("%s by %s: nothing to plot: the logarithmic axis of %s needs positive numbers", panel.Y.Label.Text, panel.X.Label.Text, a.Label.Text)
				}
			}
		}
	}
	return nil
}

// lineColors tell lines apart, also in grey and for the colour-blind
// (P. Tol's bright scheme).
var lineColors = []color.Color{
	color.RGBA{0x44, 0x77, 0xaa, 0xff}, color.RGBA{0xee, 0x66, 0x77, 0xff}, color.RGBA{0x22, 0x88, 0x33, 0xff},
	color.RGBA{0xcc, 0xbb, 0x44, 0xff}, color.RGBA{0x66, 0xcc, 0xee, 0xff}, color.RGBA{0xaa, 0x33, 0x77, 0xff},
	color.RGBA{0x88, 0x88, 0x88, 0xff},
}

var lineDashes = [][]vg.Length{nil, {6, 3}, {2, 2}, {6, 2, 2, 2}}

// NewPanel returns a plot with a title and axes. Logarithmic axes show numbers
// as they are.
func NewPanel(title, x, y string, logX, logY bool) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.Add(plotter.NewGrid())
	if logX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, logTicks{}
	}
	if logY {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, logTicks{}
	}
	p.Legend.Top, p.Legend.Left = true, true
	return p
}

// AddLine draws a line with points; kind selects the colour and style the
// dashes. An empty name leaves it out of the legend.
func AddLine(p *plot.Plot, name string, kind, style int, xys plotter.XYs) error {
	if err := drawable(p, name, xys); err != nil {
		return err
	}
	line, points, err := plotter.NewLinePoints(xys)
	if err != nil {
		return fmt.Errorf("line %q: %w", name, err)
	}
	line.Color = lineColors[kind%len(lineColors)]
	line.Width = vg.Points(1.5)
	line.Dashes = lineDashes[style%len(lineDashes)]
	points.Color = line.Color
	points.Shape = draw.CircleGlyph{}
	points.Radius = vg.Points(2)
	p.Add(line, points)
	if name != "" {
		p.Legend.Add(name, line, points)
	}
	return nil
}

// AddLevel draws a dashed horizontal line from x0 to x1.
func AddLevel(p *plot.Plot, name string, x0, x1, y float64) error {
	xys := plotter.XYs{{X: x0, Y: y}, {X: x1, Y: y}}
	if err := drawable(p, name, xys); err != nil {
		return err
	}
	line, err := plotter.NewLine(xys)
	if err != nil {
		return fmt.Errorf("line %q: %w", name, err)
	}
	line.Color = color.Black
	line.Dashes = lineDashes[1]
	p.Add(line)
	p.Legend.Add(name, line)
	return nil
}

// logTicks marks the powers of ten, and between them 2 and 5 (or powers of two
// on a short axis), with plain numbers.
type logTicks struct{}

func (logTicks) Ticks(lo, hi float64) []plot.Tick {
	var ticks []plot.Tick
	if lo <= 0 || !(hi > lo) {
		return ticks
	}
	decades := math.Log10(hi / lo)
	for e := math.Floor(math.Log10(lo)); e <= math.Ceil(math.Log10(hi)); e++ {
		for m := 1; m < 10; m++ {
			v := float64(m) * math.Pow(10, e)
			if v < lo*(1-1e-9) || v > hi*(1+1e-9) {
				continue
			}
			t := plot.Tick{Value: v}
			if m == 1 || decades < 3 && (m == 2 || m == 5) {
				t.Label = strconv.FormatFloat(v, 'g', 6, 64)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// AddCurve draws a line without points.
func AddCurve(p *plot.Plot, name string, kind int, xys plotter.XYs) error {
	if err := drawable(p, name, xys); err != nil {
		return err
	}
	line, err := plotter.NewLine(xys)
	if err != nil {
		return fmt.Errorf("line %q: %w", name, err)
	}
	line.Color = lineColors[kind%len(lineColors)]
	line.Width = 1.5
	line.Dashes = lineDashes[kind/len(lineColors)%len(lineDashes)]
	p.Add(line)
	if name != "" {
		p.Legend.Add(name, line)
	}
	return nil
}

// Widen gives axes some length where all points are on one place.
func Widen(p *plot.Plot) {
	if p.X.Min == p.X.Max {
		p.X.Min, p.X.Max = p.X.Min/2, p.X.Max*2
	}
	if p.Y.Min == p.Y.Max {
		p.Y.Min, p.Y.Max = p.Y.Min/2, p.Y.Max*2
	}
}

// AddPoints draws points.
func AddPoints(p *plot.Plot, name string, kind int, xys plotter.XYs) error {
	if err := drawable(p, name, xys); err != nil {
		return err
	}
	points, err := plotter.NewScatter(xys)
	if err != nil {
		return fmt.Errorf("points %q: %w", name, err)
	}
	points.Color = lineColors[kind%len(lineColors)]
	points.Shape = draw.CircleGlyph{}
	points.Radius = vg.Points(1.5)
	p.Add(points)
	if name != "" {
		p.Legend.Add(name, points)
	}
	return nil
}
