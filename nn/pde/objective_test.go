package pde

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"costate/factor"
	"costate/la/blas"
	"costate/nn"
)

// TestGroups: the groups have as many points as asked for, in the domain, with weights
// that sum up to that of the group.
func TestGroups(t *testing.T) {
	for _, kind := range PointKinds {
		p := curvedProblem()
		net := newNet(t, nn.Tanh, 1, 3, 4, 1)
		o, err := NewObjective(p, net, &Options{Interior: 64, Boundary: 45, Points: kind, Seed: 5})
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		rows := 0
		for i, s := range o.sets {
			want, weight := []int{64, 36, 9, 2}[i], 1.0
			if i == 1 {
				weight = 3
			}
			if s.n != want || s.first != rows || len(s.x) != 3*want {
				t.Errorf("%s: group %d has %d points from row %d, want %d from %d", kind, i, s.n, s.first, want, rows)
			}
			rows += s.n
			sum := 0.0
			for a, v := range s.scale {
				sum += v * v
				if !p.inside(s.x[3*a : 3*a+3]) {
					t.Errorf("%s: group %d: %v", kind, i, s.x[3*a:3*a+3])
				}
			}
			if math.Abs(sum-weight) > 1e-12 {
				t.Errorf("%s: the weights of group %d sum up to %g", kind, i, sum)
			}
		}
		if o.Rows() != rows {
			t.Errorf("%s: %d rows, want %d", kind, o.Rows(), rows)
		}
		first := append([]float64{}, o.sets[0].x...)
		if err := o.draw(1); err != nil {
			t.Fatal(err)
		}
		changed := o.sets[0].x[0] != first[0]
		if err := o.draw(0); err != nil {
			t.Fatal(err)
		}
		if changed != Redrawable(kind) || o.sets[0].x[0] != first[0] {
			t.Errorf("%s: points changed: %v, came back: %v", kind, changed, o.sets[0].x[0] == first[0])
		}
	}
}

// TestBadProblems: what does not follow is refused, and the message says what.
func TestBadProblems(t *testing.T) {
	net := newNet(t, nn.Tanh, 1, 2, 4, 1)
	good := func() *Problem { return Poisson2D() }
	change := func(f func(p *Problem)) *Problem { p := good(); f(p); return p }
	for _, c := range []struct {
		name string
		p    *Problem
		net  *nn.Network
		o    *Options
		want string
	}{
		{"inputs", good(), newNet(t, nn.Tanh, 1, 3, 4, 1), nil, "3 inputs"},
		{"outputs", good(), newNet(t, nn.Tanh, 1, 2, 4, 2), nil, "2 outputs"},
		{"activation", good(), newNet(t, nn.ReLU, 1, 2, 4, 1), nil, "layer 1"},
		{"kind", good(), net, &Options{Points: "sobel"}, "halton"},
		{"count", good(), net, &Options{Interior: -1}, "negative"},
		{"resample", good(), net, &Options{Points: "gauss", Resample: 5}, "always the same"},
		{"no groups", change(func(p *Problem) { p.Groups = nil }), net, nil, "no group"},
		{"order", change(func(p *Problem) { p.Groups[0].Order = 3 }), net, nil, "Order is 3"},
		{"operators", change(func(p *Problem) { p.Groups[0].Operators = nil }), net, nil, "second-order"},
		{"operator", change(func(p *Problem) { p.Groups[0].Operators = [][]float64{{1}} }), net, nil, "operator 1 has 1"},
		{"residual", change(func(p *Problem) { p.Groups[1].Residual = nil }), net, nil, "group boundary"},
		{"weight", change(func(p *Problem) { p.Groups[1].Weight = math.NaN() }), net, nil, "weight"},
		{"no points", change(func(p *Problem) { p.Groups[1].Regions = nil }), net, nil, "one of both"},
		{"half a point", change(func(p *Problem) { p.Groups[1].Regions, p.Groups[1].Points = nil, []float64{0, 1, 2} }), net, nil, "no points of 2"},
		{"outside", change(func(p *Problem) { p.Groups[1].Regions, p.Groups[1].Points = nil, []float64{0, 1, 1.5, 0} }), net, nil, "point 2 of group boundary, [1.5 0], is outside"},
		{"no number", change(func(p *Problem) { p.Groups[1].Regions, p.Groups[1].Points = nil, []float64{0, math.NaN()} }), net, nil, "outside"},
		{"hole", change(func(p *Problem) { p.Contains = func(x []float64) bool { return x[0] > 0.5 } }), net, nil, "outside"},
		{"bounds", change(func(p *Problem) { p.Lo = []float64{0, 2} }), net, nil, "input y goes from 2 to 1"},
	} {
		if _, err := NewObjective(c.p, c.net, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestMemory: too many points are refused before anything is allocated, and the number
// that is said to fit does.
func TestMemory(t *testing.T) {
	net := newNet(t, nn.Tanh, 1, 2, 20, 20, 1)
	_, err := NewObjective(Poisson2D(), net, &Options{Interior: 1 << 30, Points: "halton", MemoryLimit: 1 << 24})
	var memory *factor.MemoryError
	if !errors.As(err, &memory) || memory.Limit != 1<<24 || memory.Needed < 1<<40 {
		t.Fatalf("%v", err)
	}
	var fit int
	if _, scanErr := fmt.Sscanf(memory.Instead, "%d residuals", &fit); scanErr != nil || fit < 200 {
		t.Fatalf("%v: %v", err, scanErr)
	}
	if _, err := NewObjective(Poisson2D(), net, &Options{Interior: fit - 120, Points: "halton", MemoryLimit: 1 << 24}); err != nil {
		t.Errorf("%d points do not fit: %v", fit, err)
	}
	if _, err := NewObjective(Poisson2D(), net, &Options{Interior: fit - 119, Points: "halton", MemoryLimit: 1 << 24}); err == nil {
		t.Errorf("one more than %d points fits", fit)
	}
}

// TestChunks: points that are worked on in chunks by several goroutines have the loss,
// the Jacobian and the gradient that they have all together, whatever the number of
// threads.
func TestChunks(t *testing.T) {
	for _, p := range []*Problem{curvedProblem(), curvedSystem()} {
		testChunks(t, p)
	}
}

func testChunks(t *testing.T, problem *Problem) {
	net := newNet(t, nn.Tanh, 4, widths(problem, []int{5, 6})...)
	var first float64
	for _, threads := range []int{1, 2, 5} {
		o, err := NewObjective(problem, net, &Options{Interior: 2*chunkPoints + 3, Boundary: 5 * chunkPoints, Points: "halton", Backend: blas.NativeThreads(threads)})
		if err != nil {
			t.Fatal(err)
		}
		if len(o.chunks) < 8 || len(o.workers) != threads {
			t.Fatalf("%d chunks for %d workers", len(o.chunks), len(o.workers))
		}
		q, p := o.Rows(), net.NumParams()
		r, j, theta := make([]float64, q), make([]float64, q*p), net.Params()
		loss, err := o.linearize(r, j, theta)
		if err != nil {
			t.Fatal(err)
		}
		want, row := make([]float64, q*p), 0
		for i := range o.sets {
			s := &o.sets[i]
			whole := chunk{set: s, hi: s.n}
			o.reset(&whole.at, &whole)
			whole.forward(&whole.at, theta, s.group.Order+1)
			for k := range s.residuals() {
				if got := r[row : row+s.n]; distance(got, whole.residuals(&whole.at, k)) > 1e-13 {
					t.Errorf("%d threads: residuals %d of group %d", threads, k, i)
				}
				whole.at.backward(theta)
				whole.at.jacobian(want[row*p:], p)
				row += s.n
			}
		}
		if d := distance(j, want); d > 1e-13 {
			t.Errorf("%d threads: the Jacobian is off by %g", threads, d)
		}
		grad := make([]float64, p)
		again, err := o.Gradient(grad, net)
		if plain, _ := o.Loss(net); err != nil || plain != loss || math.Abs(again-loss) > 1e-14*loss {
			t.Errorf("%d threads: losses %v, %v and %v (%v)", threads, loss, again, plain, err)
		}
		if threads == 1 {
			first = loss
		} else if loss != first {
			t.Errorf("%d threads: loss %v, with one %v", threads, loss, first)
		}
	}
}

// TestLayer: points stay in the box, in their order, with its ends where they were, and are
// as dense at distance d from the layer as 1/√(width² + d²) says.
func TestLayer(t *testing.T) {
	lo, hi := []float64{-2, 1}, []float64{3, 5}
	for _, c := range []struct{ at, width float64 }{{0, 0.01}, {-2, 1e-4}, {3, 2}, {2.9, 0.3}} {
		plain, moved := Inside(lo, hi), Layer(Inside(lo, hi), lo, hi, 0, c.at, c.width)
		const n = 400
		last, density := math.Inf(-1), 0.0
		for k := range n + 1 {
			x, y := make([]float64, 2), make([]float64, 2)
			plain.Map(x, []float64{float64(k) / n, 0.3})
			moved.Map(y, []float64{float64(k) / n, 0.3})
			if !(y[0] > last) || y[0] < lo[0] || y[0] > hi[0] || y[1] != x[1] || (k == 0 || k == n) && math.Abs(y[0]-x[0]) > 1e-12 {
				t.Fatalf("%+v: %v becomes %v after %g", c, x, y, last)
			}
			if k > 0 {
				d := (y[0]+last)/2 - c.at
				if got := (y[0] - last) / math.Hypot(c.width, d); k > 1 && !(math.Abs(got-density) < 0.01*density) {
					t.Fatalf("%+v: points at %g are %g apart, over √(width² + d²) %g after %g", c, y[0], y[0]-last, got, density)
				} else {
					density = got
				}
			}
			last = y[0]
		}
	}
}
