package nn

import "fmt"

// Axes is a number for each direction of an image: down its rows first, along its columns
// second. The zero value stands for one number that both share.
type Axes [2]int

// Conv2D is a convolution of images and an activation: every output position has its
// own rectangle of inputs, Kernel×Kernel as a rule, and all have the same weights. An
// input has Height×Width positions of Channels numbers, see Shape, and the outputs
//
//	⌊(Height + 2·Pad − Dilation·(Kernel−1) − 1) / Stride⌋ + 1
//
// rows of positions, likewise columns, of Out numbers. It correlates, as PyTorch's
// Conv2d does, with zeros as padding.
//
// With Groups, output channels are cut into so many equal parts, in order, and input
// channels likewise; each part of the outputs has inputs of its part only. With as many
// Groups as Channels that is a depthwise convolution. It costs what it does without
// Groups: the part of a sample's rows that a group has no weights for is zero.
//
// Its weights stand as in PyTorch: W is Out × Channels×Kernel×Kernel, then b. With
// Groups a row of W has the weights of one output channel of every group, then their
// biases if there are some, and there is no b,
//
//	Out/Groups × [Groups×Channels/Groups×Kernel×Kernel, Groups]
//
// so that channel g·Out/Groups+o has its weights in row o and part g. In a depthwise
// convolution with as many outputs that is PyTorch's order all the same; for others see
// PyTorchOrder.
type Conv2D struct {
	Out    int // channels of the outputs
	Kernel int // positions of the kernel on each side

	Stride   int // 0 is 1
	Pad      int // zeros on each side
	Dilation int // from one input of the kernel to the next; 0 is 1
	Groups   int // 0 is 1; must divide Out and Channels

	// Kernels, Strides, Pads and Dilations take the place of the numbers above where
	// they differ by direction.
	Kernels, Strides, Pads, Dilations Axes

	// Height, Width and Channels are the shape of the inputs. Zeros take that of the
	// layer before; Channels alone follows from the width.
	Height, Width, Channels int

	Bias bool
	Act  Activation // nil is Identity
}

// Conv1D is a convolution of sequences and an activation: Conv2D along one dimension.
// Its weights stand as in PyTorch's Conv1d, W is Out × Channels×Kernel, then b; with
// Groups as Conv2D says.
type Conv1D struct {
	Out    int // channels of the outputs
	Kernel int // positions of the kernel

	Stride   int // 0 is 1
	Pad      int // zeros on both ends
	Dilation int // from one input of the kernel to the next; 0 is 1
	Groups   int // 0 is 1; must divide Out and Channels

	// Length and Channels are the shape of the inputs. Zeros take that of the layer
	// before; Channels alone follows from the width.
	Length, Channels int

	Bias bool
	Act  Activation // nil is Identity
}

var (
	_ Shaped   = (*Conv2D)(nil)
	_ Shaped   = (*Conv1D)(nil)
	_ weighted = (*Conv2D)(nil)
	_ weighted = (*Conv1D)(nil)
)

func (c *Conv2D) conv() conv {
	return conv{
		in: Shape{c.Height, c.Width, c.Channels}, out: c.Out, groups: c.Groups, bias: c.Bias,
		kernel: c.Kernels.or(c.Kernel), stride: c.Strides.or(c.Stride), pad: c.Pads.or(c.Pad), dilation: c.Dilations.or(c.Dilation),
	}
}

func (c *Conv1D) conv() conv {
	return conv{
		in: Shape{1, c.Length, c.Channels}, out: c.Out, groups: c.Groups, bias: c.Bias,
		kernel: Axes{1, c.Kernel}, stride: Axes{1, c.Stride}, pad: Axes{0, c.Pad}, dilation: Axes{1, c.Dilation},
	}
}

// String is "3", or "3×5" where the directions differ.
func (a Axes) String() string {
	if a[0] == a[1] {
		return fmt.Sprint(a[0])
	}
	return fmt.Sprintf("%d×%d", a[0], a[1])
}

// or is the number in both directions where a is zero.
func (a Axes) or(both int) Axes {
	if a == (Axes{}) {
		return Axes{both, both}
	}
	return a
}

// Arrange implements Shaped.
func (c *Conv2D) Arrange(in Shape) (Layer, Shape, error) {
	s, err := fillShape(Shape{c.Height, c.Width, c.Channels}, in)
	if err != nil {
		return nil, in, fmt.Errorf("a convolution: %w", err)
	}
	d := *c
	d.Height, d.Width, d.Channels = s.Height, s.Width, s.Channels
	if _, err := d.OutWidth(in.Size()); err != nil {
		return nil, in, err
	}
	return &d, d.conv().shape(), nil
}

// Arrange implements Shaped.
func (c *Conv1D) Arrange(in Shape) (Layer, Shape, error) {
	want := Shape{0, c.Length, c.Channels}
	if c.Length != 0 || in.Positions() > 1 {
		if in.Height != 1 {
			return nil, in, fmt.Errorf("a convolution of sequences after %s; it needs a Height of 1", in)
		}
		want.Height = min(1, c.Length)
	}
	s, err := fillShape(want, in)
	if err != nil {
		return nil, in, fmt.Errorf("a convolution of sequences: %w", err)
	}
	d := *c
	d.Length, d.Channels = s.Width, s.Channels
	if _, err := d.OutWidth(in.Size()); err != nil {
		return nil, in, err
	}
	return &d, d.conv().shape(), nil
}

// OutWidth implements Layer.
func (c *Conv2D) OutWidth(in int) (int, error) {
	for _, n := range []struct {
		name string
		both int
		axes Axes
	}{{"Kernel", c.Kernel, c.Kernels}, {"Stride", c.Stride, c.Strides}, {"Pad", c.Pad, c.Pads}, {"Dilation", c.Dilation, c.Dilations}} {
		if n.both != 0 && n.axes != (Axes{}) {
			return 0, fmt.Errorf("a convolution with %s = %d and %ss = %v; give one of them", n.name, n.both, n.name, n.axes)
		}
	}
	return c.conv().check(in)
}

// OutWidth implements Layer.
func (c *Conv1D) OutWidth(in int) (int, error) { return c.conv().check(in) }

func (c *Conv2D) rows(int) rowLayer { return c.conv().rows(c.Act) }
func (c *Conv1D) rows(int) rowLayer { return c.conv().rows(c.Act) }

// PyTorchOrder returns where the parameters of the layer stand in PyTorch: number i of
// weight, and behind it bias, is parameter PyTorchOrder()[i] of the layer here. The sizes
// of the layer are known: it is one of Network.Layers. Without Groups nothing moves.
func (c *Conv2D) PyTorchOrder() []int { return c.conv().order() }

// PyTorchOrder is that of Conv2D.
func (c *Conv1D) PyTorchOrder() []int { return c.conv().order() }
