package main

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costate/nn/train/race"
)

// trainArgs is train on a small problem.
func trainArgs(more ...string) []string {
	return append([]string{"train", "--layers", "3", "--width", "6", "--batch", "16", "--fixed-batch", "--seconds", "20"}, more...)
}

func TestTrainJSON(t *testing.T) {
	var list []race.Result
	mustJSON(t, &list, trainArgs("--optimizer", "lm,tr,adam,lbfgs", "--lr", "0.01,0.001", "--steps", "12", "--count")...)
	if len(list) != 4 {
		t.Fatalf("%d results", len(list))
	}
	for i, name := range []string{"lm", "tr", "adam", "lbfgs"} {
		r := &list[i]
		if r.Optimizer != name || len(r.History) < 2 || r.History[0].Step != 0 || r.History[0].TrainAccuracy == nil || r.History[0].TestAccuracy == nil {
			t.Fatalf("%s: %+v", name, r)
		}
		last := r.History[len(r.History)-1]
		if last.Step != r.Final.Step || last.Loss != r.Final.Loss || !(r.Final.Loss < r.History[0].Loss) || r.Final.TestAccuracy == nil {
			t.Errorf("%s: the history ends with %+v, final is %+v", name, last, r.Final)
		}
		if r.History[0].Loss != list[0].History[0].Loss {
			t.Errorf("%s begins at loss %g, lm at %g", name, float64(r.History[0].Loss), float64(list[0].History[0].Loss))
		}
		e := r.History[1]
		if (e.Damping != nil) != (name == "lm" || name == "tr") || (e.Radius != nil) != (name == "tr") || (e.Negative != nil) != (name == "tr") || (e.Accepted != nil) != (e.Damping != nil) {
			t.Errorf("%s: step 1 is %+v", name, e)
		}
		if (len(r.Grid) == 2) != (name == "adam") {
			t.Errorf("%s: grid %+v", name, r.Grid)
		}
	}
	var one map[string]any
	mustJSON(t, &one, trainArgs("--optimizer", "lm", "--steps", "2")...)
	if one["optimizer"] != "lm" || one["final"] == nil {
		t.Errorf("one result: %v", one)
	}
}

// TestTrainModes runs what else there is once.
func TestTrainModes(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		trainArgs("--optimizer", "cubic,sgd,momentum,cg", "--lr", "0.05", "--steps", "4"),
		{"train", "--layers", "4", "--width", "6", "--batch", "20", "--residual", "--steps", "5", "--optimizer", "lm,adam"},
		{"train", "--layers", "3", "--width", "6", "--batch", "0", "--curvature-batch", "20", "--cg", "--steps", "3", "--optimizer", "lm"},
		{"train", "--layers", "3", "--width", "6", "--batch", "200", "--curvature-batch", "20", "--steps", "3", "--optimizer", "lm"},
		{"train", "--data", "gaussian", "--classes", "3", "--layers", "2", "--width", "4", "--steps", "3", "--init", "orthogonal", "--act", "relu"},
		trainArgs("--optimizer", "lm,adam", "--steps", "5", "--plot", filepath.Join(dir, "p.png")),
	} {
		out, errs, status := runBench(args...)
		if status != 0 || !strings.Contains(out, "optimizer") {
			t.Errorf("%q: status %d: %s%s", args, status, out, errs)
		}
	}
	leftovers(t, dir, "p.png")
	doc := filepath.Join(dir, "r.json")
	out, _, _ := runBench(trainArgs("--optimizer", "lm,adam", "--steps", "5", "--json")...)
	if err := os.WriteFile(doc, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errs, status := runBench("plot", doc, "--out", filepath.Join(dir, "q.png")); status != 0 {
		t.Errorf("plot: status %d: %s%s", status, out, errs)
	}
}

// TestTrainResume: a run in two parts has the history of one in a whole.
func TestTrainResume(t *testing.T) {
	for _, optimizer := range []string{"lm", "adam", "lbfgs"} {
		file := filepath.Join(t.TempDir(), "c.npz")
		var whole, first, second race.Result
		args := trainArgs("--optimizer", optimizer, "--lr", "0.01", "--target", "0")
		with := func(more ...string) []string { return append(append([]string{}, args...), more...) }
		mustJSON(t, &whole, with("--steps", "14")...)
		mustJSON(t, &first, with("--steps", "6", "--checkpoint", file)...)
		mustJSON(t, &second, with("--steps", "14", "--checkpoint", file, "--resume")...)
		if len(second.History) != len(whole.History) {
			t.Fatalf("%s: %d entries, uninterrupted %d", optimizer, len(second.History), len(whole.History))
		}
		for i := range whole.History {
			if a, b := second.History[i], whole.History[i]; a.Step != b.Step || math.Float64bits(float64(a.Loss)) != math.Float64bits(float64(b.Loss)) {
				t.Errorf("%s, step %d: loss %v, uninterrupted %v", optimizer, b.Step, a.Loss, b.Loss)
			}
		}
		if second.Final.Taken != whole.Final.Taken {
			t.Errorf("%s: %d steps taken, uninterrupted %d", optimizer, second.Final.Taken, whole.Final.Taken)
		}
		_, errs, status := runBench(with("--width", "7", "--steps", "14", "--checkpoint", file, "--resume")...)
		if status == 0 || !strings.Contains(errs, "another network") {
			t.Errorf("%s: a checkpoint of another network: status %d: %s", optimizer, status, errs)
		}
		_, errs, status = runBench(with("--seed", "2", "--steps", "14", "--checkpoint", file, "--resume")...)
		if status == 0 || !strings.Contains(errs, "Seed 1, not 2") {
			t.Errorf("%s: a checkpoint of another seed: status %d: %s", optimizer, status, errs)
		}
	}
}

// TestTrainInterrupt: what a cancelled context stops can be resumed.
func TestTrainInterrupt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.npz")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs strings.Builder
	args := trainArgs("--optimizer", "lm", "--checkpoint", file, "--json")
	if status := execute(ctx, args, &out, &errs); status != statusInterrupted {
		t.Fatalf("status %d: %s", status, errs.String())
	}
	if !json.Valid([]byte(out.String())) {
		t.Errorf("not JSON: %q", out.String())
	}
	var res race.Result
	mustJSON(t, &res, trainArgs("--optimizer", "lm", "--checkpoint", file, "--resume", "--steps", "3")...)
	if res.Final.Step != 3 {
		t.Errorf("%+v", res.Final)
	}
}

func TestTrainBadFlags(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--seconds 0", "--seconds"},
		{"--seconds -1", "--seconds"},
		{"--seconds nan", "--seconds"},
		{"--steps -1", "--steps"},
		{"--lr 0", "--lr"},
		{"--lr 0.1,-1", "--lr"},
		{"--optimizer newton", "--optimizer"},
		{"--target -1", "--target"},
		{"--batch 100000", "--batch"},
		{"--batch -3", "--batch"},
		{"--cg", "--curvature-batch"},
		{"--resume", "--checkpoint"},
		{"--checkpoint c.npz", "one run"},
		{"--checkpoint-every 5s", "--checkpoint"},
		{"--optimizer lm --checkpoint c.npz --checkpoint-every -1s", "--checkpoint-every"},
		{"--experiment none", "--experiment"},
		{"--init zero", "--init"},
		{"--plot p.txt", "--plot"},
		{"--optimizer lm --checkpoint /nowhere/c.npz", "--checkpoint"},
	} {
		_, errs, status := runBench(append([]string{"train"}, strings.Fields(c.args)...)...)
		if status != statusUsage || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("train %s: status %d: %s", c.args, status, errs)
		}
	}
	_, errs, status := runBench("train", "--optimizer", "lm", "--resume", "--checkpoint", filepath.Join(t.TempDir(), "none.npz"))
	if status == 0 || !strings.Contains(errs, "none.npz") {
		t.Errorf("no file to resume: status %d: %s", status, errs)
	}
}

// TestTrainDivergence: the step is named, and the status says that it failed.
func TestTrainDivergence(t *testing.T) {
	args := trainArgs("--optimizer", "sgd", "--lr", "1e200", "--act", "relu", "--loss", "mse", "--json")
	out, errs, status := runBench(args...)
	if status != statusFailed || !strings.Contains(errs, "diverged in step 1") {
		t.Errorf("status %d: %s", status, errs)
	}
	var r race.Result
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.Final.Reason != "diverged" || r.Final.Step != 0 {
		t.Errorf("%v: %+v", err, r.Final)
	}
	// In a grid the other rates go on.
	var grid race.Result
	mustJSON(t, &grid, trainArgs("--optimizer", "sgd", "--lr", "1e200,0.01", "--act", "relu", "--steps", "5")...)
	if grid.Rate != 0.01 || grid.Grid[0].Error == "" {
		t.Errorf("%+v", grid)
	}
}

// TestTrainInertia: the history has index and flatness at the start, along the way and at
// the end, and the plot shows them.
func TestTrainInertia(t *testing.T) {
	dir := t.TempDir()
	var results []race.Result
	mustJSON(t, &results, trainArgs("--json", "--inertia", "--optimizer", "saddlefree,tr", "--steps", "6", "--plot", filepath.Join(dir, "p.png"))...)
	for _, r := range results {
		if n := len(r.History); n < 7 || r.Final.Flatness == nil {
			t.Fatalf("%s: %d entries, %+v", r.Optimizer, n, r.Final)
		}
		for _, e := range r.History {
			if e.Flatness == nil && e.Step > 4 && e.Step < r.Final.Step {
				continue // later steps are looked at now and then
			}
			if e.Flatness == nil || !(*e.Flatness >= 0 && *e.Flatness <= 1) || e.Negative == nil || *e.Negative < 0 {
				t.Errorf("%s, step %d: %+v", r.Optimizer, e.Step, e)
			}
		}
		if *r.History[0].Negative == 0 {
			t.Errorf("%s: no negative curvature at the start", r.Optimizer)
		}
	}
	leftovers(t, dir, "p.png")
	if out, errs, status := runBench(trainArgs("--inertia", "--optimizer", "lm", "--steps", "3")...); status != 0 || !strings.Contains(out, "null space") {
		t.Errorf("%d, %s, %s", status, out, errs)
	}
}
