package nn

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"costate/system"
)

func TestNewErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		inputs int
		loss   Loss
		layers []Layer
		want   string
	}{
		{"no inputs", 0, CrossEntropy, []Layer{&Dense{Out: 1}}, "0 inputs"},
		{"no loss", 2, nil, []Layer{&Dense{Out: 1}}, "without a loss"},
		{"no layers", 2, CrossEntropy, nil, "without parameters"},
		{"only maps", 2, CrossEntropy, []Layer{LayerNorm{}}, "without parameters"},
		{"nil", 2, CrossEntropy, []Layer{&Dense{Out: 1}, nil}, "layer 2 is nil"},
		{"widths", 2, CrossEntropy, []Layer{&Dense{Out: 3}, &Dense{In: 4, Out: 1}}, "layer 2: a dense layer of 4 inputs after a width of 3"},
		{"skip", 2, CrossEntropy, []Layer{&Dense{Out: 3, Skip: true}}, "layer 1: a residual dense layer of 3 outputs after a width of 2"},
		{"no outputs", 2, CrossEntropy, []Layer{&Dense{}}, "layer 1: a dense layer with Out = 0"},
		{"a map's width", 1, CrossEntropy, []Layer{&Dense{Out: 1}, pairs{}}, "layer 2: pairs of 1 units"},
		{"a map without outputs", 1, CrossEntropy, []Layer{&Dense{Out: 1}, nothing{}}, "layer 2: nn.nothing has 0 outputs"},
		{"norm", 1, CrossEntropy, []Layer{&Dense{Out: 1}, LayerNorm{Eps: -1}}, "layer 2: a layer norm with Eps = -1"},
		{"a layer of no kind", 1, CrossEntropy, []Layer{widthOnly{}}, "layer 1 (nn.widthOnly) is neither"},
	} {
		if _, err := New(c.inputs, c.loss, c.layers...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
}

type widthOnly struct{}

func (widthOnly) OutWidth(in int) (int, error) { return in, nil }

type nothing struct{ pairs }

func (nothing) OutWidth(int) (int, error) { return 0, nil }

func TestBatchErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(-1)
	two := []float64{1, 2, 3, 4}
	for _, c := range []struct {
		name  string
		loss  Loss
		batch *Batch
		want  string
	}{
		{"nil", CrossEntropy, nil, "empty batch"},
		{"empty", CrossEntropy, &Batch{}, "empty batch"},
		{"X", CrossEntropy, &Batch{N: 2, X: two[:3], Labels: []int{0, 0}}, "X has 3 numbers; 2 samples of 2 inputs need 4"},
		{"X NaN", CrossEntropy, &Batch{N: 2, X: []float64{1, 2, nan, 4}, Labels: []int{0, 0}}, "X[1,0] is NaN"},
		{"X Inf", CrossEntropy, &Batch{N: 2, X: []float64{1, inf, 3, 4}, Labels: []int{0, 0}}, "X[0,1] is -Inf"},
		{"no target", CrossEntropy, &Batch{N: 2, X: two}, "neither Labels nor T"},
		{"both targets", CrossEntropy, &Batch{N: 2, X: two, Labels: []int{0, 0}, T: make([]float64, 6)}, "both Labels and T"},
		{"labels", CrossEntropy, &Batch{N: 2, X: two, Labels: []int{0}}, "1 labels for a batch of 2"},
		{"label", CrossEntropy, &Batch{N: 2, X: two, Labels: []int{0, 3}}, "label of sample 1 is 3; with 3 outputs it must be from 0 to 2"},
		{"negative label", SquaredError, &Batch{N: 2, X: two, Labels: []int{-1, 2}}, "label of sample 0 is -1"},
		{"T", SquaredError, &Batch{N: 2, X: two, T: make([]float64, 5)}, "T has 5 numbers; 2 samples of 3 outputs need 6"},
		{"T NaN", SquaredError, &Batch{N: 2, X: two, T: []float64{0, 0, 0, 0, 0, nan}}, "T[1,2] is NaN"},
		{"T negative", CrossEntropy, &Batch{N: 2, X: two, T: []float64{0, 0, 1, 0, -0.5, 0}}, "T[1]: entry 1 is -0.5"},
		{"T large", SigmoidCrossEntropy, &Batch{N: 2, X: two, T: []float64{0, 0, 1.5, 0, 0, 0}}, "T[0]: entry 2 is 1.5"},
		{"weights", CrossEntropy, &Batch{N: 2, X: two, Labels: []int{0, 0}, Weights: []float64{1}}, "1 sample weights for a batch of 2"},
		{"weight", CrossEntropy, &Batch{N: 2, X: two, Labels: []int{0, 0}, Weights: []float64{1, -1}}, "Weights[1] is -1"},
		{"weight NaN", CrossEntropy, &Batch{N: 2, X: two, Labels: []int{0, 0}, Weights: []float64{nan, 1}}, "Weights[0] is NaN"},
	} {
		net := mustNet(t, 2, c.loss, &Dense{Out: 3})
		for pass, err := range passes(net, c.batch) {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %s: %v; want %q", c.name, pass, err, c.want)
			}
		}
	}
	net := mustNet(t, 2, CrossEntropy, &Dense{Out: 3})
	if _, err := net.Accuracy(&Batch{N: 2, X: two, T: make([]float64, 6)}, nil); err == nil || !strings.Contains(err.Error(), "without Labels") {
		t.Error(err)
	}
	if err := net.Predict(nil, nil, 0, nil); err == nil || !strings.Contains(err.Error(), "empty batch") {
		t.Error(err)
	}
}

// passes returns the errors of all passes over a batch.
func passes(net *Network, b *Batch) map[string]error {
	errs := map[string]error{}
	errs["Linearize"] = net.Linearize(new(Linearization), b)
	_, errs["Loss"] = net.Loss(b, nil)
	_, errs["Gradient"] = net.Gradient(make([]float64, net.NumParams()), b, nil)
	return errs
}

func TestParamErrors(t *testing.T) {
	net := mustNet(t, 4, CrossEntropy, &Dense{Out: 3, Bias: true}, gain{}, &Dense{Out: 2, Bias: true}, LayerNorm{}, &Dense{Out: 5})
	for name, i := range map[string]int{"W1[0,0]": 0, "W1[2,3]": 11, "b1[1]": 13, "parameter 2 of layer 2": 17, "W2[1,0]": 21, "b2[1]": 25, "W3[4,1]": 35} {
		if got := net.ParamName(i); got != name {
			t.Errorf("parameter %d is %s, want %s", i, got, name)
		}
		randomize(net, 1)
		b := randomBatch(net, 2, rand.New(rand.NewPCG(1, 1)), false)
		for _, v := range []float64{math.NaN(), math.Inf(1)} {
			net.theta[i] = v
			errs := passes(net, b)
			_, errs["Accuracy"] = net.Accuracy(b, nil)
			errs["Predict"] = net.Predict(make([]float64, 10), b.X, 2, nil)
			for pass, err := range errs {
				if err == nil || !strings.Contains(err.Error(), name+" is ") {
					t.Errorf("%s: %v; want %s", pass, err, name)
				}
			}
		}
	}
}

// Finite numbers that overflow on the way must not become a NaN with a nil
// error.
func TestOverflow(t *testing.T) {
	// φ is finite, its derivatives are not.
	steep := NewActivation("steep", func(u float64) (f, d1, d2 float64) { return u, math.Inf(1), 0 })
	bent := NewActivation("bent", func(u float64) (f, d1, d2 float64) { return u, 1, math.NaN() })
	for _, c := range []struct {
		name   string
		weight float64
		layers []Layer
		want   string
		lin    bool // an error in second derivatives only
	}{
		{"value", 1e200, []Layer{&Dense{Out: 3}, &Dense{Out: 3}, &Dense{Out: 2}}, "layer 2 makes output 0 of sample 0", false},
		{"a map", 1e160, []Layer{&Dense{Out: 2}, &Dense{Out: 2, Skip: true}, pairs{}, &Dense{Out: 2}}, "layer 2 makes", false},
		{"loss", 1e200, []Layer{&Dense{Out: 2}}, "the loss is +Inf", false},
		{"slope", 1, []Layer{&Dense{Out: 3}, &Dense{Out: 3, Act: steep}, &Dense{Out: 2}}, "layer 2 has a derivative", false},
		{"curvature", 1, []Layer{&Dense{Out: 3}, &Dense{Out: 3, Act: bent}, &Dense{Out: 2}}, "layer 2 has a derivative", true},
	} {
		net := mustNet(t, 2, SquaredError, c.layers...)
		for i := range net.theta {
			net.theta[i] = c.weight
		}
		b := &Batch{N: 2, X: []float64{1, 2, 3, 4}, Labels: []int{0, 1}}
		errs := passes(net, b)
		for pass, err := range errs {
			switch {
			case pass == "Loss" && (c.name == "slope" || c.lin), c.lin && pass == "Gradient":
				if err != nil {
					t.Errorf("%s, %s: %v", c.name, pass, err)
				}
			case pass == "Loss":
				if err == nil || !strings.Contains(err.Error(), "the loss is") {
					t.Errorf("%s, %s: %v", c.name, pass, err)
				}
			default:
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s, %s: %v; want %q", c.name, pass, err, c.want)
				}
			}
		}
	}
}

// wrong is a BlockLayer whose matrices have the wrong shape.
type wrong struct{ gain }

func (wrong) Blocks(dst *system.BlockStage, params, in, b []float64, batch int, second bool) {
	dst.F, dst.G = onePerRow(len(in)-1, len(in), 1), onePerRow(len(in), len(params), len(params))
}

func TestBlockLayerShape(t *testing.T) {
	net := mustNet(t, 2, SquaredError, &Dense{Out: 3}, wrong{}, &Dense{Out: 2})
	b := randomBatch(net, 2, rand.New(rand.NewPCG(1, 1)), false)
	for pass, err := range passes(net, b) {
		if pass == "Loss" {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "layer 2 (nn.wrong): Blocks gave matrices that are not 6×6") {
			t.Errorf("%s: %v", pass, err)
		}
	}
}

// faulty is wrong as long as it is said to be.
type faulty struct {
	gain
	isWrong *bool
}

func (f faulty) Blocks(dst *system.BlockStage, params, in, b []float64, batch int, second bool) {
	if *f.isWrong {
		wrong{}.Blocks(dst, params, in, b, batch, second)
		return
	}
	dst.A, dst.C, dst.F, dst.G, dst.Q = nil, nil, nil, nil, nil
	f.gain.Blocks(dst, params, in, b, batch, second)
}

// A first call that fails leaves nothing behind that a second one would miss.
func TestLinearizeAfterError(t *testing.T) {
	isWrong := true
	net := mustNet(t, 2, SquaredError, &Dense{Out: 3}, faulty{isWrong: &isWrong}, &Dense{Out: 2})
	b := randomBatch(net, 2, rand.New(rand.NewPCG(1, 1)), false)
	var lin Linearization
	if err := net.Linearize(&lin, b); err == nil {
		t.Fatal("no error")
	}
	isWrong = false
	if err := net.Linearize(&lin, b); err != nil {
		t.Fatal(err)
	}
	if err := lin.Chain.Check(); err != nil {
		t.Error(err)
	}
}

func TestPanics(t *testing.T) {
	net := mustNet(t, 2, CrossEntropy, LayerNorm{}, &Dense{Out: 3})
	for want, f := range map[Error]func(){
		ErrParams:      func() { net.SetParams(make([]float64, 5)) },
		ErrNotDense:    func() { net.Weights(0) },
		ErrDestination: func() { net.Predict(make([]float64, 2), []float64{1, 2}, 1, nil) },
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("panic %v, want %q", got, want)
				}
			}()
			f()
		}()
	}
}
