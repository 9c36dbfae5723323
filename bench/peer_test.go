package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
	"costate/la/mtx"
)

// playPeer is the other program of the tests: it factors what it is given by the same
// solver, claims that this took a second a phase, and half of one for new values, and ends the
// process. Ordering 7 fails, ordering 8 prints no JSON, and miscount adds a negative eigenvalue.
func playPeer(kind string) {
	fail := func(err error) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	switch os.Args[3] {
	case "7":
		fmt.Println(`{"error":-9}`)
		os.Exit(1)
	case "8":
		fail(fmt.Errorf("no such ordering"))
	}
	a, err := mtx.ReadFile(os.Args[1], nil)
	if err != nil {
		fail(err)
	}
	b, err := mtx.ReadVectorFile(os.Args[2], nil)
	if err != nil {
		fail(err)
	}
	var f factor.Sparse
	var x mat.VecDense
	if err := f.Factorize(a); err != nil {
		fail(err)
	}
	if err := f.SolveVecTo(&x, mat.NewVecDense(len(b), b)); err != nil {
		fail(err)
	}
	negative := f.Inertia().Negative
	if kind == "miscount" {
		negative++
	}
	factored := 1.0
	if os.Args[4] != "1" { // new values take half the time
		factored = 0.5
	}
	fmt.Printf(`{"analyse":1,"factor":%g,"solve":1,"total":3,"negative":%d,"flops":1e6,"nnzL":1000,"backward_error":1e-16}`+"\n", factored, negative)
	os.Exit(0)
}

// TestPeer: both sides answer for each matrix, whatever names it, and ratios are of
// what the rows have.
func TestPeer(t *testing.T) {
	t.Setenv("COSTATE_PEER", "honest")
	dir := t.TempDir()
	for name, a := range map[string]*la.Sym{
		"saddle.mtx":   la.NewSym(3, []int{0, 1, 2, 4}, []int32{0, 1, 0, 1}, []float64{1, 2, 1, 1}),
		"singular.mtx": la.NewSym(2, []int{0, 1, 3}, []int32{0, 0, 1}, []float64{1, 1, 1}),
	} {
		file, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := mtx.Write(file, a); err != nil {
			t.Fatal(err)
		}
		file.Close()
	}
	args := []string{"peer", "--repeat", "2", "--threads", "1", "--orderings", "7,0", os.Args[0], dir, "grid:4x3", "grid:3x2x2", "case:demo"}
	var rows []peerRow
	mustJSON(t, &rows, args...)
	if len(rows) != 5 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, want := range []struct {
		name, class string
		order       int
	}{{"saddle", "saddle", 3}, {"singular", "indefinite", 2}, {"mesh 4×3", "definite", 12}, {"mesh 3×2×2", "definite", 12}, {"K of demo", "saddle", 4052}} {
		r := &rows[i]
		if r.Matrix != want.name || r.Order != want.order {
			t.Errorf("%+v, want %+v", r, want)
		}
		if want.name == "singular" {
			if r.Own != nil || r.Peer != nil || r.Ratio != nil || len(r.Errors) != 2 {
				t.Errorf("%+v", r)
			}
			continue
		}
		o := r.Own
		if r.Class != want.class || len(r.Errors) > 0 || o == nil || r.Peer == nil || r.Peer.Ordering != "0" || r.Peer.Total != 3 {
			t.Fatalf("%+v", r)
		}
		if sum := o.Order + o.Factor + o.Solve; math.Abs(sum-o.Total) > 1e-6*sum || o.Negative != r.Peer.Negative {
			t.Errorf("%s: %+v", r.Matrix, o)
		}
		if math.Abs(float64(r.Ratio.Total)-o.Total/3) > 1e-12 || float64(r.Ratio.Refactor) != o.Refactor/0.5 {
			t.Errorf("%s: %+v", r.Matrix, r.Ratio)
		}
	}
	out, errs, status := runBench(args...)
	if status != 0 || strings.Count(out, "| saddle ") != 4 || !strings.Contains(out, "| all  ") {
		t.Errorf("status %d, %s\n%s", status, errs, out)
	}
}

// TestPeerFails: what cannot be compared says why, and a count that is certain stands.
func TestPeerFails(t *testing.T) {
	t.Setenv("COSTATE_PEER", "miscount")
	var rows []peerRow
	mustJSON(t, &rows, "peer", "--repeat", "1", os.Args[0], "grid:5x5")
	if len(rows) != 1 || len(rows[0].Errors) != 1 || !strings.Contains(rows[0].Errors[0], "0 by costate, 1 by the peer") {
		t.Errorf("%+v", rows)
	}
	mustJSON(t, &rows, "peer", "--repeat", "1", "--orderings", "8", os.Args[0], "grid:5x5")
	if rows[0].Own == nil || rows[0].Peer != nil || !strings.Contains(rows[0].Errors[0], "no such ordering") {
		t.Errorf("%+v", rows[0])
	}
	empty := t.TempDir()
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"peer", "x"}, statusUsage, "at least 2"},
		{[]string{"peer", "x", "grid:5y5"}, statusUsage, "grid:"},
		{[]string{"peer", "x", "grid:100000x100000x100000"}, statusUsage, "grid:"},
		{[]string{"peer", "x", "grid:"}, statusUsage, "grid:"},
		{[]string{"peer", "x", "case:none"}, statusUsage, "demo"},
		{[]string{"peer", "x", empty}, statusUsage, "no .mtx"},
		{[]string{"peer", "--repeat", "0", "x", "grid:5x5"}, statusUsage, "--repeat"},
		{[]string{"peer", "x", filepath.Join(empty, "no.mtx")}, statusFailed, "no.mtx"},
	} {
		if _, errs, status := runBench(c.args...); status != c.status || !strings.Contains(errs, c.want) {
			t.Errorf("%q: status %d, %s", c.args, status, errs)
		}
	}
}
