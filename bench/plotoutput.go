package main

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"costate/bench/internal/figure"
)

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
	if !slices.Contains(figure.Formats, ext) {
		return nil, usagef("--%s %s: the name must end in one of %s", flag, path, strings.Join(figure.Formats, ", "))
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
func (o *plotOutput) save(p *figure.Page) error {
	return o.write(func(w io.Writer) error { return p.Write(w, o.format) })
}
