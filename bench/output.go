package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"costate/la/atomicfile"
	"costate/nn/train/race"
)

// An output is the file of a flag, which appears when it is complete. Creating it
// before a long computation shows early that it can be written.
type output struct {
	path string
	file *atomicfile.File
}

// createOutput makes sure that path, the value of the named flag, can be written. It
// returns nil for an empty path. Every output is ended by write or discard; discard after
// write does nothing.
func createOutput(flag, path string) (*output, error) {
	if path == "" {
		return nil, nil
	}
	if path == standardInput {
		return nil, usagef("--%s -: the report is on standard output; name a file, or ./- for one of this name", flag)
	}
	if st, err := os.Stat(path); err == nil {
		if !st.Mode().IsRegular() {
			return nil, usagef("--%s %s: not a regular file", flag, path)
		}
		if report, err := os.Stdout.Stat(); err == nil && os.SameFile(st, report) {
			return nil, usagef("--%s %s: the report is written to this file", flag, path)
		}
	}
	file, err := atomicfile.Create(path)
	if err != nil {
		return nil, usagef("--%s %s: cannot be written: %w", flag, path, err)
	}
	return &output{path: path, file: file}, nil
}

// write fills the file through a buffer and gives it its name. A nil output is fine, and
// writes nothing.
func (o *output) write(fill func(w io.Writer) error) error {
	if o == nil {
		return nil
	}
	if err := o.file.Fill(fill); err != nil {
		return fmt.Errorf("writing %s: %w", o.path, err)
	}
	return nil
}

// discard removes what has not been written. A nil output is fine.
func (o *output) discard() {
	if o != nil {
		o.file.Discard()
	}
}

// printJSON writes one document and ends the line.
func printJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// A number is a float64 that JSON shows as null where it is not finite.
type number = race.Number
