package nn

// A rowCase is a network whose layers act on several rows of a sample.
type rowCase struct {
	name   string
	inputs int
	batch  int
	layers []Layer
}

func tanhDense(out int) Layer { return &Dense{Out: out, Act: Tanh, Bias: true} }

// rowCases are networks with every such layer, each also in other positions: first, last,
// in residual blocks, next to layers of other kinds.
func rowCases() []rowCase {
	conv := func(act Activation, batch int) rowCase {
		return rowCase{"conv " + act.Name(), 36, batch, []Layer{
			&Conv2D{Height: 6, Width: 6, Out: 3, Kernel: 3, Bias: true, Act: act},
			&Conv2D{Out: 4, Kernel: 2, Stride: 2, Bias: true, Act: act}, GlobalAvgPool{}, &Dense{Out: 3, Bias: true}}}
	}
	transformer := func(batch, heads int) rowCase {
		layers := []Layer{&Tokens{Tokens: 3, Out: 4, Bias: true}}
		layers = append(layers, TransformerBlock(3, 4, heads, 8, Tanh)...)
		return rowCase{"transformer", 6, batch, append(layers, GlobalAvgPool{}, &Dense{Out: 3, Bias: true})}
	}
	lengths := func(batch int, act Activation) rowCase {
		layers := []Layer{Lengths{}, &Tokens{Tokens: 4, Out: 4, Positions: true, Bias: true}}
		layers = append(layers, TransformerBlock(4, 4, 2, 5, act)...)
		return rowCase{"transformer on sequences of unequal length", 9, batch, append(layers, GlobalAvgPool{}, &Dense{Out: 3, Bias: true})}
	}
	tanh := tanhDense
	tok := func(out int, act Activation) Layer { return &Tokens{Out: out, Act: act, Bias: true} }
	return []rowCase{
		conv(Tanh, 3), conv(ReLU, 3), conv(Tanh, 1),
		transformer(2, 1), transformer(5, 2),
		lengths(6, Tanh), lengths(1, ReLU),
		{"lengths before maps, causal", 13, 3, []Layer{Lengths{}, Attention{Tokens: 2}, &Tokens{Tokens: 2, Out: 6}, Attention{Causal: true}, Elementwise{Tanh}, &Tokens{Out: 2}, GlobalAvgPool{}, tanhDense(3)}},
		{"lengths after a skip", 7, 4, []Layer{Lengths{}, &Dense{Out: 6, Act: Tanh, Skip: true}, Attention{Tokens: 2}, &Dense{Out: 3}}},
		{"conv, padded, dilated, flattened", 50, 2, []Layer{
			Unflatten{Height: 5, Width: 5}, &Conv2D{Out: 2, Kernel: 3, Pad: 2, Dilation: 2, Act: Tanh}, AvgPool{Size: 2}, Elementwise{Sigmoid},
			&Conv2D{Out: 3, Kernel: 2, Pad: 1, Stride: 2, Act: Softplus, Bias: true}, Flatten{}, &Dense{Out: 3}}},
		{"conv in groups, by direction", 48, 2, []Layer{
			&Conv2D{Height: 4, Width: 6, Out: 4, Kernels: Axes{3, 2}, Pads: Axes{1, 0}, Strides: Axes{1, 2}, Groups: 2, Bias: true, Act: Tanh}, &Residual{[]Layer{LayerNorm{Tokens: 12, Eps: 0.1},
				&Conv2D{Out: 4, Kernel: 3, Pad: 1, Groups: 4, Bias: true, Act: SiLU}, &Conv2D{Out: 4, Kernel: 1}}}, &Conv2D{Out: 6, Kernel: 2, Groups: 2}, GlobalAvgPool{}, &Dense{Out: 3}}},
		{"conv in groups, last", 16, 3, []Layer{&Conv1D{Length: 4, Out: 4, Kernel: 3, Groups: 4, Act: Tanh}, &Conv1D{Out: 2, Kernel: 2, Groups: 2, Bias: true}}},
		{"conv last", 18, 2, []Layer{&Conv2D{Height: 3, Width: 3, Out: 2, Kernel: 2, Act: Tanh}, &Conv2D{Out: 3, Kernel: 2, Bias: true}}},
		{"conv of sequences", 14, 3, []Layer{
			&Conv1D{Length: 7, Out: 3, Kernel: 3, Pad: 1, Act: Tanh, Bias: true}, &Conv1D{Out: 2, Kernel: 3, Stride: 2, Act: SiLU}, AvgPool{Size: 2, Stride: 1}, &Dense{Out: 3, Bias: true}}},
		{"tokens with positions", 6, 3, []Layer{&Tokens{Tokens: 3, Out: 4, Positions: true, Act: Tanh}, GlobalAvgPool{}, &Dense{Out: 3}}},
		{"positions within a block", 6, 3, []Layer{&Tokens{Tokens: 3, Out: 2, Act: Tanh}, &Residual{[]Layer{&Tokens{Out: 2, Positions: true, Bias: true, Act: GELU}}}, &Dense{Out: 3}}},
		{"causal attention", 8, 2, []Layer{&Tokens{Tokens: 4, Out: 6, Bias: true}, Attention{Causal: true}, &Dense{Out: 3}}},
		{"attention to the first tokens, first and last", 12, 2, []Layer{Attention{Tokens: 2}, &Tokens{Tokens: 2, Out: 6}, Attention{Length: 1}, &Tokens{Out: 6}, Attention{Heads: 2}}},
		{"attention, norm", 8, 2, []Layer{&Tokens{Tokens: 4, Out: 6, Bias: true}, Attention{}, LayerNorm{Tokens: 4, Eps: 0.1}, tok(3, Tanh), &Dense{Out: 3}}},
		{"residual of one", 4, 3, []Layer{tanh(5), &Residual{[]Layer{tanh(5)}}, &Dense{Out: 3}}},
		{"residual of three", 4, 3, []Layer{tanh(5), &Residual{[]Layer{tanh(4), tanh(6), tanh(5)}}, &Dense{Out: 3}}},
		{"residual first", 4, 3, []Layer{&Residual{[]Layer{tanh(3), tanh(4)}}, LayerNorm{Eps: 0.1}, tanh(3)}},
		{"residual last", 4, 2, []Layer{tanh(3), &Residual{[]Layer{tanh(2), &Dense{Out: 3}}}}},
		{"residual of a norm first", 4, 2, []Layer{&Residual{[]Layer{LayerNorm{Eps: 0.1}, tanh(4)}}, &Dense{Out: 3}}},
		{"residual of maps only, first", 4, 2, []Layer{&Residual{[]Layer{LayerNorm{Eps: 0.1}, Elementwise{Tanh}}}, tanh(3)}},
		{"residual of maps only", 4, 2, []Layer{tanh(4), &Residual{[]Layer{LayerNorm{Eps: 0.1}, Elementwise{Tanh}}}, &Dense{Out: 3}}},
		{"residual within residual", 4, 2, []Layer{tanh(4), &Residual{[]Layer{tanh(3), &Residual{[]Layer{tanh(5), tanh(3)}}, LayerNorm{Eps: 0.1}, tanh(4)}}, &Dense{Out: 3}}},
		{"two begin at once", 4, 2, []Layer{tanh(4), &Residual{[]Layer{&Residual{[]Layer{tanh(3), tanh(4)}}, tanh(4)}}, &Dense{Out: 3}}},
		{"two begin at once, first", 4, 2, []Layer{&Residual{[]Layer{&Residual{[]Layer{tanh(3), tanh(4)}}, tanh(4)}}, &Dense{Out: 3}}},
		{"two end at once", 4, 2, []Layer{tanh(4), &Residual{[]Layer{tanh(4), &Residual{[]Layer{tanh(2), tanh(4)}}}}, &Dense{Out: 3}}},
		{"skip within residual", 4, 2, []Layer{tanh(4), &Residual{[]Layer{&Dense{Out: 4, Act: SiLU, Skip: true}, tanh(4)}}, &Dense{Out: 3}}},
		{"skip ends residual", 4, 2, []Layer{tanh(4), &Residual{[]Layer{tanh(4), &Dense{Out: 4, Act: SiLU, Skip: true}, LayerNorm{Eps: 0.1}}}, &Dense{Out: 3}}},
		{"residual after skip", 4, 2, []Layer{&Dense{Out: 4, Act: SiLU, Skip: true}, &Residual{[]Layer{LayerNorm{Eps: 0.1}, tanh(4)}}, &Residual{[]Layer{pairs{}, tanh(4)}}, &Dense{Out: 3}}},
		{"block layer within residual", 4, 3, []Layer{tanh(4), &Residual{[]Layer{LayerNorm{Eps: 0.1}, Scale{}, tanh(3), gain{}, Elementwise{Tanh}, tanh(4)}}, &Dense{Out: 3}}},
		{"scale shared by tokens, first, within residual, last", 6, 3, []Layer{Scale{Tokens: 2}, &Tokens{Tokens: 2, Out: 4}, &Residual{[]Layer{LayerNorm{Tokens: 2, Eps: 0.1}, Scale{Tokens: 2}, tok(4, Tanh)}}, Scale{Tokens: 4}, &Tokens{Tokens: 2, Out: 2}, Scale{Tokens: 2}}},
		{"gains shared by tokens, first, within residual, last", 6, 3, []Layer{Scale{Tokens: 2, NoShift: true}, &Tokens{Tokens: 2, Out: 4}, &Residual{[]Layer{LayerNorm{Tokens: 2, Eps: 0.1}, Scale{Tokens: 2, NoShift: true}, tok(4, Tanh)}}, Scale{Tokens: 4, NoShift: true}, &Tokens{Tokens: 2, Out: 2}, Scale{Tokens: 2, NoShift: true}}},
		{"block layer first and last within residual", 3, 2, []Layer{&Residual{[]Layer{gain{}, tanh(3), Scale{}}}, &Residual{[]Layer{gain{}}}}},
		{"residual conv", 16, 2, []Layer{&Conv2D{Height: 4, Width: 4, Out: 2, Kernel: 3, Act: Tanh}, &Residual{[]Layer{&Conv2D{Out: 3, Kernel: 3, Pad: 1, Act: Tanh}, &Conv2D{Out: 2, Kernel: 1}}}, Elementwise{Tanh}, &Dense{Out: 3}}},
		{"bilinear residual", 4, 2, []Layer{tanh(4), &Residual{[]Layer{tanh(3), tanh(4)}}, pairs{}, &Dense{Out: 3}}},
	}
}
