package laplace

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/blas"
	"costate/nn"
	"costate/system"
	"costate/system/chaintest"
)

// problem is a random network with data.
func problem(t testing.TB, loss nn.Loss, act nn.Activation, widths []int, n int, seed uint64) (*nn.Network, *nn.Batch) {
	t.Helper()
	net, err := nn.New(widths[0], loss, nn.MLP(widths, act, true)...)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(seed, &nn.Init{Gain: 1.2})
	w := net.Params()
	rng := rand.New(rand.NewPCG(seed, 2))
	for i := range w { // biases too
		w[i] += 0.1 * rng.NormFloat64()
	}
	net.SetParams(w)
	data := draw(rng, loss, widths[0], net.Outputs(), n)
	if n%2 == 0 { // some of the problems weight their samples
		data.Weights = make([]float64, n)
		for i := range data.Weights {
			data.Weights[i] = float64(1+i%3) / 2
		}
	}
	return net, data
}

func draw(rng *rand.Rand, loss nn.Loss, in, out, n int) *nn.Batch {
	b := &nn.Batch{N: n, X: make([]float64, n*in)}
	for i := range b.X {
		b.X[i] = rng.NormFloat64()
	}
	if loss == nn.SquaredError {
		b.T = make([]float64, n*out)
		for i := range b.T {
			b.T[i] = math.Sin(2*b.X[i/out*in]) + 0.3*rng.NormFloat64()
		}
		return b
	}
	b.Labels = make([]int, n)
	for i := range b.Labels {
		b.Labels[i] = rng.IntN(max(2, out))
		if b.X[i*in] > 0.3 { // there is something to learn
			b.Labels[i] = 1
		}
	}
	return b
}

// dense is everything by matrices of the order of the parameters.
type dense struct {
	prior *mat.DiagDense
	post  *mat.SymDense // Σ H_n + Λ
	cov   mat.Dense
	log   float64 // evidence
	tol   float64 // relative error of an inverse that its condition allows
}

// denseOf makes the dense twin; lambda is one precision a parameter.
func denseOf(t testing.TB, l *Laplace, net *nn.Network, data *nn.Batch) *dense {
	t.Helper()
	var lin nn.Linearization
	if err := net.Linearize(&lin, data); err != nil {
		t.Fatal(err)
	}
	c := &lin.Chain
	if l.Curvature == GaussNewton {
		c = c.GaussNewton()
	}
	n := net.NumParams()
	d := &dense{prior: mat.NewDiagDense(n, nil), post: mat.NewSymDense(n, nil)}
	// −log p by the definition, sample by sample.
	out := net.Outputs()
	negLog, kappa := 0.0, float64(data.N)
	sigma := l.NoiseSD
	if sigma == 0 {
		sigma = 1
	}
	temperature := l.Temperature
	if temperature == 0 {
		temperature = 1
	}
	positive, isBinary := binary(net.LossFunc(), out)
	for i := range data.N {
		f := lin.Outputs[i*out : (i+1)*out]
		weight := 1.0
		if data.Weights != nil {
			weight = data.Weights[i]
		}
		if w, ok := net.LossFunc().(*nn.WeightedCrossEntropy); ok {
			weight *= w.Weights[data.Labels[i]]
		}
		switch {
		case net.LossFunc() == nn.SquaredError:
			for j, v := range f {
				r := v - data.T[i*out+j]
				negLog += weight * (r*r/(2*sigma*sigma*temperature) + math.Log(sigma) + math.Log(2*math.Pi)/2)
			}
		case isBinary:
			for j, v := range f {
				y := float64(data.Labels[i])
				if out > 1 {
					y = 0
					if data.Labels[i] == j {
						y = 1
					}
				}
				negLog += weight * (positive[j]*y*math.Log1p(math.Exp(-v)) + (1-y)*math.Log1p(math.Exp(v))) / temperature
			}
		default:
			sum := 0.0
			for _, v := range f {
				sum += math.Exp(v)
			}
			negLog += weight * (math.Log(sum) - f[data.Labels[i]]) / temperature
		}
	}
	switch {
	case net.LossFunc() == nn.SquaredError:
		kappa *= float64(out) / (2 * sigma * sigma)
	case isBinary:
		kappa *= float64(out)
	}
	kappa /= temperature
	h := chaintest.Matrix(c, blas.Native())
	w := net.Params()
	scatter, logPrior := 0.0, 0.0
	for i := range n {
		lambda := l.lambda[l.prior.of[i]]
		d.prior.SetDiag(i, lambda)
		v := w[i]
		if l.PriorMean != nil {
			v -= l.PriorMean[i]
		}
		scatter += lambda * v * v
		logPrior += math.Log(lambda)
		for j := i; j < n; j++ {
			d.post.SetSym(i, j, kappa*h.At(i, j))
		}
		d.post.SetSym(i, i, d.post.At(i, i)+lambda)
	}
	if err := d.cov.Inverse(d.post); err != nil {
		t.Fatal(err)
	}
	d.tol = 1e-14 * (10 + mat.Norm(d.post, 2)*mat.Norm(&d.cov, 2))
	det, sign := mat.LogDet(d.post)
	if sign < 0 {
		t.Fatal("not positive definite")
	}
	d.log = -negLog - scatter/2 - (det-logPrior)/2
	return d
}

// binary returns the weights of positives, and whether a loss is a binary cross-entropy.
func binary(loss nn.Loss, outputs int) (positive []float64, is bool) {
	if w, ok := loss.(*nn.WeightedSigmoidCrossEntropy); ok {
		return w.Positive, true
	}
	for range outputs {
		positive = append(positive, 1)
	}
	return positive, loss == nn.SigmoidCrossEntropy
}

func near(t *testing.T, what string, got, want mat.Matrix, tol float64) {
	t.Helper()
	var d mat.Dense
	d.Sub(got, want)
	big := math.Max(mat.Max(want), -mat.Min(want))
	if e := math.Max(mat.Max(&d), -mat.Min(&d)); !(e <= tol*big) {
		t.Errorf("%s: off by %.2g of %.2g", what, e, big)
	}
}

type testCase struct {
	loss   nn.Loss
	act    nn.Activation
	widths []int
	n      int
}

var cases = []testCase{
	{nn.CrossEntropy, nn.Tanh, []int{4, 6, 5, 3}, 9},
	{nn.CrossEntropy, nn.ReLU, []int{2, 4, 3, 3}, 25},
	{nn.SquaredError, nn.Tanh, []int{3, 7, 2}, 12},
	{nn.SquaredError, nn.Tanh, []int{1, 8, 1}, 30},
	{nn.SigmoidCrossEntropy, nn.Tanh, []int{3, 5, 1}, 14},
	{nn.SigmoidCrossEntropy, nn.Softplus, []int{3, 5, 2}, 8},
	{&nn.WeightedCrossEntropy{Weights: []float64{0.5, 2, 1}}, nn.Tanh, []int{3, 4, 3}, 12},
	{&nn.WeightedSigmoidCrossEntropy{Positive: []float64{0.5, 2}}, nn.Tanh, []int{3, 4, 2}, 12},
}

func (c testCase) name() string { return fmt.Sprintf("%s/%v/n=%d", c.loss.Name(), c.widths, c.n) }

// settingsOf are settings of every kind.
func settingsOf(g Groups, c testCase, net *nn.Network) *Laplace {
	l := &Laplace{Groups: g, Temperature: 1.3}
	if c.loss == nn.SquaredError {
		l.NoiseSD = 0.7
	}
	l.PriorMean = make([]float64, net.NumParams())
	for i := range l.PriorMean {
		l.PriorMean[i] = 0.05 * float64(i%5)
	}
	return l
}

// spread makes a different precision of each group.
func spread(l *Laplace, net *nn.Network, data *nn.Batch, t testing.TB, low float64) {
	t.Helper()
	if err := l.Fit(net, data, nil); err != nil {
		t.Fatal(err)
	}
	l.PriorPrecision = make([]float64, len(l.GroupNames()))
	for i := range l.PriorPrecision {
		l.PriorPrecision[i] = low * (0.4 + 0.7*float64((i*3)%4))
	}
	if err := l.Fit(net, data, nil); err != nil {
		t.Fatal(err)
	}
}

// Every answer of the Gauss–Newton posterior against dense matrices.
func TestGaussNewton(t *testing.T) {
	for _, tc := range cases {
		for _, g := range []Groups{Scalar, Layer, Tensor, ARD} {
			for _, in := range []space{outputs, params} {
				t.Run(fmt.Sprintf("%s/%s/%d", tc.name(), g, in), func(t *testing.T) {
					net, data := problem(t, tc.loss, tc.act, tc.widths, tc.n, 3)
					l := settingsOf(g, tc, net)
					l.space = in
					spread(l, net, data, t, 1)
					checkPosterior(t, l, net, data)
				})
			}
		}
	}
}

func checkPosterior(t *testing.T, l *Laplace, net *nn.Network, data *nn.Batch) {
	d := denseOf(t, l, net, data)
	got, err := l.LogMarginal()
	if err != nil {
		t.Fatal(err)
	}
	if !(math.Abs(got-d.log) <= 1e-10*(1+math.Abs(d.log))) {
		t.Errorf("log evidence %v, want %v", got, d.log)
	}
	n := net.NumParams()
	variances, err := l.VarianceTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	gamma, err := l.EffectiveParamsTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float64, len(gamma))
	for i, v := range variances {
		if w := d.cov.At(i, i); !(math.Abs(v-w) <= d.tol*w) {
			t.Fatalf("variance of %s is %v, want %v", net.ParamName(i), v, w)
		}
		k := l.prior.of[i]
		want[k] += 1 - l.lambda[k]*d.cov.At(i, i)
	}
	for k, w := range want {
		if !(math.Abs(gamma[k]-w) <= d.tol*(1+math.Abs(w))) {
			t.Errorf("effective parameters of %s: %v, want %v", l.GroupNames()[k], gamma[k], w)
		}
	}
	first := 0
	for k, s := range l.chain.Stages {
		var block mat.SymDense
		if err := l.StageCovarianceTo(&block, k); err != nil {
			t.Fatal(err)
		}
		p := s.Params()
		near(t, fmt.Sprint("covariance of layer ", k), &block, d.cov.Slice(first, first+p, first, first+p), d.tol)
		first += p
	}
	checkPredict(t, l, net, d)
	// Samples: w* + A z with A Aᵀ = Σ.
	z, x, w := make([]float64, l.Normals()), make([]float64, n), net.Params()
	a := mat.NewDense(n, len(z), nil)
	for j := range z {
		z[j] = 1
		if err := l.SampleTo(x, z); err != nil {
			t.Fatal(err)
		}
		z[j] = 0
		for i := range x {
			a.Set(i, j, x[i]-w[i])
		}
	}
	var aat mat.Dense
	aat.Mul(a, a.T())
	near(t, "samples", &aat, &d.cov, d.tol)
}

func checkPredict(t *testing.T, l *Laplace, net *nn.Network, d *dense) {
	c, count := net.Outputs(), 300 // more than a chunk
	test := draw(rand.New(rand.NewPCG(8, 8)), net.LossFunc(), net.Inputs(), c, count)
	p, err := l.Predict(test.X, count)
	if err != nil {
		t.Fatal(err)
	}
	var lin nn.Linearization
	if err := net.Linearize(&lin, test); err != nil {
		t.Fatal(err)
	}
	product := system.NewProduct(&lin.Chain, blas.Native())
	j, unit := mat.NewDense(c, net.NumParams(), nil), make([]float64, count*c)
	for n := 0; n < count; n += 37 {
		for i := range c {
			unit[n*c+i] = 1
			product.TransOutputs(j.RawRowView(i), unit)
			unit[n*c+i] = 0
			if p.Mean[n*c+i] != lin.Outputs[n*c+i] && math.Abs(p.Mean[n*c+i]-lin.Outputs[n*c+i]) > 1e-13 {
				t.Fatalf("mean of sample %d: %v, want %v", n, p.Mean[n*c+i], lin.Outputs[n*c+i])
			}
		}
		var js, jsj mat.Dense
		js.Mul(j, &d.cov)
		jsj.Mul(&js, j.T())
		near(t, fmt.Sprint("covariance of outputs of sample ", n), mat.NewDense(c, c, p.Cov[n*c*c:(n+1)*c*c]), &jsj, 100*d.tol)
	}
}

// The gradient of the evidence and its second derivatives against differences of the
// dense evidence and of the gradient; all eigenvalues of the second derivative are
// negative; and the maximum is one, in few steps.
func TestEvidence(t *testing.T) {
	for _, tc := range cases {
		for _, g := range []Groups{Scalar, Layer, Tensor, ARD} {
			for _, in := range []space{outputs, params} {
				t.Run(fmt.Sprintf("%s/%s/%d", tc.name(), g, in), func(t *testing.T) {
					net, data := problem(t, tc.loss, tc.act, tc.widths, tc.n, 5)
					l := settingsOf(g, tc, net)
					l.space = in
					spread(l, net, data, t, 1)
					checkDerivatives(t, l, net, data)
					checkMaximum(t, l, net, data)
				})
			}
		}
	}
}

// moved is l fitted with the i-th logarithm moved by h.
func moved(t *testing.T, l *Laplace, net *nn.Network, data *nn.Batch, i int, h float64) *Laplace {
	t.Helper()
	m := &Laplace{Curvature: l.Curvature, Groups: l.Groups, space: l.space, PriorMean: l.PriorMean, Temperature: l.Temperature, NoiseSD: l.NoiseSD}
	m.PriorPrecision = append([]float64(nil), l.lambda...)
	if i < len(l.lambda) {
		m.PriorPrecision[i] *= math.Exp(h)
	} else {
		m.NoiseSD *= math.Exp(-h / 2)
	}
	if err := m.Fit(net, data, nil); err != nil {
		t.Fatal(err)
	}
	return m
}

func checkDerivatives(t *testing.T, l *Laplace, net *nn.Network, data *nn.Batch) {
	t.Helper()
	grad, err := l.GradientTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	const h = 1e-3
	var hess *mat.SymDense
	if l.det != nil {
		n := newtonState{l: l, scatters: l.scatters(), noise: l.like.noise, lambda: l.lambda, sigma: l.sigma(), theta: make([]float64, len(grad))}
		if _, err := l.det.logDet(l.lambda, l.kappa); err != nil {
			t.Fatal(err)
		}
		gamma, cross := l.det.derivatives(l.lambda, l.kappa)
		hess = n.negHess(gamma, cross, l.kappa)
		var e mat.EigenSym
		if !e.Factorize(hess, false) || !(e.Values(nil)[0] > 0) {
			t.Errorf("not concave: %v", e.Values(nil))
		}
	}
	for i, g := range grad {
		up, down := moved(t, l, net, data, i, h), moved(t, l, net, data, i, -h)
		up2, down2 := moved(t, l, net, data, i, 2*h), moved(t, l, net, data, i, -2*h)
		diff := (8*(denseOf(t, up, net, data).log-denseOf(t, down, net, data).log) - denseOf(t, up2, net, data).log + denseOf(t, down2, net, data).log) / (12 * h)
		if !(math.Abs(g-diff) <= 1e-6*(1+math.Abs(diff))) {
			t.Errorf("derivative %d is %v, by differences %v", i, g, diff)
		}
		if hess == nil {
			continue
		}
		gu, err1 := up.GradientTo(nil)
		gd, err2 := down.GradientTo(nil)
		gu2, err3 := up2.GradientTo(nil)
		gd2, err4 := down2.GradientTo(nil)
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		for j := range grad {
			if diff := (8*(gd[j]-gu[j]) - gd2[j] + gu2[j]) / (12 * h); !(math.Abs(hess.At(i, j)-diff) <= 1e-6*(1+math.Abs(diff))) {
				t.Errorf("second derivative (%d, %d) is %v, by differences %v", i, j, -hess.At(i, j), -diff)
			}
		}
	}
}

func checkMaximum(t *testing.T, l *Laplace, net *nn.Network, data *nn.Batch) {
	t.Helper()
	var found []float64
	for _, start := range []float64{1, 0.05, 30} {
		m := &Laplace{Groups: l.Groups, PriorMean: l.PriorMean, Temperature: l.Temperature, PriorPrecision: []float64{start}}
		if err := m.Fit(net, data, nil); err != nil {
			t.Fatal(err)
		}
		before, _ := m.LogMarginal()
		r, err := m.MaximizeEvidence(nil)
		if err != nil {
			t.Fatal(err)
		}
		grad, err := m.GradientTo(nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, g := range grad {
			if !(math.Abs(g) <= 1e-7) {
				t.Errorf("from %g: derivative %d of the evidence is %g at the maximum", start, i, g)
			}
		}
		after, err := m.LogMarginal()
		if err != nil || !(after >= before) || !(math.Abs(after-r.LogEvidence) <= 1e-9*(1+math.Abs(after))) {
			t.Errorf("from %g: evidence %v, then %v, reported %v, %v", start, before, after, r.LogEvidence, err)
		}
		all := append(append([]float64(nil), m.PriorPrecision...), m.NoiseSD)
		for i, v := range all {
			if found != nil && !(math.Abs(math.Log(v/found[i])) <= 1e-5) && !(v == 0 && found[i] == 0) {
				t.Errorf("from %g: precision %d is %g, from 1 it was %g", start, i, v, found[i])
			}
		}
		if found == nil {
			found = all
		}
	}
}

// The exact Hessian at a minimum, and where it is none.
func TestExactHessian(t *testing.T) {
	for _, tc := range cases {
		if tc.act == nn.ReLU {
			continue // its minima are at kinks, where there is no Hessian
		}
		for _, g := range []Groups{Scalar, Layer, Tensor, ARD} {
			t.Run(fmt.Sprintf("%s/%s", tc.name(), g), func(t *testing.T) {
				net, data := problem(t, tc.loss, tc.act, tc.widths, tc.n, 3)
				l := settingsOf(g, tc, net)
				l.PriorMean = nil
				spread(l, net, data, t, 0.3)
				if _, err := l.Retrain(context.Background(), net, data, nil, nil); err != nil {
					t.Fatal(err)
				}
				l.Curvature = ExactHessian
				err := l.Fit(net, data, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, relative := l.Stationarity(); !(relative <= 1e-6) {
					t.Errorf("relative gradient %g after training to 1e-6", relative)
				}
				checkPosterior(t, l, net, data)
				checkDerivatives(t, l, net, data)
				if _, err := l.MaximizeEvidence(nil); !errors.Is(err, ErrExact) {
					t.Errorf("the evidence of the exact Hessian was maximized: %v", err)
				}
			})
		}
	}
}

func TestNotMinimum(t *testing.T) {
	net, data := problem(t, nn.SquaredError, nn.Tanh, []int{2, 6, 6, 2}, 20, 1)
	l := &Laplace{Curvature: ExactHessian, PriorPrecision: []float64{0.01}}
	err := l.Fit(net, data, nil)
	var not *NotMinimumError
	if !errors.As(err, &not) {
		t.Fatal(err)
	}
	var lin nn.Linearization
	if err := net.Linearize(&lin, data); err != nil {
		t.Fatal(err)
	}
	h := chaintest.Matrix(&lin.Chain, blas.Native())
	h.ScaleSym(20, h) // N·c/2σ² = 20
	var e mat.EigenSym
	e.Factorize(h, false)
	ev := e.Values(nil)
	negative := 0
	for _, v := range ev {
		if v+0.01 < 0 {
			negative++
		}
	}
	spread := math.Max(-ev[0], ev[len(ev)-1])
	if not.Negative != negative || !(math.Abs(not.MinEigenvalue-ev[0]) <= 2e-4*spread) || !(not.MinPrecision >= -ev[0]) {
		t.Errorf("%+v; there are %d negative eigenvalues, the least is %g", not, negative, ev[0])
	}
	l.PriorPrecision = []float64{1.001 * not.MinPrecision}
	if err := l.Fit(net, data, nil); err != nil {
		t.Errorf("just above MinPrecision: %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		new(Laplace).LogMarginal()
	}()
}

// A gradient of which only rounding is left counts as zero, one of more does not.
func TestStationarityRounding(t *testing.T) {
	net, data := problem(t, nn.SquaredError, nn.Tanh, []int{2, 3, 1}, 41, 1)
	net.SetParams(make([]float64, net.NumParams()))
	for _, offset := range []float64{0, 1e-9} {
		mean := 0.0
		for _, v := range data.T {
			mean += v / float64(len(data.T))
		}
		for i := range data.T {
			data.T[i] += offset - mean
		}
		var l Laplace
		if err := l.Fit(net, data, nil); err != nil {
			t.Fatal(err)
		}
		if norm, relative := l.Stationarity(); norm == 0 || (relative == 0) != (offset == 0) {
			t.Errorf("a mean of %g: gradient %g, relative %g", offset, norm, relative)
		}
	}
}

// What users get wrong.
func TestBadInput(t *testing.T) {
	net, data := problem(t, nn.CrossEntropy, nn.Tanh, []int{4, 5, 3}, 40, 1)
	for name, l := range map[string]*Laplace{
		"zero precision":     {PriorPrecision: []float64{0}},
		"negative precision": {PriorPrecision: []float64{-1}},
		"NaN precision":      {PriorPrecision: []float64{math.NaN()}},
		"three precisions":   {Groups: Layer, PriorPrecision: []float64{1, 1, 1}},
		"noise":              {NoiseSD: -1},
		"temperature":        {Temperature: math.Inf(1)},
		"prior mean":         {PriorMean: []float64{1}},
	} {
		if err := l.Fit(net, data, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := l.Retrain(context.Background(), net, data, nil, nil); err == nil {
			t.Errorf("%s: trained", name)
		}
	}
	var memory *factor.MemoryError
	err := new(Laplace).Fit(net, data, &factor.Options{MemoryLimit: 20_000})
	if !errors.As(err, &memory) || memory.Instead == "" {
		t.Errorf("too large: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := new(Laplace).Retrain(ctx, net, data, nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled training: %v", err)
	}
	zero := net.Clone()
	zero.SetParams(make([]float64, net.NumParams()))
	l := new(Laplace)
	if err := l.Fit(zero, data, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := l.MaximizeEvidence(nil); err == nil {
		t.Error("the evidence of a network of zeros has a maximum")
	}
}
