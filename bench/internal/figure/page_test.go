package figure

import (
	"bytes"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// TestWrite draws a page in every format.
func TestWrite(t *testing.T) {
	p := NewPanel("title", "x", "y", true, true)
	if err := AddLine(p, "line", 1, 1, plotter.XYs{{X: 1, Y: 1}, {X: 10, Y: 100}}); err != nil {
		t.Fatal(err)
	}
	if err := AddCurve(p, "curve", 9, plotter.XYs{{X: 1, Y: 2}}); err != nil {
		t.Fatal(err)
	}
	page := &Page{Width: 200, Height: 150, Panels: [][]*plot.Plot{{p, nil}}}
	for format, start := range map[string]string{"png": "\x89PNG", "svg": "<?xml", "pdf": "%PDF"} {
		var b bytes.Buffer
		if err := page.Write(&b, format); err != nil || !bytes.HasPrefix(b.Bytes(), []byte(start)) {
			t.Errorf("%s: %v: %d bytes", format, err, b.Len())
		}
	}
	if err := page.Write(new(bytes.Buffer), "gif!"); err == nil {
		t.Error("a format of no name")
	}
}
