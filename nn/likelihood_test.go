package nn

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// lossCase is a loss with targets of its own.
type lossCase struct {
	loss   Loss
	c      int
	target func(rng *rand.Rand) []float64
}

func lossCases() []lossCase {
	counts := func(n int) func(*rand.Rand) []float64 {
		return func(rng *rand.Rand) []float64 {
			t := make([]float64, n)
			for i := range t {
				t[i] = float64(rng.IntN(4))
			}
			return t
		}
	}
	label := func(n int) func(*rand.Rand) []float64 {
		return func(rng *rand.Rand) []float64 {
			t := make([]float64, n)
			t[rng.IntN(n)] = 1
			return t
		}
	}
	weighted := func(n int) func(*rand.Rand) []float64 { // probabilities and their weights
		return func(rng *rand.Rand) []float64 {
			t := make([]float64, 2*n)
			for i := range n {
				t[i], t[n+i] = rng.Float64(), float64(rng.IntN(3))
			}
			return t
		}
	}
	return []lossCase{
		{Poisson, 1, counts(1)}, {Poisson, 3, counts(3)},
		{Gaussian, 2, counts(1)}, {Gaussian, 6, counts(3)},
		{&WeightedCrossEntropy{}, 3, label(3)},
		{&WeightedCrossEntropy{Smoothing: 0.2}, 3, label(3)},
		{&WeightedCrossEntropy{Smoothing: 1, Weights: []float64{1, 0.5}}, 2, label(2)},
		{&WeightedCrossEntropy{Smoothing: 0.1, Weights: []float64{1, 0, 2.5, 0.3}}, 4, label(4)},
		{&WeightedCrossEntropy{Weights: []float64{1, 0, 2.5, 0.3}}, 4, counts(4)},
		{&WeightedSigmoidCrossEntropy{}, 3, label(3)},
		{&WeightedSigmoidCrossEntropy{Positive: []float64{2.5}}, 1, label(1)},
		{&WeightedSigmoidCrossEntropy{Positive: []float64{1, 0, 2.5, 0.3}}, 4, label(4)},
		{&WeightedSigmoidCrossEntropy{Weights: []float64{1, 0, 2.5}}, 3, label(3)},
		{&WeightedSigmoidCrossEntropy{Positive: []float64{3, 0.2}, Weights: []float64{0.5, 2}, TargetWeights: true}, 2, weighted(2)},
	}
}

// Without weights, and with ones, it is the SigmoidCrossEntropy; what is almost certain
// keeps its digits.
func TestWeightedBinary(t *testing.T) {
	for _, l := range []Loss{&WeightedSigmoidCrossEntropy{}, &WeightedSigmoidCrossEntropy{Positive: []float64{1, 1}, Weights: []float64{1, 1}}} {
		for _, z := range [][]float64{{0.3, -2}, {40, -40}, {-800, 1e300}} {
			for _, tt := range [][]float64{{1, 0}, {0, 1}, {0.25, 0.5}} {
				v, g, h := sample(l, z, tt)
				wv, wg, wh := sample(SigmoidCrossEntropy, z, tt)
				near := func(a, b float64) bool { return math.Abs(a-b) <= 4e-16*math.Abs(b) } // a few roundings
				if !near(v, wv) {
					t.Errorf("loss of %v for %v: %v, want %v", z, tt, v, wv)
				}
				for i := range z {
					if !near(g[i], wg[i]) || !near(h[3*i], wh[3*i]) {
						t.Errorf("%v for %v: %v %v, want %v %v", z, tt, g[i], h[3*i], wg[i], wh[3*i])
					}
				}
			}
		}
	}
}

// Gradient and Hessian against fourth-order differences of the loss and the gradient.
func TestLikelihoodDerivatives(t *testing.T) {
	const h = 1e-3
	rng := rand.New(rand.NewPCG(1, 5))
	for _, c := range lossCases() {
		name := c.loss.Name()
		for range 20 {
			z, tt := make([]float64, c.c), c.target(rng)
			for i := range z {
				z[i] = rng.NormFloat64()
			}
			if n, ok := c.loss.(TargetLoss); ok {
				if m, err := n.Targets(c.c); err != nil || m != len(tt) {
					t.Fatalf("%s: %d targets, %v", name, m, err)
				}
			}
			if err := c.loss.Check(tt); err != nil {
				t.Fatal(err)
			}
			v, g, hess := sample(c.loss, z, tt)
			if got := c.loss.Sample(nil, nil, z, tt); got != v {
				t.Errorf("%s: the loss depends on what else is asked for: %v and %v", name, got, v)
			}
			for i := range z {
				d, dg := 0.0, make([]float64, c.c)
				for k, w := range map[float64]float64{1: 8, -1: -8, 2: -1, -2: 1} {
					z2 := append([]float64(nil), z...)
					z2[i] += k * h
					f, gk, _ := sample(c.loss, z2, tt)
					d += w * f / (12 * h)
					for j := range dg {
						dg[j] += w * gk[j] / (12 * h)
					}
				}
				scale := 1 + math.Abs(v) + norm(g)
				if math.Abs(d-g[i]) > 1e-10*scale {
					t.Errorf("%s: gradient %v, differences %v", name, g[i], d)
				}
				for j := range dg {
					if math.Abs(dg[j]-hess[i*c.c+j]) > 1e-10*scale {
						t.Errorf("%s: Hessian (%d,%d) %v, differences %v", name, i, j, hess[i*c.c+j], dg[j])
					}
				}
			}
		}
	}
}

// Values worked out by hand from the formulas of PyTorch's documentation.
func TestLikelihoodConventions(t *testing.T) {
	log := math.Log
	p := []float64{0.5, 0.25, 0.25}
	z := []float64{log(2), 0, 0} // softmax is p
	for _, c := range []struct {
		loss Loss
		z, t []float64
		want float64
	}{
		{Poisson, []float64{0, log(3)}, []float64{2, 1}, (1 + 3 - log(3)) / 2},
		{Gaussian, []float64{1, 2, 0, log(4)}, []float64{3, 2}, (4.0/2 + log(4)/2) / 2},
		{&WeightedCrossEntropy{Smoothing: 0.3}, z, []float64{1, 0, 0}, -0.8*log(p[0]) - 0.1*log(p[1]) - 0.1*log(p[2])},
		{&WeightedCrossEntropy{Weights: []float64{3, 1, 1}}, z, []float64{1, 0, 0}, -3 * log(p[0])},
		{&WeightedSigmoidCrossEntropy{Positive: []float64{3, 5}}, []float64{log(3), 0}, []float64{0.5, 0}, (0.5*3*log(4.0/3) + 0.5*log(4) + log(2)) / 2},
		{&WeightedSigmoidCrossEntropy{Weights: []float64{2, 3}, TargetWeights: true}, []float64{log(3), 0}, []float64{1, 0, 5, 7}, (2*5*log(4.0/3) + 3*7*log(2)) / 2},
		{&WeightedCrossEntropy{Smoothing: 0.3, Weights: []float64{3, 2, 1}}, z, []float64{0, 1, 0}, -0.1*3*log(p[0]) - 0.8*2*log(p[1]) - 0.1*log(p[2])},
	} {
		if got := c.loss.Sample(nil, nil, c.z, c.t); math.Abs(got-c.want) > 1e-15*(1+math.Abs(c.want)) {
			t.Errorf("%s: %v, want %v", c.loss.Name(), got, c.want)
		}
	}
	for want, l := range map[string]Loss{"ce": &WeightedCrossEntropy{}, "bce": &WeightedSigmoidCrossEntropy{}, "bce(positive=[2],weights=[3],of targets)": &WeightedSigmoidCrossEntropy{[]float64{2}, []float64{3}, true}, "ce(smoothing=0.1)": &WeightedCrossEntropy{Smoothing: 0.1}, "ce(smoothing=0.1,weights=[1 2])": &WeightedCrossEntropy{0.1, []float64{1, 2}}} {
		if l.Name() != want {
			t.Errorf("%q, want %q", l.Name(), want)
		}
	}
}

// A sample whose label is Ignored counts as one of weight 0, whatever its outputs.
func TestIgnoredLabels(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	net := mustNet(t, 4, CrossEntropy, MLP([]int{4, 5, 3}, Tanh, true)...)
	randomize(net, 1)
	ignored := randomBatch(net, 5, rng, false)
	weighted := *ignored
	weighted.Labels = append([]int(nil), ignored.Labels...)
	weighted.Weights = []float64{1, 0, 1, 0, 1}
	ignored.Labels[1], ignored.Labels[3] = Ignored, Ignored
	var a, b Linearization
	if err := net.Linearize(&a, ignored); err != nil {
		t.Fatal(err)
	}
	if err := net.Linearize(&b, &weighted); err != nil {
		t.Fatal(err)
	}
	if a.Loss != b.Loss {
		t.Errorf("loss %v with ignored labels, %v with weights 0", a.Loss, b.Loss)
	}
	for i := range a.Gradient {
		if a.Gradient[i] != b.Gradient[i] {
			t.Fatalf("gradient %v and %v", a.Gradient[i], b.Gradient[i])
		}
	}
	all, err := net.Accuracy(ignored, nil)
	if err != nil {
		t.Fatal(err)
	}
	kept := &Batch{N: 3}
	for _, n := range []int{0, 2, 4} {
		kept.X = append(kept.X, ignored.X[n*4:n*4+4]...)
		kept.Labels = append(kept.Labels, ignored.Labels[n])
	}
	if want, err := net.Accuracy(kept, nil); err != nil || want != all {
		t.Errorf("accuracy %v, without the ignored %v (%v)", all, want, err)
	}
	for i := range ignored.Labels {
		ignored.Labels[i] = Ignored
	}
	if _, err := net.Accuracy(ignored, nil); err == nil || !strings.Contains(err.Error(), "all labels") {
		t.Error(err)
	}
	if l, err := net.Loss(ignored, nil); l != 0 || err != nil {
		t.Error(l, err)
	}
}

func TestLikelihoodErrors(t *testing.T) {
	dense := &Dense{Out: 3}
	for want, l := range map[string]Loss{
		"a smoothing of 1.5":          &WeightedCrossEntropy{Smoothing: 1.5},
		"a smoothing of NaN":          &WeightedCrossEntropy{Smoothing: math.NaN()},
		"2 weights of classes for 3":  &WeightedCrossEntropy{Weights: []float64{1, 2}},
		"weight 1 is -1":              &WeightedCrossEntropy{Weights: []float64{1, -1, 2}},
		"3 outputs; it needs an expe": Gaussian,

		"1 positive weights for 3":               &WeightedSigmoidCrossEntropy{Positive: []float64{1}},
		"4 weights for 3":                        &WeightedSigmoidCrossEntropy{Weights: make([]float64, 4)},
		"entry 2 of the positive weights is -1":  &WeightedSigmoidCrossEntropy{Positive: []float64{0, 1, -1}},
		"entry 0 of the weights is NaN; it must": &WeightedSigmoidCrossEntropy{Weights: []float64{math.NaN(), 1, 1}},
	} {
		if _, err := New(2, l, dense); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	net := mustNet(t, 2, Gaussian, &Dense{Out: 4})
	x := []float64{1, 2, 3, 4}
	if err := net.Linearize(new(Linearization), &Batch{N: 2, X: x, T: make([]float64, 8)}); err == nil || !strings.Contains(err.Error(), "2 samples of 2 targets need 4") {
		t.Error(err)
	}
	if err := net.Linearize(new(Linearization), &Batch{N: 2, X: x, Labels: []int{0, 3}}); err == nil || !strings.Contains(err.Error(), "label of sample 1 is 3") {
		t.Error(err)
	}
	net = mustNet(t, 2, &WeightedSigmoidCrossEntropy{TargetWeights: true}, dense)
	if err := net.Linearize(new(Linearization), &Batch{N: 1, X: x[:2], T: []float64{0, 1, 0.5, 1, -2, 1}}); err == nil || !strings.Contains(err.Error(), "T[0]: entry 4 is -2; it is the weight of target 1") {
		t.Error(err)
	}
	if err := net.Linearize(new(Linearization), &Batch{N: 1, X: x[:2], T: []float64{0, 3, 0.5, 1, 2, 1}}); err == nil || !strings.Contains(err.Error(), "T[0]: entry 1 is 3; the sigmoid") {
		t.Error(err)
	}
	if err := net.Linearize(new(Linearization), &Batch{N: 1, X: x[:2], Labels: []int{1}}); err == nil || !strings.Contains(err.Error(), "labels, but each target has a weight") {
		t.Error(err)
	}
	net = mustNet(t, 2, Poisson, dense)
	if err := net.Linearize(new(Linearization), &Batch{N: 1, X: x[:2], T: []float64{0, 1, -2}}); err == nil || !strings.Contains(err.Error(), "T[0]: entry 2 is -2") {
		t.Error(err)
	}
}
