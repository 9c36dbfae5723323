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

// TestTaylorRows compares the rows of a network's output with differences of it.
func TestTaylorRows(t *testing.T) {
	p := curvedProblem()
	for _, name := range ActivationNames() {
		act, err := ActivationByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, widths := range [][]int{{3, 1}, {3, 7, 1}, {3, 5, 4, 6, 1}} {
			net := newNet(t, act, 1, widths...)
			o, err := NewObjective(p, net, &Options{Interior: 9, Points: "uniform", Seed: 3})
			if err != nil {
				t.Fatal(err)
			}
			s, pass := &o.sets[0], &o.chunks[0].at
			pass.forward(net.Params(), s.x, 4)
			y := pass.z[len(widths)-1]
			at := func(x []float64) float64 {
				u := make([]float64, 1)
				if err := net.Predict(u, x, 1, nil); err != nil {
					t.Fatal(err)
				}
				return u[0]
			}
			for a := range s.n {
				want := rowsOf(at, s.x[a*3:a*3+3], s.group)
				for r, w := range want {
					if got := y[r*s.n+a]; !(math.Abs(got-w) <= 1e-7*(1+math.Abs(w))) {
						t.Errorf("%s %v: row %d of point %d is %.12g, by differences %.12g", name, widths, r, a, got, w)
					}
				}
			}
		}
	}
}

// rowsOf are the rows of a function at x by differences of sixth order.
func rowsOf(u func(x []float64) float64, x []float64, g *Group) []float64 {
	d := len(x)
	y := make([]float64, g.Rows(d))
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
	for _, name := range ActivationNames() {
		act, _ := ActivationByName(name)
		for seed, widths := range [][]int{{3, 1}, {3, 6, 1}, {3, 5, 4, 3, 1}} {
			net := newNet(t, act, uint64(seed), widths...)
			o, err := NewObjective(curvedProblem(), net, &Options{Interior: 6, Boundary: 11, Points: "halton"})
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
