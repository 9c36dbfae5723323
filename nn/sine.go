package nn

import "math"

// Sine is φ(u) = sin u, which suits functions that oscillate. Its name is "sine".
//
// Source: V. Sitzmann, J. N. P. Martel, A. W. Bergman, D. B. Lindell and G. Wetzstein,
// Implicit neural representations with periodic activation functions, arXiv:2006.09661.
var Sine Activation = sine{1}

// SineFrequency returns φ(u) = sin ωu.
func SineFrequency(omega float64) Activation { return sine{omega} }

type sine struct{ omega float64 }

func (a sine) Name() string { return named("sine", a.omega, 1) }

func (a sine) Eval(f, d1, d2, u []float64) {
	for i, v := range u {
		x := a.omega * v
		if math.IsInf(x, 0) { // the product overflows, φ does not
			x = math.Mod(v, 2*math.Pi/a.omega) * a.omega
		}
		s, c := math.Sincos(x)
		f[i] = s
		if d1 != nil {
			d1[i] = a.omega * c
		}
		if d2 != nil {
			d2[i] = -a.omega * a.omega * s
		}
	}
}
