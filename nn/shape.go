package nn

import "fmt"

// A Shape is how the numbers of a sample are arranged: Height×Width positions of
// Channels numbers each. Channel c of the position in row y and column x is number
//
//	(y·Width + x)·Channels + c
//
// so that the numbers of a position stand side by side. A sequence of tokens has
// Height 1; without any arrangement there is one position.
//
// PyTorch has the channels first; see Unflatten and Flatten for the ways in and out.
type Shape struct {
	Height, Width, Channels int
}

// Positions is the number of positions.
func (s Shape) Positions() int { return s.Height * s.Width }

// Size is the number of numbers.
func (s Shape) Size() int { return s.Height * s.Width * s.Channels }

func (s Shape) String() string {
	if s.Height*s.Width == 1 {
		return fmt.Sprintf("%d numbers without positions", s.Channels)
	}
	return fmt.Sprintf("%d×%d positions of %d channels", s.Height, s.Width, s.Channels)
}

// at is the shape of so many positions, those of s where there are as many.
func (s Shape) at(positions, channels int) Shape {
	if positions == s.Positions() {
		return Shape{s.Height, s.Width, channels}
	}
	return Shape{1, positions, channels}
}

// flat is the shape of numbers without positions.
func flat(width int) Shape { return Shape{1, 1, width} }

// A Shaped layer depends on how the numbers of a sample are arranged. Other layers give
// numbers without positions, but for a Map or BlockLayer with as many outputs as inputs,
// which leaves them where they are.
type Shaped interface {
	Layer
	// Arrange returns the layer with every size filled in that was left to the layer
	// before, for inputs of the shape in, and the shape of its outputs. The receiver is
	// not changed. The error says what it got and what it needs.
	Arrange(in Shape) (Layer, Shape, error)
}

// fillShape fills the zeros of want in from the shape in of the layer before, whose
// numbers they must share.
func fillShape(want, in Shape) (Shape, error) {
	s := want
	switch {
	case max(s.Height, s.Width, s.Channels) > maxGather:
		return s, fmt.Errorf("a shape of %d×%d positions of %d channels; more than %d of any is refused", s.Height, s.Width, s.Channels, maxGather)
	case s.Height == 0 && s.Width == 0:
		if in.Positions() == 1 {
			return s, fmt.Errorf("it comes after %s; set Height and Width", in)
		}
		s.Height, s.Width = in.Height, in.Width
	case s.Height == 0:
		s.Height = 1
	case s.Width == 0:
		return s, fmt.Errorf("Height %d without a Width", s.Height)
	}
	if s.Channels == 0 && s.Height > 0 && s.Width > 0 && s.Positions() > 0 {
		s.Channels = in.Size() / s.Positions()
	}
	switch {
	case s.Height < 1 || s.Width < 1 || s.Channels < 1:
		return s, fmt.Errorf("a shape of %d×%d positions of %d channels after %s", s.Height, s.Width, s.Channels, in)
	case s.Size() != in.Size() || in.Positions() > 1 && s != in:
		return s, fmt.Errorf("%s after %s", s, in)
	}
	return s, nil
}
