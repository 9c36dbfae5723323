package nn

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// eval returns φ, φ' and φ″ at u.
func eval(a Activation, u float64) (f, d1, d2 float64) {
	var v [3]float64
	a.Eval(v[:1], v[1:2], v[2:], []float64{u})
	return v[0], v[1], v[2]
}

func builtin(t testing.TB) []Activation {
	var all []Activation
	for _, name := range []string{"elu", "gelu", "gelu_tanh", "identity", "leaky_relu", "relu", "sigmoid", "silu", "sine", "softplus", "tanh"} {
		a, err := ActivationByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if a.Name() != name {
			t.Errorf("%q is named %q", name, a.Name())
		}
		all = append(all, a)
	}
	return append(all, LeakyReLUSlope(0.3), ELUAlpha(0.7), SoftplusBeta(3), SineFrequency(1.5))
}

// isKinked reports whether a derivative of a jumps at 0.
func isKinked(a Activation) bool {
	switch a.(type) {
	case relu, leakyReLU, elu:
		return true
	}
	return false
}

// Derivatives against fourth-order differences of the function before: their
// error is about h⁴ + u/h times the size of the function nearby, 1e-12.
func TestActivationDerivatives(t *testing.T) {
	const h = 1e-3
	for _, a := range builtin(t) {
		for u := -12.0; u < 12; u += 0.0371 {
			f, d1, d2 := eval(a, u)
			var q [2]float64
			for k, c := range map[float64]float64{1: 8, -1: -8, 2: -1, -2: 1} {
				g, e, _ := eval(a, u+k*h)
				q[0] += c * g / (12 * h)
				q[1] += c * e / (12 * h)
			}
			if isKinked(a) && math.Abs(u) < 2*h {
				continue
			}
			if math.Abs(q[0]-d1) > 1e-11*(1+math.Abs(f)) {
				t.Errorf("%s'(%g) = %v, differences give %v", a.Name(), u, d1, q[0])
			}
			if math.Abs(q[1]-d2) > 1e-11*(1+math.Abs(d1)) {
				t.Errorf("%s″(%g) = %v, differences give %v", a.Name(), u, d2, q[1])
			}
		}
	}
}

// Where derivatives are small they must still have correct digits, which
// differences cannot tell: expansions in t = exp(−u), computed with more bits.
func TestActivationTails(t *testing.T) {
	for _, u := range []float64{5, 20, 40, 300} {
		// σ' = t/(1+t)², tanh' = 4s/(1+s)² with s = t².
		small := func(u float64) float64 {
			x := new(big.Float).SetPrec(200).SetFloat64(math.Exp(-u))
			d := new(big.Float).SetPrec(200).Add(big.NewFloat(1), x)
			x.Quo(x, d)
			v, _ := x.Quo(x, d).Float64()
			return v
		}
		for _, sign := range []float64{1, -1} {
			for _, c := range []struct {
				name      string
				got, want float64
			}{
				{"sigmoid'", second(eval(Sigmoid, sign*u)), small(u)},
				{"softplus″", third(eval(Softplus, sign*u)), small(u)},
				{"tanh'", second(eval(Tanh, sign*u)), 4 * small(2*u)},
			} {
				// exp itself is right to an ulp of its argument at best.
				if math.Abs(c.got-c.want) > 4e-16*(4+u)*c.want {
					t.Errorf("%s(%g) = %v, want %v", c.name, sign*u, c.got, c.want)
				}
			}
		}
		if f, _, _ := eval(Sigmoid, -u); math.Abs(f-math.Exp(-u)/(1+math.Exp(-u))) > 4e-16*f {
			t.Errorf("sigmoid(%g) = %v", -u, f)
		}
		if f, _, _ := eval(Softplus, -u); math.Abs(f-math.Log1p(math.Exp(-u))) > 4e-16*f {
			t.Errorf("softplus(%g) = %v", -u, f)
		}
	}
	// GELU's tail is u·erfc, not 1 − something: −5 Φ(−5), from tables of erfc.
	if f, _, _ := eval(GELU, -5); math.Abs(f+1.4332578593e-6) > 1e-15 {
		t.Errorf("gelu(−5) = %v", f)
	}
}

func second(_, x, _ float64) float64 { return x }
func third(_, _, x float64) float64  { return x }

func TestActivationExtremes(t *testing.T) {
	for _, a := range builtin(t) {
		for _, u := range []float64{0, 5e-324, 1e-300, 1e-8, 30, 40, 700, 710, 1e3, 1e8, 1e160, math.MaxFloat64} {
			for _, s := range []float64{1, -1} {
				f, d1, d2 := eval(a, s*u)
				if f*0 != 0 || d1*0 != 0 || d2*0 != 0 {
					t.Errorf("%s at %g: %v, %v, %v", a.Name(), s*u, f, d1, d2)
				}
			}
		}
		for _, u := range []float64{1e3, 1e300} {
			f, d1, d2 := eval(a, u)
			if _, ok := a.(sine); ok {
				if math.Abs(f) > 1 {
					t.Errorf("%s at %g: %v", a.Name(), u, f)
				}
				continue
			}
			var want [2]float64 // value and slope far right
			switch a.Name() {
			case "sigmoid", "tanh":
				want = [2]float64{1, 0}
			default:
				want = [2]float64{u, 1}
			}
			if f != want[0] || d1 != want[1] || d2 != 0 {
				t.Errorf("%s at %g: %v, %v, %v", a.Name(), u, f, d1, d2)
			}
		}
		if f, _, _ := eval(a, math.NaN()); !math.IsNaN(f) {
			t.Errorf("%s hides a NaN", a.Name())
		}
	}
}

// The value may not depend on which derivatives are asked for, and may
// overwrite its argument.
func TestActivationEvalForms(t *testing.T) {
	u := []float64{-1e3, -3, -0.56, -0.54, -0.1, 0, 0.1, 0.54, 0.56, 3, 50}
	n := len(u)
	for _, a := range builtin(t) {
		f, d1, d2 := make([]float64, n), make([]float64, n), make([]float64, n)
		a.Eval(f, d1, d2, u)
		g, e := make([]float64, n), make([]float64, n)
		check := func(form string, got, want []float64) {
			for i := range got {
				if math.Abs(got[i]-want[i]) > 4e-16*math.Abs(want[i]) {
					t.Errorf("%s, %s: %v, want %v at %v", a.Name(), form, got[i], want[i], u[i])
				}
			}
		}
		a.Eval(g, nil, nil, u)
		check("value only", g, f)
		a.Eval(g, e, nil, u)
		check("without φ″", e, d1)
		a.Eval(g, nil, e, u)
		check("without φ'", e, d2)
		copy(g, u)
		a.Eval(g, e, nil, g)
		check("in place", g, f)
		check("in place, slope", e, d1)
	}
}

func TestRegistry(t *testing.T) {
	for want, a := range map[string]Activation{"leaky_relu": LeakyReLUSlope(0.01), "leaky_relu(0.2)": LeakyReLUSlope(0.2), "elu(0.5)": ELUAlpha(0.5), "softplus": SoftplusBeta(1), "softplus(2)": SoftplusBeta(2)} {
		if a.Name() != want {
			t.Errorf("%q is named %q", want, a.Name())
		}
	}
	if _, err := ActivationByName("swish"); err == nil || !strings.Contains(err.Error(), `"swish"; known are elu, gelu, gelu_tanh, identity, leaky_relu, relu, sigmoid, silu, sine, softplus, tanh`) {
		t.Error(err)
	}
	cube := NewActivation("cube", func(u float64) (f, d1, d2 float64) { return u * u * u, 3 * u * u, 6 * u })
	if err := RegisterActivation(cube); err != nil {
		t.Fatal(err)
	}
	defer func() {
		registry.Lock()
		delete(registry.m, "cube")
		registry.Unlock()
	}()
	if a, err := ActivationByName("cube"); err != nil || a != cube {
		t.Error(a, err)
	}
	if !slices.Contains(ActivationNames(), "cube") {
		t.Error("cube is not among the names")
	}
	if RegisterActivation(cube) == nil || RegisterActivation(NewActivation("", nil)) == nil {
		t.Error("no error for a name that is taken or empty")
	}
	if f, d1, d2 := eval(cube, 2); f != 8 || d1 != 12 || d2 != 12 {
		t.Error(f, d1, d2)
	}
}
