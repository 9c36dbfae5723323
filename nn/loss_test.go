package nn

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"costate/la/vec"
)

// sample returns loss, gradient and Hessian in full.
func sample(l Loss, z, t []float64) (float64, []float64, []float64) {
	c := len(z)
	g, h := make([]float64, c), make([]float64, c*c)
	if l.Diagonal() {
		d := make([]float64, c)
		v := l.Sample(g, d, z, t)
		for i := range d {
			h[i*c+i] = d[i]
		}
		return v, g, h
	}
	v := l.Sample(g, h, z, t)
	return v, g, h
}

func randomTarget(l Loss, c int, rng *rand.Rand, label bool) []float64 {
	t := make([]float64, c)
	if label {
		setLabel(t, rng.IntN(max(2, c)))
		return t
	}
	for i := range t {
		t[i] = rng.Float64()
		if l == SquaredError {
			t[i] = rng.NormFloat64()
		}
	}
	return t
}

func TestLossDerivatives(t *testing.T) {
	const h = 1e-3
	rng := rand.New(rand.NewPCG(1, 1))
	for _, l := range []Loss{CrossEntropy, SquaredError, SigmoidCrossEntropy} {
		for trial := range 60 {
			c := 1 + trial%4
			z, tt := make([]float64, c), randomTarget(l, c, rng, trial%2 == 0)
			for i := range z {
				z[i] = 2 * rng.NormFloat64()
			}
			v, g, hess := sample(l, z, tt)
			if l.Sample(nil, nil, z, tt) != v {
				t.Errorf("%s: the loss depends on what else is asked for", l.Name())
			}
			only := make([]float64, len(hess))
			if l.Diagonal() {
				only = only[:c]
			}
			l.Sample(nil, only, z, tt)
			for i := range c {
				diag, at := only, i
				if !l.Diagonal() {
					at = i*c + i
				}
				if diag[at] != hess[i*c+i] {
					t.Errorf("%s: the Hessian depends on the gradient being asked for", l.Name())
				}
			}
			for i := range c {
				var d float64
				dg := make([]float64, c)
				for k, w := range map[float64]float64{1: 8, -1: -8, 2: -1, -2: 1} {
					z2 := append([]float64(nil), z...)
					z2[i] += k * h
					f, gk, _ := sample(l, z2, tt)
					d += w * f / (12 * h)
					for j := range dg {
						dg[j] += w * gk[j] / (12 * h)
					}
				}
				if math.Abs(d-g[i]) > 1e-10*(1+v) {
					t.Errorf("%s: gradient %v, differences %v", l.Name(), g[i], d)
				}
				for j := range dg {
					if math.Abs(dg[j]-hess[i*c+j]) > 1e-10*(1+norm(g)) {
						t.Errorf("%s: Hessian %v, differences %v", l.Name(), hess[i*c+j], dg[j])
					}
				}
			}
		}
	}
}

// Values worked out by hand, with PyTorch's default reductions.
func TestLossConventions(t *testing.T) {
	batch := func(labels []int, targets, weights []float64) *Batch {
		return &Batch{N: 2, X: []float64{1, 2, 0, -1}, Labels: labels, T: targets, Weights: weights}
	}
	for _, c := range []struct {
		name string
		loss Loss
		b    *Batch
		want float64
	}{
		// The network is the identity, so that outputs are inputs.
		{"ce", CrossEntropy, batch([]int{0, 0}, nil, nil), (math.Log(1+math.E) + math.Log(1+1/math.E)) / 2},
		{"ce, weights", CrossEntropy, batch([]int{0, 0}, nil, []float64{3, 0}), 3 * math.Log(1+math.E) / 2},
		{"ce, probabilities", CrossEntropy, batch(nil, []float64{0.5, 0.5, 1, 0}, nil), ((0.5*math.Log(1+math.E) + 0.5*math.Log(1+1/math.E)) + math.Log(1+1/math.E)) / 2},
		{"mse", SquaredError, batch(nil, []float64{0, 0, 0, 1}, nil), (1.0 + 4 + 0 + 4) / 4},
		{"mse, labels", SquaredError, batch([]int{0, 1}, nil, nil), (0.0 + 4 + 0 + 4) / 4},
		{"bce", SigmoidCrossEntropy, batch(nil, []float64{1, 0, 0.5, 0}, nil),
			(math.Log(1+math.Exp(-1)) + math.Log(1+math.Exp(2)) + math.Log(2) + math.Log(1+math.Exp(-1))) / 4},
	} {
		net := mustNet(t, 2, c.loss, &Dense{Out: 2})
		net.SetParams([]float64{1, 0, 0, 1})
		got, err := net.Loss(c.b, nil)
		if err != nil || math.Abs(got-c.want) > 4e-16*c.want {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
}

func TestLossExtremes(t *testing.T) {
	for _, l := range []Loss{CrossEntropy, SigmoidCrossEntropy} {
		for _, z := range [][]float64{{1e3, -1e3}, {-1e3, 1e3}, {1e300, -1e300}, {1e300, 1e300}, {0, 0}, {-800, -1600}} {
			for _, tt := range [][]float64{{1, 0}, {0, 1}, {0.5, 0.5}, {0, 0}} {
				v, g, h := sample(l, z, tt)
				if v*0 != 0 || vec.FirstNotFinite(g) >= 0 || vec.FirstNotFinite(h) >= 0 || v < 0 {
					t.Errorf("%s of %v for %v: %v %v %v", l.Name(), z, tt, v, g, h)
				}
			}
		}
	}
	// A sample that is almost certainly right keeps its digits: the loss is
	// log(1+s), the gradient −s/(1+s), with s = exp(−50).
	s := math.Exp(-50)
	for _, z := range [][]float64{{50, 0}, {1050, 1000}} {
		v, g, h := sample(CrossEntropy, z, []float64{1, 0})
		for _, c := range [][2]float64{{v, s}, {-g[0], s}, {g[1], s}, {h[0], s}, {-h[1], s}} {
			if math.Abs(c[0]-c[1]) > 1e-14*s {
				t.Errorf("logits %v: %v, want %v", z, c[0], c[1])
			}
		}
	}
	v, g, h := sample(SigmoidCrossEntropy, []float64{50}, []float64{1})
	for _, c := range [][2]float64{{v, s}, {-g[0], s}, {h[0], s}} {
		if math.Abs(c[0]-c[1]) > 1e-14*s {
			t.Errorf("%v, want %v", c[0], c[1])
		}
	}
}

// The Hessian of the cross-entropy has no row sum and is exactly symmetric.
func TestCrossEntropyHessian(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for range 20 {
		c := 7
		z, tt := make([]float64, c), make([]float64, c)
		for i := range z {
			z[i] = 10 * rng.NormFloat64()
		}
		tt[rng.IntN(c)] = 1
		_, g, h := sample(CrossEntropy, z, tt)
		gs := 0.0
		for i := range c {
			sum := 0.0
			gs += g[i]
			for j := range c {
				sum += h[i*c+j]
				if h[i*c+j] != h[j*c+i] {
					t.Fatalf("not symmetric at (%d,%d): %v and %v", i, j, h[i*c+j], h[j*c+i])
				}
			}
			if math.Abs(sum) > 4e-16*h[i*c+i] {
				t.Errorf("row %d adds up to %v", i, sum)
			}
		}
		if math.Abs(gs) > 4e-16 {
			t.Errorf("the gradient adds up to %v", gs)
		}
	}
}

func TestLossByName(t *testing.T) {
	for _, name := range LossNames() {
		if l, err := LossByName(name); err != nil || l.Name() != name {
			t.Error(l, err)
		}
	}
	if _, err := LossByName("nll"); err == nil || !strings.Contains(err.Error(), `"nll"; known are bce, ce, gaussian, mse, poisson`) {
		t.Error(err)
	}
}
