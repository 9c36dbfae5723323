package factor_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
	"costate/la/mtx"
	"costate/la/partition"
)

var matrices = flag.String("matrices", "", "also test the matrices in this directory, whose README.md has a table of name, order, entries and inertia (−, 0, +)")

// known reads the inertia of matrices from a table.
func known(t *testing.T, dir string) map[string]la.Inertia {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]la.Inertia{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		var in la.Inertia
		if len(cells) < 5 {
			continue
		}
		if n, _ := fmt.Sscanf(cells[4], "%d, %d, %d", &in.Negative, &in.Zero, &in.Positive); n == 3 {
			table[strings.TrimSpace(cells[1])] = in
		}
	}
	return table
}

// TestMatrices checks real matrices by every ordering: inertia is certain and that of the
// table, the log-determinants of two orderings agree within the sum of their bounds, and
// solutions keep the tolerance in exact arithmetic. Without -matrices it takes meshes made here.
func TestMatrices(t *testing.T) {
	t.Parallel()
	systems, table := map[string]*la.Sym{}, map[string]la.Inertia{}
	for _, m := range []int{7, 20} {
		name := fmt.Sprintf("mesh%d", m)
		systems[name], table[name] = shiftedMesh(m)
	}
	if *matrices != "" {
		files, err := filepath.Glob(filepath.Join(*matrices, "*.mtx.gz"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no *.mtx.gz in %s, %v", *matrices, err)
		}
		for name, in := range known(t, *matrices) {
			table[name] = in
		}
		for _, file := range files {
			a, err := mtx.ReadFile(file, nil)
			if err != nil {
				t.Fatal(err)
			}
			systems[strings.TrimSuffix(filepath.Base(file), ".mtx.gz")] = a
		}
	}
	for name, a := range systems {
		want, ok := table[name]
		if !ok {
			t.Errorf("%s: no inertia in the table", name)
		}
		n := a.SymmetricDim()
		rng := rand.New(rand.NewPCG(uint64(n), 3))
		b := make([]float64, n)
		for i := range b {
			b[i] = rng.NormFloat64()
		}
		if want.Zero > 0 {
			a.MulVecTo(b, append([]float64(nil), b...))
		}
		var logs, bounds []float64
		for _, o := range []partition.Ordering{partition.OrderAuto, partition.OrderAMD, partition.OrderND} {
			what := fmt.Sprintf("%s by %v", name, o)
			var f factor.Sparse
			if err := f.Analyse(a, &factor.Options{Ordering: o}); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			err := f.Factorize(a)
			if (err != nil) != (want.Zero > 0) {
				t.Errorf("%s: %v", what, err)
				continue
			}
			if in := f.Inertia(); !in.Certain || in.Negative != want.Negative || in.Zero != want.Zero {
				t.Errorf("%s: %+v, want %+v", what, in, want)
			}
			if want.Zero == 0 {
				log, _ := f.LogDet()
				logs, bounds = append(logs, log), append(bounds, f.Report().LogDetError)
			}
			var x mat.VecDense
			if err := f.SolveVecTo(&x, mat.NewVecDense(n, b)); err != nil {
				t.Errorf("%s: %v", what, err)
			} else if e := exactError(a, x.RawVector().Data, b); e > 1e-14 {
				t.Errorf("%s: backward error %g", what, e)
			}
		}
		for i := range logs {
			if math.Abs(logs[i]-logs[0]) > bounds[i]+bounds[0]+1e-14*math.Abs(logs[0]) {
				t.Errorf("%s: log-determinants %v, bounds %v", name, logs, bounds)
			}
		}
	}
}

// shiftedMesh is the Laplacian of m×m unknowns in a square less a shift between two of its eigenvalues
//
//	4 − 2 cos(πi/(m+1)) − 2 cos(πj/(m+1)),  i, j = 1 … m.
func shiftedMesh(m int) (*la.Sym, la.Inertia) {
	const shift = 0.75
	b := la.NewSymBuilder(m*m, 3*m*m)
	in := la.Inertia{}
	for i := range m {
		for j := range m {
			b.Add(i*m+j, i*m+j, 4-shift)
			if i > 0 {
				b.Add(i*m+j, (i-1)*m+j, -1)
			}
			if j > 0 {
				b.Add(i*m+j, i*m+j-1, -1)
			}
			c := math.Pi / float64(m+1)
			if 4-2*math.Cos(c*float64(i+1))-2*math.Cos(c*float64(j+1)) < shift {
				in.Negative++
			} else {
				in.Positive++
			}
		}
	}
	a, _ := b.Build()
	return a, in
}
