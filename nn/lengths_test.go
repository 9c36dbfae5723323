package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// sequences is a transformer for sequences of at most 4 tokens of 3 numbers.
func sequences(t *testing.T, layers ...Layer) *Network {
	t.Helper()
	all := []Layer{&Tokens{Tokens: 4, Out: 6, Positions: true, Bias: true}}
	all = append(append(all, TransformerBlock(4, 6, 2, 7, GELU)...), layers...)
	net := mustNet(t, 13, CrossEntropy, append([]Layer{Lengths{}}, append(all, &Dense{Out: 3})...)...)
	randomize(net, 3)
	return net
}

// What stands behind the tokens that count changes no bit of anything.
func TestPadding(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	net := sequences(t, GlobalAvgPool{})
	b := randomBatch(net, 9, rng, true)
	other := *b
	other.X = slices.Clone(b.X)
	for n := range b.N {
		x := other.X[n*13:][:13]
		for i := 1 + 3*int(x[0]); i < 13; i++ {
			x[i] = 100 * rng.NormFloat64()
		}
	}
	if slices.Equal(b.X, other.X) {
		t.Fatal("no padding in the batch")
	}
	var lin [2]Linearization
	for i, b := range []*Batch{b, &other} {
		if err := net.Linearize(&lin[i], b); err != nil {
			t.Fatal(err)
		}
	}
	if lin[0].Loss != lin[1].Loss || !slices.Equal(lin[0].Outputs, lin[1].Outputs) {
		t.Errorf("loss %v with one padding, %v with another", lin[0].Loss, lin[1].Loss)
	}
	for i, g := range lin[0].Gradient {
		if h := lin[1].Gradient[i]; math.Abs(g-h) > 1e-14*norm(lin[0].Gradient) {
			t.Fatalf("%s: gradient %v with one padding, %v with another", net.ParamName(i), g, h)
		}
	}
}

// A sample of n tokens is what a network of n tokens says of it, at the same weights.
func TestLengthsValue(t *testing.T) {
	net := sequences(t, GlobalAvgPool{})
	b := randomBatch(net, 8, rand.New(rand.NewPCG(2, 1)), false)
	got := outputsOf(t, b)(net)
	w, bias := net.Weights(1)
	for n := range b.N {
		x := b.X[n*13:][:13]
		tokens := int(x[0])
		// The other network has no such positions: it begins with what W z + p + b is.
		embedded := make([]float64, 6*tokens)
		for i := range tokens {
			for o := range 6 {
				row := w[o*7 : (o+1)*7]
				embedded[i*6+o] = bias[o] + row[3+i] + dot(row[:3], x[1+3*i:])
			}
		}
		layers := append([]Layer{&Tokens{Tokens: tokens, Out: 6}}, TransformerBlock(tokens, 6, 2, 7, GELU)...)
		short := mustNet(t, 6*tokens, CrossEntropy, append(layers, GlobalAvgPool{}, &Dense{Out: 3})...)
		identity := make([]float64, 36)
		for i := range 6 {
			identity[7*i] = 1
		}
		short.SetParams(append(identity, net.Params()[len(w)+len(bias):]...))
		want := make([]float64, 3)
		if err := short.Predict(want, embedded, 1, nil); err != nil {
			t.Fatal(err)
		}
		for i, v := range want {
			if math.Abs(got[n*3+i]-v) > 1e-13*(1+math.Abs(v)) {
				t.Fatalf("output %d of sample %d, of %d tokens, is %v; a network of that many says %v", i, n, tokens, got[n*3+i], v)
			}
		}
	}
}

func TestLengthsErrors(t *testing.T) {
	block := []Layer{Lengths{}, &Tokens{Tokens: 2, Out: 6}, Attention{}}
	for _, c := range []struct {
		want   string
		inputs int
		layers []Layer
	}{
		{"layer 2 (nn.Lengths) must be the first layer", 6, []Layer{&Tokens{Tokens: 2, Out: 6}, Lengths{}, Attention{Tokens: 1}}},
		{"(nn.Lengths) must be the first layer", 6, []Layer{&Residual{[]Layer{Lengths{}, &Dense{Out: 6}}}}},
		{"no layer that needs them", 6, []Layer{Lengths{}, &Dense{Out: 2}}},
		{"has 1 tokens, a layer before has 2", 7, append(slices.Clone(block), GlobalAvgPool{Positions: 1})},
		{"in 1 inputs; it needs the length and at least one number", 1, []Layer{Lengths{}}},
		{"a mean with Length = 3; of 2 positions it must be from 1 to 2", 6, []Layer{GlobalAvgPool{Positions: 2, Length: 3}, &Dense{Out: 2}}},
	} {
		if _, err := New(c.inputs, SquaredError, c.layers...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; want %q", err, c.want)
		}
	}
	net := mustNet(t, 7, SquaredError, append(slices.Clone(block), &Dense{Out: 1})...)
	net.Init(1, nil)
	for _, l := range []float64{0, 3, 1.5, -1, 1e300} {
		x := make([]float64, 14)
		x[0], x[7] = 2, l
		b := &Batch{N: 2, X: x, T: make([]float64, 2)}
		errs := passes(net, b)
		errs["Predict"] = net.Predict(make([]float64, 2), x, 2, nil)
		for name, err := range errs {
			if want := fmt.Sprintf("X[1,0] is %g; the length of a sample must be a whole number from 1 to 2", l); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v; want %q", name, err, want)
			}
		}
	}
}
