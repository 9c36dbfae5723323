package data

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
)

// ReadCSV reads a table of numbers: a sample in each line, whose last column is the
// target and whose other columns are the inputs. A first line without any number is a
// heading. With labels, targets are classes, whole numbers from 0; otherwise they are T,
// one number for each sample.
//
// The error names line and column of what is not a number, or is missing.
func ReadCSV(name string, labels bool) (*Set, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	s, err := ReadCSVFrom(f, labels)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", name, err)
	}
	return s, nil
}

// ReadCSVFrom is ReadCSV for the bytes of r.
func ReadCSVFrom(r io.Reader, labels bool) (*Set, error) {
	table := csv.NewReader(r)
	table.ReuseRecord = true
	table.TrimLeadingSpace = true
	table.FieldsPerRecord = -1 // counted below, for a better message
	s := &Set{Width: -1}
	for first := true; ; first = false {
		record, err := table.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err // has line and column
		}
		line, _ := table.FieldPos(0)
		if first && isHeading(record) {
			s.Width = len(record) - 1
			continue
		}
		if s.Width < 0 {
			s.Width = len(record) - 1
		}
		if err := s.addRecord(record, line, labels); err != nil {
			return nil, err
		}
	}
	switch {
	case s.N == 0:
		return nil, fmt.Errorf("no samples")
	case !labels:
		s.Targets = 1
	}
	return s, nil
}

// isHeading reports whether no field is a number.
func isHeading(record []string) bool {
	for _, field := range record {
		if _, err := strconv.ParseFloat(strings.TrimSpace(field), 64); err == nil || strings.TrimSpace(field) == "" {
			return false
		}
	}
	return true
}

// addRecord adds a sample.
func (s *Set) addRecord(record []string, line int, labels bool) error {
	if len(record)-1 != s.Width {
		return fmt.Errorf("line %d has %d columns, not %d", line, len(record), s.Width+1)
	}
	if s.Width < 1 {
		return fmt.Errorf("line %d has one column; there must be inputs and, last, a target", line)
	}
	for i, field := range record {
		field = strings.TrimSpace(field)
		v, err := strconv.ParseFloat(field, 64)
		switch {
		case field == "":
			return fmt.Errorf("line %d, column %d: a number is missing", line, i+1)
		case err != nil && !errors.Is(err, strconv.ErrRange), math.IsNaN(v):
			return fmt.Errorf("line %d, column %d: %q is not a number", line, i+1, short(field))
		case math.IsInf(v, 0):
			return fmt.Errorf("line %d, column %d: %q is too large", line, i+1, short(field))
		}
		if i < s.Width {
			s.X = append(s.X, v)
			continue
		}
		if !labels {
			s.T = append(s.T, v)
			continue
		}
		if v != math.Trunc(v) || v < 0 || v >= mostClasses {
			return fmt.Errorf("line %d, column %d: %q is no label; labels are whole numbers from 0 to %d", line, i+1, short(field), mostClasses-1)
		}
		s.Labels = append(s.Labels, int(v))
		s.Classes = max(s.Classes, int(v)+1)
	}
	s.N++
	return nil
}

// short cuts a field for a message.
func short(field string) string {
	if r := []rune(field); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return field
}
