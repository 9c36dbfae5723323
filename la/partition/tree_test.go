package partition

import (
	"math/rand/v2"
	"slices"
	"testing"

	"costate/la"
)

// patternOf returns the matrix of order n with the given entries, all ones.
func patternOf(n int, entries [][2]int) *la.Sym {
	b := la.NewSymBuilder(n, len(entries))
	for _, e := range entries {
		b.Add(e[0], e[1], 1)
	}
	a, _ := b.Build()
	return a
}

// randomPattern has about degree neighbours for each of n unknowns, some dense blocks, and not
// all of the diagonal.
func randomPattern(rng *rand.Rand, n int, degree float64) *la.Sym {
	var e [][2]int
	for i := range n {
		if rng.IntN(4) > 0 {
			e = append(e, [2]int{i, i})
		}
	}
	if n > 0 {
		for range int(degree * float64(n) / 2) {
			e = append(e, [2]int{rng.IntN(n), rng.IntN(n)})
		}
		for range rng.IntN(3) {
			size, set := 1+rng.IntN(min(n, 6)), rng.Perm(n)
			for i := range size {
				for j := range i {
					e = append(e, [2]int{set[i], set[j]})
				}
			}
		}
	}
	return patternOf(n, e)
}

// randomMates pairs some neighbours.
func randomMates(rng *rand.Rand, a *la.Sym) []int32 {
	mate := make([]int32, a.SymmetricDim())
	for i := range mate {
		mate[i] = int32(i)
		if rng.IntN(2) == 0 {
			mate[i] = -1
		}
	}
	a.DoNonZero(func(i, j int, _ float64) {
		if i != j && (mate[i] < 0 || int(mate[i]) == i) && (mate[j] < 0 || int(mate[j]) == j) && rng.IntN(3) == 0 {
			mate[i], mate[j] = int32(j), int32(i)
		}
	})
	return mate
}

// eliminated returns the columns of L of the permuted matrix, entries below the
// diagonal as a set, by elimination without any cleverness. Mates first get
// the neighbours of both.
func eliminated(a *la.Sym, p Perm, mate []int32) [][]bool {
	n := len(p)
	q := p.Inverse()
	full := make([][]bool, n)
	for i := range full {
		full[i] = make([]bool, n)
	}
	low := a.RawLower()
	for i := range n {
		for _, j := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
			full[q[i]][q[j]], full[q[j]][q[i]] = true, true
		}
	}
	for i, j := range mate {
		if j < 0 || int(j) == i {
			continue
		}
		r, s := q[i], q[j]
		full[r][s], full[s][r] = true, true
		for k := range n {
			if full[s][k] && k != r {
				full[r][k], full[k][r] = true, true
			}
		}
	}
	for i, j := range mate { // again: the second pass makes both the same
		if j < 0 || int(j) == i {
			continue
		}
		r, s := q[i], q[j]
		for k := range n {
			if full[s][k] && k != r {
				full[r][k], full[k][r] = true, true
			}
		}
	}
	for k := range n {
		for i := k + 1; i < n; i++ {
			for j := k + 1; full[i][k] && j < n; j++ {
				if full[j][k] {
					full[i][j] = true
				}
			}
		}
	}
	return full
}

// checkTree checks t against elimination by force: every node's rows are
// those of its columns together. It also checks the form of the tree.
func checkTree(t testing.TB, a *la.Sym, tree *Tree, mate []int32) {
	t.Helper()
	checkForm(t, tree, a.SymmetricDim())
	if mate != nil {
		checkMatesAdjacent(t, tree, mate)
	}
	full := eliminated(a, tree.Perm, mate)
	for k := range tree.Nodes.Blocks() {
		first, last := tree.Nodes.First(k), tree.Nodes.Last(k)
		var want []int32
		for i := last + 1; i < len(full); i++ {
			for j := first; j <= last; j++ {
				if full[i][j] {
					want = append(want, int32(i))
					break
				}
			}
		}
		if !slices.Equal(want, tree.Rows[k]) {
			t.Fatalf("node %d (%d…%d) has rows %v, want %v", k, first, last, tree.Rows[k], want)
		}
	}
	if c := countForce(a); c != tree.Components {
		t.Fatalf("%d components, want %d", tree.Components, c)
	}
}

// countForce counts connected components by repeated relabelling.
func countForce(a *la.Sym) int {
	label := Identity(a.SymmetricDim())
	for changed := true; changed; {
		changed = false
		low := a.RawLower()
		for i := range low.N {
			for _, j := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
				if m := min(label[i], label[j]); label[i] != m || label[j] != m {
					label[i], label[j], changed = m, m, true
				}
			}
		}
	}
	slices.Sort(label)
	return len(slices.Compact(label))
}

// checkForm checks what holds for every tree, in linear time.
func checkForm(t testing.TB, tree *Tree, n int) {
	t.Helper()
	if err := tree.Perm.Validate(); err != nil || len(tree.Perm) != n || tree.Nodes.Len() != n {
		t.Fatalf("permutation of %d, %d in nodes, %v", len(tree.Perm), tree.Nodes.Len(), err)
	}
	nodes := tree.Nodes.Blocks()
	if len(tree.Parent) != nodes || len(tree.Rows) != nodes {
		t.Fatalf("%d nodes, %d parents, %d lists of rows", nodes, len(tree.Parent), len(tree.Rows))
	}
	var cost Cost
	size := make([]int, nodes) // of subtrees
	lying := 0
	peak := 0
	var stack []int // contribution blocks of nodes without an eliminated parent
	in := make([]int, n)
	for i := range in {
		in[i] = -1
	}
	for k, p := range tree.Parent {
		rows := tree.Rows[k]
		cost.addFront(tree.Nodes.Size(k), len(rows))
		for i, r := range rows {
			if int(r) <= tree.Nodes.Last(k) || i > 0 && r <= rows[i-1] || int(r) >= n {
				t.Fatalf("rows of node %d: %v", k, rows)
			}
		}
		size[k]++
		if (p == -1) != (len(rows) == 0) || p != -1 && (p <= k || p >= nodes) {
			t.Fatalf("node %d has the parent %d and %d rows", k, p, len(rows))
		}
		if p >= 0 {
			if r := int(rows[0]); r < tree.Nodes.First(p) || r > tree.Nodes.Last(p) {
				t.Fatalf("first row of node %d is not a column of its parent", k)
			}
			size[p] += size[k]
		}
		for _, r := range rows {
			in[r] = k
		}
		for c := k - 1; c > k-size[k]; c -= size[c] {
			if tree.Parent[c] != k {
				t.Fatalf("no postorder: node %d is not a child of %d", c, k)
			}
			for _, r := range tree.Rows[c] {
				if int(r) > tree.Nodes.Last(k) && in[r] != k {
					t.Fatalf("row %d of node %d is not in its parent %d", r, c, k)
				}
			}
		}
		lying += len(rows) * len(rows)
		peak = max(peak, lying)
		for len(stack) > 0 && stack[len(stack)-1] > k-size[k] {
			c := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			lying -= len(tree.Rows[c]) * len(tree.Rows[c])
		}
		stack = append(stack, k)
	}
	if peak != tree.Stack {
		t.Fatalf("stack %d, want %d", tree.Stack, peak)
	}
	if d := cost.Flops - tree.Cost.Flops; d > 1e-9*cost.Flops || -d > 1e-9*cost.Flops || cost.Bytes != tree.Cost.Bytes || cost.Solve != tree.Cost.Solve {
		t.Fatalf("cost %+v, want %+v", tree.Cost, cost)
	}
}

// checkMatesAdjacent checks that mates are neighbours in the order and in one node.
func checkMatesAdjacent(t testing.TB, tree *Tree, mate []int32) {
	t.Helper()
	q := tree.Perm.Inverse()
	for i, j := range mate {
		if j < 0 || int(j) == i {
			continue
		}
		if d := q[i] - q[j]; d*d != 1 || tree.Nodes.BlockOf(q[i]) != tree.Nodes.BlockOf(q[j]) {
			t.Fatalf("mates %d and %d are at %d and %d", i, j, q[i], q[j])
		}
	}
}

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
		for _, o := range []*TreeOptions{
			{}, {Ordering: OrderNatural}, {Ordering: OrderAMD}, {Ordering: OrderND}, {Perm: rng.Perm(n)}, {Reuse: 100},
		} {
			o.Mates = mate
			tree, err := NewTree(a, o)
			if err != nil {
				t.Fatal(err)
			}
			checkTree(t, a, tree, mate)
		}
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
		tree, err := GivenTree(a, p, part)
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
	for _, o := range []*TreeOptions{
		{Ordering: -1}, {Ordering: 17}, {Perm: Perm{0, 1}}, {Perm: Perm{0, 1, 1}}, {Perm: Identity(3), Ordering: OrderAMD},
		{Mates: []int32{0}}, {Mates: []int32{1, 2, 0}}, {Mates: []int32{3, 1, 2}}, {Mates: []int32{1, -1, -1}},
	} {
		if _, err := NewTree(a, o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	if _, err := NewTree(nil, nil); err == nil {
		t.Error("no matrix, no error")
	}
	for _, c := range []struct {
		a *la.Sym
		p Perm
		s []int
	}{{nil, nil, nil}, {a, Perm{0, 1}, []int{3}}, {a, nil, []int{2}}, {a, Perm{0, 0, 1}, []int{3}}} {
		if _, err := GivenTree(c.a, c.p, New(c.s)); err == nil {
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
			tree, err := NewTree(a, &TreeOptions{Ordering: o, Mates: mate})
			if err != nil {
				t.Fatal(err)
			}
			checkTree(t, a, tree, mate)
		}
		tree, err := GivenTree(a, nil, Uniform(n, 3))
		if err != nil {
			t.Fatal(err)
		}
		checkForm(t, tree, n)
	})
}
