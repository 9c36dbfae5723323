package main

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	_ "gonum.org/v1/plot/vg/vgimg" // .png
	_ "gonum.org/v1/plot/vg/vgpdf" // .pdf
	_ "gonum.org/v1/plot/vg/vgsvg" // .svg
)

// plotFormats are the kinds of files that plots are written as.
var plotFormats = []string{".png", ".svg", ".pdf"}

// A page is a grid of plots.
type page struct {
	panels        [][]*plot.Plot
	width, height vg.Length // of a panel
}

// A plotOutput is the file of a page.
type plotOutput struct {
	*output
	format string
}

// createPlot makes sure that the plot named by a flag can be written. It
// returns nil for an empty path.
func createPlot(flag, path string) (*plotOutput, error) {
	if path == "" {
		return nil, nil
	}
	ext := strings.ToLower(filepath.Ext(path))
	if !slices.Contains(plotFormats, ext) {
		return nil, usagef("--%s %s: the name must end in one of %s", flag, path, strings.Join(plotFormats, ", "))
	}
	o, err := createOutput(flag, path)
	if err != nil {
		return nil, err
	}
	return &plotOutput{output: o, format: ext[1:]}, nil
}

// discard is that of output, for a plotOutput that may be nil.
func (o *plotOutput) discard() {
	if o != nil {
		o.output.discard()
	}
}

// save draws the page and writes it.
func (o *plotOutput) save(p *page) error {
	rows, cols := len(p.panels), len(p.panels[0])
	const pad = 10
	canvas, err := draw.NewFormattedCanvas(
		p.width*vg.Length(cols)+pad*vg.Length(cols+1), p.height*vg.Length(rows)+pad*vg.Length(rows+1), o.format)
	if err != nil {
		return err
	}
	tiles := draw.Tiles{Rows: rows, Cols: cols, PadX: pad, PadY: pad, PadTop: pad, PadBottom: pad, PadLeft: pad, PadRight: pad}
	areas := plot.Align(p.panels, tiles, draw.New(canvas))
	for i, row := range p.panels {
		for j, panel := range row {
			if panel != nil {
				panel.Draw(areas[i][j])
			}
		}
	}
	return o.write(func(w io.Writer) error {
		_, err := canvas.WriteTo(w)
		return err
	})
}

// lineColors tell lines apart, also in grey and for the colour-blind
// (P. Tol's bright scheme).
var lineColors = []color.Color{
	color.RGBA{0x44, 0x77, 0xaa, 0xff}, color.RGBA{0xee, 0x66, 0x77, 0xff}, color.RGBA{0x22, 0x88, 0x33, 0xff},
	color.RGBA{0xcc, 0xbb, 0x44, 0xff}, color.RGBA{0x66, 0xcc, 0xee, 0xff}, color.RGBA{0xaa, 0x33, 0x77, 0xff},
	color.RGBA{0x88, 0x88, 0x88, 0xff},
}

var lineDashes = [][]vg.Length{nil, {6, 3}, {2, 2}, {6, 2, 2, 2}}

// newPanel returns a plot with a title and axes. Logarithmic axes show numbers
// as they are.
func newPanel(title, x, y string, logX, logY bool) *plot.Plot {
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

// addLine draws a line with points; kind selects the colour and style the
// dashes. An empty name leaves it out of the legend.
func addLine(p *plot.Plot, name string, kind, style int, xys plotter.XYs) error {
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

// addLevel draws a dashed horizontal line from x0 to x1.
func addLevel(p *plot.Plot, name string, x0, x1, y float64) error {
	line, err := plotter.NewLine(plotter.XYs{{X: x0, Y: y}, {X: x1, Y: y}})
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
