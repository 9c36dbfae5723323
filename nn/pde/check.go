package pde

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// A DerivativeError says that a residual's derivative is not what differences of the
// residual say.
type DerivativeError struct {
	Problem, Group string
	Residual       int    // of the group, from 0
	What           string // the derivative, such as ∂r/∂(D_x u)
	Given          float64
	Difference     float64
	X, Y           []float64 // where
}

func (e *DerivativeError) Error() string {
	group := e.Group
	if e.Residual > 0 {
		group += fmt.Sprintf(", residual %d", e.Residual+1)
	}
	return fmt.Sprintf("pde: %s: group %s: %s is %.6g, by differences %.6g, at x = %.4g with the rows %.4g", e.Problem, group, e.What, e.Given, e.Difference, e.X, e.Y)
}

const (
	// checkPoints is how many random points Check looks at in each group.
	checkPoints = 8

	// checkStep is the step of its differences, of sixth order, and checkTolerance the
	// error that they may have: checkStep⁶ and the rounding of 1e-16 over checkStep are
	// far below it where the residual's higher derivatives are not extreme.
	checkStep      = 5e-3
	checkTolerance = 1e-6
)

// Check compares the derivatives that the problem's residuals give with differences, at
// random points and rows. The error is a *DerivativeError for the first one that is
// wrong, or says what else is wrong with the problem. A residual written by hand should be
// checked once: with a wrong derivative training does not fail, it only gets nowhere.
func Check(p *Problem) error {
	if err := p.check(); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range p.Groups {
		g := &p.Groups[i]
		for k := range checkPoints {
			x := make([]float64, p.Dim())
			if n := len(g.Points) / len(x); n > 0 {
				copy(x, g.Points[k%n*len(x):])
			} else {
				reg := &g.Regions[k%len(g.Regions)]
				t := make([]float64, reg.Dim)
				for j := range t {
					t[j] = rng.Float64()
				}
				reg.Map(x, t)
			}
			y := make([]float64, p.Rows(g))
			for j := range y {
				y[j] = rng.NormFloat64()
			}
			for r := range 1 + len(g.More) {
				if err := p.checkAt(g, r, x, y); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkAt compares one residual at one point.
func (p *Problem) checkAt(group *Group, index int, x, y []float64) error {
	n := len(y)
	at := func(y []float64) (r float64, g, h []float64) {
		g, h = make([]float64, n), make([]float64, n*n)
		r = group.residual(index)(x, y, g, h)
		return r, g, h
	}
	_, g, h := at(y)
	wrong := func(what string, given, difference, scale float64) error {
		if math.Abs(given-difference) <= checkTolerance*(1+scale) {
			return nil
		}
		return &DerivativeError{p.Name, group.Name, index, what, given, difference, x, y}
	}
	for i := range n {
		var r [7]float64
		var dg [7][]float64
		scale := 0.0
		for k := range r {
			z := append([]float64{}, y...)
			z[i] += float64(k-3) * checkStep
			r[k], dg[k], _ = at(z)
			scale = math.Max(scale, math.Abs(r[k]))
		}
		name := p.rowName(group, i)
		if err := wrong("∂r/∂"+name, g[i], slope(func(k int) float64 { return r[k] }), scale); err != nil {
			return err
		}
		for j := range n {
			d := slope(func(k int) float64 { return dg[k][j] })
			for _, given := range [2]float64{h[i*n+j], h[j*n+i]} {
				if err := wrong(fmt.Sprintf("∂²r/∂%s∂%s", name, p.rowName(group, j)), given, d, math.Abs(g[j])); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// slope is the derivative of values that are checkStep apart, in the middle of seven.
func slope(v func(k int) float64) float64 {
	return (45*(v(4)-v(2)) - 9*(v(5)-v(1)) + v(6) - v(0)) / (60 * checkStep)
}

// rowName is the name of a row in messages; one at a partner has a prime.
func (p *Problem) rowName(g *Group, i int) string {
	d, rows := p.Dim(), g.taylor(p.Dim())
	u := "u"
	if len(p.Outputs) > 0 {
		u = p.Outputs[i/rows%len(p.Outputs)]
	}
	if i >= rows*p.NumOutputs() {
		u += "′"
	}
	switch r := i % rows; {
	case r == 0:
		return u
	case r <= d:
		return "(D_" + p.Inputs[r-1] + " " + u + ")"
	case len(g.Operators) == 1:
		return "(L" + u + ")"
	default:
		return fmt.Sprintf("(L_%d %s)", r-d, u)
	}
}
