package data

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"costate/nn"
)

// A Table is N samples of Width inputs, with one number to predict each.
type Table struct {
	N, Width int
	Names    []string  // of the inputs and of the target; nil where the file has none
	X        []float64 // N×Width
	Target   []float64 // N
}

// A TableError says where a table is not one of numbers.
type TableError struct {
	Line, Column int    // from 1; Column 0 stands for the whole line
	Name         string // of the column, where it has one
	Problem      string
}

func (e *TableError) Error() string {
	s := fmt.Sprintf("line %d", e.Line)
	if e.Column > 0 {
		s += fmt.Sprintf(", column %d", e.Column)
	}
	if e.Name != "" {
		s += fmt.Sprintf(" (%s)", e.Name)
	}
	return s + ": " + e.Problem
}

// ReadCSVFile reads the named file as ReadCSV does; errors begin with its name.
func ReadCSVFile(name string) (*Table, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := ReadCSV(f)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", filepath.Base(name), err)
	}
	return t, nil
}

// ReadCSV reads a table of numbers, a sample a line, whose last column is the target
// (RFC 4180). The first line may have the names of the columns: it does if a field
// there is no number. Fields are separated by commas, or by semicolons or tabs where
// the first line has more of these; spaces around numbers and a byte order mark are
// passed over. Text, gaps, NaN and infinities are a *TableError with line and column.
// ReadCSV never panics, whatever the bytes.
func ReadCSV(r io.Reader) (*Table, error) {
	in := bufio.NewReader(r)
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		in.Discard(3)
	}
	lines := csv.NewReader(in)
	lines.Comma = separator(in)
	lines.TrimLeadingSpace = lines.Comma != '\t'
	lines.FieldsPerRecord = -1
	lines.ReuseRecord = true
	t := new(Table)
	for first := true; ; first = false {
		fields, err := lines.Read()
		var syntax *csv.ParseError
		switch {
		case err == io.EOF:
			if t.N == 0 {
				return nil, errors.New("no samples")
			}
			return t, nil
		case errors.As(err, &syntax):
			return nil, &TableError{Line: syntax.Line, Problem: syntax.Err.Error()}
		case err != nil:
			return nil, err
		}
		if first {
			if len(fields) < 2 {
				return nil, &TableError{Line: 1, Problem: fmt.Sprintf("%d column; an input and a target are needed, separated by commas, semicolons or tabs", len(fields))}
			}
			t.Width = len(fields) - 1
			if t.header(fields) {
				continue
			}
		}
		if err := t.line(lines, fields); err != nil {
			return nil, err
		}
	}
}

// separator is the one that the first line has most of. It looks at what fits in the
// buffer.
func separator(in *bufio.Reader) rune {
	head, _ := in.Peek(in.Size())
	if i := bytes.IndexByte(head, '\n'); i >= 0 {
		head = head[:i]
	}
	best := ','
	for _, c := range ";\t" {
		if bytes.Count(head, []byte{byte(c)}) > bytes.Count(head, []byte{byte(best)}) {
			best = c
		}
	}
	return best
}

// header keeps the fields as names if one of them is text.
func (t *Table) header(fields []string) bool {
	for _, f := range fields {
		f = strings.TrimSpace(f)
		if _, err := strconv.ParseFloat(f, 64); err != nil && f != "" && !errors.Is(err, strconv.ErrRange) {
			t.Names = make([]string, len(fields))
			for i, f := range fields {
				t.Names[i] = strings.TrimSpace(f)
			}
			return true
		}
	}
	return false
}

// line adds a sample.
func (t *Table) line(lines *csv.Reader, fields []string) error {
	at, _ := lines.FieldPos(0)
	if len(fields) != t.Width+1 {
		return &TableError{Line: at, Problem: fmt.Sprintf("%d columns; the first line has %d", len(fields), t.Width+1)}
	}
	for i, f := range fields {
		f = strings.TrimSpace(f)
		v, err := strconv.ParseFloat(f, 64)
		problem := ""
		switch {
		case f == "":
			problem = "a gap; fill it or leave the line out"
		case err != nil && !errors.Is(err, strconv.ErrRange):
			problem = fmt.Sprintf("%.40q is no number; text has to be turned into numbers first", f)
		case math.IsNaN(v) || math.IsInf(v, 0):
			problem = fmt.Sprintf("%.40q is not finite; fill it or leave the line out", f)
		}
		if problem != "" {
			e := &TableError{Line: at, Column: i + 1, Problem: problem}
			e.Line, _ = lines.FieldPos(i)
			if t.Names != nil {
				e.Name = t.Names[i]
			}
			return e
		}
		if i < t.Width {
			t.X = append(t.X, v)
		} else {
			t.Target = append(t.Target, v)
		}
	}
	t.N++
	return nil
}

// Batch returns the samples from ≤ n < to, for regression, sharing the arrays of t. It
// panics with ErrRange unless 0 ≤ from ≤ to ≤ N.
func (t *Table) Batch(from, to int) *nn.Batch {
	if from < 0 || from > to || to > t.N {
		panic(ErrRange)
	}
	return &nn.Batch{N: to - from, X: t.X[from*t.Width : to*t.Width : to*t.Width], T: t.Target[from:to:to]}
}

// Set returns the table as samples with labels, sharing X. ok is false unless all
// targets are integers from 0 to 99 and at least two of them differ: the table is one
// for regression then.
func (t *Table) Set() (s *Set, ok bool) {
	s = &Set{N: t.N, Width: t.Width, X: t.X, Labels: make([]int, t.N)}
	differ := false
	for i, v := range t.Target {
		if v != math.Trunc(v) || v < 0 || v >= mostTableClasses {
			return nil, false
		}
		s.Labels[i] = int(v)
		s.Classes = max(s.Classes, int(v)+1)
		differ = differ || v != t.Target[0]
	}
	return s, differ
}

// Numbers returns the table as samples with one number each as target, sharing its
// arrays.
func (t *Table) Numbers() *Set {
	return &Set{N: t.N, Width: t.Width, X: t.X, T: t.Target, Targets: 1}
}

// mostTableClasses bounds the integers that are taken for classes.
const mostTableClasses = 100
