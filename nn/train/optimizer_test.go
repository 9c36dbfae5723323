package train

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
	"costate/system"
)

// TestQuadraticInOneStep: for a linear network with squared errors the models of
// all second-order methods are the loss itself.
func TestQuadraticInOneStep(t *testing.T) {
	const in, out, n = 5, 3, 40
	r := rand.New(rand.NewPCG(1, 2))
	b := &nn.Batch{N: n, X: make([]float64, n*in), T: make([]float64, n*out)}
	for i := range b.X {
		b.X[i] = r.NormFloat64()
	}
	for i := range b.T {
		b.T[i] = r.NormFloat64()
	}
	for _, o := range []Optimizer{
		&LevenbergMarquardt{Damping: 1e-13},
		&TrustRegion{Radius: 1e3, Tolerance: 1e-12},
		&CubicNewton{Sigma: 1e-12, Tolerance: 1e-10},
	} {
		net, err := nn.New(in, nn.SquaredError, &nn.Dense{Out: out, Bias: true})
		if err != nil {
			t.Fatal(err)
		}
		net.Init(1, nil)
		var lin nn.Linearization
		if err := net.Linearize(&lin, b); err != nil {
			t.Fatal(err)
		}
		first := vec.Norm2(lin.Gradient)
		info, err := o.Step(&Task{Net: net, Batch: b, Version: 1})
		if err != nil || !info.Accepted {
			t.Fatalf("%s: %v, %+v", o.Name(), err, info)
		}
		if err := net.Linearize(&lin, b); err != nil {
			t.Fatal(err)
		}
		if g := vec.Norm2(lin.Gradient); g > 1e-9*first {
			t.Errorf("%s: gradient %g after one step, %g before", o.Name(), g, first)
		}
		if math.Abs(info.Ratio-1) > 1e-9 {
			t.Errorf("%s: gain ratio %v", o.Name(), info.Ratio)
		}
	}
}

// TestGainRatio recomputes losses and models of every step from outside.
func TestGainRatio(t *testing.T) {
	for _, act := range []nn.Activation{nn.Tanh, nn.ReLU} {
		for _, o := range []Optimizer{&LevenbergMarquardt{}, &TrustRegion{}, &CubicNewton{}, &LevenbergMarquardt{Damping: 1e-6, Nielsen: true}} {
			net := digitsNet(t, 3, 8, act, 4)
			batch := digits(16)
			last := math.Inf(1)
			taken := 0
			for k := range 20 {
				var lin nn.Linearization
				if err := net.Linearize(&lin, batch); err != nil {
					t.Fatal(err)
				}
				before := net.Params()
				info, err := o.Step(&Task{Net: net, Batch: batch, Version: 1})
				if err != nil {
					t.Fatalf("%s, step %d: %v", o.Name(), k, err)
				}
				after, err := net.Loss(batch, nil)
				if err != nil {
					t.Fatal(err)
				}
				if relative(info.Loss, lin.Loss) > 1e-12 || relative(info.After, after) > 1e-12 || relative(info.Gradient, vec.Norm2(lin.Gradient)) > 1e-12 {
					t.Fatalf("%s, step %d: it reports %+v; losses %g to %g, gradient %g", o.Name(), k, info, lin.Loss, after, vec.Norm2(lin.Gradient))
				}
				s := net.Params()
				vec.Axpy(s, -1, before)
				if !info.Accepted {
					if vec.Norm2(s) != 0 || info.Ratio > 0 {
						t.Fatalf("%s, step %d: a step not taken moves by %g at ratio %g", o.Name(), k, vec.Norm2(s), info.Ratio)
					}
					continue
				}
				taken++
				lm, isLM := o.(*LevenbergMarquardt)
				if isLM && lm.Nielsen && info.Stretch != 1 {
					t.Errorf("step %d: a textbook step is stretched by %g", k, info.Stretch)
				}
				if !(after < last) {
					t.Errorf("%s, step %d: the loss goes from %g to %g", o.Name(), k, last, after)
				}
				last = after
				chain := &lin.Chain
				if isLM {
					// The step that the model asked for, whatever was made of it.
					chain = chain.GaussNewton()
					s = solved(t, chain, info.Damping, lin.Gradient)
					if relative(vec.Norm2(s), info.Length) > 1e-6 {
						t.Errorf("lm, step %d: a step of length %g, recomputed %g", k, info.Length, vec.Norm2(s))
					}
				} else {
					vec.Scale(s, 1/info.Stretch, s)
				}
				hs := make([]float64, len(s))
				system.NewProduct(chain, blas.Native()).HessVec(hs, s)
				model := -vec.Dot(lin.Gradient, s) - 0.5*vec.Dot(s, hs)
				switch o.(type) {
				case *LevenbergMarquardt: // ½(λ‖s‖² − gᵀs) = −gᵀs − ½sᵀGs
				case *CubicNewton:
					sigma := (model - (lin.Loss-after)/info.Ratio) * 3 / math.Pow(vec.Norm2(s), 3)
					if !(sigma > -1e-9) {
						t.Errorf("cubic, step %d: the model has σ = %g", k, sigma)
					}
					continue
				}
				if ratio := (lin.Loss - after) / model; relative(ratio, info.Ratio) > 1e-6 {
					t.Errorf("%s, step %d: gain ratio %g, recomputed %g", o.Name(), k, info.Ratio, ratio)
				}
			}
			if taken < 6 {
				t.Errorf("%s: %d steps taken of 25", o.Name(), taken)
			}
		}
	}
}

func relative(a, b float64) float64 {
	return math.Abs(a-b) / math.Max(math.Abs(a), math.Max(math.Abs(b), 1e-300))
}

// TestConjugateGradients compares with direct solves.
func TestConjugateGradients(t *testing.T) {
	net := digitsNet(t, 4, 8, nn.Tanh, 3)
	all := digits(300) // two parts, the last one smaller
	var parts parts
	if err := parts.Linearize(net, all, true); err != nil {
		t.Fatal(err)
	}
	var lin nn.Linearization
	if err := net.Linearize(&lin, all); err != nil {
		t.Fatal(err)
	}
	if relative(lin.Loss, parts.Loss) > 1e-13 || distance(lin.Gradient, parts.Gradient) > 1e-13 {
		t.Errorf("loss or gradient in parts: %g, %g; gradients differ by %g", parts.Loss, lin.Loss, distance(lin.Gradient, parts.Gradient))
	}
	n := net.NumParams()
	v, want, have := make([]float64, n), make([]float64, n), make([]float64, n)
	scrambled(v)
	gn := lin.Chain.GaussNewton()
	system.NewProduct(gn, blas.Native()).HessVec(want, v)
	parts.MulTo(have, v)
	if distance(want, have) > 1e-13 {
		t.Errorf("products differ by %g", distance(want, have))
	}
	var plain nn.Linearization
	sub := rows(all, 0, 48, 64, 10)
	if err := net.Linearize(&plain, &sub); err != nil {
		t.Fatal(err)
	}
	for _, lambda := range []float64{1e-1, 1e-3} {
		var direct factor.Dense
		if err := direct.Analyse(gn, nil); err != nil {
			t.Fatal(err)
		}
		if err := direct.Factorize(lambda); err != nil {
			t.Fatal(err)
		}
		var x mat.VecDense
		if err := direct.SolveVecTo(&x, mat.NewVecDense(n, lin.Gradient)); err != nil {
			t.Fatal(err)
		}
		var pre factor.Auto
		if err := pre.Analyse(plain.Chain.GaussNewton(), nil); err != nil {
			t.Fatal(err)
		}
		if err := pre.Factorize(lambda); err != nil {
			t.Fatal(err)
		}
		cg := &ConjugateGradients{Tolerance: 1e-11, MaxProducts: 5000}
		y := make([]float64, n)
		with, residual, err := cg.Solve(y, &parts, &pre, lambda, parts.Gradient)
		if err != nil || residual > 1e-11 {
			t.Fatalf("λ=%g: residual %g after %d products: %v", lambda, residual, with, err)
		}
		if d := distance(x.RawVector().Data, y); d > 1e-10*(1+1/lambda) {
			t.Errorf("λ=%g: the solutions differ by %g", lambda, d)
		}
		without, _, err := cg.Solve(y, &parts, nil, lambda, parts.Gradient)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("λ=%g: %d products with the preconditioner, %d without", lambda, with, without)
		if lambda < 1e-2 && with >= without {
			t.Errorf("λ=%g: %d products with the preconditioner, %d without", lambda, with, without)
		}
	}
}

// distance is ‖x−y‖/‖x‖.
func distance(x, y []float64) float64 {
	d := slices.Clone(x)
	vec.Axpy(d, -1, y)
	return vec.Norm2(d) / vec.Norm2(x)
}

// TestFullBatchByConjugateGradients: steps of the whole batch by CG to high
// accuracy are those of the direct solve.
func TestFullBatchByConjugateGradients(t *testing.T) {
	all := digits(200)
	curvature := rows(all, 0, 50, 64, 10)
	a, b := digitsNet(t, 3, 8, nn.Tanh, 1), digitsNet(t, 3, 8, nn.Tanh, 1)
	direct := &LevenbergMarquardt{Damping: 0.1}
	iterated := &LevenbergMarquardt{Damping: 0.1, CG: &ConjugateGradients{Tolerance: 1e-12, MaxProducts: 2000}}
	for k := range 5 {
		x, err := direct.Step(&Task{Net: a, Batch: all, Version: 1})
		if err != nil {
			t.Fatal(err)
		}
		y, err := iterated.Step(&Task{Net: b, Batch: all, Curvature: &curvature, Version: 1})
		if err != nil {
			t.Fatal(err)
		}
		if relative(x.After, y.After) > 1e-7 || relative(x.Ratio, y.Ratio) > 1e-6 || y.Products == 0 {
			t.Errorf("step %d: %+v by CG, %+v directly", k, y, x)
		}
	}
}

// TestSubsampledCurvature: with the curvature of a part the loss of the whole goes
// down, and steps that would raise it are not taken.
func TestSubsampledCurvature(t *testing.T) {
	net := digitsNet(t, 3, 12, nn.Tanh, 1)
	r := &Run{Net: net, Optimizer: &LevenbergMarquardt{}, Data: &Sampler{All: digits(600), Curvature: 60}, Steps: 40}
	h, _, err := history(t, r)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(h); i++ {
		if h[i].Loss > h[i-1].Loss*(1+1e-12) {
			t.Errorf("step %d: loss %g after %g", i, h[i].Loss, h[i-1].Loss)
		}
	}
	if last := h[len(h)-1].Loss; !(last < 0.3) {
		t.Errorf("loss %g after %d steps", last, len(h)-1)
	}
}

// TestAllDescend trains with every optimizer for a moment.
func TestAllDescend(t *testing.T) {
	for _, o := range optimizers() {
		r := &Run{Net: digitsNet(t, 4, 6, nn.Tanh, 1), Optimizer: o, Data: &Sampler{All: digits(16)}, Steps: 40}
		h, _, err := history(t, r)
		if err != nil {
			t.Fatal(err)
		}
		if last := h[len(h)-1].Loss; !(last < 0.8*h[0].Loss) || h[0].Step != 0 || h[len(h)-1].Step != len(h)-1 {
			t.Errorf("%s: loss from %g to %g in %d records", o.Name(), h[0].Loss, last, len(h))
		}
	}
}

func optimizers() []Optimizer {
	return []Optimizer{&LevenbergMarquardt{}, &TrustRegion{}, &CubicNewton{}, &SaddleFree{}, NewLBFGS(), NewNonlinearCG(),
		&Adam{Rate: 0.01}, &SGD{}, &SGD{Momentum: 0.9}}
}

// TestStalled: at a minimum a second-order method says so, and does not move.
func TestStalled(t *testing.T) {
	net, err := nn.New(2, nn.SquaredError, &nn.Dense{Out: 1})
	if err != nil {
		t.Fatal(err)
	}
	b := &nn.Batch{N: 2, X: []float64{1, 0, 0, 1}, T: []float64{0, 0}} // zero weights are exact
	for _, o := range []Optimizer{&LevenbergMarquardt{}, &TrustRegion{}, &CubicNewton{}, &SaddleFree{}, NewLBFGS()} {
		_, err := o.Step(&Task{Net: net, Batch: b, Version: 1})
		var stalled *StalledError
		if !errors.As(err, &stalled) {
			t.Errorf("%s: %v", o.Name(), err)
		}
		if vec.Norm2(net.Params()) != 0 {
			t.Errorf("%s moved", o.Name())
		}
	}
}
