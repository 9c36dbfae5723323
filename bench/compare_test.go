package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costate/bench/internal/methods"
)

func TestKernels(t *testing.T) {
	dir := t.TempDir()
	plot := filepath.Join(dir, "k.png")
	var doc []any
	args := []string{"kernels", "--n", "8,33", "--threads", "1,2", "--backend", "native,gonum", "--repeat", "1"}
	mustJSON(t, &doc, append(args, "--plot", plot)...)
	if want := 5 * 2 * 2 * 2; len(doc) != want {
		t.Fatalf("%d measurements, want %d", len(doc), want)
	}
	for _, d := range doc {
		m := d.(map[string]any)
		if _, ok := m["peak"]; !ok {
			t.Fatalf("no peak: %v", m)
		}
		delete(m, "peak")
		equalKeys(t, d, "op n backend threads gflops")
		if g := m["gflops"].(float64); !(g > 0) || math.IsInf(g, 0) {
			t.Errorf("%v", m)
		}
	}
	leftovers(t, dir, "k.png")
	out, _, status := runBench(args...)
	if status != 0 || !strings.Contains(out, "sytrf") || !strings.Contains(out, "peak") {
		t.Errorf("status %d, report %q", status, out)
	}
}

func TestCompare(t *testing.T) {
	dir := t.TempDir()
	results := filepath.Join(dir, "c.json")
	args := []string{"compare", "--cases", "demo", "--depths", "2,4", "--widths", "3,5", "--methods", "chain,block,dense,cg,minres",
		"--backend", "native", "--repeat", "1", "--max-gflop", "1", "--plot", filepath.Join(dir, "c.svg")}
	var rows []compareRow
	mustJSON(t, &rows, args...)
	if want := 5 * 5; len(rows) != want {
		t.Fatalf("%d rows, want %d", len(rows), want)
	}
	for _, r := range rows {
		switch {
		case r.Case == "demo" && r.Method == "dense":
			if r.Seconds != nil || !strings.Contains(r.Error, "--max-gflop") {
				t.Errorf("not left out: %+v", r)
			}
		case methods.IsIterative(r.Method):
		case r.Seconds == nil || r.Error != "" || !(r.BackwardError <= 1e-14) || !(r.Ratio > 0):
			t.Errorf("%+v", r)
		}
		if r.Method == "chain" && r.Ratio != 1 {
			t.Errorf("the baseline has ratio %g", float64(r.Ratio))
		}
	}

	// The same plot from the document.
	doc, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(results, doc, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, errs, status := runBench("plot", results, "--out", filepath.Join(dir, "again.svg")); status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	first, err := os.ReadFile(filepath.Join(dir, "c.svg"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := os.ReadFile(filepath.Join(dir, "again.svg"))
	if err != nil {
		t.Fatal(err)
	}
	if string(first) != string(again) {
		t.Errorf("the plot from the document differs: %d and %d bytes", len(first), len(again))
	}
	leftovers(t, dir, "c.svg", "c.json", "again.svg")
}

func TestPlotRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"empty": "[]", "other": `[{"a": 1}]`, "text": "hello", "half": `[{"op": "gemm"`,
		"zero": `[{"op": "gemm"}]`, "negative": `[{"op": "gemm", "n": -8, "gflops": 1}, {"op": "gemm", "n": 8, "gflops": 1}]`} {
		path := filepath.Join(dir, name+".json")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, errs, status := runBench("plot", path, "--out", filepath.Join(dir, "p.png"))
		if status != statusFailed || !strings.Contains(errs, name+".json") || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: status %d, message %q", name, status, errs)
		}
	}
	leftovers(t, dir, "empty.json", "other.json", "text.json", "half.json", "zero.json", "negative.json")
}

// TestPlotUnknownMethod: results of a method that this version does not have are drawn.
func TestPlotUnknownMethod(t *testing.T) {
	path := writeText(t, t.TempDir(), "c.json", `[{"case": "depth=3", "layers": 3, "method": "qr", "backend": "native", "seconds": {"total": 1}}]`)
	if _, errs, status := runBench("plot", path, "--out", path+".svg"); status != 0 {
		t.Errorf("status %d, message %q", status, errs)
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"4GiB": 4 << 30, "1.5KiB": 1536, "2MB": 2e6, "17": 17, "3 GB": 3e9} {
		var s sizeFlag
		if err := s.Set(text); err != nil || int64(s) != want {
			t.Errorf("%s: %d, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "1e300", "NaN", "five", "0"} {
		var s sizeFlag
		if s.Set(text) == nil {
			t.Errorf("%q was taken as %d", text, s)
		}
	}
}
