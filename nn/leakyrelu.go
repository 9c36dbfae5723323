package nn

import "fmt"

// LeakyReLU is φ(u) = u for u > 0 and 0.01 u elsewhere. Its name is "leaky_relu".
var LeakyReLU Activation = leakyReLU{0.01}

// LeakyReLUSlope returns φ(u) = u for u > 0 and slope·u elsewhere, with φ'(0) = slope
// and φ″ = 0.
func LeakyReLUSlope(slope float64) Activation { return leakyReLU{slope} }

type leakyReLU struct{ slope float64 }

func (a leakyReLU) Name() string          { return named("leaky_relu", a.slope, 0.01) }
func (a leakyReLU) PiecewiseLinear() bool { return true }

func (a leakyReLU) Eval(f, d1, d2, u []float64) {
	clear(d2)
	for i, v := range u {
		d := 1.0
		if !(v > 0) {
			d = a.slope
		}
		f[i] = d * v
		if d1 != nil {
			d1[i] = d
		}
	}
}

// named is the name of an activation with an argument, which is left out where it is
// the usual one.
func named(name string, arg, usual float64) string {
	if arg == usual {
		return name
	}
	return fmt.Sprintf("%s(%g)", name, arg)
}
