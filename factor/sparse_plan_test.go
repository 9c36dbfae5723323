package factor

import (
	"errors"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la/partition"
)

func TestSparseSymBanded(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 2))
	a := bandMatrix(rng, 50, 4)
	band := mat.NewSymBandDense(50, 4, nil)
	for i := range 50 {
		for j := max(0, i-4); j <= i; j++ {
			band.SetSymBand(i, j, a.At(i, j))
		}
	}
	b := randomVec(rng, 50)
	for _, m := range []mat.Symmetric{a, band, dense(a)} {
		var f Sparse
		if err := f.FactorizeSymmetric(m); err != nil {
			t.Fatal(err)
		}
		var x mat.VecDense
		if err := f.SolveVecTo(&x, b); err != nil {
			t.Fatal(err)
		}
		if e := backwardError(a, &x, b); e > 1e-14 {
			t.Errorf("%T: backward error %g", m, e)
		}
	}
}

// A tree that does not fit is refused.
func TestSparseBadTree(t *testing.T) {
	a := bandMatrix(rand.New(rand.NewPCG(1, 3)), 10, 3)
	good, err := partition.Auto(a, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := func(n, size int) *partition.Tree {
		t := &partition.Tree{Perm: partition.Identity(n), Nodes: partition.Uniform(n, size)}
		for k := range t.Nodes.Blocks() {
			t.Parent = append(t.Parent, k+1)
			var rows []int32
			if k+1 < t.Nodes.Blocks() {
				for i := range t.Nodes.Size(k + 1) {
					rows = append(rows, int32(t.Nodes.First(k+1)+i))
				}
			}
			t.Rows = append(t.Rows, rows)
		}
		t.Parent[len(t.Parent)-1] = -1
		return t
	}
	for name, edit := range map[string]func() *partition.Tree{
		"order":       func() *partition.Tree { return path(9, 3) },
		"permutation": func() *partition.Tree { p := path(10, 5); p.Perm[1] = 0; return p },
		"blocks":      func() *partition.Tree { return path(10, 1) },
		"parent":      func() *partition.Tree { p := path(10, 5); p.Parent[0] = 0; return p },
		"rows":        func() *partition.Tree { p := path(10, 5); p.Rows[0] = p.Rows[0][1:]; return p },
		"beyond":      func() *partition.Tree { p := path(10, 5); p.Rows[0] = []int32{5, 6, 7, 8, 10}; return p },
		"orphan":      func() *partition.Tree { p := path(10, 5); p.Parent[0] = -1; return p },
	} {
		var f Sparse
		if err := f.AnalyseTree(a, edit(), nil); err == nil {
			t.Errorf("%s: no error", name)
		}
		if !f.IsEmpty() {
			t.Errorf("%s: not empty", name)
		}
	}
	for _, tr := range []*partition.Tree{good, path(10, 5)} {
		var f Sparse
		if err := errors.Join(f.AnalyseTree(a, tr, nil), f.Factorize(a)); err != nil {
			t.Error(err)
		}
	}
}
