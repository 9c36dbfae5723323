package pde

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
)

// The inputs x and t of the problems below, x from −1 to 1 and t from 0 to 1.
var (
	waveInputs     = []string{"x", "t"}
	waveLo, waveHi = []float64{-1, 0}, []float64{1, 1}
)

// Burgers is u_t + u u_x = ν u_xx, ν = 0.01/π, for x from −1 to 1 and t from 0 to 1, with u = 0
// at both ends and u = −sin πx at the beginning, which becomes steep at x = 0. Its
// exact solution is the quotient of two integrals of J. D. Cole and E. Hopf, evaluated
// by Gauss–Hermite quadrature. Points gather at x = 0: even ones leave out where all
// happens.
func Burgers() *Problem {
	const nu = 0.01 / math.Pi
	front := func(r Region) Region { return Layer(r, waveLo, waveHi, 0, 0, 2*nu) }
	equation := func(_, y, g, h []float64) float64 {
		u, ux, ut, uxx := y[0], y[1], y[2], y[3]
		g[0], g[1], g[2], g[3] = ux, u, 1, -nu
		h[0*4+1], h[1*4+0] = 1, 1
		return ut + u*ux - nu*uxx
	}
	initial := func(x []float64) float64 { return -math.Sin(math.Pi * x[0]) }
	return &Problem{
		Name: "burgers", Inputs: waveInputs, Lo: waveLo, Hi: waveHi, Solution: []func([]float64) float64{coleHopf(nu)},
		Source: "exact, by Cole and Hopf's integrals; C. Basdevant et al., Spectral and finite difference solutions of the Burgers equation, Comput. Fluids 14 (1986)",
		Groups: []Group{
			{Name: "interior", Order: 2, Operators: [][]float64{{1, 0}}, Residual: equation, Regions: []Region{front(Inside(waveLo, waveHi))}},
			{Name: "boundary", Weight: conditionWeight, Residual: Value(nil), Regions: Faces(waveLo, waveHi, 0)},
			{Name: "initial", Weight: conditionWeight, Residual: Value(initial), Regions: []Region{front(Face(waveLo, waveHi, 1, 0))}},
		},
	}
}

// hermiteNodes is the number of nodes for Cole and Hopf's integrals; TestSolutions sees
// that the equation holds.
const hermiteNodes = 120

// coleHopf is the solution of Burgers' equation that begins as −sin πx,
//
//	u = −∫ sin πy f(y) G dη / ∫ f(y) G dη,  y = x − 2√(νt) η,  f = exp(−cos πy / 2πν),  G = exp(−η²)
func coleHopf(nu float64) func(x []float64) float64 {
	eta, w := make([]float64, hermiteNodes), make([]float64, hermiteNodes)
	quad.Hermite{}.FixedLocations(eta, w, math.Inf(-1), math.Inf(1))
	return func(x []float64) float64 {
		if x[1] <= 0 {
			return -math.Sin(math.Pi * x[0])
		}
		width := 2 * math.Sqrt(nu*x[1])
		top, bottom := 0.0, 0.0
		for i, e := range eta {
			y := math.Pi * (x[0] - width*e)
			f := w[i] * math.Exp(-(1+math.Cos(y))/(2*math.Pi*nu)) // 1 keeps it from overflow
			top += f * math.Sin(y)
			bottom += f
		}
		return -top / bottom
	}
}

// AllenCahn is u_t = ε u_xx + u − u³, ε = 0.01, for x from −1 to 1 and t from 0 to 1, with u
// given at both ends and at the beginning. Its exact solution is the travelling front
// u = ½ − ½ tanh(x/√(8ε) − ¾t).
func AllenCahn() *Problem {
	const eps = 0.01
	equation := func(_, y, g, h []float64) float64 {
		u, ut, uxx := y[0], y[2], y[3]
		g[0], g[2], g[3] = 3*u*u-1, 1, -eps
		h[0] = 6 * u
		return ut - eps*uxx - u + u*u*u
	}
	front := func(x []float64) float64 { return 0.5 - 0.5*math.Tanh(x[0]/math.Sqrt(8*eps)-0.75*x[1]) }
	return &Problem{
		Name: "allen-cahn", Inputs: waveInputs, Lo: waveLo, Hi: waveHi, Solution: []func([]float64) float64{front},
		Source: "exact: a travelling front",
		Groups: []Group{
			{Name: "interior", Order: 2, Operators: [][]float64{{1, 0}}, Residual: equation, Regions: []Region{Inside(waveLo, waveHi)}},
			{Name: "boundary", Weight: conditionWeight, Residual: Value(front), Regions: Faces(waveLo, waveHi, 0)},
			{Name: "initial", Weight: conditionWeight, Residual: Value(front), Regions: []Region{Face(waveLo, waveHi, 1, 0)}},
		},
	}
}

// Helmholtz is Δu + u = f on the square from −1 to 1, with u = 0 on its boundary and f such that
// the solution is u = sin πx sin 4πy: it was chosen first, and f made from it.
func Helmholtz() *Problem {
	lo, hi := []float64{-1, -1}, []float64{1, 1}
	u := func(x []float64) float64 { return math.Sin(math.Pi*x[0]) * math.Sin(4*math.Pi*x[1]) }
	f := func(x []float64) float64 { return (1 - 17*math.Pi*math.Pi) * u(x) }
	return &Problem{
		Name: "helmholtz", Inputs: []string{"x", "y"}, Lo: lo, Hi: hi, Solution: []func([]float64) float64{u},
		Source: "manufactured; S. Wang, Y. Teng and P. Perdikaris, Understanding and mitigating gradient pathologies in physics-informed neural networks, arXiv:2001.04536",
		Groups: []Group{
			{Name: "interior", Order: 2, Operators: [][]float64{{1, 1}}, Residual: Linear([]float64{1, 0, 0, 1}, f), Regions: []Region{Inside(lo, hi)}},
			{Name: "boundary", Weight: conditionWeight, Residual: Value(nil), Regions: Faces(lo, hi, 0, 1)},
		},
	}
}

// Convection is u_t + 30 u_x = 0 for x from 0 to 2π and t from 0 to 1, u periodic in x, with
// u = sin x at the beginning. Its exact solution is u = sin(x − 30t). It has no second
// derivatives.
func Convection() *Problem {
	const speed = 30
	lo, hi := []float64{0, 0}, []float64{2 * math.Pi, 1}
	u := func(x []float64) float64 { return math.Sin(x[0] - speed*x[1]) }
	return &Problem{
		Name: "convection", Inputs: waveInputs, Lo: lo, Hi: hi, Solution: []func([]float64) float64{u},
		Source: "exact; A. S. Krishnapriyan et al., Characterizing possible failure modes in physics-informed neural networks, arXiv:2109.01050",
		Groups: []Group{
			{Name: "interior", Order: 1, Residual: Linear([]float64{0, speed, 1}, nil), Regions: []Region{Inside(lo, hi)}},
			{Name: "periodic", Weight: conditionWeight, Residual: Linear([]float64{1, -1}, nil), Regions: []Region{Face(lo, hi, 0, lo[0])}, Partner: Opposite(0, hi[0])},
			{Name: "initial", Weight: conditionWeight, Residual: Value(u), Regions: []Region{Face(lo, hi, 1, 0)}},
		},
	}
}
