package train

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/la/blas"
	"costate/la/vec"
	"costate/nn"
	"costate/system/chaintest"
)

// TestSaddleFreeStep compares the step with −(H²+λ²)^-½ g by all eigenvalues.
func TestSaddleFreeStep(t *testing.T) {
	for _, act := range []nn.Activation{nn.Tanh, nn.ReLU} {
		net := digitsNet(t, 3, 5, act, 3)
		batch := digits(12)
		before := net.Params()
		var lin nn.Linearization
		if err := net.Linearize(&lin, batch); err != nil {
			t.Fatal(err)
		}
		h := chaintest.Matrix(&lin.Chain, blas.Native())
		var e mat.EigenSym
		if !e.Factorize(h, true) {
			t.Fatal("EigenSym")
		}
		ev := e.Values(nil)
		if ev[0] > -0.01*ev[len(ev)-1] {
			t.Fatalf("not a saddle: %v", ev[0])
		}
		var v mat.Dense
		e.VectorsTo(&v)
		o := &SaddleFree{Damping: 0.05 * ev[len(ev)-1]}
		info, err := o.Step(&Task{Net: net, Batch: batch, Version: 1})
		if err != nil || !info.Accepted {
			t.Fatalf("%v, %+v", err, info)
		}
		s := net.Params()
		vec.Axpy(s, -1, before)
		want := make([]float64, len(s))
		for i, l := range ev {
			u := mat.Col(nil, i, &v)
			vec.Axpy(want, -vec.Dot(u, lin.Gradient)/math.Hypot(l, o.Damping), u)
		}
		vec.Scale(want, info.Stretch, want)
		vec.Axpy(s, -1, want)
		if r := vec.Norm2(s) / vec.Norm2(want); r > saddleFreeTolerance {
			t.Errorf("the step is off by %v", r)
		}
		if after, err := net.Loss(batch, nil); err != nil || relative(after, info.After) > 1e-12 || !(after < info.Loss) {
			t.Errorf("loss %v, reported %+v, %v", after, info, err)
		}
	}
}

// TestSaddleFreeEscapes starts beside a saddle point of a linear network, small
// weights, where the gradient is tiny and Newton's method would go to zero.
func TestSaddleFreeEscapes(t *testing.T) {
	const in, out, n = 4, 4, 30
	r := rand.New(rand.NewPCG(1, 1))
	b := &nn.Batch{N: n, X: make([]float64, n*in), T: make([]float64, n*out)}
	for i := range b.X {
		b.X[i] = r.NormFloat64()
	}
	copy(b.T, b.X) // the identity is to be learned
	net, err := nn.New(in, nn.SquaredError, &nn.Dense{Out: in}, &nn.Dense{Out: out})
	if err != nil {
		t.Fatal(err)
	}
	net.Init(2, &nn.Init{Gain: 1e-4})
	o := &SaddleFree{}
	var info Info
	for range 60 {
		info, err = o.Step(&Task{Net: net, Batch: b, Version: 1})
		var stalled *StalledError
		if errors.As(err, &stalled) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !(info.After < 1e-8) {
		t.Errorf("loss %v", info.After)
	}
	if err := o.SetState(State{"damping": {1}}); err == nil {
		t.Error("a state of another kind is taken")
	}
	if err := o.SetState(o.State()); err != nil {
		t.Error(err)
	}
}

// TestInspect compares the index and the flatness with all eigenvalues, and plants a
// gradient in the null space.
func TestInspect(t *testing.T) {
	net := digitsNet(t, 3, 5, nn.Tanh, 3)
	batch := digits(12)
	var lin nn.Linearization
	if err := net.Linearize(&lin, batch); err != nil {
		t.Fatal(err)
	}
	var e mat.EigenSym
	if !e.Factorize(chaintest.Matrix(&lin.Chain, blas.Native()), true) {
		t.Fatal("EigenSym")
	}
	ev := e.Values(nil)
	var v mat.Dense
	e.VectorsTo(&v)
	size := math.Max(-ev[0], ev[len(ev)-1])
	negative, flat := 0, 0.0
	for i, l := range ev {
		if l < -2e-6*size {
			negative++
		}
		f := vec.Dot(mat.Col(nil, i, &v), lin.Gradient) / math.Hypot(1, l/(FlatWidth*size))
		flat += f * f
	}
	flat = math.Sqrt(flat) / vec.Norm2(lin.Gradient)
	in, err := Inspect(net, batch, nil)
	if err != nil || in.Negative != negative || math.Abs(in.Flatness-flat) > 0.01 || in.FlatError > 0.01 || relative(in.Gradient, vec.Norm2(lin.Gradient)) > 1e-12 {
		t.Errorf("%+v, want %d and %v: %v", in, negative, flat, err)
	}
	// f = w·(a x) of two hidden units at a = (1, 0), w = 0 with residual −1: each pair
	// (a_i, w_i) has one negative eigenvalue, and the gradient, along w_1, is curved.
	two, err := nn.New(1, nn.SquaredError, &nn.Dense{Out: 2}, &nn.Dense{Out: 1})
	if err != nil {
		t.Fatal(err)
	}
	two.SetParams([]float64{1, 0, 0, 0})
	in, err = Inspect(two, &nn.Batch{N: 1, X: []float64{1}, T: []float64{1}}, nil)
	if err != nil || in.Negative != 2 || in.Flatness > 0.01 {
		t.Errorf("%+v, %v", in, err)
	}
	// Two biases: the first is at its minimum and curved, the second far out where the
	// loss is a straight line. All of the gradient is flat.
	line, err := nn.New(1, nn.SigmoidCrossEntropy, &nn.Dense{Out: 2, Bias: true})
	if err != nil {
		t.Fatal(err)
	}
	line.SetParams([]float64{0, 0, 0, 30})
	in, err = Inspect(line, &nn.Batch{N: 1, X: []float64{0}, T: []float64{0.5, 0}}, nil)
	if err != nil || in.Flatness < 0.99 || in.Gradient < 0.4 {
		t.Errorf("%+v, %v", in, err)
	}
}
