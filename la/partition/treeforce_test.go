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
