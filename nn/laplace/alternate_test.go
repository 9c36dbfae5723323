package laplace

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"costate/la/vec"
	"costate/nn"
	"costate/nn/data"
)

// sinusoid is the regression example of laplace-torch: 150 points of a sine on [0, 8] with
// a noise of 0.3, for a network of 50 hidden units.
func sinusoid(t testing.TB) (*nn.Network, *nn.Batch) {
	t.Helper()
	net, err := nn.New(1, nn.SquaredError, nn.MLP([]int{1, 50, 1}, nn.Tanh, true)...)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(3, nil)
	rng := rand.New(rand.NewPCG(711, 1))
	b := &nn.Batch{N: 150, X: make([]float64, 150), T: make([]float64, 150)}
	for i := range b.X {
		b.X[i] = 8 * rng.Float64()
		b.T[i] = math.Sin(b.X[i]) + 0.3*rng.NormFloat64()
	}
	return net, b
}

func TestSinusoid(t *testing.T) {
	net, b := sinusoid(t)
	for _, g := range []Groups{Scalar, Tensor} {
		net := net.Clone()
		l := &Laplace{Groups: g}
		rounds, err := l.Alternate(context.Background(), net, b, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		last := rounds[len(rounds)-1]
		if !(l.NoiseSD > 0.25 && l.NoiseSD < 0.35) {
			t.Errorf("%s: noise %v, 0.3 was added", g, l.NoiseSD)
		}
		for _, r := range rounds {
			if r.NewtonSteps > 6 {
				t.Errorf("%s, round %d: %d Newton steps", g, r.Round, r.NewtonSteps)
			}
		}
		if norm, relative := l.Stationarity(); !(relative <= 1e-6) || !(last.Evidence > rounds[0].Evidence) {
			t.Errorf("%s: gradient %g (%g), evidence %v, at first %v", g, norm, relative, last.Evidence, rounds[0].Evidence)
		}
		// It knows less where there are no data.
		p, err := l.Predict([]float64{4, 13, -5}, 3)
		if err != nil {
			t.Fatal(err)
		}
		if !(p.Cov[1] > 9*p.Cov[0] && p.Cov[2] > 9*p.Cov[0]) {
			t.Errorf("%s: variances %v", g, p.Cov)
		}
		checkPosterior(t, l, net, b)
		checkDerivatives(t, l, net, b)
		// It ends at the best minimum that it met, where it has grown until the last round.
		got, err := l.LogMarginal()
		if err != nil {
			t.Fatal(err)
		}
		top := math.Inf(-1)
		for i, r := range rounds {
			if i+1 < len(rounds) && !(r.Evidence > top) || !(r.Maximum >= r.Evidence) {
				t.Errorf("%s, round %d: evidence %v, maximum %v, before %v", g, r.Round, r.Evidence, r.Maximum, top)
			}
			top = math.Max(top, r.Evidence)
		}
		if !(math.Abs(got-top) <= 1e-9*math.Abs(top)) {
			t.Errorf("%s: the evidence is %v, the greatest was %v", g, got, top)
		}
	}
}

// TestSinusoidRounding has the same few Newton steps whatever rounding does: weights that
// differ in their last places lead to the same maxima.
func TestSinusoidRounding(t *testing.T) {
	for k := range 6 {
		net, b := sinusoid(t)
		theta := net.Params()
		for i := range theta {
			theta[i] *= 1 + float64(k*(i%7-3))*1e-14
		}
		net.SetParams(theta)
		l := &Laplace{Groups: Scalar}
		rounds, err := l.Alternate(context.Background(), net, b, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rounds {
			if r.NewtonSteps > 6 {
				t.Errorf("weights %d, round %d: %d Newton steps", k, r.Round, r.NewtonSteps)
			}
		}
	}
}

// Digits: few steps from a precision of one, by layer no worse than with one for all.
func TestDigitsEvidence(t *testing.T) {
	set := data.Digits()
	net, err := nn.New(64, nn.CrossEntropy, nn.MLP([]int{64, 8, 10}, nn.Tanh, true)...)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(1, nil)
	b := set.Batch(0, 60)
	if _, err := new(Laplace).Retrain(context.Background(), net, b, nil, nil); err != nil {
		t.Fatal(err)
	}
	last := math.Inf(-1)
	for _, g := range []Groups{Scalar, Layer, Tensor} {
		l := &Laplace{Groups: g}
		if err := l.Fit(net, b, nil); err != nil {
			t.Fatal(err)
		}
		m, err := l.MaximizeEvidence(nil)
		if err != nil {
			t.Fatal(err)
		}
		if m.Steps > 6 || !(m.LogEvidence >= last-1e-9) {
			t.Errorf("%s: evidence %v after %d steps, with fewer groups %v", g, m.LogEvidence, m.Steps, last)
		}
		last = m.LogEvidence
	}
}

// An input that tells nothing gets a large precision.
func TestARD(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	b := &nn.Batch{N: 120, X: make([]float64, 360), T: make([]float64, 120)}
	for i := range b.X {
		b.X[i] = rng.NormFloat64()
	}
	for n := range b.T {
		b.T[n] = math.Sin(2*b.X[3*n]) + 0.1*rng.NormFloat64()
	}
	net, err := nn.New(3, nn.SquaredError, nn.MLP([]int{3, 8, 1}, nn.Tanh, true)...)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(1, nil)
	l := &Laplace{Groups: ARD, PriorPrecision: []float64{0.1}, NoiseSD: 0.3}
	if _, err := l.Alternate(context.Background(), net, b, nil, &Alternation{MaxRounds: 6}); err != nil {
		t.Fatal(err)
	}
	if p := l.PriorPrecision; !(min(p[1], p[2]) > 30*p[0]) {
		t.Errorf("precisions by inputs %v: the first alone matters", p[:3])
	}
}

// Samples of networks and the linear posterior agree where the posterior is narrow.
func TestSamplePredict(t *testing.T) {
	net, b := problem(t, nn.SquaredError, nn.Tanh, []int{2, 4, 1}, 40, 1)
	l := &Laplace{PriorPrecision: []float64{1e7}, NoiseSD: 0.5}
	if err := l.Fit(net, b, nil); err != nil {
		t.Fatal(err)
	}
	got, err := l.SamplePredict(b.X, b.N, 4, false, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float64, b.N)
	if err := net.Predict(want, b.X, b.N, nil); err != nil {
		t.Fatal(err)
	}
	vec.Axpy(got, -1, want)
	if big := vec.MaxMagnitude(got); !(big < 0.01) || big == 0 {
		t.Errorf("outputs differ by %g", big)
	}
}

// TestRetrainWeakPrior: where classes can be told apart and the prior holds the weights
// back by next to nothing the curvature at the minimum is a millionth of a millionth of
// what it is at the beginning, and steps are damped by a part of what is there.
func TestRetrainWeakPrior(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 1))
	const n, width, classes = 40, 6, 3
	b := &nn.Batch{N: n, X: make([]float64, n*width), Labels: make([]int, n)}
	for i := range n {
		b.Labels[i] = i % classes
		for j := range width {
			b.X[i*width+j] = rng.NormFloat64()
		}
		b.X[i*width+i%classes] += 2
	}
	net, err := nn.New(width, nn.CrossEntropy, nn.MLP([]int{width, 8, classes}, nn.Tanh, true)...)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(3, nil)
	l := &Laplace{PriorPrecision: []float64{1e-9}}
	r, err := l.Retrain(context.Background(), net, b, nil, &Training{Tolerance: 1e-5})
	if err != nil || r.Steps > 400 {
		t.Errorf("%d steps, %v", r.Steps, err)
	}
}
