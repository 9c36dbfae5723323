package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costate/nn"
	"costate/nn/npz"
)

// tableFile writes a table of three inputs whose target is line's.
func tableFile(t *testing.T, name string, n int, target func(x []float64, rng *rand.Rand) float64) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 1))
	var b strings.Builder
	b.WriteString("a,b,c,target\n")
	for range n {
		x := []float64{rng.NormFloat64(), 100 + 5*rng.NormFloat64(), rng.NormFloat64()}
		fmt.Fprintf(&b, "%v,%v,%v,%v\n", x[0], x[1], x[2], target(x, rng))
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLaplaceRegression(t *testing.T) {
	// A target in units of its own: noise and errors come back in these.
	file := tableFile(t, "t.csv", 100, func(x []float64, rng *rand.Rand) float64 {
		return 5000 + 200*(math.Sin(x[0])+0.3*rng.NormFloat64())
	})
	plot := filepath.Join(t.TempDir(), "p.svg")
	var r laplaceResult
	mustJSON(t, &r, "laplace", "--data", file, "--width", "6", "--prior", "tensor", "--rounds", "4", "--plot", plot)
	if r.Noise == nil || !(*r.Noise > 40 && *r.Noise < 90) || r.Test == nil || r.Test.RMSE == nil || !(*r.Test.RMSE > 30 && *r.Test.RMSE < 110) || r.Test.Accuracy != nil {
		t.Errorf("noise of 60 added: %+v %+v", r, r.Test)
	}
	if r.Samples != 80 || r.Test.N != 20 || len(r.PriorPrecision) != 4 || len(r.Effective) != 4 || r.Params != 31 || !r.Inertia.Certain || r.Inertia.Positive != 31 {
		t.Errorf("%+v", r)
	}
	if !(r.Relative <= stationary) || !(r.Test.NLL > 4 && r.Test.NLL < 8) {
		t.Errorf("gradient %g, negative log-likelihood %g", r.Relative, r.Test.NLL)
	}
	if st, err := os.Stat(plot); err != nil || st.Size() == 0 {
		t.Errorf("plot: %v", err)
	}
	var doc any
	args := []string{"laplace", "--data", file, "--width", "3", "--rounds", "2"}
	mustJSON(t, &doc, args...)
	const names = "log_evidence prior_precision groups effective_parameters steps seconds params samples curvature rounds training_steps loss gradient gradient_relative " +
		"inertia inertia.negative inertia.zero inertia.positive inertia.certain"
	equalKeys(t, doc, names+" noise test test.n test.nll test.nll_map test.rmse")
	mustJSON(t, &doc, append(args, "--test", "0")...)
	equalKeys(t, doc, names+" noise")
	mustJSON(t, &doc, "laplace", "--samples", "40", "--width", "4", "--rounds", "2")
	equalKeys(t, doc, names+" test test.n test.nll test.nll_map test.accuracy test.ece test.ece_map")
}

func TestLaplaceClasses(t *testing.T) {
	file := tableFile(t, "t.csv", 90, func(x []float64, rng *rand.Rand) float64 {
		if x[0]+0.3*rng.NormFloat64() > 0 {
			return 1
		}
		return 0
	})
	dir := t.TempDir()
	for _, more := range [][]string{{"--predictive", "mc", "--draws", "50"}, {"--predictive", "bridge"}, {"--loss", "bce"}, {"--curvature", "hessian", "--prior", "layer", "--rounds", "1"}} {
		var r laplaceResult
		args := append([]string{"laplace", "--data", file, "--width", "4", "--rounds", "3", "--plot", filepath.Join(dir, "p.png")}, more...)
		mustJSON(t, &r, args...)
		if r.Noise != nil || r.Test == nil || r.Test.Accuracy == nil || !(*r.Test.Accuracy > 0.7) || r.Test.ECE == nil || !(r.Test.NLL > 0 && r.Test.NLL < 1) || r.Test.RMSE != nil {
			t.Errorf("%q: %+v %+v", more, r, r.Test)
		}
	}
	leftovers(t, dir, "p.png")
}

func TestLaplaceSine(t *testing.T) {
	dir := t.TempDir()
	out, errs, status := runBench("laplace", "--data", "sine", "--samples", "40", "--width", "8", "--rounds", "3", "--plot", filepath.Join(dir, "p.png"))
	if status != 0 || !strings.Contains(out, "log evidence") || !strings.Contains(out, "root mean square") {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
	leftovers(t, dir, "p.png")
}

// A network of a file is taken as it is, and warned of where it is at no minimum; the exact
// Hessian says so, too.
func TestLaplaceNetwork(t *testing.T) {
	net, err := nn.New(2, nn.SquaredError, nn.MLP([]int{2, 5, 5, 1}, nn.Tanh, true)...)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(1, &nn.Init{Gain: 1.5})
	rng := rand.New(rand.NewPCG(1, 1))
	b := &nn.Batch{N: 30, X: make([]float64, 60), T: make([]float64, 30)}
	for i := range b.X {
		b.X[i] = rng.NormFloat64()
	}
	for i := range b.T {
		b.T[i] = 3 * rng.NormFloat64()
	}
	f, err := npz.New(net, b)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "n.npz")
	if err := npz.Write(file, f); err != nil {
		t.Fatal(err)
	}
	out, errs, status := runBench("laplace", "--data", file, "--train=false", "--test", "0")
	if status != 0 || !strings.Contains(errs, "not at a stationary point") || strings.Contains(out, "test sample") {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
	_, errs, status = runBench("laplace", "--data", file, "--train=false", "--curvature", "hessian", "--precision", "0.001", "--rounds", "1")
	if status != statusFailed || !strings.Contains(errs, "not a minimum") || !strings.Contains(errs, "--curvature ggn") {
		t.Errorf("a saddle: status %d: %s", status, errs)
	}
}

// X and T alone are a table.
func TestLaplaceSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, y := make([]float64, 80), make([]float64, 40)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	for i := range y {
		y[i] = 3*x[2*i] + 0.1*rng.NormFloat64()
	}
	file := filepath.Join(t.TempDir(), "d.npz")
	arrays := npz.Arrays{"X": {Shape: []int{40, 2}, Data: x}, "T": npz.Floats(y)}
	if err := npz.WriteArrays(file, arrays); err != nil {
		t.Fatal(err)
	}
	var r laplaceResult
	mustJSON(t, &r, "laplace", "--data", file, "--width", "3", "--rounds", "3")
	if r.Samples != 32 || r.Test.N != 8 || r.Test.RMSE == nil || !(*r.Test.RMSE < 1) {
		t.Errorf("%+v %+v", r, r.Test)
	}
}

func TestLaplaceBadInput(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"--data", write("text.csv", "a,b\n1,2\n3,red\n")}, statusUsage, "line 3, column 2 (b)"},
		{[]string{"--data", write("gap.csv", "1,2\n,3\n")}, statusUsage, "line 2, column 1: a gap"},
		{[]string{"--data", write("one.csv", "1,2\n")}, statusUsage, "training samples"},
		{[]string{"--data", filepath.Join(dir, "none.csv")}, statusUsage, "none.csv"},
		{[]string{"--data", write("same.csv", "1,0\n2,0\n3,0\n4,0\n")}, statusUsage, "all training targets are 0"},
		{[]string{"--data", "nonsense"}, statusUsage, "F.csv"},
		{[]string{"--precision", "0"}, statusUsage, "--precision is 0"},
		{[]string{"--prior", "each"}, statusUsage, "tensor"},
		{[]string{"--noise", "-1"}, statusUsage, "--noise is -1"},
		{[]string{"--train=false"}, statusUsage, ".npz"},
		{[]string{"--loss", "mse"}, statusUsage, "--loss mse"},
		{[]string{"--test", "1"}, statusUsage, "--test is 1"},
		{[]string{"--memory", "5MB", "--samples", "400"}, statusFailed, "samples would fit"},
	} {
		out, errs, status := runBench(append([]string{"laplace"}, c.args...)...)
		if status != c.status || out != "" || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: status %d, output %q, message %q", c.args, status, out, errs)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs bytes.Buffer
	if status := execute(ctx, []string{"laplace", "--plot", filepath.Join(dir, "p.png")}, &out, &errs); status != statusInterrupted || out.Len() != 0 {
		t.Errorf("interrupted: status %d, %q, %q", status, out.String(), errs.String())
	}
	leftovers(t, dir, "text.csv", "gap.csv", "one.csv", "same.csv")
}
