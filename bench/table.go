package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A table is printed with aligned columns: text to the left, numbers to the
// right.
type table struct {
	rows [][]string
	left map[int]bool // columns of text
}

// newTable returns a table with the given heads. The first column is text.
func newTable(heads ...string) *table {
	return &table{rows: [][]string{heads}, left: map[int]bool{0: true}}
}

// text makes columns text.
func (t *table) text(columns ...int) *table {
	for _, c := range columns {
		t.left[c] = true
	}
	return t
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// widths are those of the columns.
func (t *table) widths() (widths []int) {
	for _, r := range t.rows {
		for i, c := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	return widths
}

// markdown prints the table in Markdown.
func (t *table) markdown(w io.Writer) {
	widths := t.widths()
	for k, r := range t.rows {
		for i, c := range r {
			fmt.Fprint(w, "| ", c, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+1))
		}
		fmt.Fprintln(w, "|")
		if k == 0 {
			fmt.Fprintln(w, strings.Repeat("| --- ", len(r))+"|")
		}
	}
}

func (t *table) print(w io.Writer) {
	widths := t.widths()
	for _, r := range t.rows {
		var line strings.Builder
		line.WriteString(" ")
		for i, c := range r {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if t.left[i] {
				line.WriteString(" " + c + pad)
			} else {
				line.WriteString("  " + pad + c)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}
