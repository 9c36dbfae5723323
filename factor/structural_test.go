package factor

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor/internal/tree"
	"costate/la"
	"costate/la/partition"
	"costate/la/vec"
)

// structuralRank finds the structural rank of a by alternating paths, one row after the other.
//
// Source: H. W. Kuhn, The Hungarian method for the assignment problem, Naval Res. Logist.
// Quart. 2 (1955).
func structuralRank(a *la.Sym) int {
	n := a.SymmetricDim()
	row := make([]int, n) // of each column, from 1; 0 for none
	var seen []bool
	var try func(i int) bool
	try = func(i int) bool {
		for j := range n {
			if a.At(i, j) == 0 || seen[j] {
				continue
			}
			seen[j] = true
			if row[j] == 0 || try(row[j]-1) {
				row[j] = i + 1
				return true
			}
		}
		return false
	}
	rank := 0
	for i := range n {
		if seen = make([]bool, n); try(i) {
			rank++
		}
	}
	return rank
}

// structuralKinds are random patterns, many of which are structurally singular. Their values
// are random, so that the rank is the structural one.
var structuralKinds = []struct {
	name string
	add  func(rng *rand.Rand, n int, add func(i, j int))
}{
	{"sparse", func(rng *rand.Rand, n int, add func(i, j int)) {
		for range n {
			add(rng.IntN(n), rng.IntN(n))
		}
	}},
	{"more constraints than unknowns", func(rng *rand.Rand, n int, add func(i, j int)) {
		m := 1 + n/2
		for i := range m {
			add(i, i)
		}
		for i := m; i < n; i++ {
			add(i, rng.IntN(1+m*2/3))
			add(i, rng.IntN(1+m*2/3))
		}
	}},
	{"zero diagonal", func(rng *rand.Rand, n int, add func(i, j int)) {
		for i := 1; i < n; i++ {
			add(i, rng.IntN(i))
		}
	}},
	{"empty rows", func(rng *rand.Rand, n int, add func(i, j int)) {
		for i := range n {
			if rng.IntN(8) > 0 {
				add(i, i)
			}
		}
	}},
	{"regular", func(rng *rand.Rand, n int, add func(i, j int)) {
		for i := 0; i+1 < n; i += 2 {
			add(i+1, i)
		}
		add(n-1, n-1)
		for range n {
			add(rng.IntN(n), rng.IntN(n))
		}
	}},
	{"definite", func(rng *rand.Rand, n int, add func(i, j int)) {
		for i := range n {
			add(i, i)
		}
	}},
}

// structuralMatrix is a random matrix of a kind. A tenth of its places hold zeros, some of
// the rest have values of many orders of magnitude.
func structuralMatrix(rng *rand.Rand, kind, n int) *la.Sym {
	b := la.NewSymBuilder(n, 0)
	seen := map[[2]int]bool{}
	structuralKinds[kind].add(rng, n, func(i, j int) {
		i, j = max(i, j), min(i, j)
		if seen[[2]int{i, j}] {
			return
		}
		seen[[2]int{i, j}] = true
		b.Add(i, j, (1+rng.Float64())*float64(1-2*rng.IntN(2)))
	})
	for range n / 4 { // explicit zeros
		if i, j := rng.IntN(n), rng.IntN(n); !seen[[2]int{max(i, j), min(i, j)}] {
			seen[[2]int{max(i, j), min(i, j)}] = true
			b.Add(max(i, j), min(i, j), 0)
		}
	}
	a, _ := b.Build()
	return a
}

// checkStructure factors a, and holds what is said of it against its structural rank and its
// eigenvalues. It reports whether the rank is below the order.
func checkStructure(t *testing.T, what string, f *Sparse, a *la.Sym, rng *rand.Rand) (deficient bool) {
	t.Helper()
	n, rank := a.SymmetricDim(), structuralRank(a)
	err := f.Factorize(a)
	var singular *SingularError
	is := errors.As(err, &singular)
	if err != nil && !is {
		t.Fatalf("%s: %v", what, err)
	}
	if is && singular.StructuralRank != rank {
		t.Errorf("%s: structural rank %d, want %d of %d", what, singular.StructuralRank, rank, n)
	}
	ev := new(mat.EigenSym)
	if !ev.Factorize(a, true) {
		t.Fatalf("%s: no eigenvalues", what)
	}
	values := ev.Values(nil)
	norm := max(math.Abs(values[0]), math.Abs(values[n-1]))
	zeros, gap := 0, math.Inf(1)
	negative := 0
	for _, v := range values {
		switch {
		case math.Abs(v) <= 1e-13*norm:
			zeros++
		case v < 0:
			negative++
			fallthrough
		default:
			gap = min(gap, math.Abs(v)/max(norm, 1e-300))
		}
	}
	if gap < 1e-9 || zeros != n-rank {
		return false // eigenvalues that cannot be told from zero by these
	}
	in := f.Inertia()
	if is != (rank < n) || in.Zero != n-rank || in.Negative != negative {
		t.Errorf("%s: %v, %v; %d negative, %d zero", what, err, in, negative, zeros)
	}
	if rank < n && norm > 0 && !in.Certain {
		t.Errorf("%s: %v is not certain", what, in)
	}
	checkStructureSolves(t, what, f, a, ev, norm, gap, rng)
	return rank < n
}

// checkStructureSolves solves a consistent system and any other, and compares the null space.
func checkStructureSolves(t *testing.T, what string, f *Sparse, a *la.Sym, ev *mat.EigenSym, norm, gap float64, rng *rand.Rand) {
	t.Helper()
	n := a.SymmetricDim()
	v := randomVector(rng, n)
	b := make([]float64, n)
	a.MulVecTo(b, v)
	x := new(mat.VecDense)
	if err := f.SolveVecTo(x, mat.NewVecDense(n, b)); err != nil {
		t.Errorf("%s, consistent: %v", what, err)
	}
	// The least residual is the part of b in the null space.
	var q mat.Dense
	ev.VectorsTo(&q)
	least := 0.0
	for k, e := range ev.Values(nil) {
		if math.Abs(e) <= 1e-13*norm {
			d := mat.Dot(q.ColView(k), mat.NewVecDense(n, v))
			least += d * d
		}
	}
	least = math.Sqrt(least)
	err := f.SolveVecTo(x, mat.NewVecDense(n, v))
	var accuracy *AccuracyError
	if least > 1e-3 && (!errors.As(err, &accuracy) || !accuracy.Singular) {
		t.Errorf("%s, inconsistent: %v", what, err)
	}
	r := make([]float64, n)
	a.MulVecTo(r, x.RawVector().Data)
	for i := range r {
		r[i] = v[i] - r[i]
	}
	if got := vec.Norm2(r); math.Abs(got-least) > 1e-9/gap*vec.Norm2(v) {
		t.Errorf("%s: residual %g, the least is %g", what, got, least)
	}
	var null mat.Dense
	residual, err := f.NullSpaceTo(&null)
	if err != nil || residual > 1e-13 {
		t.Errorf("%s: null space to %g, %v", what, residual, err)
	}
	if f.Inertia().Zero > 0 {
		var e *InverseError
		if _, err := f.InverseDiagTo(nil); !errors.As(err, &e) {
			t.Errorf("%s: inverse of a singular matrix: %v", what, err)
		}
	}
}

func randomVector(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// What the pattern says of the rank is found, is not said of a regular matrix, and makes the
// inertia of a singular one certain: for random patterns of all kinds, explicit zeros among
// them, fresh and with other values in the pattern, of which others are zero.
func TestStructuralRank(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	deficient, regular := 0, 0
	for rep := range 600 {
		kind := rep % len(structuralKinds)
		a := structuralMatrix(rng, kind, 1+rng.IntN(40))
		var f Sparse
		for again := range 4 {
			if checkStructure(t, fmt.Sprintf("%d, %s, %d", rep, structuralKinds[kind].name, again), &f, a, rng) {
				deficient++
			} else {
				regular++
			}
			val := a.RawLower().Val
			for i := range val {
				if rng.IntN(10) == 0 {
					val[i] = float64(rng.IntN(2)) * (1 + rng.Float64())
				}
			}
			if t.Failed() {
				return
			}
		}
	}
	if deficient < 500 || regular < 500 {
		t.Errorf("%d structurally singular, %d others", deficient, regular)
	}
}

// blockPath is a path of an odd number of dense blocks of order m whose diagonal blocks are
// stored zeros: its rank is that of two times m(blocks−1)/2. Its order is full as it comes, so that
// no matching is made before pivots have been put off.
func blockPath(rng *rand.Rand, blocks, m int) *la.Sym {
	b := la.NewSymBuilder(blocks*m, blocks*2*m*m)
	for k := range blocks {
		for i := range m {
			for j := range i + 1 {
				b.Add(k*m+i, k*m+j, 0)
			}
			for j := range m {
				if k > 0 {
					b.Add(k*m+i, (k-1)*m+j, rng.NormFloat64())
				}
			}
		}
	}
	a, _ := b.Build()
	return a
}

// Where only the pivots that are put off show that the structural rank is below the order, the
// factorization under way stops there and says the same as where it was known before.
func TestStructuralMidway(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 9))
	sizes := []int{11, 15, 25} // of fewer, the delays of the first block for certain are too many
	if testing.Short() {
		sizes = sizes[:1]
	}
	for _, blocks := range sizes {
		a := blockPath(rng, blocks, 12)
		var f Sparse
		if err := f.Analyse(a, nil); err != nil {
			t.Fatal(err)
		}
		if f.structure.known || f.engine.pair == nil {
			t.Fatalf("%d blocks: known before it was factored", blocks)
		}
		for again := range 3 {
			what := fmt.Sprintf("%d blocks, %d", blocks, again)
			if !checkStructure(t, what, &f, a, rng) {
				t.Errorf("%s: rank is not below the order", what)
			}
			if stopped := f.stopped == errDeficient; !f.byRest || stopped != (again == 0) {
				t.Errorf("%s: stopped %v", what, f.stopped)
			}
			val := a.RawLower().Val
			for i := range val {
				val[i] *= 1 + rng.Float64()
			}
		}
		for i := range a.SymmetricDim() { // regular values in the same pattern
			a.RawLower().Val[a.RawLower().Ptr[i+1]-1] = 3
		}
		if checkStructure(t, "regular", &f, a, rng) || f.byRest {
			t.Errorf("%d blocks: regular values are taken for singular", blocks)
		}
	}
}

// A matrix that is singular by its pattern, and whose rest is by its values, is factored as a
// whole: with all of its zeros.
func TestStructuralRest(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 5))
	for rep := range 60 {
		m := structuralMatrix(rng, 1, 20+rng.IntN(200))
		n, rank := m.SymmetricDim(), structuralRank(m)
		b := la.NewSymBuilder(n+2, 0)
		low := m.RawLower()
		for i := range n {
			for k := low.Ptr[i]; k < low.Ptr[i+1]; k++ {
				b.Add(i, int(low.Col[k]), low.Val[k])
			}
		}
		b.Add(n, n, 1)
		b.Add(n+1, n, 1)
		b.Add(n+1, n+1, 1)
		a, _ := b.Build()
		var f Sparse
		for range 2 {
			err := f.Factorize(a)
			var singular *SingularError
			if !errors.As(err, &singular) || singular.StructuralRank != rank+2 || singular.Blind {
				t.Fatalf("%d: %v, structural rank %d of %d", rep, err, rank+2, n+2)
			}
			if in := f.Inertia(); in.Zero != n-rank+1 || in.Certain {
				t.Errorf("%d: %v, structural rank %d of %d", rep, in, rank+2, n+2)
			}
			c := make([]float64, n+2)
			a.MulVecTo(c, randomVector(rng, n+2))
			if err := f.SolveVecTo(new(mat.VecDense), mat.NewVecDense(n+2, c)); err != nil {
				t.Errorf("%d: %v", rep, err)
			}
		}
	}
}

// A shift makes a structurally singular matrix an ordinary one, before and after it has been
// factored as what it is.
func TestStructuralShift(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 2))
	for rep := range 100 {
		a := structuralMatrix(rng, 1, 20+rng.IntN(40))
		n := a.SymmetricDim()
		var f Sparse
		for again, sigma := range []float64{0, 0.37, 0, -0.81} {
			err := f.FactorizeShifted(a, sigma)
			if sigma == 0 {
				if !isSingular(err) {
					t.Fatalf("%d: %v", rep, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%d, %d, shift %g: %v", rep, again, sigma, err)
			}
			var fresh Sparse
			if err := fresh.FactorizeShifted(a, sigma); err != nil {
				t.Fatal(err)
			}
			if f.Inertia() != fresh.Inertia() || f.Inertia().Zero != 0 {
				t.Errorf("%d, %d, shift %g: %v, fresh %v", rep, again, sigma, f.Inertia(), fresh.Inertia())
			}
			if err := f.SolveVecTo(new(mat.VecDense), mat.NewVecDense(n, randomVector(rng, n))); err != nil {
				t.Errorf("%d, %d: %v", rep, again, err)
			}
		}
	}
}

// Columns without a pivot anywhere do not climb to a full root: with 2,000 constraints on
// 1,500 unknowns the flops are those planned, and few.
func TestStructuralWork(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 3))
	const vars, constraints, used = 3000, 2000, 1500
	b := la.NewSymBuilder(vars+constraints, 0)
	for i := range vars {
		b.Add(i, i, 1+rng.Float64())
	}
	for i := range constraints {
		for range 3 {
			b.Add(vars+i, rng.IntN(used), rng.NormFloat64())
		}
	}
	a, _ := b.Build()
	var f Sparse
	err := f.Factorize(a)
	var singular *SingularError
	if !errors.As(err, &singular) || singular.StructuralRank > vars+used || singular.Blind {
		t.Fatalf("%v", err)
	}
	if in := f.Inertia(); !in.Certain || in.Zero != vars+constraints-singular.StructuralRank {
		t.Errorf("%v of structural rank %d", in, singular.StructuralRank)
	}
	if done, planned := f.Report().Flops, f.Cost().Factor; done > 2*planned || planned > 1e9 {
		t.Errorf("%d flops, planned %d", done, planned)
	}
}

// A factorization that delays too much ends with an error that says so, and nothing of it is
// left to ask for.
func TestWorkError(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 4))
	b := la.NewSymBuilder(60, 0)
	for i := range 30 {
		b.Add(30+i, i, 1)
		b.Add(30+i, rng.IntN(30), 0.5)
	}
	a, _ := b.Build()
	tr, err := partition.Auto(a, nil)
	if err != nil {
		t.Fatal(err)
	}
	var f Sparse
	if err := f.AnalyseTree(a, tr, nil); err != nil {
		t.Fatal(err)
	}
	o := treeOptions(&f.opts)
	o.WorkLimit = 1.0001
	f.engine.Engine = tree.New(tr, f.kept, o)
	var work *WorkError
	if err := f.Factorize(a); !errors.As(err, &work) || work.Order != 60 {
		t.Fatalf("%v", err)
	}
	defer func() {
		if recover() != ErrNotFactorized {
			t.Error("a solve with factors that are not there does not panic")
		}
	}()
	f.SolveVecTo(new(mat.VecDense), mat.NewVecDense(60, nil))
}
