package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costate/nn/npz"
	"costate/nn/train/race"
)

// Networks of --net are solved with as others are, by every method alike.
func TestSolveNet(t *testing.T) {
	for _, net := range []string{"conv:3,3|pool|dense:10", "tokens:8,4|block:2,6|mean|dense:10", "conv:4,3x1,pad=1x0|conv:4,3,groups=4|mean|dense:10", "dense:6|res(norm|dense:6)|dense:10"} {
		for _, method := range []string{"chain", "gram", "block"} {
			var r solveResult
			mustJSON(t, &r, "solve", "--net", net, "--batch", "3", "--curvature", "ggn", "--method", method, "--check-dense", "--repeat", "1")
			if r.Params < 100 || !(float64(r.BackwardError) <= 1e-14) || r.RelativeErrorDense == nil || !(float64(*r.RelativeErrorDense) <= 1e-10) {
				t.Errorf("%s by %s: %+v", net, method, r)
			}
		}
		var r solveResult
		mustJSON(t, &r, "solve", "--net", net, "--batch", "3", "--method", "chain", "--check-dense", "--repeat", "1")
		if !r.Inertia.Certain || !(float64(r.BackwardError) <= 1e-14) {
			t.Errorf("%s, the Hessian: %+v", net, r)
		}
	}
}

func TestSolveNetOut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.npz")
	var r solveResult
	mustJSON(t, &r, "solve", "--net", "conv:2,3|dense:10", "--batch", "2", "--curvature", "ggn", "--repeat", "1", "--out", file)
	a, err := npz.ReadArrays(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(a["x"].Data) != r.Params || len(a["g"].Data) != r.Params || len(a["X"].Data) != 2*64 {
		t.Errorf("%d numbers in x for %d parameters", len(a["x"].Data), r.Params)
	}
}

func TestTrainNet(t *testing.T) {
	var list []race.Result
	mustJSON(t, &list, "train", "--net", "conv:4,3|pool|dense:10", "--act", "relu", "--init", "uniform", "--batch", "32", "--fixed-batch", "--steps", "8", "--optimizer", "lm,adam", "--lr", "0.01")
	for _, r := range list {
		if r.Final.Step == 0 || !(r.Final.Loss < r.History[0].Loss) {
			t.Errorf("%s: %+v", r.Optimizer, r.Final)
		}
	}
	file := filepath.Join(t.TempDir(), "c.npz")
	args := []string{"train", "--net", "tokens:8,4|block:2,4|mean|dense:10", "--batch", "8", "--optimizer", "lm", "--checkpoint", file}
	var whole, first, rest race.Result
	mustJSON(t, &whole, append(args, "--steps", "6")...)
	mustJSON(t, &first, append(args, "--steps", "3")...)
	mustJSON(t, &rest, append(args, "--steps", "6", "--resume")...)
	if whole.Final.Loss != rest.Final.Loss || rest.Final.Step != 6 {
		t.Errorf("loss %v after a resumption, %v without", rest.Final.Loss, whole.Final.Loss)
	}
	if _, errs, status := runBench("train", "--net", "tokens:8,4|block:1,4|mean|dense:10", "--batch", "8", "--optimizer", "lm", "--checkpoint", file, "--resume"); status == 0 || !strings.Contains(errs, "another network") {
		t.Errorf("status %d: %s", status, errs)
	}
}

// Sequences of unequal length from a table: the first column is the length. The padding
// says the opposite of what the tokens say, so that one who looks at it learns nothing.
func TestSequences(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sequences.csv")
	rng := rand.New(rand.NewPCG(5, 1))
	var text strings.Builder
	text.WriteString("length,t1,t2,t3,t4,class\n")
	for range 120 {
		length, class := 1+rng.IntN(4), rng.IntN(2)
		fmt.Fprint(&text, length)
		for i := range 4 {
			x := float64(2*class-1) + 0.3*rng.NormFloat64()
			if i >= length {
				x *= -10
			}
			fmt.Fprintf(&text, ",%g", x)
		}
		fmt.Fprintf(&text, ",%d\n", class)
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	net := "lengths|tokens:4,4|block:2,5|mean|dense:2"
	var r race.Result
	mustJSON(t, &r, "train", "--data", file, "--net", net, "--optimizer", "lm", "--steps", "15", "--batch", "90", "--fixed-batch")
	if r.Final.TestAccuracy == nil || !(*r.Final.TestAccuracy >= 0.95) || !(r.Final.Loss < 0.05) {
		t.Errorf("%+v", r.Final)
	}
	var s solveResult
	mustJSON(t, &s, "solve", "--data", file, "--net", net, "--batch", "6", "--method", "chain", "--check-dense", "--repeat", "1")
	if !s.Inertia.Certain || !(float64(s.BackwardError) <= 1e-14) || s.RelativeErrorDense == nil || !(float64(*s.RelativeErrorDense) <= 1e-9) {
		t.Errorf("%+v", s)
	}
	if _, errs, status := runBench("train", "--net", net, "--optimizer", "lm", "--steps", "1"); status == 0 || !strings.Contains(errs, "a layer of 4 tokens of 15 numbers after a width of 63") {
		t.Errorf("status %d: %s", status, errs)
	}
}

// ownFiles are a table for classes, one for numbers, and arrays of images.
func ownFiles(t *testing.T) (classes, numbers, images string) {
	dir := t.TempDir()
	classes, numbers, images = filepath.Join(dir, "classes.csv"), filepath.Join(dir, "numbers.csv"), filepath.Join(dir, "images.npz")
	rng := rand.New(rand.NewPCG(1, 1))
	var c, n strings.Builder
	c.WriteString("a,b,class\n")
	for range 100 {
		x, y := 100*rng.NormFloat64(), 0.01*rng.NormFloat64()
		class := 0
		if x > 100*100*y {
			class = 1
		}
		fmt.Fprintf(&c, "%g,%g,%d\n", x, y, class)
		fmt.Fprintf(&n, "%g,%g,%g\n", x, y, math.Sin(x/100)+100*y)
	}
	a := npz.Arrays{"X": npz.Floats(make([]float64, 20*16)), "T": {Kind: npz.Integer, Shape: []int{20}, Data: make([]float64, 20)}}
	for i := range a["X"].Data {
		a["X"].Data[i] = rng.NormFloat64()
	}
	for i := range a["T"].Data {
		a["T"].Data[i] = float64(i % 3)
	}
	x := a["X"]
	x.Shape = []int{20, 16}
	a["X"] = x
	for name, text := range map[string]string{classes: c.String(), numbers: n.String()} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := npz.WriteArrays(images, a); err != nil {
		t.Fatal(err)
	}
	return classes, numbers, images
}

func TestOwnData(t *testing.T) {
	classes, numbers, images := ownFiles(t)
	train := func(args ...string) *race.Result {
		t.Helper()
		var r race.Result
		mustJSON(t, &r, append([]string{"train", "--optimizer", "lm", "--steps", "15", "--layers", "2", "--width", "8", "--batch", "0"}, args...)...)
		return &r
	}
	if r := train("--data", classes); r.Final.TestAccuracy == nil || *r.Final.TestAccuracy < 0.8 {
		t.Errorf("classes: %+v", r.Final)
	}
	if r := train("--data", numbers, "--loss", "mse"); r.Final.TestAccuracy != nil || !(r.Final.Loss < 0.1*r.History[0].Loss) {
		t.Errorf("numbers: %+v", r.Final)
	}
	if r := train("--data", numbers, "--loss", "gaussian", "--target", "0"); !(r.Final.Loss < r.History[0].Loss) {
		t.Errorf("numbers, expectation and variance: %+v", r.Final)
	}
	if r := train("--in", images); !(r.Final.Loss < r.History[0].Loss) {
		t.Errorf("images: %+v", r.Final)
	}
	var s solveResult
	mustJSON(t, &s, "solve", "--data", images, "--net", "image:4,4|conv:2,3|dense:3", "--batch", "4", "--curvature", "ggn", "--repeat", "1")
	if s.Params != 2*9+2+8*3+3 {
		t.Errorf("%d parameters", s.Params)
	}
}

// Without --batch data of fewer samples than its default are taken whole.
func TestFewSamples(t *testing.T) {
	file := tableFile(t, "few.csv", 10, func(x []float64, _ *rand.Rand) float64 { return x[0] })
	args := []string{"--data", file, "--loss", "mse", "--layers", "2", "--width", "3"}
	var s solveResult
	mustJSON(t, &s, append([]string{"solve", "--repeat", "1"}, args...)...)
	if s.Batch != 8 { // a fifth is kept for tests
		t.Errorf("a batch of %d", s.Batch)
	}
	var r race.Result
	mustJSON(t, &r, append([]string{"train", "--steps", "2", "--optimizer", "lm"}, args...)...)
	for _, sub := range []string{"solve", "train"} {
		_, errs, status := runBench(append([]string{sub, "--batch", "9"}, args...)...)
		if status == 0 || !strings.Contains(errs, "--batch is 9") || !strings.Contains(errs, "8 samples") {
			t.Errorf("%s: status %d: %s", sub, status, errs)
		}
	}
}

func TestNetErrors(t *testing.T) {
	classes, numbers, images := ownFiles(t)
	bad := filepath.Join(t.TempDir(), "bad.csv")
	if err := os.WriteFile(bad, []byte("1,2,0\n1,x,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"--net: column 10: \"dens\" is no layer":                    {"solve", "--net", "conv:8,3|dens:10"},
		"layer 1: a kernel of 9×9":                                  {"solve", "--net", "conv:8,9|dense:10"},
		"it gives 9 outputs; digits has 10 classes":                 {"solve", "--net", "dense:9"},
		"--net and --layers: give one of them":                      {"train", "--net", "dense:10", "--layers", "3"},
		"--net and --in: give one of them":                          {"solve", "--net", "dense:10", "--in", "f.npz"},
		"--net is empty":                                            {"solve", "--net", ""},
		"without tokens; they begin with tokens":                    {"solve", "--net", "block:2,8|dense:10"},
		"bad.csv: line 2, column 2: \"x\" is no number":             {"train", "--data", bad},
		"classes.csv has 2 classes":                                 {"train", "--data", classes, "--net", "dense:3"},
		"numbers.csv: the last column has no labels":                {"train", "--data", numbers},
		"--in and --data: give one of them":                         {"train", "--in", images, "--data", "digits"},
		"it takes an .npz file with X and T":                        {"train", "--in", "F.mat"},
		"--side 4: it is the width of an image":                     {"train", "--data", classes, "--side", "4"},
		"no such file":                                              {"train", "--data", "no.npz"},
		"the derivatives of the network on 1000 samples would need": {"solve", "--net", "tokens:16,64|block:2,64|mean|dense:10", "--batch", "1000"},
	} {
		if _, errs, status := runBench(append(args, "--memory", "1GiB")...); status == 0 || !strings.Contains(errs, want) {
			t.Errorf("%q: status %d: %s; want %q", args, status, errs, want)
		}
	}
}

// The language is explained, with every layer that there is.
func TestHelpNet(t *testing.T) {
	out, errs, status := runBench("help", "net")
	if status != 0 {
		t.Fatal(errs)
	}
	for _, name := range []string{"conv1d:", "tokens:T,N", "res(LAYERS)", "act=NAME"} {
		if !strings.Contains(out, name) {
			t.Errorf("help net does not have %s", name)
		}
	}
}
