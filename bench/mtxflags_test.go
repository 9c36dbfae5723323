package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"costate/la/mtx"
)

const (
	coordinateHead = "%%MatrixMarket matrix coordinate real "
	arrayHead      = "%%MatrixMarket matrix array real general\n"

	// pathMatrix is the Laplacian of a path: eigenvalues 0, 1, 3.
	pathMatrix = coordinateHead + "symmetric\n3 3 5\n1 1 1\n2 1 -1\n2 2 2\n3 2 -1\n3 3 1\n"

	// diagonalMatrix has the eigenvalues -2, 1, 4, 8.
	diagonalMatrix = coordinateHead + "symmetric\n4 4 4\n1 1 4\n2 2 -2\n3 3 8\n4 4 1\n"
)

// failing runs the command with --json where it fails, and decodes its document.
func failing(t *testing.T, v any, args ...string) (message string) {
	t.Helper()
	out, errs, status := runBench(append(args, "--json")...)
	if status != statusFailed {
		t.Errorf("%q: status %d: %s", args, status, errs)
	}
	if err := json.Unmarshal([]byte(out), v); err != nil {
		t.Fatalf("%q: %v in %q", args, err, out)
	}
	return errs
}

// TestMtxSingular: a consistent system is solved, another one fails with what is
// known.
func TestMtxSingular(t *testing.T) {
	dir := t.TempDir()
	a := writeText(t, dir, "a.mtx", pathMatrix)
	good := writeText(t, dir, "good.mtx", arrayHead+"3 1\n1\n0\n-1\n")
	bad := writeText(t, dir, "bad.mtx", arrayHead+"3 1\n1\n1\n1\n")
	for _, args := range [][]string{{"mtx", a}, {"mtx", a, good}} {
		var r mtxResult
		mustJSON(t, &r, args...)
		if r.Inertia == nil || r.Inertia.Zero != 1 || r.Inertia.Positive != 2 || !strings.Contains(r.Singular, "row ") ||
			!(r.BackwardError <= 1e-14) || r.LogDet.Sign != 0 || r.Error != "" {
			t.Errorf("%q: %+v", args, r)
		}
		if want := map[int]string{2: "consistent", 3: "file"}[len(args)]; r.RightHandSide != want {
			t.Errorf("%q: the right-hand side is %s, want %s", args, r.RightHandSide, want)
		}
		out, _, status := runBench(args...)
		if status != 0 || !strings.Contains(out, "singular to working accuracy") || !strings.Contains(out, "determinant 0") {
			t.Errorf("%q: status %d: %s", args, status, out)
		}
	}
	var r mtxResult
	errs := failing(t, &r, "mtx", a, bad)
	if r.Inertia == nil || r.Inertia.Zero != 1 || r.Order != 3 || r.NNZ != 7 || !strings.Contains(r.Error, "not in its range") || !strings.Contains(errs, "not in its range") {
		t.Errorf("%+v: %s", r, errs)
	}
}

// TestMtxStructuralRank: a matrix that is singular by its pattern says so, one that is by its
// values has full structural rank, and a regular one says nothing.
func TestMtxStructuralRank(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, text string
		rank, zero int
		certain    bool
	}{
		{"pattern", "symmetric\n4 4 4\n1 1 2\n2 1 1\n3 1 1\n4 1 1\n", 2, 2, true},
		{"zeros", "symmetric\n3 3 4\n1 1 1\n2 1 0\n2 2 0\n3 3 -1\n", 2, 1, true},
		{"values", "symmetric\n2 2 3\n1 1 1\n2 1 1\n2 2 1\n", 2, 1, false},
		{"regular", "symmetric\n2 2 1\n2 1 1\n", 0, 0, true},
	} {
		var r mtxResult
		a := writeText(t, dir, c.name+".mtx", coordinateHead+c.text)
		mustJSON(t, &r, "mtx", a)
		if r.StructuralRank != c.rank || r.Inertia.Zero != c.zero || r.Inertia.Certain != c.certain || !(r.BackwardError <= 1e-14) {
			t.Errorf("%s: %+v, %v", c.name, r, r.Inertia)
		}
		if out, _, _ := runBench("mtx", a); strings.Contains(out, "rank is at most") != (c.rank > 0 && c.rank < r.Order) {
			t.Errorf("%s: %s", c.name, out)
		}
	}
}

// TestMtxUnderflow: where x overflows for most right-hand sides there is one for
// which it does not.
func TestMtxUnderflow(t *testing.T) {
	a := writeText(t, t.TempDir(), "a.mtx", coordinateHead+"symmetric\n2 2 2\n2 1 1e-166\n2 2 -1e-8\n")
	var r mtxResult
	mustJSON(t, &r, "mtx", a)
	if r.RightHandSide != "consistent" || r.Singular != "" || !r.Inertia.Certain || r.Inertia.Negative != 1 || r.LogDet.Sign != -1 {
		t.Errorf("%+v", r)
	}
}

// TestMtxColumns solves for several right-hand sides, of A and of A − sI.
func TestMtxColumns(t *testing.T) {
	dir := t.TempDir()
	a := writeText(t, dir, "a.mtx", diagonalMatrix)
	b := writeText(t, dir, "b.mtx", arrayHead+"4 2\n4\n-2\n8\n1\n8\n4\n0\n-1\n")
	out := filepath.Join(dir, "x.mtx")
	var r mtxResult
	mustJSON(t, &r, "mtx", a, b, "--out", out)
	x, err := mtx.ReadDenseFile(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{1, 2, 1, -2, 1, 0, 1, -1}; r.Columns != 2 || !slices.Equal(x.RawMatrix().Data, want) {
		t.Errorf("%d columns: %v, want %v", r.Columns, x.RawMatrix().Data, want)
	}
	mustJSON(t, &r, "mtx", a, b, "--shift", "2", "--out", out)
	if x, err = mtx.ReadDenseFile(out, nil); err != nil {
		t.Fatal(err)
	}
	if x.At(0, 0) != 2 || x.At(1, 1) != -1 || r.Shift != 2 || r.Inertia.Negative != 2 || math.Abs(float64(r.LogDet.Log)-math.Log(48)) > 1e-14 {
		t.Errorf("%v, %+v", x.RawMatrix().Data, r)
	}
	// At an eigenvalue.
	mustJSON(t, &r, "mtx", a, "--shift", "4")
	if r.Inertia.Zero != 1 || r.RightHandSide != "consistent" || !(r.BackwardError <= 1e-14) {
		t.Errorf("%+v", r)
	}
}

func TestMtxStandardInput(t *testing.T) {
	dir := t.TempDir()
	b := writeText(t, dir, "b.mtx", arrayHead+"4 1\n4\n-2\n8\n1\n")
	a := writeText(t, dir, "a.mtx", diagonalMatrix)
	for _, c := range []struct {
		args []string
		text string
	}{{[]string{"mtx", "-", b}, diagonalMatrix}, {[]string{"mtx", a, "-"}, arrayHead + "4 1\n4\n-2\n8\n1\n"}} {
		var out, errs bytes.Buffer
		root := newRoot(&session{stdin: strings.NewReader(c.text), stdout: &out, stderr: &errs})
		x := filepath.Join(dir, "x.mtx")
		root.SetArgs(append(c.args, "--out", x))
		if err := root.ExecuteContext(context.Background()); err != nil {
			t.Fatal(err)
		}
		got, err := mtx.ReadVectorFile(x, nil)
		if err != nil || !slices.Equal(got, []float64{1, 1, 1, 1}) {
			t.Errorf("%q: %v, %v", c.args, got, err)
		}
	}
}

// TestMtxEigenvalues: --spectrum, --eigen and --inverse-diag on known matrices.
func TestMtxEigenvalues(t *testing.T) {
	dir := t.TempDir()
	a := writeText(t, dir, "a.mtx", diagonalMatrix)
	diag := filepath.Join(dir, "d.mtx")
	var r mtxResult
	args := []string{"mtx", a, "--spectrum", "9", "--eigen", "2", "--near", "3.5", "--inverse-diag", diag}
	mustJSON(t, &r, args...)
	if r.Eigen == nil || relativeDifference(r.Eigen.Values, []float64{4, 1}) > 1e-12 || !r.Eigen.Certain {
		t.Errorf("eigenvalues %+v", r.Eigen)
	}
	if r.Spectrum == nil || len(r.Spectrum.Counts) != 9 {
		t.Fatalf("spectrum %+v", r.Spectrum)
	}
	for _, c := range r.Spectrum.Counts {
		want := 0
		for _, v := range []float64{-2, 1, 4, 8} {
			if v < c.Shift {
				want++
			}
		}
		if c.Below != want {
			t.Errorf("%d below %g, want %d", c.Below, c.Shift, want)
		}
	}
	d, err := mtx.ReadVectorFile(diag, nil)
	if err != nil || relativeDifference(d, []float64{0.25, -0.5, 0.125, 1}) > 1e-14 || math.Abs(float64(r.InverseDiagonal.Trace)-0.875) > 1e-14 {
		t.Errorf("diagonal %v, %v, %+v", d, err, r.InverseDiagonal)
	}
	out, errs, status := runBench(args...)
	if status != 0 || !strings.Contains(out, "trace 0.875") || !strings.Contains(out, "Eigenvalues of A") || !strings.Contains(out, "none is missing") {
		t.Errorf("status %d, %s\n%s", status, errs, out)
	}
	// A singular matrix has no inverse; the rest stands.
	singular := writeText(t, dir, "s.mtx", pathMatrix)
	os.Remove(diag)
	if failing(t, &r, "mtx", singular, "--inverse-diag", diag); !strings.Contains(r.Error, "--inverse-diag") || r.Inertia.Zero != 1 {
		t.Errorf("%+v", r)
	}
	if failing(t, &r, "mtx", a, "--eigen", "5"); !strings.Contains(r.Error, "its order is 4") {
		t.Errorf("%+v", r)
	}
	leftovers(t, dir, "a.mtx", "s.mtx")
}

func TestMtxOrderings(t *testing.T) {
	dir := t.TempDir()
	a := writeText(t, dir, "a.mtx", pathMatrix)
	for _, args := range [][]string{{"--ordering", "amd"}, {"--ordering", "nd"}, {"--ordering", "natural"},
		{"--perm", writeText(t, dir, "p.txt", "3 1\n2\n")},
		{"--perm", writeText(t, dir, "p0.txt", "2 0 1")},
		{"--perm", writeText(t, dir, "p.mtx", "%%MatrixMarket matrix array integer general\n3 1\n3\n1\n2\n")}} {
		var r mtxResult
		mustJSON(t, &r, append([]string{"mtx", a, "--shift", "0.5"}, args...)...)
		if r.Inertia.Negative != 1 || !(r.BackwardError <= 1e-14) || args[0] == "--ordering" && r.Ordering != args[1] {
			t.Errorf("%q: %+v", args, r)
		}
	}
	for text, want := range map[string]string{"1 2": "2 numbers", "1 2 2": "not a permutation", "1 2 4": "not in 1…3", "0 1 3": "not in 0…2",
		"one 2 3": "not a whole number", "%%MatrixMarket matrix array real general\n3 1\n1\n1.5\n2\n": "not a whole one", "": "0 numbers"} {
		var r mtxResult
		path := writeText(t, dir, "bad.txt", text)
		if failing(t, &r, "mtx", a, "--perm", path); !strings.Contains(r.Error, want) || !strings.Contains(r.Error, "bad.txt") {
			t.Errorf("%q: %s, want %s", text, r.Error, want)
		}
	}
}

// TestMtxSymmetryTolerance: rounding is accepted, what is beyond --tol-symmetry is not.
func TestMtxSymmetryTolerance(t *testing.T) {
	dir := t.TempDir()
	rounded := writeText(t, dir, "r.mtx", arrayHead+"2 2\n1\n1.1e-14\n1e-14\n1\n")
	skewed := writeText(t, dir, "s.mtx", arrayHead+"2 2\n1\n0.1001\n0.1\n1\n")
	var r mtxResult
	mustJSON(t, &r, "mtx", rounded)
	mustJSON(t, &r, "mtx", skewed, "--tol-symmetry", "1e-3")
	failing(t, &r, "mtx", rounded, "--tol-symmetry", "0")
	if failing(t, &r, "mtx", skewed); !strings.Contains(r.Error, "not symmetric: entry (1, 2)") {
		t.Error(r.Error)
	}
}

// TestMtxKeepsInputs: no output may be a file that is read, under any name.
func TestMtxKeepsInputs(t *testing.T) {
	dir := t.TempDir()
	a := writeText(t, dir, "a.mtx", diagonalMatrix)
	b := writeText(t, dir, "b.mtx", arrayHead+"4 1\n1\n1\n1\n1\n")
	p := writeText(t, dir, "p.txt", "1 2 3 4")
	link := filepath.Join(dir, "link.mtx")
	if err := os.Symlink(a, link); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{a, "--out", a}, {a, b, "--out", b}, {a, "--out", link}, {link, "--inverse-diag", a}, {a, "--perm", p, "--out", p},
		{a, "--out", filepath.Join(dir, ".", "a.mtx")}, {a, "--out", filepath.Join(dir, "x.mtx"), "--inverse-diag", filepath.Join(dir, "x.mtx")},
	} {
		if out, errs, status := runBench(append([]string{"mtx"}, args...)...); status != statusUsage || out != "" || !strings.Contains(errs, "a.mtx") && !strings.Contains(errs, "file") {
			t.Errorf("%q: status %d, %s", args, status, errs)
		}
	}
	leftovers(t, dir, "a.mtx", "b.mtx", "p.txt", "link.mtx")
	if text, _ := os.ReadFile(a); string(text) != diagonalMatrix {
		t.Errorf("the matrix is now %q", text)
	}
}

func TestMtxFlagsRefused(t *testing.T) {
	a := writeText(t, t.TempDir(), "a.mtx", diagonalMatrix)
	for _, args := range [][]string{{"--shift", "NaN"}, {"--near", "1"}, {"--eigen", "0"}, {"--spectrum", "-1"}, {"--ordering", "best"},
		{"--perm", "p.txt", "--ordering", "nd"}, {"--tol-symmetry", "-1"}} {
		out, errs, status := runBench(append([]string{"mtx", a}, args...)...)
		if status != statusUsage || out != "" || !strings.Contains(errs, args[0]) {
			t.Errorf("%q: status %d, %q, %s", args, status, out, errs)
		}
	}
	if _, errs, status := runBench("mtx", "-", "-"); status != statusUsage || !strings.Contains(errs, "standard input") {
		t.Errorf("status %d: %s", status, errs)
	}
}
