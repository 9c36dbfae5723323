package factor_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"costate/factor"
	"costate/la/blas"
	"costate/nn"
	"costate/nn/data"
	"costate/nn/train"
	"costate/system"
	"costate/system/chaintest"
)

// digitsNet returns a network on digits and its point on a batch.
func digitsNet(t *testing.T, act nn.Activation, layers, width, batch int) (*nn.Network, *nn.Batch) {
	t.Helper()
	widths := []int{64}
	for range layers - 1 {
		widths = append(widths, width)
	}
	net, err := nn.New(64, nn.CrossEntropy, nn.MLP(append(widths, 10), act, true)...)
	if err != nil {
		t.Fatal(err)
	}
	gain := 1.1 // tanh passes signals on with it
	if act == nn.ReLU {
		gain = math.Sqrt2
	}
	net.Init(uint64(layers), &nn.Init{Gain: gain, Orthogonal: true})
	set := data.Digits()
	return net, set.Batch(100, 100+batch)
}

// descend trains to a loss of 1e-3, by a method that does not use what is tested.
func descend(t *testing.T, net *nn.Network, batch *nn.Batch) {
	t.Helper()
	run := &train.Run{
		Net:       net,
		Optimizer: &train.Adam{Rate: 0.003},
		Data:      &train.Sampler{All: batch},
		Steps:     5000,
		Target:    1e-3,
	}
	if reason, err := run.Do(context.Background()); reason != train.ReachedTarget {
		t.Fatalf("training ended by %v: %v", reason, err)
	}
}

// Every damping on networks as they are used: two activations, trained and
// not, from 2 to 1,000 layers. The reference is a product H·v of another
// backend; with the tolerance at 1e-15 nine of ten solves reach it.
func TestChainNetworks(t *testing.T) {
	solves, close := 0, 0
	for _, act := range []nn.Activation{nn.Tanh, nn.ReLU} {
		for _, tc := range []struct {
			layers, width, batch int
			trained              bool
		}{
			{2, 8, 6, false}, {5, 10, 4, false}, {5, 10, 4, true}, {12, 8, 12, false}, {12, 16, 12, true},
			{30, 16, 8, true}, {100, 6, 3, false}, {1000, 4, 2, false},
		} {
			t.Run(fmt.Sprintf("%s/layers=%d/trained=%v", act.Name(), tc.layers, tc.trained), func(t *testing.T) {
				net, batch := digitsNet(t, act, tc.layers, tc.width, tc.batch)
				if tc.trained {
					descend(t, net, batch)
				}
				var lin nn.Linearization
				if err := net.Linearize(&lin, batch); err != nil {
					t.Fatal(err)
				}
				var f factor.Chain
				if err := f.Analyse(&lin.Chain, &factor.Options{Tolerance: 1e-15}); err != nil {
					t.Fatal(err)
				}
				g := gaussian(rand.New(rand.NewPCG(1, 1)), net.NumParams())
				for _, eps := range []float64{10, 1, 0.1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8} {
					if err := f.Factorize(eps); err != nil {
						t.Errorf("eps=%g: %v", eps, err)
						continue
					}
					var x mat.VecDense
					err := f.SolveVecTo(&x, g)
					var inaccurate *factor.AccuracyError
					if err != nil && !errors.As(err, &inaccurate) {
						t.Errorf("eps=%g: %v", eps, err)
						continue
					}
					solves++
					reached := f.Report().BackwardError
					if reached <= 1e-15 {
						close++
					}
					if !(reached <= 1e-14) {
						t.Errorf("eps=%g: backward error %.2g", eps, reached)
					}
					if e := residualError(&lin.Chain, eps, f.Report().Norm, &x, g); !(e <= 2e-14) {
						t.Errorf("eps=%g: backward error %.2g by another backend's products, %.2g reported", eps, e, reached)
					}
				}
			})
		}
	}
	if close*10 < solves*9 {
		t.Errorf("%d of %d solves reached 1e-15", close, solves)
	}
}

// drawChain returns a chain of any shapes for so many samples of in inputs.
func drawChain(t *rapid.T, stages []chaintest.Stage, batch, in int) *system.Chain {
	return chaintest.Random(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), batch, in, stages...)
}

// drawStages describes stages of any kind.
func drawStages(t *rapid.T) (stages []chaintest.Stage) {
	for range rapid.IntRange(1, 5).Draw(t, "stages") {
		stages = append(stages, chaintest.Stage{
			Out:    rapid.IntRange(1, 5).Draw(t, "out"),
			Bias:   rapid.Bool().Draw(t, "bias"),
			Skip:   rapid.Bool().Draw(t, "skip"),
			Full:   rapid.Bool().Draw(t, "full"),
			Blocks: rapid.IntRange(0, 4).Draw(t, "blocks") == 0,
			P:      rapid.IntRange(0, 4).Draw(t, "P"),
			Rows:   rapid.IntRange(0, 4).Draw(t, "rows"),
			In:     rapid.IntRange(0, 3).Draw(t, "row"),
			Ones:   rapid.Bool().Draw(t, "ones"),
			Pass:   rapid.Bool().Draw(t, "pass"),
			Sparse: rapid.Bool().Draw(t, "sparse"),
			Carry:  rapid.IntRange(0, 4).Draw(t, "carry") == 0,
		})
	}
	return stages
}

// Chains of any shapes against the dense matrix.
func TestChainShapes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		batch := rapid.IntRange(1, 6).Draw(t, "batch")
		stages := drawStages(t)
		c := drawChain(t, stages, batch, rapid.IntRange(1, 5).Draw(t, "in"))
		if c.Params() == 0 {
			return
		}
		if rapid.Bool().Draw(t, "Gauss–Newton") {
			c = c.GaussNewton()
		}
		eps := rapid.SampledFrom([]float64{3, 0.1, 1e-3, -0.2}).Draw(t, "eps")
		h := chaintest.Matrix(c, blas.Native())
		ev := computeEigenvalues(h)
		norm, near, negative := 0.0, 1e300, 0
		for _, l := range ev {
			norm, near = max(norm, l, -l), min(near, max(l+eps, -l-eps))
			if l+eps < 0 {
				negative++
			}
		}
		if near < 1e-9*(norm+1) {
			return // singular, or nearly
		}
		var f factor.Chain
		g := gaussian(rand.New(rand.NewPCG(1, 1)), c.Params())
		var x mat.VecDense
		if err := errors.Join(f.Analyse(c, nil), f.Factorize(eps), f.SolveVecTo(&x, g)); err != nil {
			t.Fatalf("%v (nearest eigenvalue %.2g, norm %.2g)", err, near, norm)
		}
		if e := backwardError(h, norm, eps, &x, g); !(e <= 2e-14) {
			t.Errorf("backward error %.2g", e)
		}
		if in := f.Inertia(); in.Certain && in.Negative != negative {
			t.Errorf("inertia %v, want %d negative", in, negative)
		}
	})
}
