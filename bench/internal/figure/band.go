package figure

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// AddBand fills what lies between two curves over the same points, in a light shade of
// the colour of kind; shade is its opacity, from 0 to 255.
func AddBand(p *plot.Plot, name string, kind int, shade uint8, low, high plotter.XYs) error {
	ring := append(plotter.XYs(nil), low...)
	for i := len(high) - 1; i >= 0; i-- {
		ring = append(ring, high[i])
	}
	area, err := plotter.NewPolygon(ring)
	if err != nil {
		return fmt.Errorf("band %q: %w", name, err)
	}
	r, g, b, _ := lineColors[kind%len(lineColors)].RGBA()
	area.Color = color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), shade}
	area.LineStyle.Width = 0
	p.Add(area)
	if name != "" {
		p.Legend.Add(name, area)
	}
	return nil
}
