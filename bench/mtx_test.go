package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la/mtx"
)

const mtxKeys = `order nnz engine ranks ordering blocks block_max backend threads refinements
	seconds seconds.read seconds.order seconds.factor seconds.solve seconds.total
	backward_error inertia inertia.negative inertia.zero inertia.positive inertia.certain logdet logdet.log logdet.sign logdet.error flops bytes shift columns right_hand_side`

// writeText writes a file and returns its path.
func writeText(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestMtx solves a small indefinite system with known answers.
func TestMtx(t *testing.T) {
	dir := t.TempDir()
	// [2 1 0; 1 -3 1; 0 1 0.5] x = A (1, 2, 3)
	a := writeText(t, dir, "a.mtx", "%%MatrixMarket matrix coordinate real symmetric\n3 3 5\n1 1 2\n2 1 1\n2 2 -3\n3 2 1\n3 3 0.5\n")
	b := writeText(t, dir, "b.mtx", "%%MatrixMarket matrix array real general\n3 1\n4\n-2\n3.5\n")
	out := filepath.Join(dir, "x.mtx")
	var doc any
	mustJSON(t, &doc, "mtx", a, b, "--out", out, "--plot", filepath.Join(dir, "a.png"))
	equalKeys(t, doc, mtxKeys)
	x, err := mtx.ReadVectorFile(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := relativeDifference(x, []float64{1, 2, 3}); d > 1e-14 {
		t.Errorf("x = %v", x)
	}
	var r mtxResult
	mustJSON(t, &r, "mtx", a)
	dense := mat.NewSymDense(3, []float64{2, 1, 0, 1, -3, 1, 0, 1, 0.5})
	log, sign := mat.LogDet(dense)
	if r.Order != 3 || r.NNZ != 7 || r.Inertia.Negative != 1 || r.Inertia.Positive != 2 || !r.Inertia.Certain ||
		math.Abs(float64(r.LogDet.Log)-log) > 1e-13 || float64(r.LogDet.Sign) != sign {
		t.Errorf("%+v, log-determinant %g, sign %g", r, log, sign)
	}
	leftovers(t, dir, "a.mtx", "b.mtx", "x.mtx", "a.png")
}

// TestMtxOfK sends K through files to the general solver: inertia, determinant
// and solution are those of the network's own.
func TestMtxOfK(t *testing.T) {
	dir := t.TempDir()
	prefix := filepath.Join(dir, "p")
	var s solveResult
	mustJSON(t, &s, solveArgs("--mtx-out", prefix)...)
	var r mtxResult
	mustJSON(t, &r, "mtx", prefix+"_K.mtx", prefix+"_b.mtx")
	states := (s.Matrix.Order - s.Params) / 2
	if r.Order != s.Matrix.Order || r.NNZ != s.Matrix.NNZ {
		t.Errorf("order %d and %d entries, want %d and %d", r.Order, r.NNZ, s.Matrix.Order, s.Matrix.NNZ)
	}
	if r.Inertia.Negative != s.Inertia.Negative+states || r.Inertia.Positive != s.Inertia.Positive+states {
		t.Errorf("In(K) = %v; In(H+εI) = %v with %d states", r.Inertia, s.Inertia, states)
	}
	if d := math.Abs(float64(r.LogDet.Log - s.LogDet.Log)); d > 1e-10*math.Abs(float64(s.LogDet.Log)) {
		t.Errorf("log|det K| = %v, log|det(H+εI)| = %v", r.LogDet, s.LogDet)
	}
	if !(r.BackwardError <= 1e-14) {
		t.Errorf("backward error %g", float64(r.BackwardError))
	}
	out, _, status := runBench("mtx", prefix+"_K.mtx")
	if want := fmt.Sprintf("%d negative", r.Inertia.Negative); status != 0 || !strings.Contains(out, want) {
		t.Errorf("status %d, the report does not say %q:\n%s", status, want, out)
	}
}

func TestMtxRefuses(t *testing.T) {
	dir := t.TempDir()
	const head = "%%MatrixMarket matrix coordinate real "
	good := writeText(t, dir, "good.mtx", head+"symmetric\n2 2 2\n1 1 1\n2 2 1\n")
	for _, c := range []struct{ name, text, want, inertia string }{
		{"asymmetric.mtx", head + "general\n2 2 4\n1 1 1\n1 2 5\n2 1 3\n2 2 1\n", "asymmetric.mtx: line 4: the matrix is not symmetric: entry (1, 2) is 5, entry (2, 1) is 3", ""},
		{"short.mtx", head + "symmetric\n2 2 3\n1 1 1\n", "line", ""},
		{"range.mtx", head + "symmetric\n2 2 1\n3 1 1\n", "line 3", ""},
		{"nan.mtx", head + "symmetric\n2 2 2\n1 1 NaN\n2 2 1\n", "line 3", ""},
		{"text.mtx", "hello\n", "text.mtx", ""},
		{"zero.mtx", head + "symmetric\n0 0 0\n", "order 0", ""},
		{"null.mtx", head + "symmetric\n2 2 0\n", "", "(0, 2, 0)"},
		{"singular.mtx", head + "symmetric\n3 3 3\n1 1 -4\n3 2 1\n2 2 1\n", "", "(2, 0, 1)"},
		{"rank.mtx", head + "symmetric\n3 3 4\n1 1 -4\n2 2 1\n3 2 1\n3 3 1\n", "", "(1, 1, 1)"},
	} {
		path := writeText(t, dir, c.name, c.text)
		out, errs, status := runBench("mtx", path, "--json")
		var doc any
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			t.Errorf("%s: %v in %q", c.name, err, out)
			continue
		}
		var r mtxResult
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		if c.inertia != "" && (r.Inertia == nil || strings.TrimSuffix(r.Inertia.String(), " uncertain") != c.inertia) {
			t.Errorf("%s: inertia %v, want %s", c.name, r.Inertia, c.inertia)
		}
		if c.want == "" {
			if status != 0 || r.Error != "" {
				t.Errorf("%s: status %d: %s", c.name, status, errs)
			}
			continue
		}
		if status != statusFailed || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, c.want) || errs != "costate: "+r.Error+"\n" {
			t.Errorf("%s: status %d, error %q, message %q; want %q in it", c.name, status, r.Error, errs, c.want)
		}
		if c.inertia == "" && r.Inertia != nil {
			t.Errorf("%s: inertia %v", c.name, r.Inertia)
		}
		out, _, _ = runBench("mtx", path)
		if out != "" {
			t.Errorf("%s: output %q", c.name, out)
		}
	}
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"mtx"}, statusUsage, "arg"},
		{[]string{"mtx", good, good, good}, statusUsage, "arg"},
		{[]string{"mtx", good, "--repeat", "0"}, statusUsage, "--repeat"},
		{[]string{"mtx", good, "--out", "/does/not/exist/x.mtx"}, statusUsage, "cannot be written"},
		{[]string{"mtx", filepath.Join(dir, "none.mtx")}, statusFailed, "none.mtx"},
		{[]string{"mtx", good, writeText(t, dir, "b.mtx", "%%MatrixMarket matrix array real general\n3 1\n1\n2\n3\n")}, statusFailed, "3 numbers"},
		{[]string{"mtx", good, "--memory", "10"}, statusFailed, "--memory"},
	} {
		out, errs, status := runBench(c.args...)
		if status != c.status || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, c.want) {
			t.Errorf("%q: status %d, output %q, message %q; want %q in it", c.args, status, out, errs, c.want)
		}
	}
}

// TestNumbers: what a person reads is written as a person writes.
func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		nnz, order int
		want       string
	}{{4, 2, "100 %"}, {3, 2, "75 %"}, {1, 4, "6.2 %"}, {1, 10, "1.0 %"}, {6, 100, "0.060 %"}, {1, 100, "0.010 %"}, {5, 100000, "5.0e-08 %"}} {
		if have := share(c.nnz, c.order); have != c.want {
			t.Errorf("%d of %d²: %s, want %s", c.nnz, c.order, have, c.want)
		}
	}
	if a, b, c := signText(1), signText(-1), signText(0); a != "positive" || b != "negative" || c != "of uncertain sign" {
		t.Error(a, b, c)
	}
}

// TestMtxConsistentInRange: the right-hand side that is made for a singular matrix is
// within the range of numbers, however large the elements are.
func TestMtxConsistentInRange(t *testing.T) {
	for _, entry := range []string{"1.7e308", "1e300", "1", "1e-300"} {
		name := filepath.Join(t.TempDir(), "a.mtx")
		text := "%%MatrixMarket matrix coordinate real symmetric\n3 3 6\n"
		for _, at := range []string{"1 1", "2 1", "2 2", "3 1", "3 2", "3 3"} {
			text += at + " " + entry + "\n"
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var r mtxResult
		mustJSON(t, &r, "mtx", name)
		if r.RightHandSide != "consistent" || !(r.BackwardError <= 1e-14) {
			t.Errorf("elements of %s: the right-hand side is %s, backward error %g", entry, r.RightHandSide, r.BackwardError)
		}
	}
}
