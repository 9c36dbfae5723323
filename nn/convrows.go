package nn

import "fmt"

// A conv is a convolution: what Conv2D and Conv1D have in common. A row of it is what one
// group needs at one position, in the group's part of the numbers that all groups need
// there, and zeros; behind them is a 1 in the group's place for its biases. So one weight
// matrix serves all groups, without a parameter too many.
type conv struct {
	in     Shape
	out    int
	groups int // 0 is 1
	bias   bool

	kernel, stride, pad, dilation Axes // 0 is 1 in stride and dilation
}

// parts is how many groups there are.
func (c conv) parts() int { return max(c.groups, 1) }

// step is from one position of the kernel, and dilate from one of its inputs, to the next.
func (c conv) step(axis int) int   { return max(c.stride[axis], 1) }
func (c conv) dilate(axis int) int { return max(c.dilation[axis], 1) }

// check returns the numbers of the outputs.
func (c conv) check(in int) (int, error) {
	switch {
	case c.out < 1:
		return 0, fmt.Errorf("a convolution with Out = %d; it needs at least one channel", c.out)
	case min(c.kernel[0], c.kernel[1]) < 1:
		return 0, fmt.Errorf("a convolution with Kernel = %v; it needs at least 1", c.kernel)
	case min(c.stride[0], c.stride[1], c.pad[0], c.pad[1], c.dilation[0], c.dilation[1]) < 0:
		return 0, fmt.Errorf("a convolution with Stride = %v, Pad = %v and Dilation = %v; none can be negative", c.stride, c.pad, c.dilation)
	case c.in.Height < 1 || c.in.Width < 1 || c.in.Channels < 1 || c.in.Size() != in:
		return 0, fmt.Errorf("a convolution of %d×%d positions of %d channels after a width of %d", c.in.Height, c.in.Width, c.in.Channels, in)
	case c.groups < 0 || c.in.Channels%c.parts() != 0 || c.out%c.parts() != 0:
		return 0, fmt.Errorf("a convolution of %d channels to %d in %d groups; their number must divide both", c.in.Channels, c.out, c.groups)
	case max(c.pad[0], c.pad[1]) > maxGather:
		return 0, fmt.Errorf("a convolution with Pad = %v; more than %d is refused", c.pad, maxGather)
	}
	s := c.shape()
	if s.Height < 1 || s.Width < 1 {
		return 0, fmt.Errorf("a kernel of %d×%d with dilation %v on an image of %d×%d with its padding; the image must be at least as large as the kernel",
			c.kernel[0], c.kernel[1], Axes{c.dilate(0), c.dilate(1)}, c.in.Height+2*c.pad[0], c.in.Width+2*c.pad[1])
	}
	for _, n := range [][2]int{{c.kernel[0], c.kernel[1]}, {c.kernel[0] * c.kernel[1], c.in.Channels}, {s.Positions(), c.row()}, {s.Positions() * c.parts(), c.row()}} {
		if err := tooManyRows(n[0], n[1]); err != nil { // in an order in which none overflows
			return 0, err
		}
	}
	return s.Size(), nil
}

// taps is the number of inputs of an output.
func (c conv) taps() int { return c.kernel[0] * c.kernel[1] * (c.in.Channels / c.parts()) }

// row is the length of a row.
func (c conv) row() int {
	n := c.parts() * c.taps()
	if c.parts() > 1 && c.bias {
		n += c.parts()
	}
	return n
}

// shape is that of the outputs; without room for the kernel it has no positions.
func (c conv) shape() Shape {
	count := func(n, axis int) int {
		last := n + 2*c.pad[axis] - 1 // where the last input of the kernel may be
		if k := c.kernel[axis]; k > 1 && c.dilate(axis) > last/(k-1) {
			return 0
		}
		return (last-c.dilate(axis)*(c.kernel[axis]-1))/c.step(axis) + 1
	}
	return Shape{count(c.in.Height, 0), count(c.in.Width, 1), c.out}
}

// rows is the layer by rows: of every position one for each group.
func (c conv) rows(act Activation) rowLayer {
	r := rowLayer{rows: c.shape().Positions() * c.parts(), row: c.row(), units: c.out / c.parts(), act: act, index: c.index()}
	if r.bias = c.bias; c.parts() > 1 {
		r.groups, r.bias = c.parts(), false
		if c.bias {
			r.biases = c.parts()
		}
	}
	return r
}

// index is that of a rowLayer, by position and group.
func (c conv) index() []int {
	s := c.shape()
	index := make([]int, 0, s.Positions()*c.parts()*c.row())
	for y := range s.Height {
		for x := range s.Width {
			for g := range c.parts() {
				index = c.appendRow(index, y, x, g)
			}
		}
	}
	return index
}

// appendRow appends a row of the index: by channel, then row and column of the kernel.
func (c conv) appendRow(index []int, y, x, group int) []int {
	for ch := range c.in.Channels {
		own := ch/(c.in.Channels/c.parts()) == group
		for i := range c.kernel[0] {
			for j := range c.kernel[1] {
				py, px := y*c.step(0)+i*c.dilate(0)-c.pad[0], x*c.step(1)+j*c.dilate(1)-c.pad[1]
				from := outside
				if own && py >= 0 && py < c.in.Height && px >= 0 && px < c.in.Width {
					from = (py*c.in.Width+px)*c.in.Channels + ch
				}
				index = append(index, from)
			}
		}
	}
	if c.parts() == 1 || !c.bias {
		return index
	}
	for g := range c.parts() {
		if g == group {
			index = append(index, always1)
		} else {
			index = append(index, outside)
		}
	}
	return index
}

// order is where PyTorch's weight and bias stand here.
func (c conv) order() []int {
	parts, taps, row := c.parts(), c.taps(), c.row()
	units := c.out / parts
	var order []int
	for ch := range c.out {
		for t := range taps {
			order = append(order, ch%units*row+ch/units*taps+t)
		}
	}
	if !c.bias {
		return order
	}
	for ch := range c.out {
		at := c.out*taps + ch
		if parts > 1 {
			at = ch%units*row + parts*taps + ch/units
		}
		order = append(order, at)
	}
	return order
}
