//go:build !cgo || !mumps

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestNoMUMPS: a build without MUMPS says so, also where mpirun starts it several times.
func TestNoMUMPS(t *testing.T) {
	if _, errs, status := runBench("mtx", "A.mtx", "--engine", "mumps"); status != statusUsage || !strings.Contains(errs, "go build -tags mumps") {
		t.Errorf("status %d: %s", status, errs)
	}
	if _, errs, status := runBench("train", "--shard", "--optimizer", "adam"); status != statusUsage || !strings.Contains(errs, "go build -tags mumps") {
		t.Errorf("status %d: %s", status, errs)
	}
	for rank, says := range map[string]bool{"0": true, "1": false} {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "COSTATE_ARGS=engines", "OMPI_COMM_WORLD_SIZE=2", "OMPI_COMM_WORLD_RANK="+rank)
		out, err := c.CombinedOutput()
		if c.ProcessState.ExitCode() != statusUsage || strings.Contains(string(out), "go build -tags mumps") != says {
			t.Errorf("rank %s: %v, %s", rank, err, out)
		}
	}
}
