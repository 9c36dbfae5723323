package partition

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"costate/la"
)

// graphOf returns the graph of edges between n vertices, with weights 1.
func graphOf(n int, edges [][2]int32) *wgraph {
	list := make([][]int32, n)
	for _, e := range edges {
		if e[0] != e[1] {
			list[e[0]] = append(list[e[0]], e[1])
			list[e[1]] = append(list[e[1]], e[0])
		}
	}
	g := &wgraph{ptr: make([]int, 1, n+1), weight: ones(n)}
	for _, l := range list {
		slices.Sort(l)
		g.adj = append(g.adj, slices.Compact(l)...)
		g.ptr = append(g.ptr, len(g.adj))
	}
	return g
}

// randomEdges returns count random edges between n vertices.
func randomEdges(rng *rand.Rand, n, count int) [][2]int32 {
	edges := make([][2]int32, count)
	for k := range edges {
		edges[k] = [2]int32{int32(rng.IntN(n)), int32(rng.IntN(n))}
	}
	return edges
}

// meshEdges are those of a mesh of two dimensions, its vertices numbered from first.
func meshEdges(first, side int) [][2]int32 {
	var edges [][2]int32
	for v := range side * side {
		at := int32(first + v)
		if v%side > 0 {
			edges = append(edges, [2]int32{at, at - 1})
		}
		if v >= side {
			edges = append(edges, [2]int32{at, at - int32(side)})
		}
	}
	return edges
}

// checkOrder checks that the order of g with each number of tries is a permutation and comes
// again. It returns the last.
func checkOrder(t testing.TB, g *wgraph) (order []int32) {
	t.Helper()
	for tries := range mostTries + 1 {
		order = checkTries(t, g, tries)
	}
	return order
}

func checkTries(t testing.TB, g *wgraph, tries int) []int32 {
	t.Helper()
	order := dissect(g, tries)
	seen := make([]bool, g.len())
	for _, v := range order {
		if seen[v] {
			t.Fatalf("vertex %d comes twice", v)
		}
		seen[v] = true
	}
	if len(order) != g.len() {
		t.Fatalf("%d of %d vertices", len(order), g.len())
	}
	if !slices.Equal(order, dissect(g, tries)) {
		t.Fatal("orders differ")
	}
	return order
}

// checkDissection takes a graph apart, and checks each separator and each part on the way.
func checkDissection(t testing.TB, g *wgraph) {
	t.Helper()
	d := newDissection(g, mostTries)
	w := d.dissector()
	for len(d.parts) > 0 {
		p := d.pop()
		if p.len() <= leafSize(g.len()) {
			t.Fatalf("part of %d vertices", p.len())
		}
		w.rng.Seed(p.seed, 10)
		side, weigh := w.separator.separate(&p.level)
		side, weigh = w.again(p, side, weigh)
		var sum [3]int
		heaviest := 0
		for v, s := range side {
			sum[s] += int(p.weight[v])
			heaviest = max(heaviest, int(p.weight[v]))
			for _, u := range p.neighbours(int32(v)) {
				if s != between && side[u] == 1-s {
					t.Fatalf("edge from side to side, parts of %v", weigh)
				}
			}
		}
		if sum != weigh {
			t.Fatalf("weights %v, counted %v", weigh, sum)
		}
		// A vertex that weighs much may stand in the way of balance, and a separator
		// that is not used may be anything.
		good := float64(weigh[between]) <= worthless*float64(p.total)
		if most := int(uneven*float64(p.total)) + heaviest; good && max(sum[left], sum[right]) > most {
			t.Fatalf("sides of %v", sum)
		}
		if !good || weigh[left] == 0 || weigh[right] == 0 {
			continue
		}
		d.parts = append(d.parts, w.divide(p, slices.Clone(side))...)
	}
}

// TestSeparators checks every separator of meshes and of random graphs with weights.
func TestSeparators(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	for _, c := range fillCases {
		q := compress(c.a().RawLower(), nil)
		checkDissection(t, &q.wgraph)
	}
	for trial := range 60 {
		n := 200 + rng.IntN(1500)
		g := graphOf(n, append(randomEdges(rng, n, n*trial/60), meshEdges(0, 14)...))
		for v := range g.weight {
			g.weight[v] += int32(rng.IntN(1 + trial%7*3))
		}
		checkDissection(t, g)
	}
}

// TestDissectIsPermutation orders random graphs.
func TestDissectIsPermutation(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 2))
	for range 60 {
		n := 1 + rng.IntN(1200)
		g := graphOf(n, randomEdges(rng, n, rng.IntN(3*n)))
		for v := range g.weight {
			g.weight[v] += int32(rng.IntN(4))
		}
		checkOrder(t, g)
	}
}

// TestDissectThreads checks that the order does not depend on the number of processors.
func TestDissectThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	q := compress(meshPattern(3, 24).RawLower(), nil)
	var want []int32
	for _, threads := range []int{1, 2, 3, 8} {
		runtime.GOMAXPROCS(threads)
		got := dissect(&q.wgraph, mostTries)
		if want == nil {
			want = got
		} else if !slices.Equal(got, want) {
			t.Errorf("%d threads give another order than one", threads)
		}
	}
}

// TestMinDegreeByStage checks on a mesh, where no two vertices are
// indistinguishable at first, that stages follow each other.
func TestMinDegreeByStage(t *testing.T) {
	const side = 40
	g := graphOf(side*side, meshEdges(0, side))
	stage := make([]int32, side*side)
	for v := range stage {
		if v%side == side/2 {
			stage[v] = 2
		} else if v/side == side/2 {
			stage[v] = 1
		}
	}
	order := minDegreeByStage(g, stage)
	at := positions(order)
	// Whole regions are gone before the cross is touched but for vertices that go along for free.
	for v, k := range stage {
		if k == 0 && int(at[v]) >= len(order)-side {
			t.Errorf("vertex %d of stage 0 at %d", v, at[v])
		}
	}
	own := 0
	for _, v := range order[len(order)-side:] {
		if stage[v] == 2 {
			own++
		}
	}
	if own < side/2 {
		t.Errorf("%d of the last stage at the end", own)
	}
}

// TestDissectHazards orders graphs that have troubled others.
func TestDissectHazards(t *testing.T) {
	million := 1000000
	if testing.Short() {
		million = 30000
	}
	rng := rand.New(rand.NewPCG(6, 3))
	path, star := make([][2]int32, million-1), make([][2]int32, million-1)
	for v := range path {
		path[v] = [2]int32{int32(v), int32(v + 1)}
		star[v] = [2]int32{int32(million / 2), int32(v)}
		if v >= million/2 {
			star[v][1]++
		}
	}
	var islands, complete, comb, hubs [][2]int32
	for k := range 40 {
		islands = append(islands, meshEdges(k*(k+1)*(2*k+1)/6, k+1)...)
	}
	for v := range int32(400) {
		for u := range v {
			complete = append(complete, [2]int32{u, v})
		}
	}
	for v := range int32(3000) {
		comb = append(comb, [2]int32{v, v / 10 * 10}, [2]int32{v / 10 * 10, max(0, v/10*10-10)})
	}
	for v := range int32(4000) {
		hubs = append(hubs, [2]int32{v, v % 8}, [2]int32{v, v / 8}, [2]int32{v, 8 + v%50})
	}
	weights := func(g *wgraph) { // powers of two, and one that outweighs the rest
		for v := range g.weight {
			g.weight[v] = 1 << (v % 12)
		}
		g.weight[g.len()/3] = 1 << 26
	}
	heavy := graphOf(3600, meshEdges(0, 60))
	weights(heavy)
	checkOrder(t, heavy)
	for _, c := range []struct {
		name  string
		n     int
		edges [][2]int32
		fill  float64 // entries of L for each of the matrix, at most; 0: any
	}{
		{"order 0", 0, nil, 0},
		{"order 1", 1, nil, 1},
		{"order 2", 2, nil, 1},
		{"order 2, an edge", 2, [][2]int32{{0, 1}}, 1},
		{"no edges", 5000, nil, 1},
		{"path", million, path, 1.6},
		{"star", million, star, 1},
		{"complete", 400, complete, 1},
		{"expander", 3000, randomEdges(rng, 3000, 9000), 0},
		{"dense random", 600, randomEdges(rng, 600, 60000), 0},
		{"islands", 40 * 41 * 81 / 6, islands, 5},
		{"comb", 3000, comb, 1.5},
		{"hubs", 4000, hubs, 0},
		{"two cliques and a bridge", 800, append(append([][2]int32{{0, 400}}, complete...), shifted(complete, 400)...), 1.01},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := graphOf(c.n, c.edges)
			began := time.Now()
			order := checkOrder(t, g)
			if took := time.Since(began); took > time.Minute {
				t.Errorf("two orders took %v", took)
			}
			entries := entriesOfFactor(newETree(g, order))
			if all := float64(g.len() + len(g.adj)/2); c.fill > 0 && float64(entries) > c.fill*all {
				t.Errorf("%d entries in the factor of a matrix of %g", entries, all)
			}
		})
	}
}

func shifted(edges [][2]int32, by int32) [][2]int32 {
	s := slices.Clone(edges)
	for k := range s {
		s[k][0] += by
		s[k][1] += by
	}
	return s
}

// TestDissectFill compares the fill with that of another implementation.
func TestDissectFill(t *testing.T) {
	table := fillTable(t, "testdata/metisfill.txt")
	cases := slices.Clone(fillCases)
	cases = append(cases, dissectCases...)
	for _, c := range cases {
		q := compress(c.a().RawLower(), nil)
		got := entriesOfFactor(newETree(&q.wgraph, dissect(&q.wgraph, mostTries)))
		want, ok := table[c.name]
		if !ok || float64(got) > 1.3*float64(want) {
			t.Errorf("%s: %d entries, METIS %d", c.name, got, want)
		}
		t.Logf("%s: %.2f", c.name, float64(got)/float64(want))
	}
}

// dissectCases are the matrices of testdata/metisfill.txt besides fillCases.
var dissectCases = []struct {
	name string
	a    func() *la.Sym
}{
	{"mesh2_200_shuffled", func() *la.Sym { return shuffled(meshPattern(2, 200), 5) }},
	{"mesh3_22", func() *la.Sym { return meshPattern(3, 22) }},
}

// FuzzDissect orders random graphs of random shape.
func FuzzDissect(f *testing.F) {
	f.Add(uint64(1), 300, 600, 2)
	f.Add(uint64(2), 2500, 2600, 0)
	f.Add(uint64(3), 160, 12000, 5)
	f.Fuzz(func(t *testing.T, seed uint64, n, edges, hubs int) {
		n, edges, hubs = 1+abs(n)%4000, abs(edges)%20000, abs(hubs)%8
		rng := rand.New(rand.NewPCG(seed, 1))
		list := randomEdges(rng, n, edges)
		for range hubs {
			h := int32(rng.IntN(n))
			for range rng.IntN(n) {
				list = append(list, [2]int32{h, int32(rng.IntN(n))})
			}
		}
		g := graphOf(n, list)
		for v := range g.weight {
			g.weight[v] += int32(rng.IntN(1 + int(seed%5)))
		}
		checkOrder(t, g)
		checkDissection(t, g)
	})
}

func abs(n int) int {
	return max(n, -(n + 1))
}

// BenchmarkDissect orders meshes.
func BenchmarkDissect(b *testing.B) {
	for _, c := range []struct{ dim, side int }{{2, 150}, {3, 20}} {
		b.Run(fmt.Sprintf("dim=%d/side=%d", c.dim, c.side), func(b *testing.B) {
			q := compress(meshPattern(c.dim, c.side).RawLower(), nil)
			var order []int32
			for b.Loop() {
				order = dissect(&q.wgraph, mostTries)
			}
			b.ReportMetric(float64(entriesOfFactor(newETree(&q.wgraph, order))), "entries")
		})
	}
}
