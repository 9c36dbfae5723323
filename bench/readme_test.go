package main

import (
	"fmt"
	"log"
	"os"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/mtx"
	"costate/nn"
	"costate/nn/data"
)

// Example_library is a program in README.md; TestReadmeExamples keeps them the
// same.
func Example_library() {
	net, err := nn.New(64, nn.CrossEntropy, nn.MLP([]int{64, 16, 16, 16, 10}, nn.Tanh, true)...)
	if err != nil {
		log.Fatal(err)
	}
	net.Init(1, nil)
	batch := data.Digits().Batch(0, 32)

	var lin nn.Linearization // loss, gradient, and the chain that stands for H
	if err := net.Linearize(&lin, batch); err != nil {
		log.Fatal(err)
	}
	var f factor.Auto
	if err := f.Analyse(&lin.Chain, nil); err != nil { // once for these shapes
		log.Fatal(err)
	}
	if err := f.Factorize(0.1); err != nil { // for each damping
		log.Fatal(err)
	}
	var x mat.VecDense
	if err := f.SolveVecTo(&x, mat.NewVecDense(len(lin.Gradient), lin.Gradient)); err != nil {
		log.Fatal(err) // also if the answer were not good enough
	}
	fmt.Println("parameters:", net.NumParams())
	fmt.Println("directions of curvature below -0.1:", f.Inertia().Negative)
	fmt.Println("accurate:", f.Report().BackwardError <= 1e-14)
	// Output:
	// parameters: 1754
	// directions of curvature below -0.1: 130
	// accurate: true
}

// Example_matrix is the other program in README.md.
func Example_matrix() {
	a, err := mtx.ReadFile("testdata/saddle.mtx", nil)
	if err != nil {
		log.Fatal(err)
	}
	var f factor.Sparse
	if err := f.Factorize(a); err != nil {
		log.Fatal(err)
	}
	b := mat.NewVecDense(a.SymmetricDim(), nil)
	b.SetVec(a.SymmetricDim()-1, 1)
	var x mat.VecDense
	if err := f.SolveVecTo(&x, b); err != nil {
		log.Fatal(err)
	}
	fmt.Println("inertia:", f.Inertia())
	// Output:
	// inertia: (1, 0, 3)
}

// body returns the lines of the named function of a source file, without the
// output that is expected, with one level of indentation taken away.
func body(source, name string) string {
	_, rest, _ := strings.Cut(source, "func "+name+"() {\n")
	text, _, _ := strings.Cut(rest, "\n}\n")
	text, _, _ = strings.Cut(text, "\n\t// Output:")
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "\t")
	}
	return strings.Join(lines, "\n")
}

func TestReadmeExamples(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Example_library", "Example_matrix"} {
		want := strings.ReplaceAll(body(string(source), name), "testdata/saddle.mtx", "A.mtx")
		if !strings.Contains(string(readme), "```go\n"+want+"\n```") {
			t.Errorf("README.md does not have %s as it is:\n%s", name, want)
		}
	}
}

// TestReadmeNamesTheFlags keeps README in step with the command.
func TestReadmeNamesTheFlags(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	help, _, _ := runBench("solve", "--help")
	for _, field := range strings.Fields(help) {
		if flag := strings.Trim(field, ",."); strings.HasPrefix(flag, "--") && flag != "--help" && !strings.Contains(string(readme), flag) {
			t.Errorf("README.md does not mention %s", flag)
		}
	}
}

// TestReadmeSetUp: README says how to build and link, and its Python calls the command
// by a name that is found from any folder.
func TestReadmeSetUp(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"go build -o costate ./bench\n", "go mod edit -require costate@v0.0.0 -replace costate=", "    go mod tidy\n", `subprocess.run(["costate", `} {
		if !strings.Contains(string(readme), want) {
			t.Errorf("README.md does not say %q", want)
		}
	}
}
