package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"costate/nn/npz"
)

func TestEigenJSON(t *testing.T) {
	dir := t.TempDir()
	file, plot := filepath.Join(dir, "v.npz"), filepath.Join(dir, "p.svg")
	args := append([]string{"eigen", "--json", "--k", "5"}, small...)
	const names = "params batch curvature which eigenvalues residuals complete below solves seconds"
	var first []float64
	for _, more := range [][]string{
		{"--vectors", file, "--plot", plot},
		{"--products"},
		{"--which", "smallest"},
	} {
		var r eigenResult
		mustJSON(t, &r, append(args, more...)...)
		var doc any
		mustJSON(t, &doc, append(args, more...)...)
		equalKeys(t, doc, names)
		products := more[0] == "--products"
		if r.Complete == products || len(r.Eigenvalues) != 5 || !slices.IsSorted(r.Eigenvalues) || r.Eigenvalues[4] > 0 || (len(r.Below) > 0) == products {
			t.Errorf("%v: %+v", more, r)
		}
		for _, e := range r.Residuals {
			if !(e <= 1e-12) {
				t.Errorf("%v: residual %g", more, e)
			}
		}
		if first == nil {
			first = r.Eigenvalues
		}
		for i, v := range first {
			if math.Abs(v-r.Eigenvalues[i]) > 1e-10 {
				t.Errorf("%v: eigenvalue %d is %v, not %v", more, i, r.Eigenvalues[i], v)
			}
		}
	}
	leftovers(t, dir, "v.npz", "p.svg")
	a, err := npz.ReadArrays(file)
	if err != nil {
		t.Fatal(err)
	}
	n, k := a["vectors"].Shape[0], a["vectors"].Shape[1]
	v := mat.NewDense(n, k, a["vectors"].Data)
	var g mat.Dense
	g.Mul(v.T(), v)
	for i := range k {
		g.Set(i, i, g.At(i, i)-1)
	}
	if k != 5 || mat.Norm(&g, 2) > 1e-13 || !slices.Equal(a["eigenvalues"].Data, first) {
		t.Errorf("vectors %v", a["vectors"].Shape)
	}
}

func TestEigenEnds(t *testing.T) {
	args := append([]string{"eigen", "--json", "--curvature", "ggn", "--k", "3"}, small...)
	var r eigenResult
	mustJSON(t, &r, args...)
	if len(r.Eigenvalues) != 0 || !r.Complete {
		t.Errorf("negative eigenvalues of a Gauss–Newton matrix: %+v", r)
	}
	var top, near eigenResult
	mustJSON(t, &top, append(args, "--which", "largest")...)
	mustJSON(t, &near, append(args, "--which", "near", "--near", fmt.Sprint(2*top.Eigenvalues[0]))...)
	for i, v := range top.Eigenvalues {
		if math.Abs(v-near.Eigenvalues[i]) > 1e-10*top.Eigenvalues[0] || !top.Complete {
			t.Errorf("%v, %v", top.Eigenvalues, near.Eigenvalues)
		}
	}
	// Files of no eigenvalues are files, too.
	if _, errs, status := runBench(append(args, "--vectors", filepath.Join(t.TempDir(), "none.npz"), "--plot", filepath.Join(t.TempDir(), "none.png"))...); status != 0 {
		t.Error(errs)
	}
}

// TestInfluenceFiles: a network from a file is the one of the flags.
func TestInfluenceFiles(t *testing.T) {
	dir := t.TempDir()
	net, out := filepath.Join(dir, "net.npz"), filepath.Join(dir, "out.npz")
	if _, errs, status := runBench(append([]string{"solve", "--out", net}, small...)...); status != 0 {
		t.Fatal(errs)
	}
	var a, b eigenResult
	mustJSON(t, &a, append([]string{"eigen", "--json"}, small...)...)
	mustJSON(t, &b, "eigen", "--json", "--in", net)
	if !slices.Equal(a.Eigenvalues, b.Eigenvalues) {
		t.Errorf("%v from flags, %v from a file", a.Eigenvalues, b.Eigenvalues)
	}
	var r influenceResult
	mustJSON(t, &r, "influence", "--json", "--in", net, "--test-in", net, "--damping", "5", "--leave-one-out", "0", "--out", out)
	if r.Training != nil || r.Gradient < 1e-3 || r.Train != r.Test || r.Inertia.Negative != 0 || r.LeastDamping > 5 {
		t.Errorf("%+v", r)
	}
	arrays, err := npz.ReadArrays(out)
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Train { // the test samples are the training samples
		own, self := arrays["influence"].Data[i*r.Train+i], arrays["self"].Data[i]
		if math.Abs(own-self) > 1e-9*math.Abs(self) {
			t.Errorf("I[%d,%d] is %v, self-influence %v", i, i, own, self)
		}
	}
	mustJSON(t, &r, "influence", "--json", "--in", net, "--train", "--damping", "0.1", "--leave-one-out", "1", "--parts", "0.01")
	if r.Training == nil || r.Gradient > 1e-9 || r.LeaveOneOut[0].Pearson < 0.999 {
		t.Errorf("%+v", r)
	}
	if before, err := os.ReadFile(net); err != nil || len(before) == 0 {
		t.Error("the input was touched")
	}
}

// A table may be in any units: influences on the loss of scaled targets are the same.
func TestInfluenceTable(t *testing.T) {
	var r [2]influenceResult
	for i, unit := range []float64{1, 1000} {
		file := tableFile(t, "t.csv", 60, func(x []float64, rng *rand.Rand) float64 {
			return unit * (5 + math.Sin(x[0]) + 0.1*rng.NormFloat64())
		})
		mustJSON(t, &r[i], "influence", "--data", file, "--loss", "mse", "--width", "4", "--leave-one-out", "2", "--parts", "0.01")
	}
	if r[0].Train != 48 || r[0].Test != 12 || r[0].LeaveOneOut[0].Pearson < 0.999 {
		t.Errorf("%+v", r[0])
	}
	for i, e := range r[0].Extremes {
		if other := r[1].Extremes[i]; e.Sample != other.Sample || math.Abs(e.Mean-other.Mean) > 1e-6*math.Abs(e.Mean) {
			t.Errorf("%+v in other units: %+v", e, other)
		}
	}
}

// TestMissingClass: a class without a training sample is named, by both commands that
// would answer for it, and a table of few samples does not ask for more to be left out.
func TestMissingClass(t *testing.T) {
	file := tableFile(t, "t.csv", 11, func(x []float64, _ *rand.Rand) float64 {
		if x[0] > 0 {
			return 2
		}
		return 0
	})
	for _, args := range [][]string{
		{"influence", "--data", file, "--width", "3", "--parts", "0.01"},
		{"laplace", "--data", file, "--width", "3", "--rounds", "1"},
	} {
		out, errs, status := runBench(args...)
		if status != 0 || out == "" || !strings.Contains(errs, "no training sample is of class 1:") {
			t.Errorf("%q: status %d, %s", args, status, errs)
		}
	}
	if _, errs, status := runBench("influence", "--data", file, "--leave-one-out", "10"); status != statusUsage || !strings.Contains(errs, "more than 9 training samples") {
		t.Errorf("status %d, %s", status, errs)
	}
}

func TestInfluenceJSON(t *testing.T) {
	dir := t.TempDir()
	plot := filepath.Join(dir, "p.png")
	args := []string{"influence", "--json", "--width", "6", "--batch", "80", "--test", "20", "--seed", "2"}
	var r influenceResult
	mustJSON(t, &r, append(args, "--leave-one-out", "4", "--parts", "0.01", "--mislabel", "0.1", "--plot", plot)...)
	if l := r.LeaveOneOut[0]; l.Pearson < 0.999 || l.Spearman < 0.99 || l.Error > 0.05 {
		t.Errorf("%+v", l)
	}
	m := r.Mislabel
	if len(m.Planted) != 8 || len(m.BySelf) != 8 || !slices.IsSorted(m.BySelf) || m.BySelf[0] < 1 || m.BySelf[7] > 80 || m.FoundBySelf < 2 {
		t.Errorf("%+v", m)
	}
	if r.Inertia.Negative != 0 || r.Gradient > 1e-9 || r.BackwardError > 1e-14 || len(r.Extremes) != 6 {
		t.Errorf("%+v", r)
	}
	const names = "params train test damping least_damping curvature method gradient_norm backward_error extremes " +
		"inertia inertia.negative inertia.zero inertia.positive inertia.certain training training.steps training.factorizations training.loss " +
		"seconds seconds.train seconds.fit seconds.pairs seconds.self"
	var doc map[string]any
	mustJSON(t, &doc, append(args, "--leave-one-out", "0", "--plot", plot)...)
	equalKeys(t, any(doc), names)
	equalKeys(t, doc["extremes"].([]any)[0], "sample label mean self")
	doc = nil
	mustJSON(t, &doc, append(args, "--leave-one-out", "1", "--parts", "0.01", "--mislabel", "0.1")...)
	equalKeys(t, any(doc), names+" leave_one_out mislabel mislabel.part mislabel.planted mislabel.ranks_self mislabel.ranks_mean mislabel.found_self mislabel.found_mean")
	equalKeys(t, doc["leave_one_out"].([]any)[0], "part points pearson spearman relative_error seconds")
	leftovers(t, dir, "p.png")
	text := append([]string{"influence"}, args[2:]...)
	if out, errs, status := runBench(append(text, "--leave-one-out", "2", "--mislabel", "0.1")...); status != 0 || out == "" {
		t.Errorf("%d, %s", status, errs)
	}
}

// TestInfluenceRefuses: what would take hours is refused at once, and says what would help.
func TestInfluenceRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"--max-gflop": {"influence", "--data", "gaussian", "--input", "8", "--width", "128", "--layers", "4", "--classes", "2", "--batch", "896", "--curvature", "ggn"},
		"--memory":    {"influence", "--memory", "1MiB"},
	} {
		out, errs, status := runBench(args...)
		if status != statusFailed || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%q: %d, %s, %s", args, status, out, errs)
		}
	}
}

// TestInfluenceInterrupt: a cancelled run leaves no file.
func TestInfluenceInterrupt(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(300*time.Millisecond, cancel)
	var out, errs bytes.Buffer
	status := execute(ctx, []string{"influence", "--leave-one-out", "100", "--out", filepath.Join(dir, "o.npz"), "--plot", filepath.Join(dir, "p.png")}, &out, &errs)
	if status != statusInterrupted || out.Len() > 0 {
		t.Errorf("%d, %s, %s", status, out.String(), errs.String())
	}
	leftovers(t, dir)
}
