package main

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"costate/bench/internal/figure"
	"costate/la"
	"costate/la/partition"
)

// spyPixels is the resolution of a picture of a matrix.
const spyPixels = 480

// matrixPage draws K as assembled and K stage by stage.
func matrixPage(v *augmentedView) *figure.Page {
	side := vg.Length(330)
	byKind := spy(fmt.Sprintf("K by kind of unknown: order %s, bandwidth %s", group(v.stats.Order), group(v.stats.Bandwidth)), v.aug.K)
	byStage := spy(fmt.Sprintf("K stage by stage: %s, bandwidth %s", plural(v.stats.Blocks, "block"), group(v.stats.BandwidthPermuted)), v.permuted())
	if v.blocks.Blocks() <= maxOutlines {
		outline(byStage, v.blocks, 0)
	}
	return &figure.Page{Width: side, Height: side + 20, Panels: [][]*plot.Plot{{byKind, byStage}}}
}

// maxOutlines is the greatest number of blocks that are outlined.
const maxOutlines = 64

// outline draws the borders of the diagonal blocks and their neighbours, for a
// partition of the unknowns from first on.
func outline(p *plot.Plot, part partition.Partition, first int) {
	n := float64(first + part.Len())
	for k := range part.Blocks() {
		lo, hi := float64(first+part.First(k)), float64(first+part.Last(k)+1)
		end := hi
		if k+1 < part.Blocks() {
			end = float64(first + part.Last(k+1) + 1)
		}
		// The block, the one to its right and the one below.
		for _, box := range [][4]float64{{lo, hi, lo, hi}, {hi, end, lo, hi}, {lo, hi, hi, end}} {
			x0, x1, y0, y1 := box[0], box[1], n-box[2], n-box[3]
			if x0 == x1 || y0 == y1 {
				continue
			}
			line, err := plotter.NewLine(plotter.XYs{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}, {X: x0, Y: y0}})
			if err != nil {
				continue // not finite, which sizes are not
			}
			line.Color, line.Width = color.NRGBA{R: 0xdd, G: 0x99, B: 0x66, A: 0xff}, vg.Points(0.5)
			p.Add(line)
		}
	}
}

// spy draws where a matrix has entries, darker where there are more of them.
func spy(title string, a *la.Sym) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	n := a.SymmetricDim()
	p.Add(plotter.NewImage(spyImage(a), 0, 0, float64(n), float64(n)))
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, float64(n), 0, float64(n)
	p.X.Tick.Marker = plot.ConstantTicks{{Value: 0, Label: "0"}, {Value: float64(n), Label: group(n)}}
	// Rows count from the top.
	p.Y.Tick.Marker = plot.ConstantTicks{{Value: float64(n), Label: "0"}, {Value: 0, Label: group(n)}}
	return p
}

func spyImage(a *la.Sym) image.Image {
	n := a.SymmetricDim()
	side := max(1, min(n, spyPixels))
	count := make([]float64, side*side)
	most := 0.0
	a.DoNonZero(func(i, j int, _ float64) {
		at := i*side/n*side + j*side/n
		count[at]++
		most = max(most, count[at])
	})
	// A few entries in a pixel are still seen; the root spreads the rest.
	const faint, full = 0.35, 1.0
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for i, c := range count {
		ink := 0.0
		if c > 0 {
			ink = faint + (full-faint)*math.Sqrt(c/most)
		}
		grey := uint8(255 * (1 - ink))
		blue := uint8(255 * (1 - 0.6*ink))
		img.SetNRGBA(i%side, i/side, color.NRGBA{R: grey, G: uint8((int(grey) + int(blue)) / 2), B: blue, A: 255})
	}
	return img
}
