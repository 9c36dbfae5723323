package partition

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"costate/la"
)

// checkPlan takes a apart as the plan says, puts it together again, and
// eliminates the groups densely: the result must have the structure of the
// chain.
func checkPlan(t interface {
	Helper()
	Fatalf(string, ...any)
}, a *la.Sym, p *Plan) *Split {
	t.Helper()
	if err := p.Perm.Validate(); err != nil {
		t.Fatalf("%v", err)
	}
	s, err := p.Analyse(a)
	if err != nil {
		t.Fatalf("%v", err)
	}
	n, leaves := a.SymmetricDim(), p.Leaves.Len()
	if n == 0 {
		return s
	}
	chain := s.Chain().New()
	s.Chain().To(chain, a)
	got := mat.NewSymDense(n, nil)
	for i := range n - leaves {
		for j := range i + 1 {
			got.SetSym(leaves+i, leaves+j, chain.At(i, j))
		}
	}
	schur := mat.NewSymDense(n, nil) // pattern of the fill, as counts
	size, _, couple := s.Largest()
	g, c := make([]float64, size*size+1), make([]float64, couple+1)
	for k := range s.Groups() {
		for i := range g {
			g[i] = math.NaN()
		}
		for i := range c {
			c[i] = math.NaN()
		}
		s.GroupTo(k, g, c, a)
		size, host, inHost, inNext := s.Group(k)
		if size != p.Leaves.Size(k) || host != p.Host[k] {
			t.Fatalf("group %d has size %d and host %d", k, size, host)
		}
		first := p.Leaves.First(k)
		for i := range size {
			for j := range size {
				if j <= i {
					got.SetSym(first+i, first+j, g[i*size+j])
				} else if g[i*size+j] != 0 {
					t.Fatalf("upper triangle of group %d", k)
				}
			}
		}
		var boundary []int
		for _, o := range inHost {
			boundary = append(boundary, leaves+p.Chain.First(host)+int(o))
		}
		for _, o := range inNext {
			boundary = append(boundary, leaves+p.Chain.First(host+1)+int(o))
		}
		for r, b := range boundary {
			for j := range size {
				got.SetSym(b, first+j, c[r*size+j])
			}
			for _, b2 := range boundary {
				schur.SetSym(b, b2, 1)
			}
		}
	}
	if want := p.Perm.Sym(a); !mat.Equal(got, want) {
		t.Fatalf("the parts are\n%v\nthe matrix is\n%v", mat.Formatted(got), mat.Formatted(want))
	}
	for i := range n - leaves {
		bi := p.Chain.BlockOf(i)
		for j := range i + 1 {
			if schur.At(leaves+i, leaves+j) == 0 && got.At(leaves+i, leaves+j) == 0 {
				continue
			}
			bj := p.Chain.BlockOf(j)
			if bi-bj > 1 {
				t.Fatalf("fill at (%d, %d) couples blocks %d and %d", i, j, bi, bj)
			}
			if bi > bj && (!contains(chain.SubRows(bj), i-p.Chain.First(bi)) || !contains(chain.SubCols(bj), j-p.Chain.First(bj))) {
				t.Fatalf("fill at (%d, %d) is not in the structure of block %d", i, j, bj)
			}
		}
	}
	checkCost(t, p, s)
	return s
}

func contains(x []int, v int) bool {
	for _, w := range x {
		if w == v {
			return true
		}
	}
	return false
}

// checkCost compares the estimate of the planner with what the parts say. Rows
// that a group is taken to fill may be fewer.
func checkCost(t interface {
	Helper()
	Fatalf(string, ...any)
}, p *Plan, s *Split) {
	t.Helper()
	c := s.Chain().Cost()
	for k := range s.Groups() {
		size, _, a, b := s.Group(k)
		c.addGroup(size, len(a)+len(b))
	}
	if c.Flops > p.Cost.Flops*(1+1e-12) || c.Flops < 0.2*p.Cost.Flops || c.Time > p.Cost.Time*(1+1e-12) {
		t.Fatalf("the plan says %+v, its parts %+v", p.Cost, c)
	}
}

func TestAutoOnRandomPatterns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 80).Draw(t, "n")
		b := la.NewSymBuilder(n, 0)
		near := rapid.IntRange(1, n).Draw(t, "bandwidth")
		p := Identity(n)
		if rapid.Bool().Draw(t, "scattered") {
			p = drawPerm(t, n)
		}
		for range rapid.IntRange(0, 3*n).Draw(t, "entries") {
			i := rapid.IntRange(0, n-1).Draw(t, "i")
			j := rapid.IntRange(max(0, i-near), i).Draw(t, "j")
			b.Add(p[i], p[j], float64(rapid.IntRange(0, 3).Draw(t, "v")))
		}
		a, _ := b.Build()
		opts := &Options{NoLeaves: rapid.Bool().Draw(t, "no leaves"), PatternOnly: rapid.Bool().Draw(t, "pattern")}
		plan, err := Auto(a, opts)
		if err != nil {
			t.Fatal(err)
		}
		if opts.NoLeaves && plan.Leaves.Len() > 0 {
			t.Fatal("leaves that were not wanted")
		}
		checkPlan(t, a, plan)
		if c := bruteComponents(a); c != plan.Components {
			t.Fatalf("%d components, of %d", plan.Components, c)
		}
	})
}

// bruteComponents counts connected components by labels that spread.
func bruteComponents(a *la.Sym) int {
	n := a.SymmetricDim()
	label := Identity(n)
	for range n {
		low := a.RawLower()
		for i := range n {
			for _, j := range low.Col[low.Ptr[i]:low.Ptr[i+1]] {
				l := min(label[i], label[j])
				label[i], label[j] = l, l
			}
		}
	}
	count := 0
	for i, l := range label {
		if i == l {
			count++
		}
	}
	return count
}

// named are matrices of known shape, in random order.
func named(rng *rand.Rand) map[string]*la.Sym {
	make := func(n int, fill func(add func(i, j int, v float64))) *la.Sym {
		p := rng.Perm(n)
		b := la.NewSymBuilder(n, 0)
		fill(func(i, j int, v float64) { b.Add(p[i], p[j], v) })
		a, _ := b.Build()
		return a
	}
	grid := func(w, h int) *la.Sym {
		return make(w*h, func(add func(i, j int, v float64)) {
			for i := range w * h {
				add(i, i, 4)
				if i%w > 0 {
					add(i, i-1, -1)
				}
				if i >= w {
					add(i, i-w, -1)
				}
			}
		})
	}
	blocks := func(n, size int) *la.Sym {
		return make(n*size, func(add func(i, j int, v float64)) {
			for i := range n * size {
				for j := max(0, (i/size-1)*size); j <= i; j++ {
					add(i, j, rng.NormFloat64())
				}
			}
		})
	}
	return map[string]*la.Sym{
		"grid":   grid(17, 13),
		"strip":  grid(3, 90),
		"blocks": blocks(12, 9),
		"tri":    blocks(150, 1),
		"dense":  blocks(1, 40),
		"two":    blocks(2, 40),
		"one":    blocks(1, 1),
		"empty":  make(50, func(func(i, j int, v float64)) {}),
		"diagonal": make(50, func(add func(i, j int, v float64)) {
			for i := range 50 {
				add(i, i, 1)
			}
		}),
		"arrow": make(120, func(add func(i, j int, v float64)) {
			for i := range 120 {
				add(i, i, 1)
				add(i, 0, 2)
			}
		}),
		"dense row": make(60, func(add func(i, j int, v float64)) {
			for i := range 60 {
				add(i, i, 1)
				add(i, 30, 2)
				if i > 0 {
					add(i, i-1, 1)
				}
			}
		}),
		"islands": make(200, func(add func(i, j int, v float64)) {
			for i := range 200 {
				add(i, i, 1)
				if i > 100 || i%7 > 0 {
					add(i, i-1, 1)
				}
			}
		}),
		"saddle": make(90, func(add func(i, j int, v float64)) { // chain of constraints without diagonal
			for i := range 60 {
				add(i, i, 1)
				if i+2 < 60 {
					add(60+i/2, i, 1)
					add(60+i/2, i+2, -1)
				}
			}
		}),
		"net":      net{widths(4, 5, 3, 5), 4, 0.1, false}.system(rng),
		"net wide": net{widths(3, 3, 2, 4), 9, 1e-3, false}.system(rng),
	}
}

func TestAutoOnKnownShapes(t *testing.T) {
	for name, a := range named(rand.New(rand.NewPCG(1, 2))) {
		for _, opts := range []*Options{nil, {NoLeaves: true}, {PatternOnly: true}} {
			p, err := Auto(a, opts)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			t.Run(fmt.Sprint(name, opts), func(t *testing.T) { checkPlan(t, a, p) })
		}
	}
}

// Groups taken back leave a plan that fits.
func TestKeep(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for name, a := range named(rng) {
		p, err := Auto(a, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			var keep []int
			for k := range p.Leaves.Blocks() {
				if rng.IntN(2) == 0 {
					keep = append(keep, k)
				}
			}
			q := p.Keep(keep)
			if q.Leaves.Blocks() != p.Leaves.Blocks()-len(keep) {
				t.Fatalf("%s: %d groups are left of %d without %d", name, q.Leaves.Blocks(), p.Leaves.Blocks(), len(keep))
			}
			s, err := q.Analyse(a)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			q.Cost = s.Cost()
			checkPlan(t, a, q)
		}
		if q := p.Keep(nil); q.Leaves.Len() != p.Leaves.Len() || q.Chain.Len() != p.Chain.Len() {
			t.Errorf("%s: keeping nothing changes the plan", name)
		}
	}
}

// What Auto finds is as good as what is known of a matrix.
func TestAutoFindsTheForm(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	shapes := named(rng)
	for name, c := range map[string]struct{ bandwidth, block int }{
		"grid": {14, 30}, "strip": {4, 24}, "blocks": {17, 36}, "tri": {1, 24},
	} {
		p, err := Auto(shapes[name], &Options{NoLeaves: true})
		if err != nil {
			t.Fatal(err)
		}
		if bw := p.Perm.Bandwidth(shapes[name]); bw > c.bandwidth || p.Chain.Largest() > c.block {
			t.Errorf("%s: bandwidth %d, blocks up to %d", name, bw, p.Chain.Largest())
		}
	}
	// Blocks that are wide enough stay, whatever the order; but for the last
	// two, of which one block costs the same flops.
	p, _ := Auto(wideBlocks(rng, 7, 150), nil)
	if s := p.Chain.Sizes(); len(s) < 6 || s[0] != 150 || s[3] != 150 {
		t.Errorf("blocks %v", s)
	}
	if p, _ := Auto(shapes["arrow"], nil); p.Chain.Len() > 2 {
		t.Errorf("an arrow has a chain of %d", p.Chain.Len())
	}
	if p, _ := Auto(shapes["islands"], nil); p.Components != 15 {
		t.Errorf("%d components", p.Components)
	}
}

func wideBlocks(rng *rand.Rand, n, size int) *la.Sym {
	p := rng.Perm(n * size)
	b := la.NewSymBuilder(n*size, 0)
	for i := range n * size {
		for j := max(0, (i/size-1)*size); j <= i; j++ {
			b.Add(p[i], p[j], rng.NormFloat64())
		}
	}
	a, _ := b.Build()
	return a
}

// In the augmented system of a network the leaves are, for each output of a
// layer, its parameters and costates, and the states are the chain. Nobody
// tells, and the order is random.
func TestAutoFindsTheStates(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, c := range []net{
		{widths(7, 8, 3, 9), 6, 1, false},
		{widths(7, 8, 3, 9), 6, 0.1, false},
		{widths(7, 8, 3, 9), 6, 1e-6, false},
		{widths(7, 8, 3, 9), 6, 0.1, true},
		{widths(30, 8, 3, 9), 6, 0.1, true},
		{widths(7, 8, 3, 9), 12, 0.1, false}, // costates outnumber parameters
	} {
		a := c.system(rng)
		p, err := Auto(a, nil)
		if err != nil {
			t.Fatal(err)
		}
		checkPlan(t, a, p)
		plain, _ := Auto(a, &Options{NoLeaves: true})
		width := c.widths[1]
		extra := max(0, c.batch-width) * width // costates of a stage that find no pivot
		if p.Chain.Largest() > 3*width*c.batch+extra || p.Chain.Len() > 9*(2*width*c.batch+extra) || p.Cost.Time > 0.8*plain.Cost.Time {
			t.Errorf("%v: chain %v, cost %.3g, without leaves %.3g", c, p.Chain.Sizes(), p.Cost.Time, plain.Cost.Time)
		}
	}
}

func TestGiven(t *testing.T) {
	a := named(rand.New(rand.NewPCG(1, 2)))["two"]
	p, err := Given(a, nil, New([]int{30, 50}))
	if err != nil || p.Cost.Flops == 0 || p.Components != 1 {
		t.Fatal(p, err)
	}
	checkPlan(t, a, p)
	if _, err := Given(a, nil, New([]int{30, 20, 30})); err == nil {
		t.Error("a partition that does not fit")
	}
}

func TestPlanAnalyseRejects(t *testing.T) {
	b := la.NewSymBuilder(5, 0)
	for i := range 5 {
		b.Add(i, i, 1)
	}
	b.Add(1, 0, 1)
	b.Add(4, 0, 1)
	a, _ := b.Build()
	for name, p := range map[string]*Plan{
		"order":    {Perm: Identity(4), Chain: New([]int{4})},
		"hosts":    {Perm: Identity(5), Leaves: New([]int{1}), Chain: New([]int{4})},
		"no perm":  {Perm: Perm{0, 1, 2, 3, 3}, Chain: New([]int{5})},
		"groups":   {Perm: Identity(5), Leaves: New([]int{1, 1}), Host: []int{0, 0}, Chain: New([]int{3})},
		"host":     {Perm: Identity(5), Leaves: New([]int{1}), Host: []int{-1}, Chain: New([]int{4})},
		"far host": {Perm: Identity(5), Leaves: New([]int{1}), Host: []int{1}, Chain: New([]int{1, 1, 1, 1})},
		"chain":    {Perm: Perm{2, 1, 0, 3, 4}, Leaves: New([]int{1}), Host: []int{-1}, Chain: New([]int{1, 1, 1, 1})},
	} {
		if s, err := p.Analyse(a); err == nil || s != nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
