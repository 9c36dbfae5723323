package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costate/bench/internal/methods"
	"costate/la/mtx"
	"costate/la/vec"
	"costate/nn/npz"
)

const solveKeys = `params layers batch state_max eps curvature method backend threads loss gradient_norm
	matrix matrix.order matrix.nnz matrix.bandwidth matrix.bandwidth_permuted matrix.blocks matrix.block_max
	seconds seconds.linearize seconds.assemble seconds.permute seconds.analyse seconds.factor seconds.solve seconds.total
	flops gflops bytes backward_error refinements growth shift
	inertia inertia.negative inertia.zero inertia.positive inertia.certain logdet logdet.log logdet.sign logdet.error
	relative_error_dense`

func TestSolveJSON(t *testing.T) {
	var doc any
	mustJSON(t, &doc, solveArgs("--check-dense")...)
	equalKeys(t, doc, solveKeys)

	var r solveResult
	mustJSON(t, &r, solveArgs("--check-dense", "--bias=false", "--eps", "0.5")...)
	const params = 5*4 + 5*5 + 3*5
	if r.Params != params || r.Layers != 3 || r.Batch != 4 || r.StateMax != 4*5 || r.Eps != 0.5 {
		t.Errorf("sizes %+v", r)
	}
	if r.Matrix == nil || r.Matrix.Order != params+2*4*(5+5+3) || r.Matrix.Blocks != 3 || r.Matrix.BandwidthPermuted >= r.Matrix.Bandwidth {
		t.Errorf("matrix %+v", r.Matrix)
	}
	if !(r.BackwardError <= 1e-14) || r.RelativeErrorDense == nil || !(*r.RelativeErrorDense < 1e-9) {
		t.Errorf("backward error %g, from dense %v", float64(r.BackwardError), r.RelativeErrorDense)
	}
	if n := r.Inertia; n.Negative+n.Zero+n.Positive != params || !n.Certain {
		t.Errorf("inertia %v", n)
	}
	if s := r.Seconds; s.Total < s.Factor+s.Solve || s.Linearize <= 0 || s.Analyse <= 0 {
		t.Errorf("seconds %+v", s)
	}
}

// TestSolveWithoutMatrix has too little memory to assemble K for display.
func TestSolveWithoutMatrix(t *testing.T) {
	args := solveArgs("--memory", "100KB")
	var doc map[string]any
	mustJSON(t, &doc, args...)
	if m, ok := doc["matrix"]; !ok || m != nil {
		t.Errorf("matrix %v", m)
	}
	out, errs, status := runBench(args...)
	if status != 0 || !strings.Contains(out, "not assembled") {
		t.Errorf("status %d, message %q, report %q", status, errs, out)
	}
}

// TestSolveMethodsAgree compares what every method says of one problem.
func TestSolveMethodsAgree(t *testing.T) {
	for _, c := range []struct {
		curvature string
		eps       string
		methods   []string
	}{
		{"hessian", "0.1", []string{"auto", "chain", "block", "dense", "minres"}},
		{"ggn", "0.1", []string{"auto", "chain", "gram", "block", "dense", "cg", "minres"}},
	} {
		var want solveResult
		for i, method := range c.methods {
			var r solveResult
			mustJSON(t, &r, solveArgs("--method", method, "--curvature", c.curvature, "--eps", c.eps, "--check-dense", "--repeat", "1")...)
			if method != "auto" && r.Method != method {
				t.Errorf("%s calls itself %s", method, r.Method)
			}
			if !(r.BackwardError <= 1e-14) || r.RelativeErrorDense == nil || !(*r.RelativeErrorDense < 1e-8) {
				t.Errorf("%s %s: backward error %g, from dense %v", c.curvature, method, float64(r.BackwardError), r.RelativeErrorDense)
			}
			if i == 0 {
				want = r
				continue
			}
			if methods.IsIterative(method) {
				if r.Inertia.Certain || !math.IsNaN(float64(r.LogDet.Log)) {
					t.Errorf("%s knows inertia %v, log-determinant %g", method, r.Inertia, float64(r.LogDet.Log))
				}
				continue
			}
			if r.Inertia != want.Inertia {
				t.Errorf("%s %s: inertia %v, want %v", c.curvature, method, r.Inertia, want.Inertia)
			}
			if d := float64(r.LogDet.Log - want.LogDet.Log); math.Abs(d) > 1e-8*math.Abs(float64(want.LogDet.Log)) || r.LogDet.Sign != want.LogDet.Sign {
				t.Errorf("%s %s: log-determinant %+v, want %+v", c.curvature, method, r.LogDet, want.LogDet)
			}
		}
	}
}

func TestSolveSweepReusesThePoint(t *testing.T) {
	var list []solveResult
	mustJSON(t, &list, solveArgs("--eps", "1,0.1,-0.05", "--check-dense")...)
	if len(list) != 3 {
		t.Fatalf("%d results", len(list))
	}
	for i, r := range list {
		if want := []float64{1, 0.1, -0.05}[i]; r.Eps != want {
			t.Errorf("eps %g, want %g", r.Eps, want)
		}
		if !(r.BackwardError <= 1e-14) || !(*r.RelativeErrorDense < 1e-8) {
			t.Errorf("eps %g: backward error %g, from dense %g", r.Eps, float64(r.BackwardError), float64(*r.RelativeErrorDense))
		}
		if i > 0 {
			if r.Seconds.Linearize != 0 || r.Seconds.Analyse != 0 {
				t.Errorf("eps %g did it all again: %+v", r.Eps, r.Seconds)
			}
			if r.Inertia.Negative < list[i-1].Inertia.Negative {
				t.Errorf("fewer negative eigenvalues at a lesser damping: %v, %v", list[i-1].Inertia, r.Inertia)
			}
		}
	}
}

// TestSolveGolden reads a file made with NumPy, whose x comes from a Hessian by
// complex steps, and compares.
func TestSolveGolden(t *testing.T) {
	want, err := npz.Read("testdata/golden.npz")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	out := filepath.Join(dir, "solved.npz")
	if _, errs, status := runBench("solve", "--in", "testdata/golden.npz", "--out", out); status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	got, err := npz.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	if d := relativeDifference(got.Solution, want.Solution); d > 1e-11 {
		t.Errorf("x is %.1e from NumPy's", d)
	}
	// Without g in the file the gradient is taken: the same one.
	again := filepath.Join(dir, "again.npz")
	if _, errs, status := runBench("solve", "--in", out, "--rhs", "gradient", "--out", again); status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	third, err := npz.Read(again)
	if err != nil {
		t.Fatal(err)
	}
	if d := relativeDifference(third.G, want.G); d > 1e-14 {
		t.Errorf("the gradient is %.1e from NumPy's", d)
	}
	if d := relativeDifference(third.Solution, want.Solution); d > 1e-11 {
		t.Errorf("x from the gradient is %.1e from NumPy's", d)
	}
	leftovers(t, dir, "solved.npz", "again.npz")
}

func TestSolveFiles(t *testing.T) {
	dir := t.TempDir()
	prefix := filepath.Join(dir, "p")
	args := solveArgs("--mtx-out", prefix, "--plot", filepath.Join(dir, "k.svg"), "--out", filepath.Join(dir, "p.npz"))
	out, errs, status := runBench(args...)
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	for _, want := range []string{"parameters", "block tridiagonal", "backward error", "curvature below -0.1"} {
		if !strings.Contains(out, want) {
			t.Errorf("the report does not say %q:\n%s", want, out)
		}
	}
	leftovers(t, dir, "p_K.mtx", "p_b.mtx", "k.svg", "p.npz")

	// K's right-hand side is the gradient, then zeros; the solution's first part
	// is x, so that ‖K (x, y, m) − b‖ is checked through the file by mtx.
	k, err := mtx.ReadFile(prefix+"_K.mtx", nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := mtx.ReadVectorFile(prefix+"_b.mtx", nil)
	if err != nil {
		t.Fatal(err)
	}
	f, err := npz.Read(filepath.Join(dir, "p.npz"))
	if err != nil {
		t.Fatal(err)
	}
	if k.SymmetricDim() != len(b) || relativeDifference(b[:len(f.G)], f.G) != 0 || vec.Norm2(b[len(f.G):]) != 0 {
		t.Errorf("K has order %d, b %d numbers, of which the gradient has %d", k.SymmetricDim(), len(b), len(f.G))
	}
	svg, err := os.ReadFile(filepath.Join(dir, "k.svg"))
	if err != nil || !strings.Contains(string(svg), "<svg") {
		t.Errorf("no picture: %v", err)
	}
}

// TestSolveSpectrum compares counts with those of the sweep, which come from
// other factorizations.
func TestSolveSpectrum(t *testing.T) {
	dir := t.TempDir()
	var r solveResult
	mustJSON(t, &r, solveArgs("--spectrum", "9", "--plot", filepath.Join(dir, "s.png"))...)
	s := r.Spectrum
	if s == nil || len(s.Counts) != 9 || !(s.Min.Low <= s.Min.High && s.Min.High < s.Max.Low && s.Max.Low <= s.Max.High) {
		t.Fatalf("spectrum %+v", s)
	}
	last := 0
	for _, c := range s.Counts {
		if c.Below < last || c.Below > r.Params || !(s.Min.Low < c.Shift && c.Shift < s.Max.High) {
			t.Errorf("counts %+v", s.Counts)
		}
		last = c.Below
		var at solveResult
		mustJSON(t, &at, solveArgs("--eps", fmt.Sprint(-c.Shift), "--method", "dense", "--repeat", "1", "--rhs", "random")...)
		if c.Certain && at.Inertia.Certain && at.Inertia.Negative != c.Below {
			t.Errorf("%d eigenvalues below %g, the dense factorization counts %d", c.Below, c.Shift, at.Inertia.Negative)
		}
	}
	leftovers(t, dir, "s.png")
}

func TestSolveSeeds(t *testing.T) {
	var a, b, c solveResult
	mustJSON(t, &a, solveArgs("--seed", "7", "--rhs", "random", "--threads", "1")...)
	mustJSON(t, &b, solveArgs("--seed", "7", "--rhs", "random", "--threads", "1")...)
	mustJSON(t, &c, solveArgs("--seed", "8", "--rhs", "random", "--threads", "1")...)
	if a.Loss != b.Loss || a.BackwardError != b.BackwardError || a.LogDet != b.LogDet {
		t.Errorf("one seed, two outcomes: %+v, %+v", a, b)
	}
	if a.Loss == c.Loss {
		t.Errorf("two seeds, one outcome: %+v", a)
	}
}

// TestSolveFailures are those of the data, the machine and the accuracy.
func TestSolveFailures(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.npz")
	golden, err := os.ReadFile("testdata/golden.npz")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bad, golden[:len(golden)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
		full bool // the document has results
	}{
		{[]string{"solve", "--in", bad}, "bad.npz", false},
		{[]string{"solve", "--in", filepath.Join(dir, "none.npz")}, "none.npz", false},
		{solveArgs("--memory", "1KB"), "--memory", false},
		{[]string{"solve", "--data", "gaussian", "--width", "2000000", "--repeat", "1"}, "--memory", false},
		{[]string{"solve", "--data", "gaussian", "--layers", "3", "--width", "500", "--check-dense"}, "--check-dense", false},
		{[]string{"solve", "--data", "gaussian", "--layers", "3", "--width", "1000", "--mtx-out", filepath.Join(dir, "k"), "--memory", "100MB"}, "matrix K", false},
		{solveArgs("--eps", "0", "--act", "identity", "--layers", "1", "--curvature", "ggn", "--batch", "1", "--method", "dense", "--rhs", "random"), "--eps", true},
		{solveArgs("--gain", "1e200", "--act", "identity"), "layer", false},
		{solveArgs("--method", "cg", "--eps", "-0.01", "--rhs", "random"), "not positive definite", false},
		{solveArgs("--method", "minres", "--max-iterations", "2"), "backward error", true},
	} {
		out, errs, status := runBench(append(c.args, "--json")...)
		if status != statusFailed {
			t.Errorf("%q: status %d, want %d (%s)", c.args, status, statusFailed, errs)
		}
		if strings.Count(errs, "\n") != 1 || !strings.Contains(errs, c.want) {
			t.Errorf("%q: message %q, want one line with %q", c.args, errs, c.want)
		}
		var doc struct {
			Params int
			Error  string
		}
		if err := json.Unmarshal([]byte(out), &doc); err != nil || doc.Error == "" || c.full != (doc.Params > 0) {
			t.Errorf("%q: %v, output %q", c.args, err, out)
		}
		if out, _, _ := runBench(c.args...); !c.full && out != "" {
			t.Errorf("%q: output %q without --json", c.args, out)
		}
	}
}

// TestSolveSingular: a gradient is in the range of the Gauss–Newton matrix, and the
// system is solved though that is singular.
func TestSolveSingular(t *testing.T) {
	for _, method := range []string{"dense", "chain", "block", "gram"} {
		args := solveArgs("--eps", "0", "--act", "identity", "--layers", "1", "--curvature", "ggn", "--batch", "1", "--method", method)
		var r solveResult
		out, errs, status := runBench(append(args, "--json")...)
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Errorf("%s: %v in %q", method, err, out)
			continue
		}
		if (status == 0) != (r.Error == "") || status == 0 && (r.Singular == "" || r.Inertia.Certain || !(r.BackwardError <= 1e-14)) {
			t.Errorf("%s: status %d, %s, %+v", method, status, errs, r)
		}
		if method == "dense" && status != 0 {
			t.Errorf("%s: %s", method, errs)
		}
		out, _, _ = runBench(args...)
		if status == 0 && !(strings.Contains(out, "singular to working accuracy") && strings.Contains(out, "determinant 0")) {
			t.Errorf("%s: the report does not say that H+εI is singular:\n%s", method, out)
		}
	}
}

// TestSolveKeepsInput: the output may not be the file that is read.
func TestSolveKeepsInput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.npz")
	golden, err := os.ReadFile("testdata/golden.npz")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, golden, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, errs, status := runBench("solve", "--in", path, "--out", path); status != statusUsage || !strings.Contains(errs, "overwritten") {
		t.Errorf("status %d: %s", status, errs)
	}
	if text, _ := os.ReadFile(path); string(text) != string(golden) {
		t.Error("the input has changed")
	}
}

// TestTour is the command without a subcommand.
func TestTour(t *testing.T) {
	out, errs, status := runBench()
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	for _, want := range []string{"digits", "parameters", "bandwidth", "backward error", "dense", "block", "minres", "What this shows"} {
		if !strings.Contains(out, want) {
			t.Errorf("the report does not say %q:\n%s", want, out)
		}
	}
	var r solveResult
	mustJSON(t, &r, append([]string{}, small...)...)
	if r.RelativeErrorDense != nil || r.Layers != 3 {
		t.Errorf("flags without a subcommand: %+v", r)
	}
}

func Example() {
	out, _, status := runBench("solve", "--in", "testdata/golden.npz")
	fmt.Println("exit status", status)
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "network") || strings.HasPrefix(line, "curvature") {
			fmt.Print(line)
		}
	}
	// Output:
	// exit status 0
	// network     3 dense layers, 4 → 5 → 3 → 3, tanh, ce: 55 parameters
	// curvature   13 directions of curvature below -0.1, 42 above: H+εI is indefinite, a saddle
}

// TestSolveIgnores: arrays that mean nothing are named on standard error.
func TestSolveIgnores(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.npz")
	err := npz.WriteArrays(name, npz.Arrays{
		"0.weight": {Kind: npz.Float, Shape: []int{2, 3}, Data: []float64{1, 2, 3, 4, 5, 6}},
		"X":        {Kind: npz.Float, Shape: []int{2, 3}, Data: []float64{1, 2, 3, 4, 5, 6}},
		"T":        {Kind: npz.Bool, Shape: []int{2}, Data: []float64{1, 0}},
		"epoch":    {Kind: npz.Integer, Shape: []int{1}, Data: []float64{3}},
	})
	if err != nil {
		t.Fatal(err)
	}
	out, errs, status := runBench("solve", "--in", name, "--json")
	if status != 0 || !json.Valid([]byte(out)) || errs != "costate: "+name+": ignored epoch\n" {
		t.Errorf("status %d, output %q, message %q", status, out, errs)
	}
}
