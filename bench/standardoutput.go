package main

import "io"

// standardOutput remembers whether anything was written, and the first error of a write:
// a report is printed by many calls that do not look at theirs, and one that was lost on a
// full disk is a failure of the command.
type standardOutput struct {
	w    io.Writer
	used bool
	err  error
}

func (o *standardOutput) Write(p []byte) (int, error) {
	o.used = o.used || len(p) > 0
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(p)
	o.err = err
	return n, err
}
