package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
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

// TestOutputOverReport: a file that the report goes to is no output, whatever it is called.
func TestOutputOverReport(t *testing.T) {
	report, err := os.Create(filepath.Join(t.TempDir(), "report"))
	if err != nil {
		t.Fatal(err)
	}
	defer report.Close()
	defer func(before *os.File) { os.Stdout = before }(os.Stdout)
	os.Stdout = report
	link := report.Name() + "-link"
	if err := os.Symlink(report.Name(), link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{report.Name(), link} {
		if _, errs, status := runBench("mtx", "testdata/saddle.mtx", "--out", name); status != statusUsage || !strings.Contains(errs, "the report is written to this file") {
			t.Errorf("--out %s: status %d, %s", name, status, errs)
		}
	}
}
