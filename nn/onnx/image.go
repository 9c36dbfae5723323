package onnx

import (
	"fmt"
	"math"
	"slices"

	"costate/nn"
	"costate/nn/onnx/internal/onnxpb"
)

const (
	maxSize = math.MaxInt32 // of anything that a file says

	// maxRows is how many numbers convolutions may take from a sample: a quarter of a
	// gigabyte of places, which package nn keeps, however small the file.
	maxRows = 1 << 25
)

// An image is how the numbers of a sample are arranged where they are: channels of rows
// and columns, or of a sequence. The zero value has no positions.
//
// ONNX has them channel by channel, package nn position by position; moved says that the
// layers so far leave them as the latter.
type image struct {
	channels, height, width int
	rank                    int // 2 of images, 1 of sequences, 0 of neither
	moved                   bool
}

// imageOf is the arrangement of the dimensions behind that of the samples.
func imageOf(dims []int) image {
	switch len(dims) {
	case 2:
		return image{channels: dims[0], height: 1, width: dims[1], rank: 1}
	case 3:
		return image{channels: dims[0], height: dims[1], width: dims[2], rank: 2}
	}
	return image{}
}

func (m image) positions() int { return m.height * m.width }
func (m image) size() int      { return m.channels * m.positions() }
func (m image) shape() nn.Shape {
	return nn.Shape{Height: m.height, Width: m.width, Channels: m.channels}
}

// isSame reports whether both orders of the numbers are.
func (m image) isSame() bool { return m.channels == 1 || m.positions() == 1 }

// byPosition lets the numbers of a sample stand as package nn has images.
func (w *walk) byPosition() {
	m := &w.image
	if !m.moved && !m.isSame() {
		w.add(nn.Unflatten(m.shape()))
	}
	m.moved = true
}

// byChannel lets them stand as ONNX has them.
func (w *walk) byChannel() {
	m := &w.image
	if m.moved && !m.isSame() {
		w.add(nn.Flatten(m.shape()))
	}
	m.moved = false
}

// units is what comes as numbers without positions, which a dense layer takes.
func (w *walk) units() {
	w.byChannel()
	w.image = image{}
}

// reshape takes a Reshape to samples × units, or to samples × channels × positions.
func (w *walk) reshape(n *onnxpb.NodeProto) error {
	in := n.GetInput()
	if len(in) != 2 || w.constants[in[1]] == nil || len(w.constants[in[1]].data) < 2 {
		return w.fail(n, "only one to samples × units, or samples × channels × height × width, of a constant shape, is known")
	}
	var dims []int
	size := 1
	for _, v := range w.constants[in[1]].data[1:] {
		if v == -1 && len(w.constants[in[1]].data) == 2 {
			w.units()
			return nil
		}
		if !(v >= 1 && v <= maxSize/float64(size)) {
			return w.fail(n, "a shape of %v for each sample", w.constants[in[1]].data[1:])
		}
		dims = append(dims, int(v))
		size *= int(v)
	}
	if err := w.setWidth(n, size); err != nil {
		return err
	}
	if len(dims) > 3 {
		return w.fail(n, "a shape of %v for each sample; images have three numbers, sequences two", dims)
	}
	w.units()
	w.image = imageOf(dims)
	return nil
}

// ints returns a list of a node's attributes, or as many of the same number.
func ints(n *onnxpb.NodeProto, name string, count int, usual int64) []int64 {
	for _, a := range n.GetAttribute() {
		if a.GetName() == name && len(a.GetInts()) > 0 {
			return a.GetInts()
		}
	}
	return slices.Repeat([]int64{usual}, count)
}

// text returns a text of a node's attributes.
func text(n *onnxpb.NodeProto, name string) string {
	for _, a := range n.GetAttribute() {
		if a.GetName() == name {
			return string(a.GetS())
		}
	}
	return ""
}

// axes returns an attribute with a number for each direction; a sequence has one row.
func (w *walk) axes(n *onnxpb.NodeProto, name string, usual int64) (nn.Axes, error) {
	v := ints(n, name, w.image.rank, usual)
	a := nn.Axes{int(usual), 0}
	if len(v) != w.image.rank {
		return a, w.fail(n, "%s is %v; the values have %d directions", name, v, w.image.rank)
	}
	for i, x := range v {
		if x < min(usual, 1) || x > maxSize {
			return a, w.fail(n, "%s is %v; it must be at least 1", name, v)
		}
		a[2-len(v)+i] = int(x)
	}
	return a, nil
}

// pads returns the padding of a kernel that goes so far beyond one position.
func (w *walk) pads(n *onnxpb.NodeProto, reach nn.Axes) (nn.Axes, error) {
	rank := w.image.rank
	switch auto := text(n, "auto_pad"); auto {
	case "", "NOTSET":
		v := ints(n, "pads", 2*rank, 0)
		if len(v) != 2*rank || !slices.Equal(v[:rank], v[rank:]) {
			return nn.Axes{}, w.fail(n, "pads %v; they must be as many on both sides of each direction", v)
		}
		var a nn.Axes
		for i, x := range v[:rank] {
			if x < 0 || x > maxSize {
				return a, w.fail(n, "pads %v", v)
			}
			a[2-rank+i] = int(x)
		}
		return a, nil
	case "VALID":
		return nn.Axes{}, nil
	default:
		if (auto != "SAME_UPPER" && auto != "SAME_LOWER") || reach[0]%2+reach[1]%2 != 0 || slices.ContainsFunc(ints(n, "strides", rank, 1), func(s int64) bool { return s != 1 }) {
			return nn.Axes{}, w.fail(n, "auto_pad %.20q, which is not the same on both sides for every size; export it with pads", auto)
		}
		return nn.Axes{reach[0] / 2, reach[1] / 2}, nil
	}
}

// conv takes a convolution and its parameters.
func (w *walk) conv(n *onnxpb.NodeProto, value string) error {
	in := n.GetInput()
	if len(in) < 2 || in[0] != value {
		return w.fail(n, "the weights must come second")
	}
	if w.image.rank == 0 {
		return w.fail(n, "the shape of what it takes is not known; give the input a shape of samples × channels × height × width, or × length")
	}
	weights, err := w.parameter(n, in[1])
	if err != nil {
		return err
	}
	if len(weights.shape) != 2+w.image.rank || len(weights.data) == 0 {
		return w.fail(n, "weights of the shape %v for samples of %s", weights.shape, w.image.shape())
	}
	c, err := w.convSizes(n, weights.shape)
	if err != nil {
		return err
	}
	params := weights.data
	if len(in) > 2 && in[2] != "" {
		b, err := w.parameter(n, in[2])
		if err != nil {
			return err
		}
		if len(b.data) != c.Out {
			return w.fail(n, "a bias of the shape %v for %d channels", b.shape, c.Out)
		}
		c.Bias = true
		params = slices.Concat(params, b.data)
	}
	w.byPosition()
	_, out, err := c.Arrange(w.image.shape())
	if err != nil {
		return w.fail(n, "%w", err)
	}
	if w.rows += out.Positions() * c.Groups * w.image.channels * len(weights.data) / weights.shape[0] / weights.shape[1]; w.rows > maxRows {
		return w.fail(n, "%d numbers to take from each sample by convolutions; more than %d are refused", w.rows, maxRows)
	}
	own := make([]float64, len(params))
	for i, at := range c.PyTorchOrder() {
		own[at] = params[i]
	}
	w.model.Params = append(w.model.Params, own...)
	w.add(c)
	w.image.channels, w.image.height, w.image.width = out.Channels, out.Height, out.Width
	w.width = w.image.size()
	return nil
}

// convSizes returns the layer of a convolution with weights of a shape, as far as that
// and the attributes say.
func (w *walk) convSizes(n *onnxpb.NodeProto, shape []int) (*nn.Conv2D, error) {
	kernel := nn.Axes{1, 0}
	copy(kernel[2-w.image.rank:], shape[2:])
	said, err := w.axes(n, "kernel_shape", 0)
	if err != nil {
		return nil, err
	}
	if said != kernel && said != (nn.Axes{}) && !(w.image.rank == 1 && said[1] == kernel[1]) {
		return nil, w.fail(n, "a kernel_shape of %v with weights of the shape %v", said, shape)
	}
	stride, err := w.axes(n, "strides", 1)
	if err != nil {
		return nil, err
	}
	dilation, err := w.axes(n, "dilations", 1)
	if err != nil {
		return nil, err
	}
	groups := integer(n, "group", 1)
	if groups < 1 || groups > int64(w.image.channels) || int(groups)*shape[1] != w.image.channels || shape[0]%int(groups) != 0 {
		return nil, w.fail(n, "weights of the shape %v in %d groups for %d channels", shape, groups, w.image.channels)
	}
	if slices.Max(kernel[:]) > maxSize || slices.Max(dilation[:]) > maxSize/max(slices.Max(kernel[:]), 1) {
		return nil, w.fail(n, "a kernel of %v with dilations %v", kernel, dilation)
	}
	pad, err := w.pads(n, nn.Axes{dilation[0] * (kernel[0] - 1), dilation[1] * (kernel[1] - 1)})
	if err != nil {
		return nil, err
	}
	return &nn.Conv2D{Out: shape[0], Kernels: kernel, Strides: stride, Pads: pad, Dilations: dilation, Groups: int(groups),
		Height: w.image.height, Width: w.image.width, Channels: w.image.channels}, nil
}

// pool takes an average over rectangles.
func (w *walk) pool(n *onnxpb.NodeProto) error {
	if w.image.rank == 0 {
		return w.fail(n, "the shape of what it takes is not known; give the input a shape of samples × channels × height × width, or × length")
	}
	size, err := w.axes(n, "kernel_shape", 0)
	if err != nil {
		return err
	}
	if w.image.rank == 1 {
		size[0] = 1
	}
	stride, err := w.axes(n, "strides", 1)
	if err != nil {
		return err
	}
	pad, err := w.pads(n, nn.Axes{})
	if err != nil {
		return err
	}
	dilated := slices.ContainsFunc(ints(n, "dilations", 1, 1), func(d int64) bool { return d != 1 })
	if pad != (nn.Axes{}) || dilated || integer(n, "ceil_mode", 0) != 0 {
		return w.fail(n, "only averages without padding, dilations and ceil_mode are known")
	}
	p := nn.AvgPool{Sizes: size, Strides: stride, Height: w.image.height, Width: w.image.width, Channels: w.image.channels}
	w.byPosition()
	l, out, err := p.Arrange(w.image.shape())
	if err != nil {
		return w.fail(n, "%w", err)
	}
	w.add(l)
	w.image.channels, w.image.height, w.image.width = out.Channels, out.Height, out.Width
	w.width = w.image.size()
	return nil
}

// mean takes the average over all positions.
func (w *walk) mean(n *onnxpb.NodeProto) error {
	if w.image.rank == 0 {
		return w.fail(n, "the shape of what it takes is not known; give the input a shape of samples × channels × height × width, or × length")
	}
	w.byPosition()
	w.add(nn.GlobalAvgPool{Positions: w.image.positions()})
	w.image.height, w.image.width = 1, 1
	w.width = w.image.size()
	return nil
}

// spread is how a constant lies along the numbers of a sample: number i has the entry
// i/div, counted around. It is an error where the constant has another shape.
func (w *walk) spread(c *tensor) (div int, err error) {
	if len(c.data) == 1 {
		return 1, nil
	}
	m := w.image
	if m.rank == 0 {
		// A constant may have the shape of a sample that is flattened later.
		if !c.broadcasts(w.width) && (len(w.model.Layers) > 0 || len(c.data) != w.width) {
			return 0, fmt.Errorf("a constant of the shape %v for %d units", c.shape, w.width)
		}
		return 1, nil
	}
	dims := []int{m.channels, m.height, m.width}
	if m.rank == 1 {
		dims = []int{m.channels, m.width}
	}
	missing := len(dims) - len(c.shape)
	fits, all, channels := true, true, true
	for i, d := range dims {
		s := 1
		if i >= missing {
			s = c.shape[i-missing]
		}
		fits = fits && (s == d || s == 1)
		all = all && s == d
		channels = channels && (s == d) == (i == 0 || d == 1)
	}
	for i := 0; i < -missing; i++ {
		fits = fits && c.shape[i] == 1
	}
	switch {
	case fits && all:
		w.byChannel()
		return 1, nil
	case fits && channels && m.moved:
		return 1, nil
	case fits && channels:
		return m.positions(), nil
	}
	return 0, fmt.Errorf("a constant of the shape %v for samples of %s; it must be one number, one for each channel, or one for each number", c.shape, m.shape())
}
