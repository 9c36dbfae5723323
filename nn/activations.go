package nn

import (
	"math"

	"costate/la/vec"
)

// The activations of this package. Value and derivatives are accurate for every
// finite u: none overflows, and none gives a NaN, where φ is finite.
//
// Sources: D. Hendrycks and K. Gimpel, Gaussian Error Linear Units,
// arXiv:1606.08415 (GELU and SiLU).
var (
	Identity Activation = identity{} // φ(u) = u
	Tanh     Activation = tanh{}     // φ(u) = tanh u
	ReLU     Activation = relu{}     // φ(u) = max(u, 0), with φ'(0) = 0 and φ″ = 0
	GELU     Activation = gelu{}     // φ(u) = u Φ(u), Φ the normal distribution function (not the tanh approximation)
	SiLU     Activation = silu{}     // φ(u) = u σ(u)
	Sigmoid  Activation = sigmoid{}  // φ(u) = σ(u) = 1/(1+exp(−u))
	Softplus Activation = softplus{} // φ(u) = log(1+exp u)
)

type (
	identity struct{}
	tanh     struct{}
	relu     struct{}
	gelu     struct{}
	silu     struct{}
	sigmoid  struct{}
	softplus struct{}
)

func (identity) Name() string { return "identity" }
func (tanh) Name() string     { return "tanh" }
func (relu) Name() string     { return "relu" }
func (gelu) Name() string     { return "gelu" }
func (silu) Name() string     { return "silu" }
func (sigmoid) Name() string  { return "sigmoid" }
func (softplus) Name() string { return "softplus" }

func (identity) PiecewiseLinear() bool { return true }
func (relu) PiecewiseLinear() bool     { return true }

func (identity) Eval(f, d1, d2, u []float64) {
	copy(f, u)
	for i := range d1 {
		d1[i] = 1
	}
	clear(d2)
}

func (relu) Eval(f, d1, d2, u []float64) {
	if d1 != nil {
		d1 = d1[:len(u)]
		for i, v := range u {
			if v > 0 {
				d1[i] = 1
			} else {
				d1[i] = 0
			}
		}
	}
	clear(d2)
	for i, v := range u {
		f[i] = max(v, 0) // a NaN stays one
	}
}

// Eval uses t = exp(−2|u|): tanh' = 4t/(1+t)² keeps all digits of a derivative that
// 1 − tanh² would lose to cancellation.
func (tanh) Eval(f, d1, d2, u []float64) {
	if d1 == nil && d2 == nil {
		vec.Tanh(f, nil, u)
		return
	}
	d := d1
	if d == nil {
		d = d2
	}
	vec.Tanh(f, d, u)
	d = d[:len(u)]
	for i, t := range d {
		q := 1 / (1 + t)
		d[i] = 4 * t * q * q
	}
	if d2 != nil {
		for i, th := range f[:len(u)] {
			d2[i] = -2 * th * d[i]
		}
	}
}

// logistic returns σ(u), σ'(u) and σ″(u) from t = exp(−|u|).
func logistic(u float64) (s, ds, dds float64) {
	t := math.Exp(-math.Abs(u))
	q := 1 / (1 + t)
	ds = t * q * q
	dds = ds * (1 - t) * q // σ″ = σ'(1−2σ)
	if u >= 0 {
		return q, ds, -dds
	}
	return t * q, ds, dds
}

func (sigmoid) Eval(f, d1, d2, u []float64) {
	for i, v := range u {
		s, ds, dds := logistic(v)
		f[i] = s
		if d1 != nil {
			d1[i] = ds
		}
		if d2 != nil {
			d2[i] = dds
		}
	}
}

func (softplus) Eval(f, d1, d2, u []float64) {
	for i, v := range u {
		if d1 != nil || d2 != nil {
			s, ds, _ := logistic(v)
			if d1 != nil {
				d1[i] = s
			}
			if d2 != nil {
				d2[i] = ds
			}
		}
		f[i] = max(v, 0) + math.Log1p(math.Exp(-math.Abs(v)))
	}
}

func (silu) Eval(f, d1, d2, u []float64) {
	for i, v := range u {
		s, ds, dds := logistic(v)
		f[i] = v * s
		if d1 != nil {
			d1[i] = s + v*ds
		}
		if d2 != nil {
			d2[i] = 2*ds + v*dds
		}
	}
}

// Eval uses φ(u) = uΦ(u), φ' = Φ + u n(u), φ″ = (2 − u²) n(u), where n is the
// normal density and n' = −u n.
func (gelu) Eval(f, d1, d2, u []float64) {
	const invSqrt2Pi = 1 / (math.Sqrt2 * math.SqrtPi)
	for i, v := range u {
		c := 0.5 * math.Erfc(-v/math.Sqrt2)
		f[i] = v * c
		if d1 == nil && d2 == nil {
			continue
		}
		n := 0.0
		if math.Abs(v) < 40 { // beyond, n(u) u² underflows
			n = invSqrt2Pi * math.Exp(-0.5*v*v)
		} else {
			v = 0
		}
		if d1 != nil {
			d1[i] = c + v*n
		}
		if d2 != nil {
			d2[i] = (2 - v*v) * n
		}
	}
}
