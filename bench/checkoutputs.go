package main

import (
	"os"
	"path/filepath"
)

// A namedPath is the file that a flag names; an empty path is none.
type namedPath struct{ flag, path string }

// checkOutputs refuses to write over a file that is read, and to write two files
// under one name.
func checkOutputs(inputs []string, outputs []namedPath) error {
	for i, o := range outputs {
		if o.path == "" {
			continue
		}
		for _, in := range inputs {
			if in != "" && in != standardInput && sameFile(o.path, in) {
				return usagef("--%s %s: this file is read, and would be overwritten", o.flag, o.path)
			}
		}
		for _, p := range outputs[:i] {
			if p.path != "" && sameFile(o.path, p.path) {
				return usagef("--%s and --%s both name the file %s", p.flag, o.flag, o.path)
			}
		}
	}
	return nil
}

// sameFile reports whether two names stand for one file, which need not exist.
func sameFile(a, b string) bool {
	sa, errA := os.Stat(a)
	sb, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(sa, sb) && sa.Mode().IsRegular()
	}
	a, errA = filepath.Abs(a)
	b, errB = filepath.Abs(b)
	return errA == nil && errB == nil && a == b
}
