package serve

import (
	"cmp"
	"fmt"
	"math"

	"costate/factor"
	"costate/nn"
)

// A builder makes the layers of a network. No layer may need more parameters than there
// are, so that a description cannot ask for memory that nobody sent.
type builder struct {
	params, left int
	shape        nn.Shape // of the outputs of the last layer
	count        int      // layers so far, those of residual blocks too

	bytes, limit int64 // of the indices of rows; no limit is 0
}

// layers makes the layers of a network or of a residual block.
func (b *builder) layers(specs []layerSpec) ([]nn.Layer, error) {
	var out []nn.Layer
	for i := range specs {
		b.count++
		l, err := b.layer(&specs[i])
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// layer makes one layer, takes its parameters from those that are left, and its outputs
// as the inputs of the next.
func (b *builder) layer(s *layerSpec) (nn.Layer, error) {
	if s.Kind == "residual" {
		return b.residual(s)
	}
	index := b.count
	l, err := s.make()
	if err != nil {
		return nil, err
	}
	if l == nil {
		return nil, inputf("layer %d is a %.80q, which is not known", index, s.Kind)
	}
	before := b.shape
	if !s.within(before.Size()) {
		return nil, inputf("layer %d: height %d, width %d, channels %d and tokens %d of %d numbers", index, s.Height, s.Width, s.Channels, s.Tokens, before.Size())
	}
	if l, err = b.arrange(l); err != nil {
		return nil, inputf("layer %d: %w", index, err)
	}
	if !b.take(l, before) {
		return nil, inputf("layer %d needs more parameters than the %d that are there", index, b.params)
	}
	if rows := b.rows(l); rows > 0 {
		if b.bytes += 8 * rows; b.limit > 0 && b.bytes > b.limit {
			return nil, &factor.MemoryError{Needed: b.bytes, Limit: b.limit, What: fmt.Sprintf("what the rows of %d layers are made of", index)}
		}
	}
	return l, nil
}

// rows returns how many numbers the rows of a convolution have: the library keeps where
// each of them comes from, and padding can make many from few.
func (b *builder) rows(l nn.Layer) int64 {
	positions := int64(b.shape.Positions())
	switch l := l.(type) {
	case *nn.Conv2D:
		return positions * max(int64(l.Groups), 1) * int64(l.Channels) * taps(l)
	case *nn.Conv1D:
		return positions * max(int64(l.Groups), 1) * int64(l.Channels*l.Kernel)
	}
	return 0
}

// taps is how many positions the kernel of a layer has, whose sizes fit together.
func taps(l *nn.Conv2D) int64 {
	if l.Kernels != (nn.Axes{}) {
		return int64(l.Kernels[0]) * int64(l.Kernels[1])
	}
	return int64(l.Kernel) * int64(l.Kernel)
}

// residual makes a residual block.
func (b *builder) residual(s *layerSpec) (nn.Layer, error) {
	index, before := b.count, b.shape
	layers, err := b.layers(s.Layers)
	if err != nil {
		return nil, err
	}
	r := &nn.Residual{Layers: layers}
	if _, err := r.OutWidth(before.Size()); err != nil {
		return nil, inputf("layer %d: %w", index, err)
	}
	b.shape = before
	return r, nil
}

// make returns the layer with the sizes that the request has, nil if the kind is not
// known.
func (s *layerSpec) make() (nn.Layer, error) {
	var act nn.Activation
	if s.Act != "" || s.Kind == "activation" {
		var err error
		if act, err = s.activation(); err != nil {
			return nil, err
		}
	}
	switch s.Kind {
	case "dense":
		return &nn.Dense{Out: s.Out, Bias: s.Bias, Skip: s.Skip, Act: act}, nil
	case "conv":
		return &nn.Conv2D{Out: s.Out, Kernel: s.Kernel.both, Stride: s.Stride.both, Pad: s.Pad.both, Dilation: s.Dilation.both, Groups: s.Groups,
			Kernels: s.Kernel.each, Strides: s.Stride.each, Pads: s.Pad.each, Dilations: s.Dilation.each,
			Height: s.Height, Width: s.Width, Channels: s.Channels, Bias: s.Bias, Act: act}, nil
	case "conv1d":
		return s.conv1d(act)
	case "tokens":
		return &nn.Tokens{Tokens: s.Tokens, Out: s.Out, Bias: s.Bias, Act: act}, nil
	case "attention":
		return nn.Attention{Tokens: s.Tokens, Heads: s.Heads, Causal: s.Causal}, nil
	case "activation":
		return nn.Elementwise{Act: act}, nil
	case "layernorm":
		if !(s.Eps > 0) || math.IsInf(s.Eps, 0) {
			return nil, inputf("the eps of a layer norm is %g; it must be positive", s.Eps)
		}
		return nn.LayerNorm{Eps: s.Eps, Tokens: s.Tokens}, nil
	case "scale":
		return nn.Scale{Tokens: s.Tokens, NoShift: s.NoShift}, nil
	case "avgpool":
		return nn.AvgPool{Size: s.Kernel.both, Stride: s.Stride.both, Sizes: s.Kernel.each, Strides: s.Stride.each, Height: s.Height, Width: s.Width, Channels: s.Channels}, nil
	case "lengths":
		return nn.Lengths{}, nil
	case "mean":
		return nn.GlobalAvgPool{Positions: s.Tokens}, nil
	case "flatten":
		return nn.Flatten{Height: s.Height, Width: s.Width, Channels: s.Channels}, nil
	case "unflatten":
		return nn.Unflatten{Height: s.Height, Width: s.Width, Channels: s.Channels}, nil
	}
	return nil, nil
}

// conv1d makes a convolution of sequences.
func (s *layerSpec) conv1d(act nn.Activation) (nn.Layer, error) {
	c := &nn.Conv1D{Out: s.Out, Groups: s.Groups, Length: s.Width, Channels: s.Channels, Bias: s.Bias, Act: act}
	var errs [4]error
	c.Kernel, errs[0] = s.Kernel.one(s.Kind)
	c.Stride, errs[1] = s.Stride.one(s.Kind)
	c.Pad, errs[2] = s.Pad.one(s.Kind)
	c.Dilation, errs[3] = s.Dilation.one(s.Kind)
	return c, cmp.Or(errs[0], errs[1], errs[2], errs[3])
}

// within reports whether the shape that the request has could be one of so many numbers,
// so that no product of sizes overflows.
func (s *layerSpec) within(size int) bool {
	if min(s.Height, s.Width, s.Channels, s.Tokens) < 0 || max(s.Channels, s.Tokens) > size {
		return false
	}
	positions := max(s.Height, 1)
	return positions <= size && s.Width <= size/positions && max(s.Channels, 1) <= size/(positions*max(s.Width, 1))
}

// arrange fills in the sizes of a layer and takes the shape of its outputs.
func (b *builder) arrange(l nn.Layer) (nn.Layer, error) {
	if b.shape.Size() < 1 {
		return nil, inputf("it has %d inputs", b.shape.Size())
	}
	if s, ok := l.(nn.Shaped); ok {
		a, out, err := s.Arrange(b.shape)
		b.shape = out
		return a, err
	}
	out, err := l.OutWidth(b.shape.Size())
	if err != nil {
		return nil, err
	}
	// As nn does: what is neither shaped nor of weights leaves the positions alone.
	if _, dense := l.(*nn.Dense); dense || out != b.shape.Size() {
		b.shape = nn.Shape{Height: 1, Width: 1, Channels: out}
	}
	return l, nil
}

// take counts the parameters of a layer down, and reports whether they are there.
func (b *builder) take(l nn.Layer, in nn.Shape) bool {
	units, row, bias := 0, 0, false
	switch l := l.(type) {
	case *nn.Dense:
		units, row, bias = l.Out, in.Size(), l.Bias
	case *nn.Tokens:
		units, row, bias = l.Out, l.In, l.Bias
	case *nn.Conv2D:
		units, row, bias = l.Out, l.Channels/max(l.Groups, 1)*int(taps(l)), l.Bias
	case *nn.Conv1D:
		units, row, bias = l.Out, l.Channels/max(l.Groups, 1)*l.Kernel, l.Bias
	case nn.Scale:
		units, row = 2, in.Size()/max(l.Tokens, 1)
		if l.NoShift {
			units = 1
		}
	default:
		return true
	}
	if units < 1 || row < 1 || row > b.left/units {
		return false
	}
	b.left -= units * row
	if bias {
		b.left -= units
	}
	return b.left >= 0
}
