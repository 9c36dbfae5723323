package pde

import (
	"math"
	"math/rand/v2"
	"testing"

	"costate/nn"
)

// newNet is a network with random parameters, biases too.
func newNet(t testing.TB, act nn.Activation, seed uint64, widths ...int) *nn.Network {
	t.Helper()
	net, err := nn.New(widths[0], nn.SquaredError, nn.MLP(widths, act, true)...)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 7))
	theta := make([]float64, net.NumParams())
	for i := range theta {
		theta[i] = 0.6 * rng.NormFloat64()
	}
	net.SetParams(theta)
	return net
}

// curvedProblem has groups of all orders and numbers of rows, and residuals that are
// not linear in any row.
func curvedProblem() *Problem {
	lo, hi := []float64{-1, 0, 0.5}, []float64{1, 2, 1}
	curved := func(x, y, g, h []float64) float64 {
		r, n := x[0], len(y)
		for i, v := range y {
			w := y[(i+1)%n]
			r += v*w + math.Sin(v)
			g[i] += w + math.Cos(v)
			g[(i+1)%n] += v
			h[i*n+(i+1)%n]++
			h[(i+1)%n*n+i]++
			h[i*n+i] -= math.Sin(v)
		}
		return r
	}
	return &Problem{
		Name: "curved", Inputs: []string{"x", "y", "t"}, Lo: lo, Hi: hi,
		Groups: []Group{
			{Name: "interior", Order: 2, Operators: [][]float64{{1, 1, 0}, {0, -0.5, 2}}, Residual: curved, Regions: []Region{Inside(lo, hi)}},
			{Name: "boundary", Residual: curved, Weight: 3, Regions: Faces(lo, hi, 0, 1)},
			{Name: "flux", Order: 1, Residual: curved, Regions: []Region{Face(lo, hi, 2, 0.5)}},
			{Name: "data", Residual: curved, Points: []float64{0, 1, 0.75, -1, 2, 1}},
		},
	}
}

// curvedSystem is curvedProblem with two unknowns, more residuals of the same points, and
// points that are tied to others.
func curvedSystem() *Problem {
	p := curvedProblem()
	p.Name, p.Outputs = "curved system", []string{"u", "v"}
	first := p.Groups[0].Residual
	second := func(x, y, g, h []float64) float64 {
		n := len(y)
		g[n-1], g[1] = 2*y[n-1]*y[1], y[n-1]*y[n-1]
		h[n*n-1], h[n*(n-1)+1], h[n+n-1] = 2*y[1], 2*y[n-1], 2*y[n-1]
		return y[n-1]*y[n-1]*y[1] - x[1]
	}
	p.Groups[0].More = []Residual{second}
	p.Groups[2].More = []Residual{first, second}
	for _, order := range []int{0, 1, 2} {
		tied := Group{Name: "tied", Order: order, Residual: first, Regions: []Region{Face(p.Lo, p.Hi, 0, p.Lo[0])}, Partner: Opposite(0, p.Hi[0])}
		if order == 2 {
			tied.Operators = p.Groups[0].Operators
			tied.More = []Residual{second}
		}
		p.Groups = append(p.Groups, tied)
	}
	return p
}

// TestTaylorRows compares the rows of a network's outputs with differences of them, also
// at partners.
func TestTaylorRows(t *testing.T) {
	for _, p := range []*Problem{curvedProblem(), curvedSystem()} {
		testTaylorRows(t, p)
	}
}

func testTaylorRows(t *testing.T, p *Problem) {
	for _, name := range ActivationNames() {
		act, err := ActivationByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, hidden := range [][]int{{}, {7}, {5, 4, 6}} {
			net := newNet(t, act, 1, widths(p, hidden)...)
			o, err := NewObjective(p, net, &Options{Interior: 9, Points: "uniform", Seed: 3})
			if err != nil {
				t.Fatal(err)
			}
			us := make([]func(x []float64) float64, p.NumOutputs())
			for m := range us {
				us[m] = func(x []float64) float64 {
					u := make([]float64, len(us))
					if err := net.Predict(u, x, 1, nil); err != nil {
						t.Fatal(err)
					}
					return u[m]
				}
			}
			for i := range o.chunks {
				c := &o.chunks[i]
				c.forward(&c.at, net.Params(), 4)
				y, x := c.at.z[len(hidden)+1], c.x()
				for a := range c.hi - c.lo {
					want := rowsOf(us, x[a*3:a*3+3], c.set.group)
					if len(want) != p.Rows(c.set.group) {
						t.Fatalf("%d rows, want %d", p.Rows(c.set.group), len(want))
					}
					for r, w := range want {
						if got := y[c.at.at(r, a)]; !(math.Abs(got-w) <= 1e-7*(1+math.Abs(w))) {
							t.Errorf("%s %v: %s: row %d of point %d is %.12g, by differences %.12g", name, hidden, c.set.group.Name, r, a, got, w)
						}
					}
				}
			}
		}
	}
}

// widths are those of a network for a problem.
func widths(p *Problem, hidden []int) []int {
	return append(append([]int{p.Dim()}, hidden...), p.NumOutputs())
}

// rowsOf are the rows of a residual at x for the functions u, by differences of sixth order.
func rowsOf(u []func(x []float64) float64, x []float64, g *Group) []float64 {
	var y []float64
	for side := range g.sides() {
		if side == 1 {
			x2 := make([]float64, len(x))
			g.Partner(x2, x)
			x = x2
		}
		for _, f := range u {
			y = append(y, taylorOf(f, x, g)...)
		}
	}
	return y
}

// taylorOf are the rows of one unknown at one point.
func taylorOf(u func(x []float64) float64, x []float64, g *Group) []float64 {
	d := len(x)
	y := make([]float64, g.taylor(d))
	y[0] = u(x)
	if g.Order == 0 {
		return y
	}
	second := make([]float64, d)
	const h = 4e-3
	for i := range d {
		shift := func(k float64) float64 {
			z := append([]float64{}, x...)
			z[i] += k * h
			return u(z)
		}
		a1, a2, a3 := shift(1), shift(2), shift(3)
		b1, b2, b3 := shift(-1), shift(-2), shift(-3)
		y[1+i] = (45*(a1-b1) - 9*(a2-b2) + (a3 - b3)) / (60 * h)
		second[i] = (270*(a1+b1) - 27*(a2+b2) + 2*(a3+b3) - 490*y[0]) / (180 * h * h)
	}
	for m, c := range g.Operators {
		for i, v := range c {
			y[1+d+m] += v * second[i]
		}
	}
	return y
}

// TestJacobian compares the residuals' Jacobian, their second derivative along a
// direction and the gradient of the loss with differences, for groups of different
// sizes and orders.
func TestJacobian(t *testing.T) {
	for _, p := range []*Problem{curvedProblem(), curvedSystem()} {
		testJacobian(t, p)
	}
}

func testJacobian(t *testing.T, problem *Problem) {
	for _, name := range ActivationNames() {
		act, _ := ActivationByName(name)
		for seed, hidden := range [][]int{{}, {6}, {5, 4, 3}} {
			widths := widths(problem, hidden)
			net := newNet(t, act, uint64(seed), widths...)
			o, err := NewObjective(problem, net, &Options{Interior: 6, Boundary: 11, Points: "halton"})
			if err != nil {
				t.Fatal(err)
			}
			q, p := o.Rows(), net.NumParams()
			r, j := make([]float64, q), make([]float64, q*p)
			theta, s := net.Params(), make([]float64, p)
			loss, err := o.linearize(r, j, theta)
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(uint64(seed), 9))
			for i := range s {
				s[i] = rng.NormFloat64()
			}
			bend := make([]float64, q)
			o.bend(bend, theta, s)
			at := func(h float64) []float64 {
				moved := append([]float64{}, theta...)
				for i, v := range s {
					moved[i] += h * v
				}
				r, j := make([]float64, q), make([]float64, q*p)
				if _, err := o.linearize(r, j, moved); err != nil {
					t.Fatal(err)
				}
				return r
			}
			const h = 2e-3
			a1, a2, a3, b1, b2, b3 := at(h), at(2*h), at(3*h), at(-h), at(-2*h), at(-3*h)
			grad := make([]float64, p)
			again, err := o.Gradient(grad, net)
			if err != nil || math.Abs(again-loss) > 1e-12*loss {
				t.Errorf("%s %v: loss %g with the gradient, %g with the residuals (%v)", name, widths, again, loss, err)
			}
			for i := range grad {
				for a := range q {
					grad[i] -= r[a] * j[a*p+i]
				}
				if math.Abs(grad[i]) > 1e-10*(1+loss) {
					t.Errorf("%s %v: gradient[%d] differs from the Jacobian's by %g", name, widths, i, grad[i])
				}
			}
			for a := range q {
				js, big := 0.0, 1.0
				for i, v := range s {
					js += j[a*p+i] * v
				}
				first := (45*(a1[a]-b1[a]) - 9*(a2[a]-b2[a]) + (a3[a] - b3[a])) / (60 * h)
				second := (270*(a1[a]+b1[a]) - 27*(a2[a]+b2[a]) + 2*(a3[a]+b3[a]) - 490*r[a]) / (180 * h * h)
				big += math.Abs(r[a]) + math.Abs(first) + math.Abs(second)
				if !(math.Abs(js-first) <= 1e-6*big) || !(math.Abs(bend[a]-second) <= 1e-6*big) {
					t.Errorf("%s %v: residual %d: Js %.9g, by differences %.9g; r¨ %.9g, by differences %.9g", name, widths, a, js, first, bend[a], second)
				}
			}
		}
	}
}
