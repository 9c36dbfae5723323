package nn

import "math"

// GELUTanh is the approximation of GELU by tanh that many models are trained with,
//
//	φ(u) = ½ u (1 + tanh v) = u σ(2v),   v = √(2/π) (u + 0.044715 u³)
//
// with its own derivatives, not those of GELU. Its name is "gelu_tanh".
//
// Source: D. Hendrycks and K. Gimpel, Gaussian Error Linear Units,
// arXiv:1606.08415, section 2.
var GELUTanh Activation = geluTanh{}

type geluTanh struct{}

func (geluTanh) Name() string { return "gelu_tanh" }

func (geluTanh) Eval(f, d1, d2, u []float64) {
	const (
		cubic = 0.044715
		scale = 2 * math.Sqrt2 / math.SqrtPi // of 2v
		far   = 30                           // beyond, σ(2v) is 0 or 1 to the last bit
	)
	for i, x := range u {
		if math.Abs(x) > far {
			step := 0.0
			if x > 0 {
				step = 1
			}
			f[i] = x * step
			if d1 != nil {
				d1[i] = step
			}
			if d2 != nil {
				d2[i] = 0
			}
			continue
		}
		w, dw, ddw := scale*(x+cubic*x*x*x), scale*(1+3*cubic*x*x), scale*6*cubic*x
		s, ds, dds := logistic(w)
		f[i] = x * s
		if d1 != nil {
			d1[i] = s + x*ds*dw
		}
		if d2 != nil {
			d2[i] = 2*ds*dw + x*(dds*dw*dw+ds*ddw)
		}
	}
}
