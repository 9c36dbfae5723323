package pde

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"costate/la/vec"
	"costate/nn"
)

// A derivativesFunc stores φ(u), φ'(u), … in as many of the slices of p as are not
// nil, from the first one on. All are of the length of u and overlap with nothing.
type derivativesFunc func(p *[5][]float64, u []float64)

// smooth are the activations whose derivatives up to the fourth are known here. A
// second-order operator of the inputs needs two, the Jacobian of its residual three,
// and the second derivative along a step four.
var smooth = map[string]derivativesFunc{
	"tanh":     tanhDerivatives,
	"sine":     sineDerivatives,
	"sigmoid":  pointwise(sigmoidAt),
	"softplus": pointwise(softplusAt),
	"silu":     pointwise(siluAt),
	"gelu":     pointwise(geluAt),
}

// ActivationNames are the words for the activations that a network may have, sorted.
func ActivationNames() []string { return slices.Sorted(maps.Keys(smooth)) }

// ActivationByName returns the activation of that name. The error for one that is
// unknown, or has no four derivatives, lists those there are.
func ActivationByName(name string) (nn.Activation, error) {
	if _, ok := smooth[name]; !ok {
		return nil, fmt.Errorf("pde: no activation %q with four derivatives; there are %s", name, strings.Join(ActivationNames(), ", "))
	}
	return nn.ActivationByName(name)
}

// tanhDerivatives uses t = exp(−2|u|) as nn.Tanh does: φ' keeps its digits far out.
//
//	φ″ = −2φφ',  φ‴ = φ'(4φ² − 2φ'),  φ⁗ = φφ'(16φ' − 8φ²)
func tanhDerivatives(p *[5][]float64, u []float64) {
	if p[1] == nil {
		vec.Tanh(p[0], nil, u)
		return
	}
	vec.Tanh(p[0], p[1], u)
	f := p[0][:len(u)]
	d := p[1][:len(u)]
	for i, t := range d {
		q := 1 / (1 + t)
		d[i] = 4 * t * q * q
	}
	if p[2] != nil {
		d2 := p[2][:len(u)]
		for i, v := range f {
			d2[i] = -2 * v * d[i]
		}
	}
	if p[3] != nil {
		d3 := p[3][:len(u)]
		for i, v := range f {
			d3[i] = d[i] * (4*v*v - 2*d[i])
		}
	}
	if p[4] != nil {
		d4 := p[4][:len(u)]
		for i, v := range f {
			d4[i] = v * d[i] * (16*d[i] - 8*v*v)
		}
	}
}

func sineDerivatives(p *[5][]float64, u []float64) {
	for i, v := range u {
		s, c := math.Sincos(v)
		for k, d := range [5]float64{s, c, -s, -c, s} {
			if p[k] == nil {
				break
			}
			p[k][i] = d
		}
	}
}

// pointwise makes a derivativesFunc of a function of one number.
func pointwise(at func(u float64) [5]float64) derivativesFunc {
	return func(p *[5][]float64, u []float64) {
		for i, v := range u {
			for k, d := range at(v) {
				if p[k] == nil {
					break
				}
				p[k][i] = d
			}
		}
	}
}

// sigmoidAt uses σ' = σ(1−σ), of which every further derivative is a polynomial.
func sigmoidAt(u float64) [5]float64 {
	t := math.Exp(-math.Abs(u))
	q := 1 / (1 + t)
	s := q
	if u < 0 {
		s = t * q
	}
	d := t * q * q
	a := (1 - t) * q // |1 − 2σ|
	if u >= 0 {
		a = -a
	}
	return [5]float64{s, d, d * a, d * (1 - 6*d), d * a * (1 - 12*d)}
}

func softplusAt(u float64) [5]float64 {
	s := sigmoidAt(u)
	return [5]float64{max(u, 0) + math.Log1p(math.Exp(-math.Abs(u))), s[0], s[1], s[2], s[3]}
}

func siluAt(u float64) [5]float64 {
	s := sigmoidAt(u)
	return [5]float64{u * s[0], s[0] + u*s[1], 2*s[1] + u*s[2], 3*s[2] + u*s[3], 4*s[3] + u*s[4]}
}

// geluAt uses n' = −u n for the normal density n.
func geluAt(u float64) [5]float64 {
	c := 0.5 * math.Erfc(-u/math.Sqrt2)
	if math.Abs(u) > 40 { // beyond, n(u) u⁴ underflows
		return [5]float64{u * c, c}
	}
	n := math.Exp(-0.5*u*u) / math.Sqrt(2*math.Pi)
	v := u * u
	return [5]float64{u * c, c + u*n, (2 - v) * n, u * (v - 4) * n, (7*v - 4 - v*v) * n}
}
