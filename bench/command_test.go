package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// runBench runs the command in this process.
func runBench(args ...string) (stdout, stderr string, status int) {
	var out, errs bytes.Buffer
	status = execute(context.Background(), args, &out, &errs)
	return out.String(), errs.String(), status
}

// mustJSON runs the command with --json and decodes its output into v,
// allowing exactly one document.
func mustJSON(t *testing.T, v any, args ...string) {
	t.Helper()
	out, errs, status := runBench(append(args, "--json")...)
	if status != 0 {
		t.Fatalf("%q: status %d: %s", args, status, errs)
	}
	dec := json.NewDecoder(strings.NewReader(out))
	if err := dec.Decode(v); err != nil {
		t.Fatalf("%q: %v in %q", args, err, out)
	}
	if dec.More() {
		t.Fatalf("%q: more than one document: %q", args, out)
	}
}

// keys lists all keys of a decoded document, those of nested objects with a
// dot.
func keys(v any) []string {
	var all []string
	for k, v := range v.(map[string]any) {
		all = append(all, k)
		if m, ok := v.(map[string]any); ok {
			for _, sub := range keys(m) {
				all = append(all, k+"."+sub)
			}
		}
	}
	slices.Sort(all)
	return all
}

// sorted splits a list of words and sorts it.
func sorted(words string) []string { return slices.Sorted(slices.Values(strings.Fields(words))) }

func equalKeys(t *testing.T, doc any, want string) {
	t.Helper()
	if got := keys(doc); !slices.Equal(got, sorted(want)) {
		t.Errorf("keys %q\nwant %q", got, sorted(want))
	}
}

// small is a problem that every method solves in no time.
var small = []string{"--data", "gaussian", "--input", "4", "--classes", "3", "--layers", "3", "--width", "5", "--batch", "4"}

// solveArgs is solve on the small problem.
func solveArgs(more ...string) []string { return append(append([]string{"solve"}, small...), more...) }

// leftovers fails unless the files in dir are those of the names.
func leftovers(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, e := range entries {
		got[e.Name()] = true
	}
	want := map[string]bool{}
	for _, n := range names {
		want[n] = true
	}
	if !maps.Equal(got, want) {
		t.Errorf("files %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

func TestHelpNamesEverything(t *testing.T) {
	out, _, status := runBench("--help")
	if status != 0 {
		t.Fatalf("status %d", status)
	}
	for _, want := range []string{"solve", "compare", "kernels", "mtx", "plot", "--json", "--threads", "--seed", "--eps", "--curvature"} {
		if !strings.Contains(out, want) {
			t.Errorf("help does not mention %s", want)
		}
	}
}

func TestBadUsage(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		want string // in the message
	}{
		{[]string{"nonsense"}, "nonsense"},
		{[]string{"solve", "--nonsense"}, "nonsense"},
		{[]string{"solve", "--layers", "many"}, "many"},
		{[]string{"solve", "--layers", "0"}, "--layers is 0"},
		{[]string{"solve", "--width", "-3"}, "--width is -3"},
		{[]string{"solve", "--batch", "0"}, "--batch is 0"},
		{[]string{"solve", "--batch", "5000"}, "samples to draw from"},
		{[]string{"solve", "--threads", "0"}, "--threads is 0"},
		{[]string{"solve", "--threads", "9223372036854775807"}, "--threads is 9223372036854775807"},
		{[]string{"solve", "--spectrum", "9223372036854775807"}, "--spectrum is 9223372036854775807"},
		{[]string{"solve", "--spectrum", "0"}, "--spectrum is 0"},
		{[]string{"solve", "--memory", "1e-9"}, "4GiB"},
		{[]string{"mtx", "A.mtx", "--spectrum", "999999999999"}, "--spectrum is 999999999999"},
		{[]string{"mtx", "A.mtx", "--threads", "999999999999"}, "--threads is 999999999999"},
		{[]string{"kernels", "--repeat", "9223372036854775807"}, "--repeat 9223372036854775807"},
		{[]string{"kernels", "--threads", "2,9223372036854775807"}, "--threads 9223372036854775807"},
		{[]string{"solve", "--act", "sinus"}, "softplus"},
		{[]string{"solve", "--loss", "hinge"}, "bce, ce, gaussian, mse, poisson"},
		{[]string{"solve", "--method", "magic"}, "minres"},
		{[]string{"solve", "--method", "gram"}, "--curvature ggn"},
		{[]string{"solve", "--curvature", "fisher"}, "ggn"},
		{[]string{"solve", "--rhs", "ones"}, "random"},
		{[]string{"solve", "--backend", "mkl"}, "native"},
		{[]string{"solve", "--eps", "NaN"}, "finite"},
		{[]string{"solve", "--eps", "1,Inf"}, "finite"},
		{[]string{"solve", "--eps", "0.1,0.2", "--mtx-out", dir + "/k"}, "single --eps"},
		{[]string{"solve", "--eps", "0.1,0.2", "--out", dir + "/k.npz"}, "single --eps"},
		{[]string{"solve", "--repeat", "0"}, "--repeat is 0"},
		{[]string{"solve", "--gain", "-1"}, "--gain is -1"},
		{[]string{"solve", "--bias", "false"}, "--bias=false"},
		{[]string{"solve", "--data", "/does/not/exist"}, "/does/not/exist"},
		{[]string{"solve", "--input", "3"}, "--data gaussian"},
		{[]string{"solve", "--memory", "much"}, "4GiB"},
		{[]string{"solve", "--out", "/does/not/exist/a.npz"}, "cannot be written"},
		{[]string{"solve", "--out", dir}, "not a regular file"},
		{[]string{"solve", "--out", "-"}, "name a file"},
		{[]string{"solve", "--plot", dir + "/a.gif"}, ".png"},
		{[]string{"solve", "--in", dir + "/a.npz", "--layers", "3"}, "--layers has no meaning"},
		{[]string{"kernels", "--op", "gemv"}, "gemm"},
		{[]string{"kernels", "--n", "0"}, "--n 0"},
		{[]string{"kernels", "--threads", "0"}, "--threads 0"},
		{[]string{"compare", "--cases", "tiny"}, "anchor"},
		{[]string{"compare", "--baseline", "gram"}, "--baseline gram"},
		{[]string{"compare", "--cases", "", "--depths", "", "--widths", ""}, "nothing to compare"},
		{[]string{"train", "--min-damping", "Inf"}, "--min-damping is +Inf"},
		{[]string{"train", "--min-damping", "-1"}, "--min-damping is -1"},
		{[]string{"eigen", "--k", "0"}, "--k is 0"},
		{[]string{"eigen", "--k", "9999"}, "2,842"},
		{[]string{"eigen", "--which", "middle"}, "largest"},
		{[]string{"eigen", "--which", "near"}, "--near"},
		{[]string{"eigen", "--near", "1"}, "--which near"},
		{[]string{"eigen", "--which", "near", "--near", "NaN"}, "finite"},
		{[]string{"eigen", "--which", "near", "--near", "1", "--products"}, "ends of the spectrum"},
		{[]string{"eigen", "--vectors", dir}, "not a regular file"},
		{[]string{"eigen", "--in", dir + "/a.npz", "--layers", "3"}, "--layers has no meaning"},
		{[]string{"influence", "--damping", "0"}, "singular"},
		{[]string{"influence", "--test", "0"}, "--test is 0"},
		{[]string{"influence", "--test", "9999"}, "360 test samples"},
		{[]string{"influence", "--leave-one-out", "-1"}, "negative"},
		{[]string{"influence", "--leave-one-out", "151"}, "150 training samples"},
		{[]string{"influence", "--parts", "2"}, "--parts 2"},
		{[]string{"influence", "--mislabel", "1"}, "--mislabel is 1"},
		{[]string{"influence", "--train"}, "--in"},
		{[]string{"influence", "--mislabel", "0.001"}, "is none"},
		{[]string{"influence", "--max-gflop", "0"}, "--max-gflop is 0"},
		{[]string{"influence", "--in", dir + "/a.npz", "--test", "3"}, "--test-in"},
		{[]string{"plot"}, "arg"},
		{[]string{"plot", dir + "/none.json"}, "none.json"},
	} {
		out, errs, status := runBench(c.args...)
		if status != statusUsage {
			t.Errorf("%q: status %d, want %d", c.args, status, statusUsage)
		}
		if out != "" {
			t.Errorf("%q: output %q", c.args, out)
		}
		if strings.Count(errs, "\n") != 1 || !strings.HasPrefix(errs, "costate: ") || !strings.Contains(errs, c.want) {
			t.Errorf("%q: message %q, want one line with %q", c.args, errs, c.want)
		}
	}
	leftovers(t, dir)
}

func TestInterruptLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs bytes.Buffer
	status := execute(ctx, solveArgs("--out", dir+"/x.npz", "--plot", dir+"/k.png", "--mtx-out", dir+"/k"), &out, &errs)
	if status != statusInterrupted || out.Len() != 0 {
		t.Errorf("status %d, output %q, message %q", status, out.String(), errs.String())
	}
	leftovers(t, dir)
}

// TestFinish: an interrupt that comes twice at once, as timeout sends it, does not
// keep a command from its end; one that comes later does.
func TestFinish(t *testing.T) {
	done, interrupts := make(chan int, 1), make(chan os.Signal, 2)
	interrupts <- os.Interrupt
	interrupts <- os.Interrupt
	time.AfterFunc(50*time.Millisecond, func() { done <- 7 })
	if status := finish(done, interrupts); status != 7 {
		t.Errorf("status %d after a repeated interrupt", status)
	}
	time.AfterFunc(repeated+50*time.Millisecond, func() { interrupts <- os.Interrupt })
	start := time.Now()
	if status := finish(done, interrupts); status != statusInterrupted || time.Since(start) > grace-time.Second {
		t.Errorf("status %d, %v after a second interrupt", status, time.Since(start))
	}
}
