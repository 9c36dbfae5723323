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

// TestWriteLogarithmic: a logarithmic axis without positive numbers is an error, and one
// number gets an axis with some length.
func TestWriteLogarithmic(t *testing.T) {
	for _, c := range []struct {
		xys plotter.XYs
		ok  bool
	}{
		{nil, false},
		{plotter.XYs{{X: 1, Y: 1}}, true},
		{plotter.XYs{{X: 0.1, Y: 0.2}, {X: 0.3, Y: 0.2}}, true},
		{plotter.XYs{{X: 0, Y: 1}, {X: 1, Y: 1}}, false},
		{plotter.XYs{{X: 1, Y: -1}, {X: 1, Y: 1}}, false},
		{plotter.XYs{{X: 0, Y: 0}}, false},
		{plotter.XYs{{X: 0x1p-1074, Y: 1e308}}, false},
	} {
		p := NewPanel("title", "x", "y", true, true)
		var err error
		if c.xys != nil {
			err = AddLine(p, "line", 0, 0, c.xys)
		}
		p.X.Min = 0.01 // as a caller may set it
		if err == nil {
			err = (&Page{Width: 200, Height: 150, Panels: [][]*plot.Plot{{p}}}).Write(new(bytes.Buffer), "svg")
		}
		if (err == nil) != c.ok {
			t.Errorf("%v: %v", c.xys, err)
		}
	}
	if err := new(Page).Write(new(bytes.Buffer), "svg"); err == nil {
		t.Error("a page of nothing was written")
	}
}
