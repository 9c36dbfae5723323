package train

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/blas"
	"costate/la/ranks"
	"costate/la/vec"
	"costate/nn"
	"costate/system"
)

// TestMain makes this a test of as many ranks as there are:
//
//	go test -tags mumps -exec 'mpirun --oversubscribe -n 3' ./nn/train -run Shards
func TestMain(m *testing.M) {
	HandleNetworks(func(description []byte) (*nn.Network, error) {
		var layers, width int
		if _, err := fmt.Sscan(string(description), &layers, &width); err != nil {
			return nil, err
		}
		return nn.New(64, nn.CrossEntropy, nn.MLP(digitsWidths(layers, width), nn.Tanh, true)...)
	})
	stop := ranks.Serve()
	status := m.Run()
	stop()
	os.Exit(status)
}

// shardsOf are Shards for digitsNet; without MPI of the only rank.
func shardsOf(t *testing.T, layers, width int) *Shards {
	t.Helper()
	s, err := NewShards(fmt.Appendf(nil, "%d %d", layers, width))
	if errors.Is(err, ranks.ErrNotBuilt) {
		return new(Shards)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestShards: loss, gradient and products are those of the whole batch, also where there
// are fewer samples than ranks, weights, and other batches in between.
func TestShards(t *testing.T) {
	const layers, width = 3, 7
	net := digitsNet(t, layers, width, nn.Tanh, 5)
	s := shardsOf(t, layers, width)
	for i, n := range []int{300, 1, 2, 517, 300} {
		batch := digits(n)
		if n == 517 {
			batch.Weights = make([]float64, n)
			for i := range batch.Weights {
				batch.Weights[i] = float64(i % 3)
			}
		}
		task := &Task{Net: net, Batch: batch, Version: i, Shards: s}
		var whole parts
		if err := errors.Join(whole.Linearize(net, batch, true), s.linearize(task, net, true)); err != nil {
			t.Fatal(err)
		}
		if relative(s.loss, whole.Loss) > 1e-13 || distance(whole.Gradient, s.grad) > 1e-13 {
			t.Errorf("%d samples: loss %g, of the whole batch %g; gradients differ by %g", n, s.loss, whole.Loss, distance(whole.Gradient, s.grad))
		}
		v := make([]float64, net.NumParams())
		want, have := make([]float64, len(v)), make([]float64, len(v))
		scrambled(v)
		whole.MulTo(want, v)
		s.MulTo(have, v)
		if d := distance(want, have); d > 1e-13 {
			t.Errorf("%d samples: products differ by %g", n, d)
		}
		grad := make([]float64, len(v))
		loss, err := task.gradient(grad, net, nil)
		again, other := task.loss(net, nil)
		if err := errors.Join(err, other); err != nil {
			t.Fatal(err)
		}
		if relative(loss, whole.Loss) > 1e-13 || relative(again, whole.Loss) > 1e-13 || distance(whole.Gradient, grad) > 1e-13 {
			t.Errorf("%d samples: losses %g and %g, want %g", n, loss, again, whole.Loss)
		}
	}
}

// TestShardsRuns: optimizers make the steps that they make without Shards.
func TestShardsRuns(t *testing.T) {
	const layers, width = 3, 8
	s := shardsOf(t, layers, width)
	for name, c := range map[string]struct {
		o       func() Optimizer
		sampler Sampler
	}{
		"lm":               {func() Optimizer { return &LevenbergMarquardt{} }, Sampler{Curvature: 60}},
		"lm with CG":       {func() Optimizer { return &LevenbergMarquardt{CG: &ConjugateGradients{}} }, Sampler{Curvature: 60}},
		"lm, mini-batches": {func() Optimizer { return &LevenbergMarquardt{CG: &ConjugateGradients{}} }, Sampler{Size: 130, Curvature: 40}},
		"adam":             {func() Optimizer { return &Adam{Rate: 0.01} }, Sampler{Size: 130}},
		"sgd":              {func() Optimizer { return &SGD{} }, Sampler{}},
		"lbfgs":            {func() Optimizer { return NewLBFGS() }, Sampler{}},
	} {
		t.Run(name, func(t *testing.T) {
			var losses [2][]Record
			for i, shards := range []*Shards{nil, s} {
				sampler := c.sampler
				sampler.All = digits(300)
				r := &Run{Net: digitsNet(t, layers, width, nn.Tanh, 6), Optimizer: c.o(), Data: &sampler, Shards: shards, Steps: 6}
				var err error
				if losses[i], _, err = history(t, r); err != nil {
					t.Fatal(err)
				}
			}
			if len(losses[0]) != len(losses[1]) {
				t.Fatalf("%d steps with Shards, %d without", len(losses[1]), len(losses[0]))
			}
			for k, want := range losses[0] {
				if got := losses[1][k]; relative(got.Loss, want.Loss) > 1e-9 || got.Products != want.Products {
					t.Errorf("step %d: loss %.17g after %d products, without Shards %.17g after %d", k, got.Loss, got.Products, want.Loss, want.Products)
				}
			}
		})
	}
}

// TestShardsErrors: what a rank cannot evaluate is an error of rank 0, which does not end
// the others, and what needs all of a batch says so.
func TestShardsErrors(t *testing.T) {
	const layers, width = 2, 5
	s := shardsOf(t, layers, width)
	net := digitsNet(t, layers, width, nn.Tanh, 7)
	bad := digits(100)
	bad.X = append([]float64(nil), bad.X...)
	bad.X[len(bad.X)-1] = math.NaN() // the last sample is with the last rank
	task := &Task{Net: net, Batch: bad, Version: 1, Shards: s}
	grad := make([]float64, net.NumParams())
	if _, err := task.gradient(grad, net, nil); err == nil {
		t.Error("NaN: no error")
	} else if _, want := net.Gradient(grad, bad, nil); want == nil {
		t.Error("NaN is no error of a network")
	}
	if _, err := task.loss(net, nil); err == nil {
		t.Error("NaN: no error of the loss")
	}
	good := &Task{Net: net, Batch: digits(100), Version: 2, Shards: s}
	if _, err := good.gradient(grad, net, nil); err != nil {
		t.Error(err)
	}
	for _, o := range []Optimizer{&LevenbergMarquardt{}, &TrustRegion{}, &CubicNewton{}, &SaddleFree{}} {
		if _, err := o.Step(good); err == nil || !strings.Contains(err.Error(), "one place") {
			t.Errorf("%s: error %v", o.Name(), err)
		}
	}
}

var _ factor.Products = (*Shards)(nil)

// TestShardsSolve: with products of all ranks conjugate gradients and MINRES solve as with the
// chain of the whole batch, to the same accuracy, for the Gauss–Newton matrix and the Hessian
// in turns.
func TestShardsSolve(t *testing.T) {
	const layers, width = 3, 7
	net := digitsNet(t, layers, width, nn.Tanh, 5)
	s := shardsOf(t, layers, width)
	n := net.NumParams()
	b := make([]float64, n)
	scrambled(b)
	rhs := mat.NewVecDense(n, b)
	for _, samples := range []int{300, 2} { // more than one part, and fewer than ranks
		batch := digits(samples)
		for _, exact := range []bool{false, true, false} {
			loss, grad, err := s.Linearize(net, batch, exact)
			lin := nn.Linearization{GaussNewton: !exact}
			if err := errors.Join(err, net.Linearize(&lin, batch)); err != nil {
				t.Fatal(err)
			}
			if relative(loss, lin.Loss) > 1e-13 || distance(grad, lin.Gradient) > 1e-13 {
				t.Errorf("%d samples: loss %g, of the whole batch %g", samples, loss, lin.Loss)
			}
			chain := &lin.Chain
			if !exact {
				chain = chain.GaussNewton()
			}
			p := system.NewProduct(chain, blas.Native())
			eps := []float64{0.3, 0.3, 0.3}
			for name, f := range map[string]interface {
				factor.Factorization
				AnalyseProducts(factor.Products, *factor.Options) error
			}{"cg": new(factor.CG), "minres": new(factor.MINRES)} {
				if exact && name == "cg" {
					continue // the Hessian is not positive definite
				}
				var x mat.VecDense
				if err := errors.Join(f.AnalyseProducts(s, nil), f.Factorize(eps[0]), f.SolveVecTo(&x, rhs)); err != nil {
					t.Fatalf("%d samples, exact %t: %s: %v", samples, exact, name, err)
				}
				r, own := make([]float64, n), make([]float64, n)
				p.ResidualTo(r, b, x.RawVector().Data, eps)
				size := f.Report().Norm*mat.Norm(&x, 2) + mat.Norm(rhs, 2)
				if e := vec.Norm2(r) / size; !(e <= 1.1e-14) {
					t.Errorf("%d samples, exact %t: %s: backward error %g, reported %g", samples, exact, name, e, f.Report().BackwardError)
				}
				// The weights of the samples are rounded, once more than in the whole batch.
				s.ResidualTo(own, b, x.RawVector().Data, eps[0])
				vec.Axpy(own, -1, r)
				if d := vec.Norm2(own) / size; !(d <= 1e-15) {
					t.Errorf("%d samples, exact %t: %s: residuals differ by %g", samples, exact, name, d)
				}
			}
		}
	}
}
