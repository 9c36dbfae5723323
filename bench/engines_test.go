package main

import (
	"strings"
	"testing"

	"costate/factor"
)

// TestEngines: the list has every engine, and what is not built in comes with the command
// that builds it.
func TestEngines(t *testing.T) {
	var all []engineInfo
	mustJSON(t, &all, "engines", "--json")
	seen := map[string]bool{}
	for _, e := range all {
		seen[e.Kind+" "+e.Name] = true
		if e.Built != (e.Version != "") || e.Built == (e.Missing != "") || !e.Built && !strings.Contains(e.Missing, "go build -tags") {
			t.Errorf("%+v", e)
		}
	}
	for _, name := range factor.EngineNames() {
		if !seen["engine "+name] {
			t.Errorf("the engine %s is missing", name)
		}
	}
	if text, _, status := runBench("engines"); status != 0 || strings.Count(text, "\n") != len(all) {
		t.Errorf("status %d: %s", status, text)
	}
	for _, args := range [][]string{
		{"mtx", "A.mtx", "--engine", "nonsense"},
		{"mtx", "A.mtx", "--ordering", "pord"},
		{"mtx", "A.mtx", "--out-of-core", "/tmp"},
		{"mtx", "A.mtx", "--engine", "mumps", "--plot", "a.png"},
		{"solve", "--engine", "mumps"},
		{"train", "--shard", "--optimizer", "lm"},
		{"train", "--shard", "--optimizer", "tr"},
		{"train", "--shard", "--experiment", "depth"},
	} {
		if _, errs, status := runBench(args...); status != statusUsage || !strings.Contains(errs, "--") {
			t.Errorf("%v: status %d, %s", args, status, errs)
		}
	}
}
