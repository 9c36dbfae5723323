package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costate/nn/train/race"
)

// pdeArgs is pde on a small problem.
func pdeArgs(more ...string) []string {
	return append([]string{"pde", "--hidden", "16", "--interior", "100", "--boundary", "40", "--seconds", "20"}, more...)
}

func TestPDEJSON(t *testing.T) {
	var list []race.Result
	mustJSON(t, &list, pdeArgs("--optimizer", "lm,adam,lbfgs", "--steps", "12", "--lr", "0.01,0.001")...)
	if len(list) != 3 {
		t.Fatalf("%d results", len(list))
	}
	for i, name := range []string{"lm", "adam", "lbfgs"} {
		r := &list[i]
		if r.Optimizer != name || len(r.History) < 2 || r.History[0].Step != 0 || r.History[0].L2 == nil || r.Final.L2 == nil || r.Final.BestL2 == nil {
			t.Fatalf("%s: %+v", name, r)
		}
		if r.History[0].Loss != list[0].History[0].Loss {
			t.Errorf("%s begins at loss %g, lm at %g", name, float64(r.History[0].Loss), float64(list[0].History[0].Loss))
		}
		if !(r.Final.Loss < r.History[0].Loss) || (len(r.Grid) == 2) != (name == "adam") || (r.History[1].Damping != nil) != (name == "lm") {
			t.Errorf("%s: %+v", name, r.Final)
		}
	}
	if lm := list[0].Final; !(*lm.L2 < 0.1) || lm.CrossingsL2 == nil && *lm.BestL2 < 0.01 {
		t.Errorf("lm: %+v", lm)
	}
	// It ends where the error is at most the target.
	var one race.Result
	mustJSON(t, &one, pdeArgs("--target", "0.02")...)
	if one.Final.Reason != "target" || !(*one.Final.L2 <= 0.02) || len(one.History) < 2 || !(*one.History[len(one.History)-2].L2 > 0.02) {
		t.Errorf("%+v", one.Final)
	}
}

// TestPDETour: what the command does without flags, solving the Poisson equation to
// 1e-5, takes no more than 200 steps; and it is drawn.
func TestPDETour(t *testing.T) {
	t.Chdir(t.TempDir())
	var r race.Result
	mustJSON(t, &r, "pde", "--steps", "200", "--seconds", "600")
	if r.Final.Reason != "target" || !(*r.Final.L2 <= 1e-5) {
		t.Errorf("%+v", r.Final)
	}
	leftovers(t, ".")
	out, errs, status := runBench("pde")
	if status != 0 || !strings.Contains(out, "came to a relative error of") || !strings.Contains(out, tourPlot) {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
	leftovers(t, ".", tourPlot)
}

// TestPDESizes: a problem has its own network and points where no flag says otherwise.
func TestPDESizes(t *testing.T) {
	for _, c := range []struct {
		args   []string
		params int
	}{
		{[]string{"--pde", "poisson-2d"}, 2*64 + 64 + 64 + 1},
		{[]string{"--pde", "burgers"}, 2*20 + 20 + 2*(20*20+20) + 20 + 1},
		{[]string{"--pde", "burgers", "--hidden", "5"}, 2*5 + 5 + 5 + 1},
	} {
		var r struct {
			race.Result
			Params int `json:"params"`
		}
		mustJSON(t, &r, append([]string{"pde", "--steps", "1"}, c.args...)...)
		if r.Params != c.params {
			t.Errorf("%v: %d parameters, want %d", c.args, r.Params, c.params)
		}
	}
}

// TestPDEModes runs all problems, kinds of points and what else there is for a moment.
func TestPDEModes(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		pdeArgs("--steps", "2", "--pde", "poisson-5d", "--plot", filepath.Join(dir, "a.svg")),
		pdeArgs("--steps", "2", "--pde", "heat-1d", "--points", "halton", "--resample", "1"),
		pdeArgs("--steps", "2", "--pde", "heat-4d", "--points", "uniform", "--momentum", "0.5"),
		pdeArgs("--steps", "2", "--pde", "burgers", "--hidden", "6,5,4", "--act", "sine"),
		pdeArgs("--steps", "2", "--pde", "allen-cahn", "--points", "sobol", "--act", "gelu"),
		pdeArgs("--steps", "2", "--pde", "helmholtz", "--optimizer", "lbfgs", "--plot", filepath.Join(dir, "b.png")),
		pdeArgs("--steps", "2", "--pde", "convection", "--optimizer", "adam,lm,tr,cubic"),
	} {
		out, errs, status := runBench(args...)
		if status != 0 || !strings.Contains(out, "relative error") {
			t.Errorf("%q: status %d: %s%s", args, status, out, errs)
		}
	}
	leftovers(t, dir, "a.svg", "b.png")
	doc := filepath.Join(dir, "r.json")
	out, _, _ := runBench(pdeArgs("--steps", "3", "--json")...)
	if err := os.WriteFile(doc, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errs, status := runBench("plot", doc, "--out", filepath.Join(dir, "q.png")); status != 0 {
		t.Errorf("plot: status %d: %s%s", status, out, errs)
	}
}

// TestPDEResume: a run in two parts has the history of one in a whole.
func TestPDEResume(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.npz")
	var whole, first, second race.Result
	with := func(more ...string) []string { return pdeArgs(append([]string{"--target", "0"}, more...)...) }
	mustJSON(t, &whole, with("--steps", "14")...)
	mustJSON(t, &first, with("--steps", "6", "--checkpoint", file)...)
	mustJSON(t, &second, with("--steps", "14", "--checkpoint", file, "--resume")...)
	if len(second.History) != len(whole.History) {
		t.Fatalf("%d entries, uninterrupted %d", len(second.History), len(whole.History))
	}
	bits := func(x race.Number) uint64 { return math.Float64bits(float64(x)) }
	for i := range whole.History {
		if a, b := second.History[i], whole.History[i]; a.Step != b.Step || bits(a.Loss) != bits(b.Loss) || bits(*a.L2) != bits(*b.L2) {
			t.Errorf("step %d: %+v, uninterrupted %+v", b.Step, a, b)
		}
	}
	for _, c := range []struct{ args, want string }{{"--hidden 9", "another network"}, {"--pde helmholtz", "poisson-2d, not helmholtz"}, {"--boundary 44", "Rows"}} {
		_, errs, status := runBench(with(append(strings.Fields(c.args), "--steps", "14", "--checkpoint", file, "--resume")...)...)
		if status == 0 || !strings.Contains(errs, c.want) {
			t.Errorf("%s: status %d: %s", c.args, status, errs)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs strings.Builder
	if status := execute(ctx, with("--steps", "9", "--checkpoint", file), &out, &errs); status != statusInterrupted {
		t.Errorf("interrupted: status %d: %s", status, errs.String())
	}
}

func TestPDEBadFlags(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--pde navier-stokes", "poisson-2d"},
		{"--act relu", "--act"},
		{"--optimizer sgd", "--optimizer"},
		{"--optimizer lm,tr --hidden 64,64", "Hessian"},
		{"--points sobel", "sobol"},
		{"--hidden 0", "--hidden"},
		{"--hidden many", "many"},
		{"--interior -4", "--interior"},
		{"--lr 0", "--lr"},
		{"--gain nan", "--gain"},
		{"--momentum 1", "--momentum"},
		{"--resample -1", "--resample"},
		{"--resample 3 --points grid", "--points"},
		{"--seconds 0", "--seconds"},
		{"--steps -1", "--steps"},
		{"--target -1", "--target"},
		{"--resume", "--checkpoint"},
		{"--checkpoint c.npz --optimizer adam", "one run"},
		{"--checkpoint /nowhere/c.npz", "--checkpoint"},
		{"--checkpoint-every 5s", "--checkpoint"},
		{"--plot p.txt", "--plot"},
	} {
		_, errs, status := runBench(append([]string{"pde"}, strings.Fields(c.args)...)...)
		if status != statusUsage || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("pde %s: status %d: %s", c.args, status, errs)
		}
	}
	_, errs, status := runBench("pde", "--interior", "1000000000", "--points", "halton")
	if status != statusFailed || !strings.Contains(errs, "would fit") {
		t.Errorf("too many points: status %d: %s", status, errs)
	}
}
