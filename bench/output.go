package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// An output is a file being written under a temporary name in the directory of
// its final one, so that a reader sees the whole file or none. Creating it
// before a long computation shows early that it can be written.
type output struct {
	path string
	tmp  *os.File
}

// unfinished has the temporary files that exist.
var unfinished = struct {
	sync.Mutex
	m map[string]bool
}{m: map[string]bool{}}

// createOutput makes sure that path, the value of the named flag, can be written.
// Every output is ended by commit or discard; discard after commit does nothing.
func createOutput(flag, path string) (*output, error) {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		return nil, usagef("--%s %s: not a regular file", flag, path)
	}
	unfinished.Lock()
	defer unfinished.Unlock()
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, usagef("--%s %s: cannot be written: %w", flag, path, err)
	}
	unfinished.m[tmp.Name()] = true
	return &output{path: path, tmp: tmp}, nil
}

// write fills the file through a buffer and gives it its name.
func (o *output) write(fill func(w io.Writer) error) error {
	defer o.discard()
	w := bufio.NewWriterSize(o.tmp, 1<<16)
	err := fill(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = o.tmp.Chmod(0o644)
	}
	if err == nil {
		err = o.tmp.Close()
	}
	if err == nil {
		err = os.Rename(o.tmp.Name(), o.path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", o.path, err)
	}
	return nil
}

// discard closes and removes the temporary file, if it is still there. A nil
// output is fine.
func (o *output) discard() {
	if o == nil {
		return
	}
	unfinished.Lock()
	defer unfinished.Unlock()
	if name := o.tmp.Name(); unfinished.m[name] {
		delete(unfinished.m, name)
		o.tmp.Close()
		os.Remove(name)
	}
}

// discardUnfinished removes the temporary files that an interrupted command left.
func discardUnfinished() {
	unfinished.Lock()
	defer unfinished.Unlock()
	for name := range unfinished.m {
		os.Remove(name)
	}
	clear(unfinished.m)
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
type number float64

func (x number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(x))
}

func (x *number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*x = number(math.NaN())
		return nil
	}
	return json.Unmarshal(b, (*float64)(x))
}
