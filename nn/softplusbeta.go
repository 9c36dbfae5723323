package nn

import "math"

// SoftplusBeta returns φ(u) = log(1 + exp βu) / β for a β > 0: the greater, the
// closer to ReLU. Its name is "softplus" for β = 1.
func SoftplusBeta(beta float64) Activation {
	if beta == 1 {
		return Softplus
	}
	return softplusBeta{beta}
}

type softplusBeta struct{ beta float64 }

func (a softplusBeta) Name() string { return named("softplus", a.beta, 1) }

func (a softplusBeta) Eval(f, d1, d2, u []float64) {
	for i, v := range u {
		s, ds, _ := logistic(a.beta * v)
		if d1 != nil {
			d1[i] = s
		}
		if d2 != nil {
			d2[i] = a.beta * ds
		}
		f[i] = max(v, 0) + math.Log1p(math.Exp(-math.Abs(a.beta*v)))/a.beta
	}
}
