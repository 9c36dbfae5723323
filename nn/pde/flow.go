package pde

import "math"

// Kovasznay is the steady flow behind a grid, by the Navier–Stokes equations in the plane,
//
//	u u_x + v u_y + p_x = Δu/Re,   u v_x + v v_y + p_y = Δv/Re,   u_x + v_y = 0
//
// at Re = 40, for x from −½ to 1 and y from −½ to 1½, with u and v given on the boundary
// and p where the fluid leaves, at x = 1. With λ = Re/2 − √(Re²/4 + 4π²) its exact solution is
//
//	u = 1 − exp(λx) cos 2πy,   v = λ/2π exp(λx) sin 2πy,   p = ½ − ½ exp(2λx)
func Kovasznay() *Problem {
	const re = 40
	lambda := re/2 - math.Sqrt(re*re/4+4*math.Pi*math.Pi)
	lo, hi := []float64{-0.5, -0.5}, []float64{1, 1.5}
	u := func(x []float64) float64 { return 1 - math.Exp(lambda*x[0])*math.Cos(2*math.Pi*x[1]) }
	v := func(x []float64) float64 {
		return lambda / (2 * math.Pi) * math.Exp(lambda*x[0]) * math.Sin(2*math.Pi*x[1])
	}
	p := func(x []float64) float64 { return 0.5 - 0.5*math.Exp(2*lambda*x[0]) }
	// The rows are f, f_x, f_y and Δf of u, then of v, then of p.
	const rowU, rowV, rowP, rows = 0, 4, 8, 12
	momentum := func(w, pressure int) Residual { // w the first row of the component, pressure that of its slope
		return func(_, y, g, h []float64) float64 {
			u, v := y[rowU], y[rowV]
			g[rowU] += y[w+1]
			g[rowV] += y[w+2]
			g[w+1], g[w+2], g[w+3], g[pressure] = u, v, -1.0/re, 1
			for _, at := range [2][2]int{{rowU, w + 1}, {rowV, w + 2}} {
				h[at[0]*rows+at[1]], h[at[1]*rows+at[0]] = 1, 1
			}
			return u*y[w+1] + v*y[w+2] + y[pressure] - y[w+3]/re
		}
	}
	return &Problem{
		Name: "kovasznay", Inputs: []string{"x", "y"}, Outputs: []string{"u", "v", "p"}, Lo: lo, Hi: hi,
		Solution: []func([]float64) float64{u, v, p},
		Source:   "exact; L. I. G. Kovasznay, Laminar flow behind a two-dimensional grid, Math. Proc. Cambridge Philos. Soc. 44 (1948)",
		Groups: []Group{
			{Name: "interior", Order: 2, Operators: [][]float64{{1, 1}}, Regions: []Region{Inside(lo, hi)},
				Residual: momentum(rowU, rowP+1), More: []Residual{momentum(rowV, rowP+2), Linear([]float64{rowU + 1: 1, rowV + 2: 1}, nil)}},
			{Name: "boundary", Weight: conditionWeight, Residual: Value(u), More: []Residual{Linear([]float64{0, 1}, v)}, Regions: Faces(lo, hi, 0, 1)},
			{Name: "outflow", Weight: conditionWeight, Residual: Linear([]float64{0, 0, 1}, p), Regions: []Region{Face(lo, hi, 0, hi[0])}},
		},
	}
}
