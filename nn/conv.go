package nn

import "fmt"

// Conv2D is a convolution of images and an activation: every output position has its
// own square of Kernel×Kernel inputs, and all have the same weights. An input has
// Height×Width positions of Channels numbers, see Shape, and the outputs
//
//	⌊(Height + 2·Pad − Dilation·(Kernel−1) − 1) / Stride⌋ + 1
//
// rows of positions, likewise columns, of Out numbers. It correlates, as PyTorch's
// Conv2d does, with groups = 1 and zeros as padding.
//
// Its weights stand as in PyTorch: W is Out × Channels×Kernel×Kernel, then b.
type Conv2D struct {
	Out    int // channels of the outputs
	Kernel int // positions of the kernel on each side

	Stride   int // 0 is 1
	Pad      int // zeros on each side
	Dilation int // from one input of the kernel to the next; 0 is 1

	// Height, Width and Channels are the shape of the inputs. Zeros take that of the
	// layer before; Channels alone follows from the width.
	Height, Width, Channels int

	Bias bool
	Act  Activation // nil is Identity
}

// Conv1D is a convolution of sequences and an activation: Conv2D along one dimension.
// Its weights stand as in PyTorch's Conv1d: W is Out × Channels×Kernel, then b.
type Conv1D struct {
	Out    int // channels of the outputs
	Kernel int // positions of the kernel

	Stride   int // 0 is 1
	Pad      int // zeros on both ends
	Dilation int // from one input of the kernel to the next; 0 is 1

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

// A conv is a convolution with all sizes known.
type conv struct {
	in             Shape
	tall, wide     int // kernel
	stride, dilate int
	padY, padX     int
	out            int
}

func (c *Conv2D) conv() conv {
	return conv{Shape{c.Height, c.Width, c.Channels}, c.Kernel, c.Kernel, max(c.Stride, 1), max(c.Dilation, 1), c.Pad, c.Pad, c.Out}
}

func (c *Conv1D) conv() conv {
	return conv{Shape{1, c.Length, c.Channels}, 1, c.Kernel, max(c.Stride, 1), max(c.Dilation, 1), 0, c.Pad, c.Out}
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
	return c.conv().check(in, c.Stride, c.Pad, c.Dilation)
}

// OutWidth implements Layer.
func (c *Conv1D) OutWidth(in int) (int, error) {
	return c.conv().check(in, c.Stride, c.Pad, c.Dilation)
}

// check returns the numbers of the outputs.
func (c conv) check(in, stride, pad, dilation int) (int, error) {
	switch {
	case c.out < 1:
		return 0, fmt.Errorf("a convolution with Out = %d; it needs at least one channel", c.out)
	case c.wide < 1:
		return 0, fmt.Errorf("a convolution with Kernel = %d; it needs at least 1", c.wide)
	case stride < 0 || pad < 0 || dilation < 0:
		return 0, fmt.Errorf("a convolution with Stride = %d, Pad = %d and Dilation = %d; none can be negative", stride, pad, dilation)
	case c.in.Height < 1 || c.in.Width < 1 || c.in.Channels < 1 || c.in.Size() != in:
		return 0, fmt.Errorf("a convolution of %d×%d positions of %d channels after a width of %d", c.in.Height, c.in.Width, c.in.Channels, in)
	case c.padX > maxGather:
		return 0, fmt.Errorf("a convolution with Pad = %d; more than %d is refused", pad, maxGather)
	}
	s := c.shape()
	if s.Height < 1 || s.Width < 1 {
		return 0, fmt.Errorf("a kernel of %d×%d with dilation %d on an image of %d×%d with its padding; the image must be at least as large as the kernel",
			c.tall, c.wide, c.dilate, c.in.Height+2*c.padY, c.in.Width+2*c.padX)
	}
	if err := tooManyRows(s.Positions(), c.row()); err != nil {
		return 0, err
	}
	return s.Size(), nil
}

// row is the number of inputs of an output.
func (c conv) row() int { return c.tall * c.wide * c.in.Channels }

// shape is that of the outputs; without room for the kernel it has no positions.
func (c conv) shape() Shape {
	count := func(n, pad, kernel int) int {
		last := n + 2*pad - 1 // where the last input of the kernel may be
		if kernel > 1 && c.dilate > last/(kernel-1) {
			return 0
		}
		return (last-c.dilate*(kernel-1))/c.stride + 1
	}
	return Shape{count(c.in.Height, c.padY, c.tall), count(c.in.Width, c.padX, c.wide), c.out}
}

// index is that of a rowLayer, by position, then channel, then row and column of the
// kernel.
func (c conv) index() []int {
	s := c.shape()
	index := make([]int, 0, s.Positions()*c.row())
	for y := range s.Height {
		for x := range s.Width {
			for ch := range c.in.Channels {
				for i := range c.tall {
					for j := range c.wide {
						py, px := y*c.stride+i*c.dilate-c.padY, x*c.stride+j*c.dilate-c.padX
						from := outside
						if py >= 0 && py < c.in.Height && px >= 0 && px < c.in.Width {
							from = (py*c.in.Width+px)*c.in.Channels + ch
						}
						index = append(index, from)
					}
				}
			}
		}
	}
	return index
}

func (c conv) rows(bias bool, act Activation) rowLayer {
	return rowLayer{rows: c.shape().Positions(), row: c.row(), units: c.out, bias: bias, act: act, index: c.index()}
}

func (c *Conv2D) rows(int) rowLayer { return c.conv().rows(c.Bias, c.Act) }
func (c *Conv1D) rows(int) rowLayer { return c.conv().rows(c.Bias, c.Act) }
