package partition

import (
	"math/rand/v2"
	"slices"
	"testing"

	"costate/la"
)

// TestTreeAgainstForce compares rows with elimination by force, for random
// patterns and every ordering.
func TestTreeAgainstForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for trial := range 600 {
		n := rng.IntN(61)
		a := randomPattern(rng, n, 4*rng.Float64())
		var mate []int32
		if trial%3 == 0 {
			mate = randomMates(rng, a)
		}
		for _, o := range []*Options{
			{}, {Ordering: OrderNatural}, {Ordering: OrderAMD}, {Ordering: OrderND}, {Perm: rng.Perm(n)}, {Reuse: 100},
		} {
			o.Mates = mate
			tree, err := Auto(a, o)
			if err != nil {
				t.Fatal(err)
			}
			checkTree(t, a, tree, mate)
			o.Apart = true
			if tree, err = Auto(a, o); err != nil {
				t.Fatal(err)
			}
			checkTree(t, a, tree, nil)
		}
	}
}

// TestApart: with mates apart the tree is that of an order that fills in as the order with mates
// does without them, which is not that of the matrix alone. Of unknowns that are
// indistinguishable the later ones go to the first: matrices with such are left out.
func TestApart(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	tried, unlike := 0, 0
	for range 300 {
		a := randomPattern(rng, 1+rng.IntN(60), 4*rng.Float64())
		if low := a.RawLower(); compress(low, nil).len() < low.N {
			continue
		}
		mate := randomMates(rng, a)
		fill := func(o Options) (entries int) {
			t.Helper()
			tree, err := Auto(a, &o)
			if err != nil {
				t.Fatal(err)
			}
			for k, row := range eliminated(a, tree.Perm, nil) {
				for _, there := range row[:k] {
					if there {
						entries++
					}
				}
			}
			return entries
		}
		for _, o := range []Ordering{OrderNatural, OrderAMD, OrderND} {
			tried++
			apart := fill(Options{Ordering: o, Mates: mate, Apart: true})
			if want := fill(Options{Ordering: o, Mates: mate}); apart != want {
				t.Fatalf("%v: %d entries, the order with mates has %d", o, apart, want)
			}
			if apart != fill(Options{Ordering: o}) {
				unlike++
			}
		}
	}
	if tried < 100 || unlike == 0 {
		t.Errorf("%d orders, %d are not those without mates", tried, unlike)
	}
}

// TestColumnCounts compares the counts of every vertex with elimination by
// force, on the compressed graph.
func TestColumnCounts(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for range 400 {
		n := 1 + rng.IntN(60)
		a := randomPattern(rng, n, 5*rng.Float64())
		q := compress(a.RawLower(), nil)
		order := positions(identity(q.len()))
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		e := newETree(&q.wgraph, order)
		p := make(Perm, 0, n)
		for _, v := range e.order {
			for _, i := range q.member[q.first[v]:q.first[v+1]] {
				p = append(p, int(i))
			}
		}
		full := eliminated(a, p, nil)
		at := 0
		for v, w := range e.weight {
			want := int32(1)
			for i := at + 1; i < n; i++ {
				if full[i][at] {
					want++
				}
			}
			if e.count[v] != want {
				t.Fatalf("vertex %d: count %d, want %d", v, e.count[v], want)
			}
			at += int(w)
		}
	}
}

// TestGivenTree compares the rows of given blocks with elimination by force of the matrix
// whose diagonal blocks are dense.
func TestGivenTree(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for range 400 {
		n := rng.IntN(61)
		a := randomPattern(rng, n, 3*rng.Float64())
		p := Perm(rng.Perm(n))
		var sizes []int
		for left := n; left > 0; {
			s := 1 + rng.IntN(min(left, 7))
			sizes = append(sizes, s)
			left -= s
		}
		part := New(sizes)
		tree, err := Given(a, p, part)
		if err != nil {
			t.Fatal(err)
		}
		checkForm(t, tree, n)
		b := la.NewSymBuilder(n, 0)
		a.DoNonZero(func(i, j int, v float64) {
			if i >= j {
				b.Add(i, j, v)
			}
		})
		for k := range part.Blocks() {
			for i := part.First(k); i <= part.Last(k); i++ {
				for j := part.First(k); j <= i; j++ {
					b.Add(p[i], p[j], 1)
				}
			}
		}
		dense, _ := b.Build()
		tree.Components = countForce(dense)
		checkTree(t, dense, tree, nil)
	}
}

// TestCompressExact checks against a comparison of all pairs.
func TestCompressExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for range 300 {
		n := 1 + rng.IntN(40)
		a := randomPattern(rng, n, 3*rng.Float64())
		full := make([][]bool, n)
		for i := range full {
			full[i] = make([]bool, n)
			full[i][i] = true
		}
		low := a.RawLower()
		for i := range n {
			for _, j := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
				full[i][j], full[j][i] = true, true
			}
		}
		q := compress(low, nil)
		for i := range n {
			for j := range n {
				if same := slices.Equal(full[i], full[j]); same != (q.of[i] == q.of[j]) {
					t.Fatalf("unknowns %d and %d: same %v, vertices %d and %d", i, j, same, q.of[i], q.of[j])
				}
				if want := full[i][j] && q.of[i] != q.of[j]; want != slices.Contains(q.neighbours(q.of[i]), q.of[j]) {
					t.Fatalf("unknowns %d and %d: neighbours %v", i, j, want)
				}
			}
		}
	}
}

// TestMinDegreeIsPermutation checks the order on graphs with weights and without, larger
// than those above, so that space runs out and is compacted.
func TestMinDegreeIsPermutation(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	for range 60 {
		n := 1 + rng.IntN(2000)
		q := compress(randomPattern(rng, n, 8*rng.Float64()).RawLower(), nil)
		order := minDegree(&q.wgraph)
		p := make(Perm, len(order))
		for i, v := range order {
			p[i] = int(v)
		}
		if err := p.Validate(); err != nil || len(p) != q.len() {
			t.Fatalf("%d of %d: %v", len(p), q.len(), err)
		}
	}
}

func TestTreeOptionsErrors(t *testing.T) {
	a := patternOf(3, [][2]int{{0, 0}, {1, 0}, {2, 1}})
	for _, o := range []*Options{
		{Ordering: -1}, {Ordering: 17}, {Perm: Perm{0, 1}}, {Perm: Perm{0, 1, 1}}, {Perm: Identity(3), Ordering: OrderAMD},
		{Mates: []int32{0}}, {Mates: []int32{1, 2, 0}}, {Mates: []int32{3, 1, 2}}, {Mates: []int32{1, -1, -1}},
	} {
		if _, err := Auto(a, o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	if _, err := Auto(nil, nil); err == nil {
		t.Error("no matrix, no error")
	}
	for _, c := range []struct {
		a *la.Sym
		p Perm
		s []int
	}{{nil, nil, nil}, {a, Perm{0, 1}, []int{3}}, {a, nil, []int{2}}, {a, Perm{0, 0, 1}, []int{3}}} {
		if _, err := Given(c.a, c.p, New(c.s)); err == nil {
			t.Errorf("%v %v: no error", c.p, c.s)
		}
	}
}

// FuzzTree makes a pattern of any bytes: an order, then pairs of indices.
func FuzzTree(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0})
	f.Add([]byte{1, 0, 0})
	f.Add([]byte{5, 0, 1, 1, 2, 2, 3, 3, 4})
	f.Add([]byte{7, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 200, 3, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		n := int(data[0] % 48)
		var e [][2]int
		mate := make([]int32, n)
		for i := range mate {
			mate[i] = -1
		}
		for d := data[1:]; len(d) >= 2 && n > 0; d = d[2:] {
			i, j := int(d[0])%n, int(d[1])%n
			e = append(e, [2]int{i, j})
			if d[0] >= 192 && i != j && mate[i] < 0 && mate[j] < 0 {
				mate[i], mate[j] = int32(j), int32(i)
			}
		}
		a := patternOf(n, e)
		for o := OrderAuto; o <= OrderND; o++ {
			tree, err := Auto(a, &Options{Ordering: o, Mates: mate})
			if err != nil {
				t.Fatal(err)
			}
			checkTree(t, a, tree, mate)
		}
		tree, err := Given(a, nil, Uniform(n, 3))
		if err != nil {
			t.Fatal(err)
		}
		checkForm(t, tree, n)
	})
}
