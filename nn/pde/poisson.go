package pde

import "math"

// Poisson2D is −Δu = 2π² sin πx sin πy on the unit square with u = 0 on its boundary.
// Its exact solution is u = sin πx sin πy.
func Poisson2D() *Problem {
	u := func(x []float64) float64 { return math.Sin(math.Pi*x[0]) * math.Sin(math.Pi*x[1]) }
	return poisson("poisson-2d", []string{"x", "y"}, u, func(x []float64) float64 { return 2 * math.Pi * math.Pi * u(x) })
}

// Poisson5D is −Δu = π² Σ cos πx_i on the unit cube of five dimensions with u = Σ cos
// πx_i on its boundary, which is the solution everywhere.
func Poisson5D() *Problem {
	u := func(x []float64) float64 {
		s := 0.0
		for _, v := range x {
			s += math.Cos(math.Pi * v)
		}
		return s
	}
	return poisson("poisson-5d", []string{"x1", "x2", "x3", "x4", "x5"}, u, func(x []float64) float64 { return math.Pi * math.Pi * u(x) })
}

// poisson is −Δu = f on the unit cube with u given on its boundary.
func poisson(name string, inputs []string, u, f func(x []float64) float64) *Problem {
	d := len(inputs)
	lo, hi, laplace, all := make([]float64, d), make([]float64, d), make([]float64, d), make([]int, d)
	for i := range d {
		hi[i], laplace[i], all[i] = 1, 1, i
	}
	coef := make([]float64, d+2)
	coef[d+1] = -1
	return &Problem{
		Name: name, Inputs: inputs, Lo: lo, Hi: hi, Solution: []func([]float64) float64{u},
		Source: "exact; as in " + kfacSource,
		Groups: []Group{
			{Name: "interior", Order: 2, Operators: [][]float64{laplace}, Residual: Linear(coef, f), Regions: []Region{Inside(lo, hi)}},
			{Name: "boundary", Weight: conditionWeight, Residual: Value(u), Regions: Faces(lo, hi, all...)},
		},
	}
}
