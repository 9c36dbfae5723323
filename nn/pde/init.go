package pde

import (
	"math"
	"math/rand/v2"

	"costate/la/vec"
	"costate/nn"
)

// Init sets the parameters of a network for a problem at random. The weights of the
// first layer are normal with standard deviation gain/√d on a domain scaled to the cube
// from −1 to 1, and its biases b = −w·x₀, with x₀ uniform over the domain: so the units
// bend all over the domain, where with b = 0 they would all bend at the origin. Further
// weights have standard deviation gain/√fan-in, their biases are 0. The same seed gives
// the same parameters.
func Init(net *nn.Network, p *Problem, seed uint64, gain float64) {
	net.Init(seed, &nn.Init{Gain: gain})
	first, ok := net.Layers()[0].(*nn.Dense)
	if !ok {
		return
	}
	w, b := net.Weights(0)
	rng := rand.New(rand.NewPCG(seed, 1))
	d := p.Dim()
	for o := range first.Out {
		at := 0.0
		for i := range d {
			w[o*d+i] *= 2 / (p.Hi[i] - p.Lo[i])
			at += w[o*d+i] * (p.Lo[i] + rng.Float64()*(p.Hi[i]-p.Lo[i]))
		}
		if b != nil {
			b[o] = -at
		}
	}
}

// Exact returns the problem's solution at the points x, n×d, as n×outputs; nil if none is
// known.
func Exact(p *Problem, x []float64) []float64 {
	if p.Solution == nil {
		return nil
	}
	d, m := p.Dim(), p.NumOutputs()
	u := make([]float64, len(x)/d*m)
	for a := range u {
		at := a / m
		u[a] = p.Solution[a%m](x[at*d : (at+1)*d])
	}
	return u
}

// ErrorL2 is the relative error ‖u − u*‖ / ‖u*‖ of all unknowns over the points x, n×inputs,
// where the solution has the values exact, n×outputs (see Exact); NaN if there are none or
// the network cannot be evaluated.
func ErrorL2(net *nn.Network, x, exact []float64, ws *nn.Workspace) float64 {
	if exact == nil {
		return math.NaN()
	}
	u := make([]float64, len(exact))
	if err := net.Predict(u, x, len(x)/net.Inputs(), ws); err != nil {
		return math.NaN()
	}
	norm := vec.Norm2(exact)
	vec.Axpy(u, -1, exact)
	return vec.Norm2(u) / norm
}

// Fresh returns n uniform points of the domain, n×d, for ErrorL2. They are others than
// those of training with the same seed.
func Fresh(p *Problem, n int, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 0x6672657368))
	d := p.Dim()
	x := make([]float64, 0, n*d)
	for len(x) < n*d {
		at := x[len(x) : len(x)+d]
		for i := range at {
			at[i] = p.Lo[i] + rng.Float64()*(p.Hi[i]-p.Lo[i])
		}
		if p.inside(at) {
			x = x[:len(x)+d]
		}
	}
	return x
}
