package pde

import (
	"fmt"
	"math"
	"slices"
)

// A Problem is a differential equation, or a system of some, with its conditions, as
// groups of points that have residuals. The network has Dim inputs and an output for
// each unknown.
type Problem struct {
	Name    string
	Inputs  []string // a word for each input, such as x and t
	Outputs []string // a word for each unknown; nil is one, u
	Lo, Hi  []float64

	// Contains narrows the box from Lo to Hi down; nil is all of it.
	Contains func(x []float64) bool

	Groups []Group

	// Solution is the solution where one is known, a function for each unknown, for
	// errors and plots; else nil.
	Solution []func(x []float64) float64

	// Source says where the problem and its solution are from.
	Source string
}

// Dim is the number of inputs.
func (p *Problem) Dim() int { return len(p.Lo) }

// NumOutputs is the number of unknowns.
func (p *Problem) NumOutputs() int { return max(1, len(p.Outputs)) }

// A Group is a set of points with the same residuals: the equation inside, a condition on
// the boundary, the initial values, or data.
type Group struct {
	Name string // in messages: interior, boundary, initial, data

	// Order says what a residual is given of each unknown u at a point, the rows y: 0
	// is u alone, 1 is u and D_1u … D_du, and 2 has the second-order operators of
	// Operators behind these. The rows of the first unknown come first.
	Order int

	// Operators are rows of d coefficients each: operator m is Σ_i C_mi D_i²u.
	Operators [][]float64

	// Partner, if it is not nil, stores in x2 the point that x is tied to, as by a
	// periodic condition. The rows there then follow those at x. See Opposite.
	Partner func(x2, x []float64)

	Residual Residual

	// More are further residuals of the same rows, as a system of equations has.
	More []Residual

	// Weight is the weight of the mean of r² over the points, for each residual; 0 is 1.
	Weight float64

	// Regions are where the points are drawn, in equal shares.
	Regions []Region

	// Points are given points, N×d, in place of Regions.
	Points []float64
}

// A Residual is a function r of a point x and of the rows y of the output there. It
// stores ∂r/∂y in g and ∂²r/∂y² in h, both triangles by rows; what is zero need not be
// stored. Many goroutines call it at once.
type Residual func(x, y, g, h []float64) float64

// A Region is a piece of a domain or of its boundary: the image of the unit cube.
type Region struct {
	Dim int // of the cube
	// Map stores in x the point that t, in the cube, stands for. It should keep
	// volumes up to a factor, so that even points stay even.
	Map func(x, t []float64)
}

// Rows is the number of rows of y in a group of the problem.
func (p *Problem) Rows(g *Group) int { return g.sides() * p.NumOutputs() * g.taylor(p.Dim()) }

// taylor is the number of rows of one unknown at one point.
func (g *Group) taylor(dim int) int {
	switch g.Order {
	case 0:
		return 1
	case 1:
		return 1 + dim
	}
	return 1 + dim + len(g.Operators)
}

// sides is the number of points that a residual looks at.
func (g *Group) sides() int {
	if g.Partner != nil {
		return 2
	}
	return 1
}

// residual is the residual k: 0 is Residual, and those of More follow.
func (g *Group) residual(k int) Residual {
	if k == 0 {
		return g.Residual
	}
	return g.More[k-1]
}

// Linear is the residual coef·y − f(x), of as many coefficients as rows; those left out
// at the end are zero. A nil f is zero.
func Linear(coef []float64, f func(x []float64) float64) Residual {
	return func(x, y, g, _ []float64) float64 {
		r := 0.0
		for i, c := range coef {
			r += c * y[i]
			g[i] = c
		}
		if f != nil {
			r -= f(x)
		}
		return r
	}
}

// Value is the residual u − f(x): a boundary condition of Dirichlet's kind, initial
// values or data.
func Value(f func(x []float64) float64) Residual { return Linear([]float64{1}, f) }

// Inside is the region of the whole box from lo to hi.
func Inside(lo, hi []float64) Region {
	return Region{len(lo), func(x, t []float64) {
		for i := range x {
			x[i] = lo[i] + t[i]*(hi[i]-lo[i])
		}
	}}
}

// Face is the part of the box from lo to hi where input i is at.
func Face(lo, hi []float64, i int, at float64) Region {
	return Region{len(lo) - 1, func(x, t []float64) {
		for k := range x {
			switch {
			case k < i:
				x[k] = lo[k] + t[k]*(hi[k]-lo[k])
			case k == i:
				x[k] = at
			default:
				x[k] = lo[k] + t[k-1]*(hi[k]-lo[k])
			}
		}
	}}
}

// Faces are both faces of the box for each of the given inputs.
func Faces(lo, hi []float64, inputs ...int) []Region {
	var all []Region
	for _, i := range inputs {
		all = append(all, Face(lo, hi, i, lo[i]), Face(lo, hi, i, hi[i]))
	}
	return all
}

// Layer is a region of the box from lo to hi, such as Inside or Face, with its points moved
// along input i to where it is at, as a boundary layer or a front of that width needs:
//
//	x_i = at + width sinh(s)
//
// with s as even as x_i was. The width must be positive. Far from both ends, at a distance
// l, about 0.9/ln(2l/width) of the points are within it, and they count for as much in
// the loss.
func Layer(r Region, lo, hi []float64, i int, at, width float64) Region {
	from, to := math.Asinh((lo[i]-at)/width), math.Asinh((hi[i]-at)/width)
	return Region{r.Dim, func(x, t []float64) {
		r.Map(x, t)
		s := (x[i] - lo[i]) / (hi[i] - lo[i])
		x[i] = math.Min(math.Max(at+width*math.Sinh(from+s*(to-from)), lo[i]), hi[i]) // rounding
	}}
}

// Opposite returns a Partner: the same point but for input i, which is at.
func Opposite(i int, at float64) func(x2, x []float64) {
	return func(x2, x []float64) {
		copy(x2, x)
		x2[i] = at
	}
}

// inside reports whether x is in the domain, up to rounding at its border.
func (p *Problem) inside(x []float64) bool {
	for i, v := range x {
		slack := 1e-12 * (math.Abs(p.Lo[i]) + math.Abs(p.Hi[i]))
		if !(v >= p.Lo[i]-slack && v <= p.Hi[i]+slack) {
			return false
		}
	}
	return p.Contains == nil || p.Contains(x)
}

// check reports the first thing wrong with the problem.
func (p *Problem) check() error {
	d := p.Dim()
	if d < 1 || len(p.Hi) != d || len(p.Inputs) != d {
		return fmt.Errorf("pde: %s: %d lower bounds, %d upper ones and %d names of inputs; there must be as many of each, at least one", p.Name, d, len(p.Hi), len(p.Inputs))
	}
	for i := range d {
		if !(p.Lo[i] < p.Hi[i]) || math.IsInf(p.Hi[i]-p.Lo[i], 0) {
			return fmt.Errorf("pde: %s: input %s goes from %g to %g", p.Name, p.Inputs[i], p.Lo[i], p.Hi[i])
		}
	}
	if n := len(p.Solution); n > 0 && n != p.NumOutputs() {
		return fmt.Errorf("pde: %s: a solution of %d functions for %d unknowns", p.Name, n, p.NumOutputs())
	}
	if len(p.Groups) == 0 {
		return fmt.Errorf("pde: %s: no group of points", p.Name)
	}
	for i := range p.Groups {
		if err := p.Groups[i].check(d); err != nil {
			return fmt.Errorf("pde: %s: group %s: %w", p.Name, p.Groups[i].Name, err)
		}
	}
	return nil
}

func (g *Group) check(d int) error {
	switch {
	case g.Order < 0 || g.Order > 2:
		return fmt.Errorf("Order is %d; it must be 0, 1 or 2", g.Order)
	case g.Order == 2 && len(g.Operators) == 0, g.Order < 2 && len(g.Operators) > 0:
		return fmt.Errorf("Order is %d with %d second-order operators; there are some with 2 and only with 2", g.Order, len(g.Operators))
	case g.Residual == nil || slices.ContainsFunc(g.More, func(r Residual) bool { return r == nil }):
		return fmt.Errorf("no residual")
	case !(g.Weight >= 0) || math.IsInf(g.Weight, 0):
		return fmt.Errorf("its weight is %g; it must be finite and at least 0", g.Weight)
	case (len(g.Regions) == 0) == (len(g.Points) == 0):
		return fmt.Errorf("%d regions and %d numbers of points; it needs one of both", len(g.Regions), len(g.Points))
	case len(g.Points)%d != 0:
		return fmt.Errorf("%d numbers are no points of %d inputs", len(g.Points), d)
	}
	for m, c := range g.Operators {
		if len(c) != d {
			return fmt.Errorf("operator %d has %d coefficients for %d inputs", m+1, len(c), d)
		}
	}
	for i := range g.Regions {
		if r := &g.Regions[i]; r.Map == nil || r.Dim < 0 {
			return fmt.Errorf("region %d has no map, or fewer than 0 dimensions", i+1)
		}
	}
	return nil
}
