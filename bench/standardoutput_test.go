package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// full is a disk that takes some bytes and no more.
type full struct{ room int }

var errFull = errors.New("no room is left")

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.room {
		n := f.room
		f.room = 0
		return n, errFull
	}
	f.room -= len(p)
	return len(p), nil
}

// TestLostOutput: what could not be written to standard output is a failure of every
// command, said once.
func TestLostOutput(t *testing.T) {
	saddle := "testdata/saddle.mtx"
	for _, args := range [][]string{solveArgs(), solveArgs("--json"), {"mtx", saddle}, {"mtx", saddle, "--json"}, {"engines"},
		{"engines", "--json"}, {"--version"}, {"mtx", "--help"}, {"help", "net"}, trainArgs("--steps", "2")} {
		for _, room := range []int{0, 10} {
			var errs bytes.Buffer
			status := execute(context.Background(), args, &full{room}, &errs)
			if status != statusFailed || strings.Count(errs.String(), errFull.Error()) != 1 {
				t.Errorf("%q with room for %d bytes: status %d, message %q", args, room, status, &errs)
			}
		}
	}
}

// TestFailureDocument: with --json a command that fails prints one document, which has
// the error.
func TestFailureDocument(t *testing.T) {
	for _, args := range [][]string{
		solveArgs("--memory", "1"), {"eigen", "--memory", "1"}, {"laplace", "--memory", "1"}, {"influence", "--memory", "1"},
		trainArgs("--memory", "1"), {"pde", "--memory", "1"}, {"compare", "--memory", "1"}, {"kernels", "--memory", "1"},
		{"mtx", "testdata/saddle.mtx", "--memory", "1"}, {"mtx", "none.mtx"}, {"peer", "false", "none.mtx"},
	} {
		out, errs, status := runBench(append(args, "--json")...)
		var doc struct{ Error string }
		if err := json.Unmarshal([]byte(out), &doc); err != nil || status != statusFailed || doc.Error == "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: status %d, %v in %q, message %q", args, status, err, out, errs)
		}
		if strings.Contains(errs, " 0.0 ") {
			t.Errorf("%q: a size that says nothing: %q", args, errs)
		}
	}
}
