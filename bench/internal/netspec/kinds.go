package netspec

import (
	"cmp"
	"maps"
	"slices"

	"costate/nn"
)

// A kind makes the layers of an item.
type kind struct {
	make func(a *arguments, o Options) ([]nn.Layer, error)
}

// names are those of the kinds, sorted.
func names() []string { return slices.Sorted(maps.Keys(kinds)) }

var kinds map[string]kind

func init() {
	kinds = map[string]kind{
		"dense":     {dense},
		"conv":      {conv2d},
		"conv1d":    {conv1d},
		"pool":      {pool},
		"mean":      {plain(func() nn.Layer { return nn.GlobalAvgPool{} })},
		"flatten":   {plain(func() nn.Layer { return nn.Flatten{} })},
		"tokens":    {tokens},
		"each":      {each},
		"block":     {block},
		"attention": {attention},
		"lengths":   {plain(func() nn.Layer { return nn.Lengths{} })},
		"norm":      {plain(func() nn.Layer { return norm{} })},
		"image":     {image},
		"sequence":  {sequence},
	}
}

// one is a layer, or the first error.
func one(l nn.Layer, errs ...error) ([]nn.Layer, error) {
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return []nn.Layer{l}, nil
}

// plain is a layer without numbers.
func plain(l func() nn.Layer) func(a *arguments, o Options) ([]nn.Layer, error) {
	return func(a *arguments, _ Options) ([]nn.Layer, error) {
		_, err := a.numbers("no numbers", 0, 0)
		return one(l(), err, a.known())
	}
}

func dense(a *arguments, o Options) ([]nn.Layer, error) {
	v, err := a.numbers("a number of units, as in dense:10", 1, 1)
	if err != nil {
		return nil, err
	}
	act, err := a.act(o.Act)
	return one(&nn.Dense{Out: v[0], Bias: o.Bias, Act: act}, err, a.known("act"))
}

func each(a *arguments, o Options) ([]nn.Layer, error) {
	v, err := a.numbers("a number of units, as in each:16", 1, 1)
	if err != nil {
		return nil, err
	}
	act, err := a.act(o.Act)
	return one(&nn.Tokens{Out: v[0], Bias: o.Bias, Act: act}, err, a.known("act"))
}

func tokens(a *arguments, o Options) ([]nn.Layer, error) {
	v, err := a.numbers("a number of tokens and their width, as in tokens:8,16", 2, 2)
	if err != nil {
		return nil, err
	}
	act, err := a.act(nil)
	return one(&nn.Tokens{Tokens: v[0], Out: v[1], Positions: true, Bias: o.Bias, Act: act}, err, a.known("act"))
}

func conv2d(a *arguments, o Options) ([]nn.Layer, error) {
	if err := a.count("a number of channels and a kernel, as in conv:8,3 or conv:8,3x5", 2, 2); err != nil {
		return nil, err
	}
	c := nn.Conv2D{Bias: o.Bias}
	var errs [7]error
	c.Out, errs[0] = a.number(a.list[0], 1)
	c.Kernel, c.Kernels, errs[1] = a.axes(a.list[1], 1)
	c.Act, errs[2] = a.act(o.Act)
	c.Stride, c.Strides, errs[3] = a.keyAxes("stride", 1)
	c.Pad, c.Pads, errs[4] = a.keyAxes("pad", 0)
	c.Dilation, c.Dilations, errs[5] = a.keyAxes("dilation", 1)
	c.Groups, errs[6] = a.key("groups", 1)
	return one(&c, append(errs[:], a.known("act", "dilation", "groups", "pad", "stride"))...)
}

func conv1d(a *arguments, o Options) ([]nn.Layer, error) {
	v, err := a.numbers("a number of channels and a kernel, as in conv1d:8,3", 2, 2)
	if err != nil {
		return nil, err
	}
	c := nn.Conv1D{Out: v[0], Kernel: v[1], Bias: o.Bias}
	var errs [5]error
	c.Act, errs[0] = a.act(o.Act)
	c.Stride, errs[1] = a.key("stride", 1)
	c.Pad, errs[2] = a.key("pad", 0)
	c.Dilation, errs[3] = a.key("dilation", 1)
	c.Groups, errs[4] = a.key("groups", 1)
	return one(&c, append(errs[:], a.known("act", "dilation", "groups", "pad", "stride"))...)
}

func pool(a *arguments, _ Options) ([]nn.Layer, error) {
	v, err := a.numbers("a size, as in pool:2", 0, 1)
	if err != nil {
		return nil, err
	}
	stride, err := a.key("stride", 1)
	if v[0] == 0 {
		v[0] = 2
	}
	return one(nn.AvgPool{Size: v[0], Stride: stride}, err, a.known("stride"))
}

func attention(a *arguments, _ Options) ([]nn.Layer, error) {
	v, err := a.numbers("a number of heads, as in attention:2", 0, 1)
	if err != nil {
		return nil, err
	}
	causal, err := a.yes("causal")
	return one(nn.Attention{Heads: v[0], Causal: causal}, err, a.known("causal"))
}

func image(a *arguments, _ Options) ([]nn.Layer, error) {
	v, err := a.numbers("height, width and if there are several channels, as in image:8,8", 2, 3)
	if err != nil {
		return nil, err
	}
	return one(nn.Unflatten{Height: v[0], Width: v[1], Channels: v[2]}, a.known())
}

func sequence(a *arguments, _ Options) ([]nn.Layer, error) {
	v, err := a.numbers("a length and if there are several channels, as in sequence:100", 1, 2)
	if err != nil {
		return nil, err
	}
	return one(nn.Unflatten{Height: 1, Width: v[0], Channels: v[1]}, a.known())
}

// block is a block of a transformer, as nn.TransformerBlock, of tokens whose number and
// width the layer before has.
func block(a *arguments, o Options) ([]nn.Layer, error) {
	v, err := a.numbers("a number of heads and of hidden units, as in block:2,32", 2, 2)
	if err != nil {
		return nil, err
	}
	act, err := a.act(o.Act)
	if c, ok := act.(chosen); ok {
		act = c.Activation
	}
	causal, err2 := a.yes("causal")
	if err := cmp.Or(err, err2, a.known("act", "causal")); err != nil {
		return nil, err
	}
	h := half{heads: v[0], hidden: v[1], act: act, causal: causal}
	second := h
	second.index = 1
	return []nn.Layer{h, second}, nil
}
