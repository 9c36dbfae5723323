package nn

import "math"

// Sine is φ(u) = sin u. Its name is "sine".
//
// Source: V. Sitzmann et al., Implicit neural representations with periodic activation
// functions, arXiv:2006.09661.
var Sine Activation = sine{1}

// SineFrequency returns φ(u) = sin ωu.
func SineFrequency(omega float64) Activation { return sine{omega} }

type sine struct{ omega float64 }

func (a sine) Name() string { return named("sine", a.omega, 1) }

func (a sine) Eval(f, d1, d2, u []float64) {
	for i, v := range u {
		s, c := math.Sincos(a.omega * v)
		f[i] = s
		if d1 != nil {
			d1[i] = a.omega * c
		}
		if d2 != nil {
			d2[i] = -a.omega * a.omega * s
		}
	}
}
