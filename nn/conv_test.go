package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"costate/la/blas"
	"costate/system"
)

// correlate is torch.nn.functional.conv2d for one sample, channels first, by its
// definition: x is channels×height×width, weights are out×channels/groups×kernel.
func correlate(x []float64, c conv, weights, bias []float64) (y []float64) {
	s, parts := c.shape(), c.parts()
	each := c.in.Channels / parts
	for out := range c.out {
		for r := range s.Height {
			for t := range s.Width {
				v := 0.0
				if bias != nil {
					v = bias[out]
				}
				for ch := range each {
					for i := range c.kernel[0] {
						for j := range c.kernel[1] {
							py, px := r*c.step(0)+i*c.dilate(0)-c.pad[0], t*c.step(1)+j*c.dilate(1)-c.pad[1]
							if py >= 0 && py < c.in.Height && px >= 0 && px < c.in.Width {
								from := out/(c.out/parts)*each + ch
								v += x[(from*c.in.Height+py)*c.in.Width+px] * weights[((out*each+ch)*c.kernel[0]+i)*c.kernel[1]+j]
							}
						}
					}
				}
				y = append(y, v)
			}
		}
	}
	return y
}

// checkConv compares a convolution, layer 1 of net behind an Unflatten, with its
// definition, in PyTorch's order of inputs, weights and outputs.
func checkConv(t *testing.T, net *Network, c conv, order []int) {
	t.Helper()
	randomize(net, 5)
	b := randomBatch(net, 3, rand.New(rand.NewPCG(1, 9)), false)
	z := outputsOf(t, b)(net)
	var weights, bias []float64
	for i, at := range order {
		if v := net.theta[at]; i < c.out*c.taps() {
			weights = append(weights, v)
		} else {
			bias = append(bias, v)
		}
	}
	seen := slices.Clone(order)
	slices.Sort(seen)
	if len(slices.Compact(seen)) != net.NumParams() {
		t.Fatalf("an order of %d parameters, %d of them different, for %d", len(order), len(slices.Compact(seen)), net.NumParams())
	}
	for n := range b.N {
		want := correlate(b.X[n*c.in.Size():(n+1)*c.in.Size()], c, weights, bias)
		if len(want) != net.Outputs() {
			t.Fatalf("%d outputs, want %d", net.Outputs(), len(want))
		}
		for i, v := range want {
			if got := z[n*len(want)+i]; math.Abs(got-v) > 1e-13*(1+math.Abs(v)) {
				t.Fatalf("output %d of sample %d is %v, want %v", i, n, got, v)
			}
		}
	}
}

// Convolutions of all sorts against their definition.
func TestConvValue(t *testing.T) {
	for i, l := range []Conv2D{
		{Height: 4, Width: 5, Channels: 1, Out: 2, Kernel: 3},
		{Height: 4, Width: 5, Channels: 3, Out: 2, Kernel: 3, Bias: true},
		{Height: 6, Width: 4, Channels: 2, Out: 3, Kernel: 2, Stride: 2, Bias: true},
		{Height: 6, Width: 5, Channels: 2, Out: 1, Kernel: 3, Stride: 2, Pad: 1},
		{Height: 5, Width: 7, Channels: 2, Out: 2, Kernel: 3, Dilation: 2, Pad: 3, Stride: 3, Bias: true},
		{Height: 1, Width: 1, Channels: 4, Out: 2, Kernel: 1, Bias: true},
		{Height: 2, Width: 2, Channels: 1, Out: 1, Kernel: 2},
		{Height: 4, Width: 5, Channels: 4, Out: 6, Kernel: 3, Groups: 2, Bias: true},
		{Height: 4, Width: 4, Channels: 3, Out: 3, Kernel: 2, Groups: 3},
		{Height: 4, Width: 4, Channels: 3, Out: 6, Kernel: 2, Groups: 3, Bias: true, Stride: 2, Pad: 1},
		{Height: 4, Width: 5, Channels: 2, Out: 3, Kernels: Axes{1, 3}, Pads: Axes{0, 1}, Bias: true},
		{Height: 7, Width: 8, Channels: 2, Out: 2, Kernels: Axes{3, 2}, Strides: Axes{1, 3}, Pads: Axes{2, 0}, Dilations: Axes{2, 1}},
		{Height: 5, Width: 6, Channels: 4, Out: 4, Kernels: Axes{2, 3}, Strides: Axes{2, 1}, Pad: 1, Dilations: Axes{1, 2}, Groups: 4, Bias: true},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			net := mustNet(t, l.Height*l.Width*l.Channels, SquaredError, Unflatten{l.Height, l.Width, l.Channels}, &l, Flatten{})
			checkConv(t, net, l.conv(), net.Layers()[1].(*Conv2D).PyTorchOrder())
		})
	}
}

func TestConv1DValue(t *testing.T) {
	for i, l := range []Conv1D{
		{Length: 9, Channels: 2, Out: 3, Kernel: 3, Stride: 2, Pad: 2, Dilation: 2, Bias: true},
		{Length: 7, Channels: 4, Out: 4, Kernel: 3, Groups: 2},
		{Length: 7, Channels: 3, Out: 3, Kernel: 4, Pad: 1, Groups: 3, Bias: true},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			net := mustNet(t, l.Length*l.Channels, SquaredError, Unflatten{1, l.Length, l.Channels}, &l, Flatten{})
			checkConv(t, net, l.conv(), net.Layers()[1].(*Conv1D).PyTorchOrder())
		})
	}
}

// A convolution in groups is the one without whose weights between the groups are zero:
// the same loss, and the same derivatives in the weights that it has.
func TestGroups(t *testing.T) {
	for _, bias := range []bool{false, true} {
		build := func(groups int) *Network {
			return mustNet(t, 4*25, CrossEntropy, &Conv2D{Height: 5, Width: 5, Out: 6, Kernel: 3, Pad: 1, Groups: groups, Bias: bias, Act: Tanh}, AvgPool{Size: 2}, &Dense{Out: 3})
		}
		net, twin := build(2), build(1)
		randomize(net, 1)
		at := make([]int, net.NumParams()) // where parameters of net are in the twin
		for i := range at {
			at[i] = twin.NumParams() - net.NumParams() + i
		}
		for i, here := range net.Layers()[0].(*Conv2D).PyTorchOrder() {
			if i >= 6*18 {
				at[here] = 6*36 + i - 6*18
				continue
			}
			ch := i / 18
			at[here] = ch*36 + ch/3*18 + i%18
		}
		for i, j := range at {
			twin.theta[j] = net.theta[i]
		}
		b := randomBatch(net, 4, rand.New(rand.NewPCG(3, 3)), false)
		var lin, whole Linearization
		for l, n := range map[*Linearization]*Network{&lin: net, &whole: twin} {
			if err := n.Linearize(l, b); err != nil {
				t.Fatal(err)
			}
		}
		v, hv := make([]float64, net.NumParams()), make([]float64, net.NumParams())
		w, hw := make([]float64, twin.NumParams()), make([]float64, twin.NumParams())
		rng := rand.New(rand.NewPCG(4, 4))
		for i, j := range at {
			v[i] = rng.NormFloat64()
			w[j] = v[i]
		}
		system.NewProduct(&lin.Chain, blas.Native()).HessVec(hv, v)
		system.NewProduct(&whole.Chain, blas.Native()).HessVec(hw, w)
		for i, j := range at {
			if math.Abs(lin.Gradient[i]-whole.Gradient[j]) > 1e-14*norm(whole.Gradient) || math.Abs(hv[i]-hw[j]) > 1e-13*norm(hw) {
				t.Fatalf("bias=%v: %s: gradient %v and H v %v, without groups %v and %v", bias, net.ParamName(i), lin.Gradient[i], hv[i], whole.Gradient[j], hw[j])
			}
		}
	}
}

// A block of a transformer by its formula, and where its parameters stand.
func TestTransformerValue(t *testing.T) {
	const tokens, in, d, hidden = 3, 2, 4, 5
	layers := append([]Layer{&Tokens{Tokens: tokens, Out: d, Positions: true, Bias: true}}, TransformerBlock(tokens, d, 2, hidden, Tanh)...)
	net := mustNet(t, tokens*in, SquaredError, layers...)
	randomize(net, 3)
	b := randomBatch(net, 1, rand.New(rand.NewPCG(1, 1)), false)
	got := make([]float64, net.Outputs())
	if err := net.Predict(got, b.X, 1, nil); err != nil {
		t.Fatal(err)
	}
	linear := func(x []float64, layer int, within ...int) []float64 {
		w, bias := net.Weights(layer, within...)
		y := append([]float64(nil), bias...)
		for i := range y {
			y[i] += dot(w[i*len(x):(i+1)*len(x)], x)
		}
		return y
	}
	each := func(z [][]float64, f func(x []float64) []float64) [][]float64 {
		var y [][]float64
		for _, x := range z {
			y = append(y, f(x))
		}
		return y
	}
	normed := func(x []float64) []float64 {
		y := make([]float64, len(x))
		LayerNorm{}.Forward(y, x)
		return y
	}
	add := func(a, b [][]float64) [][]float64 {
		for i := range a {
			axpy(a[i], 1, b[i])
		}
		return a
	}
	var z [][]float64
	for t := range tokens {
		x := append([]float64(nil), b.X[t*in:(t+1)*in]...)
		one := make([]float64, tokens)
		one[t] = 1
		z = append(z, linear(append(x, one...), 0))
	}
	qkv := each(each(z, normed), func(x []float64) []float64 { return linear(x, 1, 1) })
	var flat []float64
	for _, x := range qkv {
		flat = append(flat, x...)
	}
	out := make([]float64, tokens*d)
	Attention{Tokens: tokens, Heads: 2}.Forward(out, flat)
	var o [][]float64
	for t := range tokens {
		o = append(o, linear(out[t*d:(t+1)*d], 1, 3))
	}
	z = add(z, o)
	h := each(each(z, normed), func(x []float64) []float64 {
		u := linear(x, 2, 1)
		for i := range u {
			u[i] = math.Tanh(u[i])
		}
		return u
	})
	z = add(z, each(h, func(x []float64) []float64 { return linear(x, 2, 2) }))
	for t0, x := range z {
		for i, v := range x {
			if math.Abs(got[t0*d+i]-v) > 1e-13 {
				t.Errorf("token %d: output %v, want %v", t0, got[t0*d+i], v)
			}
		}
	}
	if want := (in+tokens)*d + d + 3*d*d + 3*d + d*d + d + d*hidden + hidden + hidden*d + d; net.NumParams() != want {
		t.Errorf("%d parameters, want %d", net.NumParams(), want)
	}
}
