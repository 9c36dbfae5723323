package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// isTerminal reports whether someone watches what is written to w as it appears. A
// bar that is drawn over and over is for terminals only.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
