package pde

import "math"

// Heat1D is u_t = ¼ u_xx for x and t from 0 to 1, with u = 0 at both ends and u = sin πx
// at the beginning. Its exact solution is u = exp(−π²t/4) sin πx.
func Heat1D() *Problem {
	return heat("heat-1d", []string{"x", "t"}, func(x []float64) float64 {
		return math.Exp(-math.Pi*math.Pi*x[1]/4) * math.Sin(math.Pi*x[0])
	})
}

// Heat4D is u_t = ¼ Δu on the unit cube of four dimensions, t from 0 to 1, with u given
// on the boundary and at the beginning. Its exact solution is u = exp(−t) Σ sin 2x_i.
func Heat4D() *Problem {
	return heat("heat-4d", []string{"x1", "x2", "x3", "x4", "t"}, func(x []float64) float64 {
		s := 0.0
		for _, v := range x[:4] {
			s += math.Sin(2 * v)
		}
		return math.Exp(-x[4]) * s
	})
}

// heat is u_t = ¼ Δu, t the last input, on the unit cube.
func heat(name string, inputs []string, u func(x []float64) float64) *Problem {
	d := len(inputs)
	lo, hi, laplace := make([]float64, d), make([]float64, d), make([]float64, d)
	var space []int
	for i := range d {
		hi[i] = 1
		if i < d-1 {
			laplace[i] = 1
			space = append(space, i)
		}
	}
	coef := make([]float64, d+2)
	coef[d], coef[d+1] = 1, -0.25
	return &Problem{
		Name: name, Inputs: inputs, Lo: lo, Hi: hi, Solution: []func([]float64) float64{u}, Source: "exact; as in " + kfacSource,
		Groups: []Group{
			{Name: "interior", Order: 2, Operators: [][]float64{laplace}, Residual: Linear(coef, nil), Regions: []Region{Inside(lo, hi)}},
			{Name: "boundary", Weight: conditionWeight, Residual: Value(u), Regions: Faces(lo, hi, space...)},
			{Name: "initial", Weight: conditionWeight, Residual: Value(u), Regions: []Region{Face(lo, hi, d-1, 0)}},
		},
	}
}
