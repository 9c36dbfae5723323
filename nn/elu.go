package nn

import "math"

// ELU is φ(u) = u for u > 0 and exp u − 1 elsewhere. Its name is "elu".
//
// Source: D.-A. Clevert, T. Unterthiner and S. Hochreiter, Fast and accurate deep
// network learning by exponential linear units, arXiv:1511.07289.
var ELU Activation = elu{1}

// ELUAlpha returns φ(u) = u for u > 0 and alpha (exp u − 1) elsewhere. At 0 the
// derivatives are those from the left, alpha.
func ELUAlpha(alpha float64) Activation { return elu{alpha} }

type elu struct{ alpha float64 }

func (a elu) Name() string { return named("elu", a.alpha, 1) }

func (a elu) Eval(f, d1, d2, u []float64) {
	for i, v := range u {
		value, slope, bend := v, 1.0, 0.0
		if !(v > 0) {
			value = a.alpha * math.Expm1(v)
			slope = a.alpha * math.Exp(v)
			bend = slope
		}
		f[i] = value
		if d1 != nil {
			d1[i] = slope
		}
		if d2 != nil {
			d2[i] = bend
		}
	}
}
