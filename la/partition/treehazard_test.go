package partition

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"costate/la"
)

// shuffled returns a with its unknowns in random order.
func shuffled(a *la.Sym, seed uint64) *la.Sym {
	return Perm(rand.New(rand.NewPCG(seed, 9)).Perm(a.SymmetricDim())).Sym(a)
}

// meshPattern is that of a mesh of dim dimensions and side points a side, each
// coupled to its nearest neighbours.
func meshPattern(dim, side int) *la.Sym {
	n := 1
	for range dim {
		n *= side
	}
	b := la.NewSymBuilder(n, (dim+1)*n)
	for i := range n {
		b.Add(i, i, 1)
		for d, step := 0, 1; d < dim; d, step = d+1, step*side {
			if i/step%side > 0 {
				b.Add(i, i-step, 1)
			}
		}
	}
	a, _ := b.Build()
	return a
}

// arrowPattern has dense rows at the given places.
func arrowPattern(n int, rows ...int) *la.Sym {
	b := la.NewSymBuilder(n, (1+len(rows))*n)
	for i := range n {
		b.Add(i, i, 1)
		for _, r := range rows {
			b.Add(i, r, 1)
		}
	}
	a, _ := b.Build()
	return a
}

// bandPattern is full within a bandwidth.
func bandPattern(n, bandwidth int) *la.Sym {
	b := la.NewSymBuilder(n, (1+bandwidth)*n)
	for i := range n {
		for j := max(0, i-bandwidth); j <= i; j++ {
			b.Add(i, j, 1)
		}
	}
	a, _ := b.Build()
	return a
}

// crossPattern is a mesh with a dense row in the middle.
func crossPattern(side int) *la.Sym {
	b := la.NewSymBuilder(side*side, 0)
	meshPattern(2, side).DoNonZero(func(i, j int, v float64) {
		if i >= j {
			b.Add(i, j, v)
		}
	})
	for i := range side * side {
		b.Add(i, side*side/2, 1)
	}
	a, _ := b.Build()
	return a
}

// edgesPattern has degree/2 random neighbours for each unknown and a full diagonal.
func edgesPattern(n, degree int) *la.Sym {
	rng := rand.New(rand.NewPCG(7, 7))
	b := la.NewSymBuilder(n, 0)
	for i := range n {
		b.Add(i, i, 1)
		for range degree / 2 {
			b.Add(i, rng.IntN(n), 1)
		}
	}
	a, _ := b.Build()
	return a
}

// fillCases are the matrices of testdata/amdfill.txt.
var fillCases = []struct {
	name string
	a    func() *la.Sym
}{
	{"mesh2_30", func() *la.Sym { return meshPattern(2, 30) }},
	{"mesh2_100", func() *la.Sym { return meshPattern(2, 100) }},
	{"mesh2_100_shuffled", func() *la.Sym { return shuffled(meshPattern(2, 100), 1) }},
	{"mesh3_8", func() *la.Sym { return meshPattern(3, 8) }},
	{"mesh3_16_shuffled", func() *la.Sym { return shuffled(meshPattern(3, 16), 2) }},
	{"edges_500_6", func() *la.Sym { return edgesPattern(500, 6) }},
	{"edges_5000_2", func() *la.Sym { return edgesPattern(5000, 2) }},
	{"edges_2000_4", func() *la.Sym { return edgesPattern(2000, 4) }},
	{"arrow_3000", func() *la.Sym { return arrowPattern(3000, 0, 1, 1500) }},
	{"cross_50", func() *la.Sym { return crossPattern(50) }},
	{"band_2000_9_shuffled", func() *la.Sym { return shuffled(bandPattern(2000, 9), 3) }},
	{"net", func() *la.Sym {
		return net{widths(6, 6, 4, 8), 8, 0.1, false}.system(rand.New(rand.NewPCG(1, 2)))
	}},
}

// entriesOfFactor counts the entries of L without amalgamation.
func entriesOfFactor(e *etree) (entries int) {
	for v, w := range e.weight {
		c := int(e.count[v])
		entries += int(w)*c - int(w)*int(w-1)/2
	}
	return entries
}

// fillTable reads a file of names and entries of L, with comments.
func fillTable(t *testing.T, file string) map[string]int {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table := map[string]int{}
	for s := bufio.NewScanner(f); s.Scan(); {
		var name string
		var entries int
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		if _, err := fmt.Sscan(s.Text(), &name, &entries); err != nil {
			t.Fatal(err)
		}
		table[name] = entries
	}
	return table
}

// TestMinDegreeFill compares the fill with that of another implementation.
func TestMinDegreeFill(t *testing.T) {
	table := fillTable(t, "testdata/amdfill.txt")
	for _, c := range fillCases {
		q := compress(c.a().RawLower(), nil)
		got := entriesOfFactor(newETree(&q.wgraph, minDegree(&q.wgraph)))
		if want := table[c.name]; want == 0 || float64(got) > 1.3*float64(want) {
			t.Errorf("%s: %d entries, libamd %d", c.name, got, want)
		}
	}
}

// TestTreeHazards builds trees of patterns that have troubled others.
func TestTreeHazards(t *testing.T) {
	million := 1000000
	if testing.Short() {
		million = 20000
	}
	dense := bandPattern(300, 300)
	noDiagonal := la.NewSymBuilder(400, 0)
	for i := 1; i < 400; i++ {
		noDiagonal.Add(i, i-1, 1)
		noDiagonal.Add(i, i/2, 0)
	}
	zeroDiagonal, _ := noDiagonal.Build()
	empty := patternOf(50, nil)
	for _, c := range []struct {
		name string
		a    *la.Sym
	}{
		{"chain", bandPattern(million, 1)},
		{"chain, shuffled", shuffled(bandPattern(million/4, 1), 4)},
		{"star, center first", arrowPattern(million, 0)},
		{"star, center last", arrowPattern(million, million-1)},
		{"arrows both ways", arrowPattern(2000, 0, 1999)},
		{"one dense row in the middle", crossPattern(40)},
		{"no diagonal, explicit zeros", zeroDiagonal},
		{"siblings with the same rows", arrowPattern(500, 7, 100, 300)},
		{"all dense", dense},
		{"empty rows", empty},
		{"diagonal", bandPattern(million, 0)},
		{"band", bandPattern(5000, 12)},
		{"order 0", patternOf(0, nil)},
		{"order 1", patternOf(1, nil)},
		{"order 1, diagonal", bandPattern(1, 0)},
		{"order 2", patternOf(2, nil)},
		{"order 2, coupled", bandPattern(2, 1)},
		{"zero value", &la.Sym{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := c.a.SymmetricDim()
			for o := OrderAuto; o <= OrderND; o++ {
				tree, err := Auto(c.a, &Options{Ordering: o})
				if err != nil {
					t.Fatal(err)
				}
				checkForm(t, tree, n)
				if n <= 400 {
					checkTree(t, c.a, tree, nil)
				}
				if o == OrderAuto && float64(tree.Cost.Bytes) > 8*30*float64(n+c.a.Stored()) {
					t.Errorf("%g bytes in the factor", tree.Cost.Bytes)
				}
			}
			tree, err := Given(c.a, nil, Uniform(n, 1+n/20))
			if err != nil {
				t.Fatal(err)
			}
			checkForm(t, tree, n)
		})
	}
}

// TestNaturalStays checks that a matrix in a good order keeps it, and that a band
// and blocks that are given make a path.
func TestNaturalStays(t *testing.T) {
	chain := la.NewSymBuilder(600, 0)
	for k := range 100 {
		for i := range 6 {
			for j := 0; j <= 6*min(k, 1)+i; j++ {
				chain.Add(6*k+i, 6*(k-min(k, 1))+j, 1)
			}
		}
	}
	blocks, _ := chain.Build()
	for _, c := range []struct {
		name string
		a    *la.Sym
		path bool
	}{
		{"band", bandPattern(2000, 8), true},
		{"blocks", blocks, true},
		{"arrow", arrowPattern(2000, 1999, 1998), false},
	} {
		tree, err := Auto(c.a, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tree.Ordering != OrderNatural || tree.Path() != c.path {
			t.Errorf("%s: %v, path: %v", c.name, tree.Ordering, tree.Path())
		}
	}
	tree, err := Given(blocks, nil, Uniform(600, 6))
	if err != nil {
		t.Fatal(err)
	}
	if !tree.Path() || tree.Nodes.Blocks() != 100 || len(tree.Rows[7]) != 6 {
		t.Errorf("given blocks: path %v, %d nodes", tree.Path(), tree.Nodes.Blocks())
	}
	for i, v := range tree.Perm {
		if i != v {
			t.Fatalf("given blocks moved: %v", tree.Perm)
		}
	}
	// An arrow that points the wrong way does not keep its order.
	tree, err = Auto(arrowPattern(2000, 0), nil)
	if err != nil || tree.Ordering != OrderAMD {
		t.Errorf("arrow: %v, %v", tree.Ordering, err)
	}
}

// TestTreesAreDeterministic builds the same tree twice.
func TestTreesAreDeterministic(t *testing.T) {
	a := shuffled(meshPattern(2, 40), 5)
	first, _ := Auto(a, nil)
	for range 3 {
		next, _ := Auto(a, nil)
		if fmt.Sprint(*next) != fmt.Sprint(*first) {
			t.Fatal("trees differ")
		}
	}
}
