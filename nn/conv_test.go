package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// correlate is torch.nn.functional.conv2d for one sample, channels first, by its
// definition: x is c×h×w, weights are o×c×kh×kw.
func correlate(x []float64, c, h, w int, weights, bias []float64, o, kh, kw, stride, padY, padX, dilation int) (y []float64, oh, ow int) {
	oh = (h+2*padY-dilation*(kh-1)-1)/stride + 1
	ow = (w+2*padX-dilation*(kw-1)-1)/stride + 1
	for out := range o {
		for r := range oh {
			for s := range ow {
				v := 0.0
				if bias != nil {
					v = bias[out]
				}
				for ch := range c {
					for i := range kh {
						for j := range kw {
							py, px := r*stride+i*dilation-padY, s*stride+j*dilation-padX
							if py >= 0 && py < h && px >= 0 && px < w {
								v += x[(ch*h+py)*w+px] * weights[((out*c+ch)*kh+i)*kw+j]
							}
						}
					}
				}
				y = append(y, v)
			}
		}
	}
	return y, oh, ow
}

// Convolutions of all sorts against their definition, in PyTorch's order of inputs,
// weights and outputs.
func TestConvValue(t *testing.T) {
	for i, c := range []struct {
		conv Conv2D
		o    int
	}{
		{Conv2D{Height: 4, Width: 5, Channels: 1, Kernel: 3}, 2},
		{Conv2D{Height: 4, Width: 5, Channels: 3, Kernel: 3, Bias: true}, 2},
		{Conv2D{Height: 6, Width: 4, Channels: 2, Kernel: 2, Stride: 2, Bias: true}, 3},
		{Conv2D{Height: 6, Width: 5, Channels: 2, Kernel: 3, Stride: 2, Pad: 1}, 1},
		{Conv2D{Height: 5, Width: 7, Channels: 2, Kernel: 3, Dilation: 2, Pad: 3, Stride: 3, Bias: true}, 2},
		{Conv2D{Height: 1, Width: 1, Channels: 4, Kernel: 1, Bias: true}, 2},
		{Conv2D{Height: 2, Width: 2, Channels: 1, Kernel: 2}, 1},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			l := c.conv
			l.Out = c.o
			in := l.Height * l.Width * l.Channels
			net := mustNet(t, in, SquaredError, Unflatten{l.Height, l.Width, l.Channels}, &l, Flatten{})
			randomize(net, uint64(i))
			rng := rand.New(rand.NewPCG(uint64(i), 9))
			b := randomBatch(net, 3, rng, false)
			z := make([]float64, b.N*net.Outputs())
			if err := net.Predict(z, b.X, b.N, nil); err != nil {
				t.Fatal(err)
			}
			w, bias := net.Weights(1)
			for n := range b.N {
				want, _, _ := correlate(b.X[n*in:(n+1)*in], l.Channels, l.Height, l.Width, w, bias, c.o, l.Kernel, l.Kernel, max(l.Stride, 1), l.Pad, l.Pad, max(l.Dilation, 1))
				if len(want) != net.Outputs() {
					t.Fatalf("%d outputs, want %d", net.Outputs(), len(want))
				}
				for i, v := range want {
					if got := z[n*len(want)+i]; math.Abs(got-v) > 1e-13 {
						t.Fatalf("output %d of sample %d is %v, want %v", i, n, got, v)
					}
				}
			}
		})
	}
}

func TestConv1DValue(t *testing.T) {
	l := Conv1D{Length: 9, Channels: 2, Out: 3, Kernel: 3, Stride: 2, Pad: 2, Dilation: 2, Bias: true}
	net := mustNet(t, 18, SquaredError, Unflatten{1, 9, 2}, &l, Flatten{})
	randomize(net, 1)
	b := randomBatch(net, 2, rand.New(rand.NewPCG(1, 9)), false)
	z := make([]float64, b.N*net.Outputs())
	if err := net.Predict(z, b.X, b.N, nil); err != nil {
		t.Fatal(err)
	}
	w, bias := net.Weights(1)
	for n := range b.N {
		want, _, _ := correlate(b.X[n*18:(n+1)*18], 2, 1, 9, w, bias, 3, 1, 3, 2, 0, 2, 2)
		for i, v := range want {
			if got := z[n*len(want)+i]; len(want) != net.Outputs() || math.Abs(got-v) > 1e-13 {
				t.Fatalf("output %d of sample %d is %v, want %v", i, n, got, v)
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
