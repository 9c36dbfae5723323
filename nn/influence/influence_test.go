package influence_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"costate/factor"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
	"costate/nn/data"
	"costate/nn/influence"
	"costate/system"
	"costate/system/chaintest"
)

// randomNet is a network and two sets with labels or targets.
func randomNet(t testing.TB, seed uint64, widths []int, act nn.Activation, loss nn.Loss, n, tests int, weights bool) (net *nn.Network, train, test *nn.Batch) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 5))
	net, err := nn.New(widths[0], loss, nn.MLP(widths, act, true)...)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(seed, nil)
	c := widths[len(widths)-1]
	set := func(n int) *nn.Batch {
		b := &nn.Batch{N: n, X: make([]float64, n*widths[0])}
		for i := range b.X {
			b.X[i] = rng.NormFloat64()
		}
		if loss == nn.SquaredError || loss == nn.Gaussian {
			b.T = make([]float64, n*net.Targets())
			for i := range b.T {
				b.T[i] = rng.NormFloat64()
			}
			return b
		}
		for range n {
			b.Labels = append(b.Labels, rng.IntN(max(2, c)))
		}
		return b
	}
	train, test = set(n), set(tests)
	if weights {
		train.Weights = make([]float64, n)
		for i := range train.Weights {
			train.Weights[i] = float64(1+i%3) / 2
		}
	}
	return net, train, test
}

// gradients are those of the samples, one a row.
func gradients(t testing.TB, net *nn.Network, b *nn.Batch) *mat.Dense {
	t.Helper()
	g := mat.NewDense(b.N, net.NumParams(), nil)
	in, c := net.Inputs(), net.Targets()
	for i := range b.N {
		one := &nn.Batch{N: 1, X: b.X[i*in : i*in+in]}
		if b.Labels != nil {
			one.Labels = b.Labels[i : i+1]
		} else {
			one.T = b.T[i*c : i*c+c]
		}
		if _, err := net.Gradient(g.RawRowView(i), one, nil); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func near(t *testing.T, what string, got, want mat.Matrix, tol float64) {
	t.Helper()
	var d mat.Dense
	d.Sub(got, want)
	if e := mat.Norm(&d, 2) / mat.Norm(want, 2); !(e <= tol) {
		t.Errorf("%s: relative error %.2g", what, e)
	}
}

// TestDense compares all answers with the inverse of the dense matrix.
func TestDense(t *testing.T) {
	for i, tc := range []struct {
		name    string
		widths  []int
		act     nn.Activation
		loss    nn.Loss
		n       int
		weights bool
		eps     float64
	}{
		{"ce, indefinite", []int{5, 7, 6, 3}, nn.Tanh, nn.CrossEntropy, 9, false, 0.02},
		{"ce, definite, weights", []int{3, 4, 3}, nn.SiLU, nn.CrossEntropy, 30, true, 2},
		{"ce, weights of classes", []int{4, 5, 3}, nn.Tanh, &nn.WeightedCrossEntropy{Weights: []float64{0.5, 2, 1}}, 12, false, 0.05},
		{"mse, relu", []int{4, 6, 6, 2}, nn.ReLU, nn.SquaredError, 12, false, 0.1},
		{"wide, for output space", []int{6, 20, 20, 3}, nn.Tanh, nn.CrossEntropy, 7, true, 0.05},
		{"gaussian, half as many targets", []int{4, 5, 4}, nn.Tanh, nn.Gaussian, 9, true, 0.5},
		{"bce, one output", []int{4, 5, 1}, nn.Tanh, nn.SigmoidCrossEntropy, 15, true, 0.05},
	} {
		net, train, test := randomNet(t, uint64(i), tc.widths, tc.act, tc.loss, tc.n, 6, tc.weights)
		var lin nn.Linearization
		if err := net.Linearize(&lin, train); err != nil {
			t.Fatal(err)
		}
		gt, ge := gradients(t, net, train), gradients(t, net, test)
		for _, gaussNewton := range []bool{false, true} {
			chain := &lin.Chain
			if gaussNewton {
				chain = chain.GaussNewton()
			}
			compare(t, tc.name, net, train, test, chain, gt, ge, tc.eps, gaussNewton)
		}
	}
}

func compare(t *testing.T, name string, net *nn.Network, train, test *nn.Batch, chain *system.Chain, gt, ge *mat.Dense, eps float64, gaussNewton bool) {
	t.Helper()
	h := mat.DenseCopyOf(chaintest.Matrix(chain, blas.Native()))
	for i := range net.NumParams() {
		h.Set(i, i, h.At(i, i)+eps)
	}
	var inv, x, want mat.Dense
	if err := inv.Inverse(h); err != nil {
		t.Fatal(err)
	}
	x.Mul(&inv, gt.T())
	want.Mul(ge, &x)
	calls := 0
	f := influence.Influence{Damping: eps, GaussNewton: gaussNewton, Observe: func(done, all int) error { calls++; return nil }}
	if err := f.Fit(net, train); err != nil {
		t.Fatal(err)
	}
	var got mat.Dense
	if err := f.PairsTo(&got, test); err != nil {
		t.Fatal(err)
	}
	near(t, name+": pairs", &got, &want, 1e-9)
	self := make([]float64, train.N)
	if err := f.SelfTo(self); err != nil {
		t.Fatal(err)
	}
	var all mat.Dense
	all.Mul(gt, &x)
	own := mat.NewVecDense(train.N, nil)
	for i := range train.N {
		own.SetVec(i, all.At(i, i))
	}
	near(t, name+": self", mat.NewVecDense(train.N, self), own, 1e-9)
	scalar := make([]float64, train.N)
	if err := f.OnScalarTo(scalar, ge.RawRowView(1)); err != nil {
		t.Fatal(err)
	}
	near(t, name+": scalar", mat.NewDense(1, train.N, scalar), want.Slice(1, 2, 0, train.N), 1e-9)
	params := make([]float64, net.NumParams())
	if err := f.OnParamsTo(params, 2); err != nil {
		t.Fatal(err)
	}
	var dw mat.VecDense
	dw.ScaleVec(-1/float64(train.N), x.ColView(2))
	near(t, name+": parameters", mat.NewVecDense(len(params), params), &dw, 1e-9)
	if calls < 2 {
		t.Errorf("%d calls of Observe", calls)
	}
	if r := f.Report(); r.BackwardError > 1e-14 || r.Gradient <= 0 || gaussNewton && net.Inputs() == 6 && r.Method != "gram" {
		t.Errorf("%s: %+v", name, r)
	}
	least, err := f.LeastDamping()
	if err != nil {
		t.Fatal(err)
	}
	if in := f.Report().Inertia; in.Certain && in.Negative == 0 && in.Zero == 0 && least > eps {
		t.Errorf("%s: least damping %v, and %v is enough", name, least, eps)
	}
	for i := range net.NumParams() {
		h.Set(i, i, h.At(i, i)-eps)
	}
	var e mat.EigenSym
	sym := mat.NewSymDense(net.NumParams(), nil)
	for i := range net.NumParams() {
		for j := range i + 1 {
			sym.SetSym(i, j, h.At(i, j))
		}
	}
	if !e.Factorize(sym, false) {
		t.Fatal("EigenSym")
	}
	ev := e.Values(nil)
	if norm := math.Max(-ev[0], ev[len(ev)-1]); least < -ev[0]-1e-9*norm || least > math.Max(0, -ev[0])+1e-5*norm {
		t.Errorf("%s: least damping %v, the smallest eigenvalue is %v", name, least, ev[0])
	}
	// The first factorization serves again.
	if err := f.SelfTo(self); err != nil {
		t.Fatal(err)
	}
	near(t, name+": self again", mat.NewVecDense(train.N, self), own, 1e-9)
}

// trained is a digits network at a minimum.
func trained(t testing.TB, widths []int, n, tests int, eps float64) (net *nn.Network, train, test *nn.Batch) {
	t.Helper()
	small, err := data.Digits().Downsample(4)
	if err != nil {
		t.Fatal(err)
	}
	small.Standardize()
	train, test = small.Batch(0, n), small.Batch(n, n+tests)
	net, err = nn.New(16, nn.CrossEntropy, nn.MLP(widths, nn.Tanh, true)...)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(1, nil)
	m, err := influence.Minimize(context.Background(), net, train, eps, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.Negative != 0 || m.Gradient > 1e-9 {
		t.Fatalf("%+v", m)
	}
	return net, train, test
}

// TestRemoval: the exact Hessian's influence is the derivative of training again, and
// Gauss–Newton's is not.
func TestRemoval(t *testing.T) {
	const n, tests, part = 100, 30, 0.01
	net, train, test := trained(t, []int{16, 8, 8, 10}, n, tests, 0.02)
	removed := []int{0, 13, 29, 41, 57, 83}
	truth := make([]float64, tests)
	var true1 []float64
	exact := influence.Influence{Damping: 0.02}
	gauss := influence.Influence{Damping: 0.02, GaussNewton: true}
	var i1, g1 mat.Dense
	for f, dst := range map[*influence.Influence]*mat.Dense{&exact: &i1, &gauss: &g1} {
		if err := f.Fit(net, train); err != nil {
			t.Fatal(err)
		}
		if err := f.PairsTo(dst, test); err != nil {
			t.Fatal(err)
		}
	}
	var predicted, approximate []float64
	for _, i := range removed {
		if _, err := exact.RemovalTo(context.Background(), truth, i, part, test); err != nil {
			t.Fatal(err)
		}
		true1 = append(true1, truth...)
		for j := range tests {
			predicted = append(predicted, part*i1.At(j, i)/n)
			approximate = append(approximate, part*g1.At(j, i)/n)
		}
	}
	p, g := stat.Correlation(predicted, true1, nil), stat.Correlation(approximate, true1, nil)
	d := append([]float64(nil), predicted...)
	vec.Axpy(d, -1, true1)
	e := vec.Norm2(d) / vec.Norm2(true1)
	t.Logf("Pearson %.6f, Gauss–Newton %.4f, relative error %.4f", p, g, e)
	if !(p >= 0.999) || e > 0.03 {
		t.Errorf("Pearson %v, relative error %v", p, e)
	}
	if g > 0.999 {
		t.Errorf("Gauss–Newton is as good, %v: the test says nothing", g)
	}
	// Retraining with nothing removed stays where it is.
	if _, err := exact.RemovalTo(context.Background(), truth, 3, 0, test); err != nil || vec.Norm2(truth) > 1e-9 {
		t.Errorf("%v, %v", vec.Norm2(truth), err)
	}
}

func TestBad(t *testing.T) {
	net, train, test := randomNet(t, 1, []int{3, 4, 2}, nn.Tanh, nn.CrossEntropy, 8, 4, false)
	panics := func(want error, f func()) {
		t.Helper()
		defer func() {
			if r := recover(); r != want {
				t.Errorf("panic %v, want %v", r, want)
			}
		}()
		f()
	}
	var f influence.Influence
	var d mat.Dense
	panics(influence.ErrNotFitted, func() { f.PairsTo(&d, test) })
	for _, eps := range []float64{-1, math.NaN(), math.Inf(1)} {
		if err := (&influence.Influence{Damping: eps}).Fit(net, train); err == nil {
			t.Errorf("no error for a damping of %v", eps)
		}
	}
	var singular *factor.SingularError
	if err := (&influence.Influence{GaussNewton: true}).Fit(net, train); !errors.As(err, &singular) {
		t.Errorf("%v for a singular matrix", err)
	}
	f.Damping = 0.5
	if err := f.Fit(net, train); err != nil {
		t.Fatal(err)
	}
	panics(factor.ErrShape, func() { f.SelfTo(make([]float64, 7)) })
	panics(factor.ErrShape, func() { f.OnScalarTo(make([]float64, 8), make([]float64, 3)) })
	panics(factor.ErrShape, func() { f.OnParamsTo(make([]float64, net.NumParams()), 8) })
	panics(factor.ErrShape, func() { f.PairsTo(mat.NewDense(8, 4, nil), test) })
	panics(factor.ErrShape, func() { f.Retrain(context.Background(), 0, 1.5) })
	if err := f.PairsTo(&d, &nn.Batch{N: 1, X: []float64{1, 2, math.NaN()}, Labels: []int{0}}); err == nil {
		t.Error("no error for a NaN")
	}
	stop := errors.New("stop")
	f.Observe = func(int, int) error { return stop }
	if err := f.PairsTo(&d, test); !errors.Is(err, stop) {
		t.Errorf("%v for a caller that wants no more", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := f.Retrain(ctx, 0, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("%v for a cancelled context", err)
	}
}

// TestZeroWeight: a sample of weight zero has no place in output space.
func TestZeroWeight(t *testing.T) {
	net, train, test := randomNet(t, 2, []int{3, 4, 2}, nn.Tanh, nn.CrossEntropy, 8, 4, true)
	train.Weights[3] = 0
	var lin nn.Linearization
	if err := net.Linearize(&lin, train); err != nil {
		t.Fatal(err)
	}
	compare(t, "weight 0", net, train, test, lin.Chain.GaussNewton(), gradients(t, net, train), gradients(t, net, test), 0.1, true)
}

// BenchmarkPairs is a table of 896 training and 103 test samples with 8 inputs and
// one target.
func BenchmarkPairs(b *testing.B) {
	net, train, test := randomNet(b, 3, []int{8, 128, 128, 128, 1}, nn.ReLU, nn.SquaredError, 896, 103, false)
	for name, f := range map[string]*influence.Influence{"gn": {Damping: 0.01, GaussNewton: true}} {
		b.Run("params=34305/curvature="+name, func(b *testing.B) {
			for b.Loop() {
				var d mat.Dense
				if err := f.Fit(net, train); err != nil {
					b.Fatal(err)
				}
				if err := f.PairsTo(&d, test); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(f.Report().BackwardError, "backward-error")
		})
	}
}

// TestConvergenceErrorWords: a count that is not certain is not shown as a number.
func TestConvergenceErrorWords(t *testing.T) {
	for _, c := range []struct {
		negative int
		want     string
	}{{0, "and 0 eigenvalues"}, {3, "and 3 eigenvalues"}, {-1, "not certain"}} {
		e := &influence.ConvergenceError{Minimum: influence.Minimum{Steps: 2, Gradient: 1, Negative: c.negative}}
		if s := e.Error(); !strings.Contains(s, c.want) || strings.Contains(s, "-1") {
			t.Errorf("%d negative: %q", c.negative, s)
		}
	}
}
