package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"costate/la/blas"
	"costate/system"
)

// randomNet draws a network of any layers in any order.
func randomNet(t *rapid.T) (*Network, *Batch) {
	smooth := []Activation{Tanh, GELU, SiLU, Sigmoid, Softplus, Identity}
	width := rapid.IntRange(1, 6).Draw(t, "inputs")
	inputs := width
	var layers []Layer
	dense := false
	for range rapid.IntRange(1, 7).Draw(t, "layers") {
		switch kind := rapid.SampledFrom([]string{"dense", "dense", "skip", "norm", "pairs", "gain", "residual", "conv", "tokens"}).Draw(t, "layer"); {
		case kind == "residual":
			layers = append(layers, randomResidual(t, width, smooth, 2))
		case kind == "conv" && width > 1:
			c := &Conv1D{Length: width, Channels: 1, Out: rapid.IntRange(1, 3).Draw(t, "out"), Kernel: rapid.IntRange(1, width).Draw(t, "kernel"),
				Groups: rapid.IntRange(0, 2).Draw(t, "groups"), Pad: rapid.IntRange(0, 2).Draw(t, "pad"), Stride: rapid.IntRange(1, 3).Draw(t, "stride"), Bias: rapid.Bool().Draw(t, "bias"), Act: rapid.SampledFrom(smooth).Draw(t, "act")}
			if g := max(c.Groups, 1); width%g == 0 {
				c.Length, c.Channels, c.Out, c.Kernel = width/g, g, g*c.Out, min(c.Kernel, width/g)
			} else {
				c.Groups = 0
			}
			var err error
			if width, err = c.OutWidth(width); err != nil {
				t.Fatal(err)
			}
			layers = append(layers, Flatten{}, c, Flatten{})
			dense = true
		case kind == "tokens" && width%2 == 0:
			l := &Tokens{Tokens: width / 2, Out: rapid.IntRange(1, 3).Draw(t, "out"), Positions: rapid.Bool().Draw(t, "positions"), Act: rapid.SampledFrom(smooth).Draw(t, "act")}
			layers = append(layers, l)
			width = l.Tokens * l.Out
			dense = true
		case kind == "skip":
			layers = append(layers, &Dense{Out: width, Skip: true, Bias: rapid.Bool().Draw(t, "bias"), Act: rapid.SampledFrom(smooth).Draw(t, "act")})
			dense = true
		case kind == "norm":
			layers = append(layers, LayerNorm{Eps: 0.2})
		case kind == "gain":
			layers = append(layers, gain{})
			dense = true
		case kind == "pairs" && width > 1:
			layers = append(layers, pairs{})
			width /= 2
		default:
			width = rapid.IntRange(1, 6).Draw(t, "width")
			layers = append(layers, &Dense{Out: width, Bias: rapid.Bool().Draw(t, "bias"), Act: rapid.SampledFrom(smooth).Draw(t, "act")})
			dense = true
		}
	}
	if !dense {
		layers = append(layers, &Dense{Out: width})
	}
	loss := rapid.SampledFrom([]Loss{CrossEntropy, SquaredError, SigmoidCrossEntropy}).Draw(t, "loss")
	net, err := New(inputs, loss, layers...)
	if err != nil {
		t.Fatal(err)
	}
	seed := rapid.Uint64Range(0, 1000).Draw(t, "seed")
	randomize(net, seed)
	return net, randomBatch(net, rapid.IntRange(1, 5).Draw(t, "batch"), rand.New(rand.NewPCG(seed, 1)), rapid.Bool().Draw(t, "weighted"))
}

// randomResidual draws a residual block of any layers, others within it down to depth.
func randomResidual(t *rapid.T, width int, smooth []Activation, depth int) Layer {
	var layers []Layer
	now := width
	for range rapid.IntRange(1, 3).Draw(t, "layers within") {
		switch kind := rapid.SampledFrom([]string{"dense", "skip", "norm", "gain", "residual"}).Draw(t, "layer within"); {
		case kind == "skip":
			layers = append(layers, &Dense{Out: now, Skip: true, Act: rapid.SampledFrom(smooth).Draw(t, "act")})
		case kind == "norm":
			layers = append(layers, LayerNorm{Eps: 0.2})
		case kind == "gain":
			layers = append(layers, gain{})
		case kind == "residual" && depth > 0:
			layers = append(layers, randomResidual(t, now, smooth, depth-1))
		default:
			now = rapid.IntRange(1, 5).Draw(t, "width")
			layers = append(layers, &Dense{Out: now, Bias: rapid.Bool().Draw(t, "bias"), Act: rapid.SampledFrom(smooth).Draw(t, "act")})
		}
	}
	if now != width {
		layers = append(layers, &Dense{Out: width})
	}
	return &Residual{layers}
}

// Of any network, H v agrees with differences of the gradient, H is symmetric
// to rounding, and the Gauss–Newton matrix is not negative along anything.
func TestRandomNetworks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		net, b := randomNet(t)
		var lin Linearization
		if err := net.Linearize(&lin, b); err != nil {
			t.Fatal(err)
		}
		if err := lin.Chain.Check(); err != nil {
			t.Fatal(err)
		}
		n := net.NumParams()
		rng := rand.New(rand.NewPCG(7, 7))
		v, w := make([]float64, n), make([]float64, n)
		for i := range v {
			v[i], w[i] = rng.NormFloat64()/math.Sqrt(float64(n)), rng.NormFloat64()/math.Sqrt(float64(n))
		}
		hv, hw, gv := make([]float64, n), make([]float64, n), make([]float64, n)
		product := system.NewProduct(&lin.Chain, blas.Native())
		product.HessVec(hv, v)
		product.HessVec(hw, w)
		system.NewProduct(lin.Chain.GaussNewton(), blas.Native()).HessVec(gv, v)
		a, c, gn := 0.0, 0.0, 0.0
		for i := range v {
			a += w[i] * hv[i]
			c += v[i] * hw[i]
			gn += v[i] * gv[i]
		}
		// n·u times what is added up, with room for cancellation inside H v. Where a norm
		// of a single unit cuts the network H is zero, but for what rounding leaves of
		// sums of numbers of size 1.
		rounding := float64(n) * 0x1p-53
		scale := norm(hv)*norm(w) + norm(hw)*norm(v) + norm(gv)*norm(v) + norm(lin.Gradient)
		if math.Abs(a-c) > 1e-12*scale+rounding {
			t.Errorf("wᵀHv = %v but vᵀHw = %v", a, c)
		}
		if gn < -1e-12*scale-rounding {
			t.Errorf("vᵀGv = %v", gn)
		}
		d := central(net, v, fdStep, func(net *Network) []float64 {
			g := make([]float64, n)
			if _, err := net.Gradient(g, b, nil); err != nil {
				t.Fatal(err)
			}
			return g
		})
		for i := range d {
			if math.Abs(d[i]-hv[i]) > 1e-6*scale+rounding/fdStep {
				t.Fatalf("%s: Hv %v, differences %v (scale %v)", net.ParamName(i), hv[i], d[i], scale)
			}
		}
	})
}
