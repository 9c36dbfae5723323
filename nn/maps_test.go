package nn

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"costate/la/vec"
)

// mapCases are the maps of the package with a number of inputs each.
func mapCases() []struct {
	name string
	m    Map
	in   int
} {
	return []struct {
		name string
		m    Map
		in   int
	}{
		{"norm", LayerNorm{Eps: 0.2}, 5},
		{"norm of tokens", LayerNorm{Eps: 0.2, Tokens: 3}, 12},
		{"norm of tokens of one", LayerNorm{Eps: 0.2, Tokens: 4}, 4},
		{"attention", Attention{Tokens: 3}, 18},
		{"attention of one token", Attention{Tokens: 1}, 6},
		{"attention of width 1", Attention{Tokens: 4}, 12},
		{"attention of two heads", Attention{Tokens: 3, Heads: 2}, 36},
		{"causal attention", Attention{Tokens: 4, Heads: 2, Causal: true}, 24},
		{"attention to the first", Attention{Tokens: 4, Length: 2}, 24},
		{"causal attention to the first", Attention{Tokens: 4, Length: 3, Causal: true}, 12},
		{"elementwise", Elementwise{Tanh}, 4},
		{"pool", AvgPool{Size: 2, Height: 4, Width: 6, Channels: 3}, 72},
		{"pool that overlaps", AvgPool{Size: 3, Stride: 1, Height: 4, Width: 5, Channels: 2}, 40},
		{"pool with a rest", AvgPool{Size: 2, Height: 3, Width: 5, Channels: 1}, 15},
		{"pool of a sequence", AvgPool{Size: 3, Stride: 2, Height: 1, Width: 8, Channels: 2}, 16},
		{"pool by direction", AvgPool{Sizes: Axes{1, 3}, Strides: Axes{2, 1}, Height: 5, Width: 4, Channels: 2}, 40},
		{"pool by direction, strides of its sizes", AvgPool{Sizes: Axes{3, 2}, Height: 3, Width: 5, Channels: 1}, 15},
		{"global pool", GlobalAvgPool{Positions: 4}, 12},
		{"global pool of the first", GlobalAvgPool{Positions: 4, Length: 3}, 12},
		{"lengths", Lengths{}, 5},
		{"flatten", Flatten{2, 3, 4}, 24},
		{"unflatten", Unflatten{2, 3, 4}, 24},
	}
}

// Every map against differences of itself: its Jacobian, its second derivative, which is
// that of Jᵀb, and its Pull. The destinations hold NaN before.
func TestMapDerivatives(t *testing.T) {
	const h = 1e-3
	for _, c := range mapCases() {
		rng := rand.New(rand.NewPCG(1, uint64(c.in)))
		out, err := c.m.OutWidth(c.in)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		x, b := make([]float64, c.in), make([]float64, out)
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		for i := range b {
			b[i] = rng.NormFloat64()
		}
		jac := func(x []float64) []float64 {
			j := slices.Repeat([]float64{math.NaN()}, out*c.in)
			c.m.Jacobian(j, x)
			return j
		}
		pull := func(x []float64) []float64 {
			g := make([]float64, c.in)
			transMul(g, jac(x), b)
			return g
		}
		differences := func(i int, f func(x []float64) []float64) []float64 {
			var d []float64
			for k, w := range map[float64]float64{1: 8, -1: -8, 2: -1, -2: 1} {
				y := slices.Clone(x)
				y[i] += k * h
				v := f(y)
				if d == nil {
					d = make([]float64, len(v))
				}
				axpy(d, w/(12*h), v)
			}
			return d
		}
		j, g := jac(x), pull(x)
		q := slices.Repeat([]float64{math.NaN()}, c.in*c.in)
		c.m.Second(q, x, b)
		for i := range x {
			for k, d := range differences(i, func(x []float64) []float64 {
				y := slices.Repeat([]float64{math.NaN()}, out)
				c.m.Forward(y, x)
				return y
			}) {
				if !(math.Abs(d-j[k*c.in+i]) < 1e-9) {
					t.Fatalf("%s: ∂%d/∂%d is %v, differences %v", c.name, k, i, j[k*c.in+i], d)
				}
			}
			for k, d := range differences(i, pull) {
				if !(math.Abs(d-q[k*c.in+i]) < 1e-8) || q[k*c.in+i] != q[i*c.in+k] {
					t.Fatalf("%s: second derivative (%d,%d) is %v and %v, differences %v", c.name, k, i, q[k*c.in+i], q[i*c.in+k], d)
				}
			}
		}
		if l, ok := c.m.(LinearMap); ok && l.IsLinear() && norm(q) != 0 {
			t.Errorf("%s is called linear, its second derivative is not zero", c.name)
		}
		if p, ok := c.m.(Puller); ok {
			got := slices.Repeat([]float64{math.NaN()}, c.in)
			p.Pull(got, x, b)
			for i := range got {
				if !(math.Abs(got[i]-g[i]) < 1e-13*(1+norm(g))) {
					t.Errorf("%s: Pull %v, by the Jacobian %v", c.name, got[i], g[i])
				}
			}
		}
	}
}

// Attention by the formula of its definition, head by head.
func TestAttentionValue(t *testing.T) {
	const tokens, heads, d = 4, 2, 3
	rng := rand.New(rand.NewPCG(2, 2))
	in := make([]float64, tokens*3*heads*d)
	for i := range in {
		in[i] = rng.NormFloat64()
	}
	at := func(part, t, h, e int) float64 { return in[t*3*heads*d+part*heads*d+h*d+e] }
	for _, a := range []Attention{{}, {Causal: true}, {Length: 2}, {Length: 3, Causal: true}} {
		a.Tokens, a.Heads = tokens, heads
		out := make([]float64, tokens*heads*d)
		a.Forward(out, in)
		for tok := range tokens {
			for h := range heads {
				var w [tokens]float64
				sum := 0.0
				for j := range tokens {
					if a.Causal && j > tok || a.Length > 0 && j >= a.Length {
						continue
					}
					s := 0.0
					for e := range d {
						s += at(0, tok, h, e) * at(1, j, h, e)
					}
					w[j] = math.Exp(s / math.Sqrt(d))
					sum += w[j]
				}
				for e := range d {
					want := 0.0
					for j := range tokens {
						want += w[j] / sum * at(2, j, h, e)
					}
					if got := out[tok*heads*d+h*d+e]; math.Abs(got-want) > 1e-14 {
						t.Errorf("%+v: output %v, want %v", a, got, want)
					}
				}
			}
		}
	}
}

// Scores of any size are no trouble.
func TestAttentionExtremes(t *testing.T) {
	a := Attention{Tokens: 2}
	out, j, q := make([]float64, 2), make([]float64, 12), make([]float64, 36)
	in := []float64{1e154, 1e154, 1, -1e154, -1e154, 2}
	a.Forward(out, in)
	a.Jacobian(j, in)
	a.Second(q, in, []float64{1, 1})
	if vec.FirstNotFinite(out) >= 0 || vec.FirstNotFinite(j) >= 0 || vec.FirstNotFinite(q) >= 0 || out[0] != 1 || out[1] != 2 {
		t.Error(out, j, q)
	}
}

// Unflatten and Flatten are inverse, and order as they say.
func TestFlatten(t *testing.T) {
	const h, w, c = 2, 3, 2
	channels := make([]float64, h*w*c)
	for i := range channels {
		channels[i] = float64(i)
	}
	x, back := make([]float64, len(channels)), make([]float64, len(channels))
	Unflatten{h, w, c}.Forward(x, channels)
	for y := range h {
		for i := range w {
			for ch := range c {
				if got, want := x[(y*w+i)*c+ch], channels[(ch*h+y)*w+i]; got != want {
					t.Errorf("channel %d at (%d,%d) is %v, want %v", ch, y, i, got, want)
				}
			}
		}
	}
	Flatten{h, w, c}.Forward(back, x)
	if !slices.Equal(back, channels) {
		t.Error(back)
	}
}

func TestShapeErrors(t *testing.T) {
	image := Unflatten{Height: 4, Width: 4}
	for _, c := range []struct {
		inputs int
		layers []Layer
		want   string
	}{
		{16, []Layer{&Conv2D{Out: 2, Kernel: 3}}, "layer 1: a convolution: it comes after 16 numbers without positions; set Height and Width"},
		{16, []Layer{&Conv2D{Height: 4, Width: 5, Out: 2, Kernel: 3}}, "layer 1: a convolution: a shape of 4×5 positions of 0 channels after 16 numbers"},
		{16, []Layer{&Conv2D{Height: 4, Width: 4, Channels: 3, Out: 2, Kernel: 3}}, "4×4 positions of 3 channels after 16 numbers"},
		{16, []Layer{&Conv2D{Height: 4, Width: 4, Out: 2, Kernel: 5}}, "a kernel of 5×5 with dilation 1 on an image of 4×4"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernel: 3, Dilation: 2}}, "layer 2: a kernel of 3×3 with dilation 2 on an image of 4×4"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernel: 3, Dilation: math.MaxInt}}, "layer 2: a kernel of 3×3"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernel: math.MaxInt, Pad: 1}}, "layer 2: a kernel of"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernel: 3, Pad: math.MaxInt}}, "Pad = "},
		{16, []Layer{image, &Conv2D{Kernel: 3}}, "Out = 0"},
		{16, []Layer{image, &Conv2D{Out: 2}}, "Kernel = 0"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernel: 2, Stride: -1}}, "Stride = -1"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernel: 3}, &Conv2D{Height: 3, Width: 3, Out: 2, Kernel: 2}}, "layer 3: a convolution: "},
		{16, []Layer{&Conv2D{Height: math.MaxInt, Width: 2, Out: 2, Kernel: 3}}, "is refused"},
		{16, []Layer{&Conv1D{Out: 2, Kernel: 3}}, "a convolution of sequences: it comes after 16 numbers without positions"},
		{16, []Layer{image, &Conv1D{Out: 2, Kernel: 3}}, "layer 2: a convolution of sequences after 4×4 positions of 1 channels; it needs a Height of 1"},
		{16, []Layer{&Conv1D{Length: 16, Out: 2, Kernel: 17}}, "a kernel of 1×17"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernels: Axes{2, 5}}}, "layer 2: a kernel of 2×5 with dilation 1 on an image of 4×4"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernel: 3, Dilations: Axes{1, 2}}}, "layer 2: a kernel of 3×3 with dilation 1×2 on an image of 4×4"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernel: 3, Kernels: Axes{2, 2}}}, "layer 2: a convolution with Kernel = 3 and Kernels = 2; give one of them"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernel: 3, Pad: 1, Pads: Axes{0, 1}}}, "with Pad = 1 and Pads = 0×1; give one of them"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernels: Axes{0, 2}}}, "Kernel = 0×2"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernel: 2, Strides: Axes{1, -1}}}, "Stride = 1×-1"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernel: 2, Groups: 2}}, "layer 2: a convolution of 1 channels to 2 in 2 groups; their number must divide both"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernel: 2, Groups: -1}}, "in -1 groups"},
		{16, []Layer{image, &Conv2D{Out: 2, Kernels: Axes{1 << 29, 1 << 29}, Pad: 1 << 28}}, "are refused"},
		{16, []Layer{&Conv1D{Length: 4, Out: 6, Kernel: 2, Groups: 3}}, "a convolution of 4 channels to 6 in 3 groups"},
		{16, []Layer{image, AvgPool{Size: 5}}, "average pooling over 5×5 positions of an image of 4×4"},
		{16, []Layer{image, AvgPool{}}, "Size 0"},
		{16, []Layer{image, AvgPool{Size: 2, Stride: -1}}, "Size 2 and Stride -1"},
		{16, []Layer{image, AvgPool{Sizes: Axes{1, 5}}}, "average pooling over 1×5 positions of an image of 4×4"},
		{16, []Layer{image, AvgPool{Size: 1, Sizes: Axes{1, 2}}}, "Size 1 and Sizes 1×2"},
		{16, []Layer{AvgPool{Size: 2}}, "average pooling: it comes after 16 numbers"},
		{16, []Layer{GlobalAvgPool{Positions: 3}}, "a mean over 3 positions after a width of 16"},
		{16, []Layer{Flatten{Height: 3, Width: 4}}, "flatten: 3×4 positions of 1 channels after 16 numbers"},
		{16, []Layer{Unflatten{Height: 3, Width: 4}}, "unflatten to 3×4 positions of 1 channels after a width of 16"},
		{16, []Layer{&Tokens{Out: 3}}, "a layer of tokens after 16 numbers without positions; set Tokens"},
		{16, []Layer{&Tokens{Tokens: 3, Out: 3}}, "a layer of 3 tokens of 5 numbers after a width of 16"},
		{16, []Layer{&Tokens{Tokens: 4, In: 3, Out: 3}}, "a layer of 4 tokens of 3 numbers after a width of 16"},
		{16, []Layer{&Tokens{Tokens: 4}}, "Out = 0"},
		{16, []Layer{Attention{Tokens: 4}}, "attention of 4 tokens and 1 heads after a width of 16; it needs a multiple of 3·4·1"},
		{24, []Layer{Attention{}}, "attention between the tokens of 24 numbers without positions; set Tokens"},
		{24, []Layer{Attention{Tokens: 4, Heads: 4}}, "attention of 4 tokens and 4 heads after a width of 24"},
		{24, []Layer{Attention{Tokens: 4, Length: 5}}, "Length = 5"},
		{24, []Layer{Attention{Tokens: 4, Heads: -1}}, "Heads = -1"},
		{16, []Layer{LayerNorm{Tokens: 3}}, "a layer norm of 3 tokens after a width of 16"},
		{16, []Layer{Scale{Tokens: 3}}, "a scale of 3 tokens after a width of 16; it needs a multiple of the tokens"},
		{16, []Layer{Scale{Tokens: -1}}, "a scale of -1 tokens"},
		{16, []Layer{&Residual{}}, "layer 1: a residual block without layers"},
		{16, []Layer{&Residual{[]Layer{nil}}}, "layer 1: a residual block whose layer 1 is nil"},
		{16, []Layer{&Residual{[]Layer{&Dense{Out: 3}, &Dense{Out: 4}}}}, "layer 1: a residual block of 16 inputs whose layers give 4 outputs; they must be equal"},
		{16, []Layer{&Dense{Out: 2}, &Residual{[]Layer{&Dense{Out: 3}, &Dense{In: 4, Out: 2}}}}, "layer 2: in layer 2 of a residual block: a dense layer of 4 inputs after a width of 3"},
	} {
		if _, err := New(c.inputs, CrossEntropy, append(c.layers, &Dense{Out: 2})...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; want %q", err, c.want)
		}
	}
}
